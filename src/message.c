#include "message.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "deadline.h"
#include "net.h"
#include "report.h"
#include "trace.h"

static const char end_of_file[] = "end of file";
/* `make static` sorts by name, so that this follows what a start touches. */
static char received[MOST_OF_ONE_RECV];

/*
 * Receives into received. MSG_PEEK leaves the bytes in the socket. While bytes
 * come, recv never waits, and so is never interrupted: the clock is asked,
 * unless MSG_DONTWAIT only looks at what came in time.
 */
static ssize_t receive(const struct run *run, size_t len, int flags)
{
	ssize_t n;

	if ((flags & MSG_DONTWAIT) == 0 && deadline_check() == -1)
		return -1;
	n = net_recv(run->connection, received, len, flags);
	trace_buffer("recv", n, run->connection, received, n, len,
		     flags == 0		 ? ", 0"
		     : flags == MSG_PEEK ? ", MSG_PEEK"
					 : ", MSG_PEEK|MSG_DONTWAIT");
	return n;
}

static size_t at_most(size_t len, uint64_t left)
{
	return left < len ? (size_t)left : len;
}

ssize_t message_peek(const struct run *run)
{
	return receive(run, 1, MSG_PEEK);
}

/*
 * copy_some, copy_line and splice_some move up to len, or left, bytes from the
 * sender to standard output. They return how many, 0 at end of file, or -1 if a
 * step failed.
 */
static ssize_t copy_some(struct run *run, size_t len)
{
	ssize_t n = receive(run, len, 0);

	step_check(run, "recv", "connection", n);
	if (n > 0 &&
	    !step_check(run, "write", "standard output",
			output_deliver(&run->output, received, (size_t)n)))
		return -1;
	return n;
}

/* Bytes after the newline stay unread, so that the sender is sent a reset. */
static ssize_t copy_line(struct run *run, size_t len)
{
	ssize_t n = receive(run, len, MSG_PEEK);
	const char *newline;

	step_check(run, "recv", "connection", n);
	if (n < 1)
		return n;
	newline = memchr(received, '\n', (size_t)n);
	return copy_some(run, newline == NULL
				      ? (size_t)n
				      : (size_t)(newline - received) + 1);
}

/*
 * splice locks the pipe while it waits for the socket, so that the pipe's
 * reader can't get what is there already: it is called only when bytes are
 * waiting. Fewer than PIPE_BUF are copied, because each spliced segment takes
 * up a whole buffer of the pipe.
 */
static ssize_t splice_some(struct run *run, uint64_t left)
{
	int unread = 0;
	ssize_t n;

	if (!step_check(run, "ioctl", "connection",
			net_unread(run->connection, &unread)))
		return -1;
	if (unread < PIPE_BUF)
		return copy_some(run, at_most(PIPE_BUF, left));
	/* The clock, as in receive. */
	if (!step_check(run, "recv", "connection", deadline_check()))
		return -1;
	n = splice_move(&run->splice, run->connection, &run->output,
			at_most(SPLICE_BYTES, left));
	if (n == 0)
		return copy_some(run, at_most(sizeof(received), left));
	step_check(run, "write", "standard output", n);
	return n;
}

/*
 * Warns of bytes that wait after the `taken` ones, and says what helps. recv
 * fails only where none waits.
 */
static void warn_of_rest(const struct run *run, uint64_t taken)
{
	const struct options *options = run->options;

	if (receive(run, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
		report("server: warning: the message was cut after %ju bytes; "
		       "%s",
		       (uintmax_t)taken,
		       options->line || options->eof
			       ? "a larger -n takes more"
			       : "-e takes all, -l a line");
}

/* Returns what ended the message, or NULL if a step failed. */
static const char *move_message(struct run *run)
{
	const struct options *options = run->options;
	uint64_t left = options->limit;
	ssize_t n;

	do {
		const size_t len = at_most(sizeof(received), left);

		if (run->polls &&
		    !step_wait(run, "recv", "connection", run->connection))
			return NULL;
		if (options->line)
			n = copy_line(run, len);
		else if (run->splice.possible)
			n = splice_some(run, left);
		else
			n = copy_some(run, len);
		if (n < 1)
			return n == 0 ? end_of_file : NULL;
		left -= (uint64_t)n;
		if (options->line && received[n - 1] == '\n')
			return "newline";
	} while (left > 0 && (options->line || options->eof));
	if (left == 0 || options->limit_given)
		warn_of_rest(run, options->limit - left);
	return left == 0 ? "limit" : "one recv";
}

/* Reports an empty message, which sets run->status, or a line without end. */
static void report_incomplete(struct run *run, const char *ending)
{
	if (run->options->eof)
		return;
	if (run->output.delivered == 0) {
		report("server: recv connection: closed by its sender, nothing "
		       "sent; -z waits for the next");
		run->status = STATUS_NOTHING_SENT;
	} else if (run->options->line && ending == end_of_file) {
		report("server: warning: the sender closed before a newline");
	}
}

/* Writes what is kept for a terminal, and closes a file, which may fail. */
static bool finish_output(struct run *run)
{
	const int fd = run->output.fd;

	if (!step_check(run, "write", "standard output",
			output_finish(&run->output)))
		return false;
	return !run->output.is_file ||
	       step(run, "close", "standard output", close(fd), "%d", fd);
}

void message_take(struct run *run)
{
	const struct options *options = run->options;
	const char *ending;

	if (options->verbose)
		report_start(options->eof && !options->trace &&
			     !run->output.is_terminal);
	if (options->eof && !options->trace)
		splice_open(&run->splice, &run->output);
	ending = move_message(run);
	splice_close(&run->splice);
	if (!finish_output(run))
		ending = NULL;
	if (ending != NULL)
		report_incomplete(run, ending);
	if (options->verbose)
		report_summary(run->output.delivered,
			       ending == NULL ? "an error" : ending);
}
