#include "receiver.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "deadline.h"
#include "listener.h"
#include "net.h"
#include "run.h"

enum {
	BUFFER_BYTES = 65536,
};

static char buffer[BUFFER_BYTES];

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
 * Passes over connections that end before their first byte, which is left for
 * deliver to take.
 */
static bool skip_empty(struct run *run)
{
	for (;;) {
		ssize_t n = net_recv(run->connection, buffer, 1, MSG_PEEK);

		if (n == 1)
			return true;
		if (n == -1 && errno != ECONNRESET)
			return run_step(run, "recv", "connection", n,
					"%d, message, 1, MSG_PEEK",
					run->connection);
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

/* How many of the next bytes to take, up to most: those of a line, or all. */
static ssize_t next_len(struct run *run, size_t most)
{
	const char *newline;
	ssize_t n;

	if (!run->options->line)
		return (ssize_t)most;
	/* What follows the line stays unread, so that the sender learns. */
	n = net_recv(run->connection, buffer, most, MSG_PEEK);
	newline = n > 0 ? memchr(buffer, '\n', (size_t)n) : NULL;
	return newline == NULL ? n : newline - buffer + 1;
}

/* Takes the next bytes of the message, up to most. As net_recv. */
static ssize_t take(struct run *run, size_t most)
{
	ssize_t n;

	do {
		report_progress(&run->progress, run->output.delivered);
		n = next_len(run, most);
		if (n > 0)
			n = net_recv(run->connection, buffer, (size_t)n, 0);
	} while (n == -1 && errno == EAGAIN && run->progress.live);
	run_step(run, "recv", "connection", n, "%d, message, %zu, 0",
		 run->connection, most);
	return n;
}

static bool hand_on(struct run *run, ssize_t n)
{
	const int done = output_deliver(&run->output, buffer, (size_t)n);

	return run_step(run, "write", "standard output", done == -1 ? -1 : n,
			"%d, message, %zd", run->output.fd, n);
}

/* Hands the message on as it comes. *ending says what ended it. */
static bool move_message(struct run *run, const char **ending)
{
	const struct options *options = run->options;
	uint64_t left = options->limit;
	size_t most;
	ssize_t n;

	do {
		most = left < sizeof(buffer) ? (size_t)left : sizeof(buffer);
		n = take(run, most);
		if (n == 0)
			*ending = "end of file";
		if (n < 1)
			return n == 0;
		if (!hand_on(run, n))
			return false;
		left -= (uint64_t)n;
		*ending = "newline";
		if (options->line && buffer[n - 1] == '\n')
			return true;
	} while (left > 0 && (options->line || options->eof));
	*ending = left == 0 ? "limit" : "recv";
	if ((size_t)n == most && net_has_more(run->connection))
		report_rest_left(run->output.delivered);
	return true;
}

/* Has a stream's progress shown, and the wait for more interrupted for it. */
static bool start_progress(struct run *run)
{
	const struct options *options = run->options;

	if (!options->verbose)
		return true;
	report_start(&run->progress, options->eof && !run->output.terminal);
	return !run->progress.live ||
	       run_step(run, "setsockopt", "connection",
			net_limit_recv(run->connection, 1),
			"%d, SOL_SOCKET, SO_RCVTIMEO, 1 s", run->connection);
}

static void deliver(struct run *run)
{
	const char *ending = "an error";
	bool moved;

	if (!start_progress(run))
		return;
	moved = move_message(run, &ending);
	report_erase(&run->progress);
	if (output_finish(&run->output) == -1)
		moved = run_step(run, "write", "standard output", -1,
				 "%d, message, 0", run->output.fd);
	if (moved && run->output.delivered == 0 && !run->options->eof) {
		report_nothing_sent();
		run->status = STATUS_NOTHING_SENT;
	}
	if (run->options->verbose)
		report_summary(&run->progress, run->output.delivered, ending);
}

enum status receiver_run(const struct options *options)
{
	struct run run = { .options = options,
			   .listener = -1,
			   .connection = -1,
			   .status = STATUS_OK };

	output_prepare(&run.output, STDOUT_FILENO);
	if (start_deadline(&run) && listener_open(&run) &&
	    listener_announce(&run) && accept_sender(&run))
		deliver(&run);
	run_close(&run, "connection", &run.connection);
	run_close(&run, "listener", &run.listener);
	if (options->trace)
		report_exit((int)run.status);
	return run.status;
}
