#include "receiver.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "deadline.h"
#include "listener.h"
#include "message.h"
#include "net.h"
#include "report.h"
#include "step.h"
#include "trace.h"

enum {
	MICROSECONDS = 1000000,
};

static bool start_deadline(struct run *run)
{
	const uint64_t us = run->options->timeout_us;

	return us == 0 ||
	       step(run, "setitimer", "deadline", deadline_start(us),
		    "ITIMER_REAL, {it_interval={tv_sec=0, tv_usec=%d}, "
		    "it_value={tv_sec=%ju, tv_usec=%ju}}, NULL",
		    DEADLINE_REPEAT_US, (uintmax_t)us / MICROSECONDS,
		    (uintmax_t)us % MICROSECONDS);
}

static bool accept_one(struct run *run)
{
	const bool named = run->options->verbose;
	struct address peer = { .len = ADDRESS_LEN };
	char traced[TRACE_BYTES];

	run->connection = net_accept(run->listener, named ? &peer.any : NULL,
				     named ? &peer.len : NULL);
	if (!step(run, "accept", run->where, run->connection,
		  named ? "%d, %s" : "%d, NULL, NULL", run->listener,
		  trace_address(&peer, true, traced)))
		return false;
	if (named) {
		char text[ADDRESS_BYTES];

		report("Connection received on %s %u",
		       address_text(&peer, text), address_port(&peer));
	}
	return true;
}

/* Skips connections that end before their first byte. */
static bool skip_empty(struct run *run)
{
	for (;;) {
		ssize_t n = message_peek(run);

		if (n == 1 || (n == -1 && errno != ECONNRESET))
			return step_check(run, "recv", "connection", n);
		if (run->options->verbose)
			report("server: recv connection: ended before its "
			       "first byte, waiting for the next");
		if (!step_close(run, "connection", &run->connection) ||
		    !accept_one(run))
			return false;
	}
}

static bool accept_sender(struct run *run)
{
	if (!accept_one(run) || (run->options->skip_empty && !skip_empty(run)))
		return false;
	/* A second sender of a stream is refused, not left to wait. */
	return !run->options->eof ||
	       step_close(run, "listener", &run->listener);
}

enum status receiver_run(const struct options *options)
{
	struct run run = { .options = options,
			   .splice.ends = { -1, -1 },
			   .listener = -1,
			   .connection = -1,
			   .ready = options->ready,
			   .status = STATUS_OK };

	if (options->trace)
		trace_start();
	output_prepare(&run.output, STDOUT_FILENO);
	if (start_deadline(&run) && listener_open(&run) &&
	    listener_announce(&run) && accept_sender(&run))
		message_take(&run);
	step_close(&run, "connection", &run.connection);
	step_close(&run, "listener", &run.listener);
	step_close(&run, "ready descriptor", &run.ready);
	trace_exit((int)run.status);
	return run.status;
}
