#include "message.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "net.h"
#include "report.h"
#include "trace.h"

enum {
	BUFFER_BYTES = 131072,
};

static char buffer[BUFFER_BYTES];

/*
 * Receives into the buffer. MSG_PEEK leaves the bytes in the socket; MSG_TRUNC,
 * tcp(7), only counts them, which -x never shows, as it turns splicing off.
 */
static ssize_t receive(const struct run *run, size_t len, int flags)
{
	ssize_t n = net_recv(run->connection, buffer, len, flags);

	trace_buffer("recv", n, run->connection, buffer, n, len,
		     flags == 0 ? ", 0" : ", MSG_PEEK");
	return n;
}

ssize_t message_peek(struct run *run)
{
	return receive(run, 1, MSG_PEEK);
}

/* Waits for bytes; SO_RCVTIMEO wakes it to redraw a live progress line. */
static ssize_t wait_for_bytes(struct run *run, size_t len, int flags)
{
	bool live;
	ssize_t n;

	do {
		live = report_progress(run->output.delivered);
		n = receive(run, len, flags);
	} while (n == -1 && errno == EAGAIN && live);
	step_check(run, "recv", "connection", n);
	return n;
}

/*
 * copy_some, copy_line and splice_some move up to len bytes from the sender to
 * standard output. They return how many, 0 at end of file, or -1 if a step
 * failed.
 */
static ssize_t copy_some(struct run *run, size_t len)
{
	ssize_t n = wait_for_bytes(run, len, 0);

	if (n > 0 &&
	    !step_check(run, "write", "standard output",
			output_deliver(&run->output, buffer, (size_t)n)))
		return -1;
	return n;
}

/* Bytes behind the newline stay unread, so that the sender is sent a reset. */
static ssize_t copy_line(struct run *run, size_t len)
{
	ssize_t n = wait_for_bytes(run, len, MSG_PEEK);
	const char *newline;

	if (n < 1)
		return n;
	newline = memchr(buffer, '\n', (size_t)n);
	return copy_some(run, newline == NULL ? (size_t)n
					      : (size_t)(newline - buffer) + 1);
}

/*
 * splice locks the pipe while it waits for the socket, so that the pipe's
 * reader can't get what is there already: it is called only when bytes are
 * waiting. A few are copied, because each spliced segment takes a whole slot of
 * the pipe.
 */
static ssize_t splice_some(struct run *run, size_t len)
{
	const size_t most = len < sizeof(buffer) ? len : sizeof(buffer);
	ssize_t n = wait_for_bytes(run, most, MSG_PEEK | MSG_TRUNC);

	if (n < 1)
		return n;
	if (n < PIPE_BUF)
		return copy_some(run, (size_t)n);
	n = splice_move(&run->splice, run->connection, &run->output,
			len < SPLICE_BYTES ? len : SPLICE_BYTES);
	if (n == 0)
		return copy_some(run, most);
	step_check(run, "write", "standard output", n);
	return n;
}

/* Says if the limit cut the message after `taken` bytes, and what helps. */
static bool tell_rest(struct run *run, uint64_t taken)
{
	const struct options *options = run->options;
	int unread = 0, result = net_unread(run->connection, &unread);

	if (!step(run, "ioctl", "connection", result, "%d, FIONREAD, [%d]",
		  run->connection, unread))
		return false;
	if (unread > 0)
		report("server: recv connection: more than %ju bytes, the rest "
		       "was left; %s",
		       (uintmax_t)taken,
		       options->line || options->eof
			       ? "-n takes more"
			       : "-e takes all, -l a line");
	return true;
}

/* Returns what ended the message, or NULL if a step failed. */
static const char *move_message(struct run *run)
{
	const struct options *options = run->options;
	uint64_t left = options->limit;
	ssize_t n;

	do {
		const size_t len =
			left < sizeof(buffer) ? left : sizeof(buffer);

		if (options->line)
			n = copy_line(run, len);
		else if (run->splice.possible)
			n = splice_some(run, left);
		else
			n = copy_some(run, len);
		if (n < 1)
			return n == 0 ? "end of file" : NULL;
		left -= (uint64_t)n;
		if (options->line && buffer[n - 1] == '\n')
			return "newline";
	} while (left > 0 && (options->line || options->eof));
	if ((left == 0 || n == sizeof(buffer)) &&
	    !tell_rest(run, options->limit - left))
		return NULL;
	return left == 0 ? "limit" : "recv";
}

/* Starts the clock; for a live progress line, makes recv return each second. */
static bool start_progress(struct run *run)
{
	const struct options *options = run->options;

	if (!options->verbose ||
	    !report_start(options->eof && !options->trace &&
			  !run->output.is_terminal))
		return true;
	return step_check(run, "setsockopt", "connection",
			  net_limit_recv(run->connection, 1));
}

void message_take(struct run *run)
{
	const struct options *options = run->options;
	const char *ending;

	if (!start_progress(run))
		return;
	if (options->eof && !options->trace)
		splice_open(&run->splice, &run->output);
	ending = move_message(run);
	splice_close(&run->splice);
	if (!step_check(run, "write", "standard output",
			output_finish(&run->output)))
		ending = NULL;
	if (ending != NULL && run->output.delivered == 0 && !options->eof) {
		report("server: recv connection: closed by its sender, nothing "
		       "sent; -z waits for the next");
		run->status = STATUS_NOTHING_SENT;
	}
	if (options->verbose)
		report_summary(run->output.delivered,
			       ending == NULL ? "an error" : ending);
}
