#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>

#include "deadline.h"
#include "trace.h"

enum {
	SHOWN_BYTES = 1024,
};

void output_prepare(struct output *output, int fd)
{
	*output = (struct output){ .fd = fd, .is_terminal = isatty(fd) };
	if (output->is_terminal)
		setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

bool output_accepts(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags != -1 && (flags & O_ACCMODE) != O_RDONLY;
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
		if (n == 0 || (n == -1 && errno != EINTR))
			break;
		if (n > 0)
			done += (size_t)n;
		if (done < len && deadline_check() == -1)
			break;
	}
	return done;
}

/* Writes what the message's next `taken` bytes, less those kept, became. */
static int write_shown(struct output *output, const char *shown, size_t len,
		       uint64_t taken)
{
	if (output_write(output->fd, shown, len) < len) {
		/* Written later, what is kept would follow a gap. */
		output->terminal.len = 0;
		return -1;
	}
	output->delivered = taken - output->terminal.len;
	return 0;
}

static int deliver_shown(struct output *output, const char *buf, size_t len)
{
	const uint64_t before = output->delivered + output->terminal.len;
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
	const uint64_t taken = output->delivered + output->terminal.len;
	char shown[TERMINAL_MOST] = { 0 };
	size_t n = terminal_end(&output->terminal, shown);

	return write_shown(output, shown, n, taken);
}
