#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "deadline.h"
#include "trace.h"

enum {
	SHOWN_BYTES = 1024,
};

void output_prepare(struct output *output, int fd)
{
	struct termios terminal;
	struct stat status = { 0 };

	fstat(fd, &status);
	*output = (struct output){ .fd = fd,
				   .is_terminal = tcgetattr(fd, &terminal) == 0,
				   .is_file = S_ISREG(status.st_mode) };
	/*
	 * A device that may not be asked could be a terminal. isatty would not
	 * tell why it failed, as musl has it.
	 */
	if (S_ISCHR(status.st_mode) && (errno == EACCES || errno == EPERM))
		output->is_terminal = true;
	if (output->is_terminal)
		terminal_prepare(&output->terminal);
}

bool output_accepts(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	/* Where it can't be asked, the write tells. */
	if (flags == -1 && errno != EBADF)
		return true;
	if (flags != -1 && (flags & O_ACCMODE) != O_RDONLY)
		return true;
	errno = EBADF;
	return false;
}

/* Waits until fd, which is non-blocking and full, takes more. */
static int wait_for_room(int fd)
{
	struct pollfd full = { .fd = fd, .events = POLLOUT };
	int n = poll(&full, 1, -1);

	trace_poll(&full, 1, n);
	return n;
}

bool output_again(int fd)
{
	if (errno == EAGAIN && wait_for_room(fd) != -1)
		return deadline_check() == 0;
	return deadline_again(-1);
}

size_t output_write(int fd, const char *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, buf + done, len - done);

		trace_buffer("write", n, fd, buf + done, (long)(len - done),
			     len - done, "");
		if (n == 0)
			errno = ENOSPC;
		if (n == 0 || (n == -1 && !output_again(fd)))
			break;
		if (n == -1)
			continue;
		deadline_renew();
		done += (size_t)n;
		if (done < len && deadline_check() == -1)
			break;
	}
	return done;
}

uint64_t output_taken(const struct output *output)
{
	return output->delivered + output->terminal.len;
}

/* Writes shown. `taken` counts the message so far, with what is kept. */
static int write_shown(struct output *output, const char *shown, size_t len,
		       uint64_t taken)
{
	if (output_write(output->fd, shown, len) < len) {
		/* Drop what is kept: written later, it would follow a gap. */
		output->terminal.len = 0;
		return -1;
	}
	output->delivered = taken - output->terminal.len;
	return 0;
}

static int deliver_shown(struct output *output, const char *buf, size_t len)
{
	const uint64_t before = output_taken(output);
	char shown[SHOWN_BYTES] = { 0 };
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		used += terminal_show(&output->terminal, buf[i], shown + used);
		if (used <= SHOWN_BYTES - TERMINAL_MOST && i + 1 < len)
			continue;
		if (write_shown(output, shown, used, before + i + 1) == -1)
			return -1;
		used = 0;
	}
	return 0;
}

int output_deliver(struct output *output, const char *buf, size_t len)
{
	size_t done;

	if (output->is_terminal)
		return deliver_shown(output, buf, len);
	done = output_write(output->fd, buf, len);
	output->delivered += done;
	return done == len ? 0 : -1;
}

int output_finish(struct output *output)
{
	const uint64_t taken = output_taken(output);
	char shown[TERMINAL_MOST] = { 0 };
	size_t n = terminal_end(&output->terminal, shown);

	return write_shown(output, shown, n, taken);
}
