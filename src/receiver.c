#include "receiver.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "deadline.h"
#include "listener.h"
#include "net.h"
#include "run.h"

enum {
	BUFFER_BYTES = 131072,
};

static char payload[BUFFER_BYTES];

static bool start_deadline(struct run *run)
{
	const uint64_t us = run->options->timeout_us;

	return us == 0 ||
	       run_step(run, "setitimer", "deadline", deadline_start(us),
			"ITIMER_REAL, %ju us", (uintmax_t)us);
}

static bool accept_one(struct run *run)
{
	const bool verbose = run->options->verbose;
	struct net_name peer;

	run->connection = net_accept(run->listener, verbose ? &peer : NULL);
	if (!run_step(run, "accept", run->where, run->connection,
		      verbose ? "%d, &peer, &len" : "%d, NULL, NULL",
		      run->listener))
		return false;
	if (verbose)
		report_received(peer.address, peer.port);
	return true;
}

/*
 * net_recv, which a live progress line interrupts once a second, into the
 * payload. With MSG_PEEK the bytes are still to be taken; with MSG_TRUNC,
 * tcp(7), they are counted only.
 */
static ssize_t receive(struct run *run, size_t len, int flags)
{
	ssize_t n;

	do {
		report_progress(&run->progress, run->output.delivered);
		n = net_recv(run->connection, payload, len, flags);
	} while (n == -1 && errno == EAGAIN && run->progress.live);
	run_show(run, "recv", n, "%d, message, %zu, %s", run->connection, len,
		 flags == MSG_PEEK ? "MSG_PEEK" : "0");
	return n;
}

/* Whether receive returned bytes; if it failed, that is reported. */
static bool received(struct run *run, ssize_t n)
{
	return run_check(run, "recv", "connection", n) && n > 0;
}

/* Passes over connections that end before their first byte. */
static bool skip_empty(struct run *run)
{
	for (;;) {
		ssize_t n = receive(run, 1, MSG_PEEK);

		if (n == 1)
			return true;
		if (n == -1 && errno != ECONNRESET)
			return received(run, n);
		if (run->options->verbose)
			report_skipped();
		if (!run_close(run, "connection", &run->connection) ||
		    !accept_one(run))
			return false;
	}
}

static bool accept_sender(struct run *run)
{
	if (!accept_one(run) || (run->options->skip_empty && !skip_empty(run)))
		return false;
	/* A second sender of a stream is refused, not left to wait. */
	return !run->options->eof || run_close(run, "listener", &run->listener);
}

/*
 * This and the next two move up to len bytes of the message from the sender to
 * standard output. They return how many, 0 at end of file, -1 where a step
 * failed.
 */
static ssize_t copy_some(struct run *run, size_t len)
{
	ssize_t n = receive(run, len, 0);
	int done;

	if (!received(run, n))
		return n;
	done = output_deliver(&run->output, payload, (size_t)n);
	return run_step(run, "write", "standard output", done == -1 ? -1 : n,
			"%d, message, %zd", run->output.fd, n)
		       ? n
		       : -1;
}

/* What follows the line stays unread: its sender learns so by a reset. */
static ssize_t copy_line(struct run *run, size_t len)
{
	ssize_t n = receive(run, len, MSG_PEEK);
	const char *newline;

	if (!received(run, n))
		return n;
	newline = memchr(payload, '\n', (size_t)n);
	return copy_some(run, newline == NULL
				      ? (size_t)n
				      : (size_t)(newline - payload) + 1);
}

/*
 * While splice waits for the socket it keeps the pipe locked, and its reader
 * from what is in there already: so it is called only where bytes wait. Where
 * they are few they are copied, as each segment that is spliced takes up one
 * of the pipe's slots, however small it is.
 */
static ssize_t splice_some(struct run *run, size_t len)
{
	ssize_t n = receive(run, len, MSG_PEEK | MSG_TRUNC);

	if (!received(run, n))
		return n;
	if (n < PIPE_BUF)
		return copy_some(run, (size_t)n);
	n = output_splice(&run->output, run->connection, len);
	if (n == 0)
		return copy_some(run, len);
	run_check(run, "write", "standard output", n);
	return n;
}

static ssize_t move_some(struct run *run, size_t len)
{
	if (run->options->line)
		return copy_line(run, len);
	if (run->output.splices)
		return splice_some(run, len);
	return copy_some(run, len);
}

/* Tells of what the limit cut off the message, and how to take more. */
static void tell_rest(struct run *run, uint64_t left)
{
	const struct options *options = run->options;
	const char *hint = "-n takes more, -l a line, -e all";

	if (options->line || options->eof)
		hint = "-n takes more";
	else if (left > 0)
		hint = "-l takes a line, -e all";
	if (!net_has_more(run->connection))
		return;
	report_erase(&run->progress);
	report_rest_left(run->output.delivered + run->output.pending_len, hint);
}

/*
 * Moves the message as it comes. Returns what ended it, or NULL where a step
 * failed.
 */
static const char *move_message(struct run *run)
{
	const struct options *options = run->options;
	uint64_t left = options->limit;
	size_t len;
	ssize_t n;

	do {
		len = left < sizeof(payload) ? (size_t)left : sizeof(payload);
		n = move_some(run, len);
		if (n < 1)
			return n == 0 ? "end of file" : NULL;
		left -= (uint64_t)n;
		if (options->line && payload[n - 1] == '\n')
			return "newline";
	} while (left > 0 && (options->line || options->eof));
	if ((size_t)n == len)
		tell_rest(run, left);
	return left == 0 ? "limit" : "recv";
}

/* Has a stream's progress shown, and the wait for more interrupted for it. */
static bool start_progress(struct run *run)
{
	const struct options *options = run->options;

	if (!options->verbose)
		return true;
	report_start(&run->progress,
		     options->eof && !options->trace && !run->output.terminal);
	return !run->progress.live ||
	       run_step(run, "setsockopt", "connection",
			net_limit_recv(run->connection, 1),
			"%d, SOL_SOCKET, SO_RCVTIMEO, 1 s", run->connection);
}

static void deliver(struct run *run)
{
	const char *ending;

	if (!start_progress(run))
		return;
	if (run->options->eof && !run->options->trace)
		output_widen(&run->output);
	ending = move_message(run);
	if (!run_check(run, "write", "standard output",
		       output_finish(&run->output)))
		ending = NULL;
	if (ending != NULL && run->output.delivered == 0 &&
	    !run->options->eof) {
		report_nothing_sent();
		run->status = STATUS_NOTHING_SENT;
	}
	if (run->options->verbose)
		report_summary(&run->progress, run->output.delivered,
			       ending == NULL ? "an error" : ending);
}

enum status receiver_run(const struct options *options)
{
	struct run run = { .options = options,
			   .listener = -1,
			   .connection = -1,
			   .ready = options->ready,
			   .status = STATUS_OK };

	output_prepare(&run.output, STDOUT_FILENO);
	if (start_deadline(&run) && listener_open(&run) &&
	    listener_announce(&run) && accept_sender(&run))
		deliver(&run);
	run_close(&run, "connection", &run.connection);
	run_close(&run, "listener", &run.listener);
	run_close(&run, "ready descriptor", &run.ready);
	if (options->trace)
		report_exit((int)run.status);
	return run.status;
}
