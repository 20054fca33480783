#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "deadline.h"

enum {
	SHOWN_MOST = 4, /* bytes that one byte is shown as: \xNN */
	SHOWN_BYTES = 1024,
	PIPE_BYTES = 1 << 20, /* what Linux allows anybody */
};

/* What a terminal is about to be sent. */
struct shown {
	char bytes[SHOWN_BYTES];
	size_t len;
};

void output_prepare(struct output *output, int fd)
{
	*output = (struct output){ .fd = fd,
				   .terminal = isatty(fd),
				   .between = { -1, -1 } };
	if (output->terminal)
		setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

int output_write(int fd, const char *buf, size_t len, uint64_t *written)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, buf + done, len - done);

		if (n == 0)
			errno = ENOSPC;
		if (n == 0 || (n == -1 && errno != EINTR))
			return -1;
		if (n > 0) {
			done += (size_t)n;
			*written += (uint64_t)n;
		}
		/* Not before the first: what came in time is written. */
		if (done < len && deadline_check() == -1)
			return -1;
	}
	return 0;
}

static bool is_plain(wint_t wide)
{
	return wide == L'\n' || wide == L'\t' || iswprint(wide);
}

/* Adds byte as ^X, where X is the key that sends it, or as \xNN. */
static void show_byte(struct shown *shown, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";

	if (byte < 0x20 || byte == 0x7f) {
		shown->bytes[shown->len++] = '^';
		shown->bytes[shown->len++] = (char)(byte ^ 0x40);
		return;
	}
	shown->bytes[shown->len++] = '\\';
	shown->bytes[shown->len++] = 'x';
	shown->bytes[shown->len++] = digits[byte >> 4];
	shown->bytes[shown->len++] = digits[byte & 0xf];
}

/*
 * Moves what is pending to shown, but for the begin of a character. One that is
 * whole ends with the byte that came last: before, it was not.
 */
static void show_pending(struct output *output, struct shown *shown)
{
	const size_t len = output->pending_len;

	output->pending_len = 0;
	for (size_t i = 0; i < len; i++) {
		const char *from = output->pending + i;
		const size_t left = len - i;
		mbstate_t state = { 0 };
		wchar_t wide;
		size_t n = mbrtowc(&wide, from, left, &state);

		if (n == (size_t)-2 && left < MB_LEN_MAX) {
			memmove(output->pending, from, left);
			output->pending_len = left;
			return;
		}
		if (n == left && is_plain((wint_t)wide)) {
			memcpy(shown->bytes + shown->len, from, left);
			shown->len += left;
			return;
		}
		show_byte(shown, (unsigned char)from[0]);
	}
}

static int flush(const struct output *output, struct shown *shown)
{
	uint64_t written = 0;
	size_t len = shown->len;

	shown->len = 0;
	return output_write(output->fd, shown->bytes, len, &written);
}

static int deliver_shown(struct output *output, const char *buf, size_t len)
{
	const uint64_t before = output->delivered + output->pending_len;
	struct shown shown = { .len = 0 };

	for (size_t i = 0; i < len; i++) {
		output->pending[output->pending_len++] = buf[i];
		show_pending(output, &shown);
		if (shown.len <= SHOWN_BYTES - SHOWN_MOST * MB_LEN_MAX &&
		    i + 1 < len)
			continue;
		if (flush(output, &shown) == -1) {
			/* It would come after a gap. */
			output->pending_len = 0;
			return -1;
		}
		output->delivered = before + i + 1 - output->pending_len;
	}
	return 0;
}

int output_deliver(struct output *output, const char *buf, size_t len)
{
	if (output->terminal)
		return deliver_shown(output, buf, len);
	return output_write(output->fd, buf, len, &output->delivered);
}

/* Whether fd takes what is spliced to it from a pipe, which is empty now. */
static bool takes_splice(int fd, int from)
{
	return splice(from, NULL, fd, NULL, 1, SPLICE_F_NONBLOCK) == -1 &&
	       errno == EAGAIN;
}

static void close_between(struct output *output)
{
	for (int i = 0; i < 2; i++) {
		if (output->between[i] != -1)
			close(output->between[i]);
		output->between[i] = -1;
	}
}

void output_widen(struct output *output)
{
	fcntl(output->fd, F_SETPIPE_SZ, PIPE_BYTES);
	output->splices = fcntl(output->fd, F_GETPIPE_SZ) != -1;
	if (output->splices || output->terminal || pipe(output->between) == -1)
		return;
	fcntl(output->between[1], F_SETPIPE_SZ, PIPE_BYTES);
	/* One of ours in the place of a closed descriptor would be taken for
	 * it: then copying has to do. */
	output->splices = output->between[0] > STDERR_FILENO &&
			  takes_splice(output->fd, output->between[0]);
	if (!output->splices)
		close_between(output);
}

static ssize_t splice_once(int from, int to, size_t len)
{
	ssize_t n;

	do
		n = splice(from, NULL, to, NULL, len, 0);
	while (n == -1 && errno == EINTR && deadline_check() == 0);
	return n;
}

/* Moves on len bytes that are between. Returns len or -1. */
static ssize_t splice_on(struct output *output, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n =
			splice_once(output->between[0], output->fd, len - done);

		if (n == 0)
			errno = ENOSPC;
		if (n < 1)
			return -1;
		done += (size_t)n;
		output->delivered += (uint64_t)n;
	}
	return (ssize_t)len;
}

ssize_t output_splice(struct output *output, int from, size_t len)
{
	const bool direct = output->between[1] == -1;
	ssize_t n = splice_once(from, direct ? output->fd : output->between[1],
				len);

	if (n == 0 || (n == -1 && errno == EINVAL)) {
		output->splices = false;
		return 0;
	}
	if (n > 0 && !direct)
		return splice_on(output, (size_t)n);
	if (n > 0)
		output->delivered += (uint64_t)n;
	return n;
}

int output_finish(struct output *output)
{
	struct shown shown = { .len = 0 };

	close_between(output);
	if (output->pending_len == 0)
		return 0;
	for (size_t i = 0; i < output->pending_len; i++)
		show_byte(&shown, (unsigned char)output->pending[i]);
	if (flush(output, &shown) == -1)
		return -1;
	output->delivered += output->pending_len;
	output->pending_len = 0;
	return 0;
}
