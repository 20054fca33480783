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

static bool start_deadline(struct run *run)
{
	const uint64_t whole = run->options->timeout_us;
	const uint64_t idle = run->options->idle_us;
	const uint64_t first = deadline_first(whole, idle);

	return first == 0 ||
	       step(run, "setitimer", "deadline", deadline_start(whole, idle),
		    "ITIMER_REAL, {it_interval={tv_sec=0, tv_usec=%d}, "
		    "it_value={tv_sec=%ju, tv_usec=%ju}}, NULL",
		    DEADLINE_REPEAT_US, (uintmax_t)first / SECOND_US,
		    (uintmax_t)first % SECOND_US);
}

/* Accepts whoever is first. Stores who it is, unless peer is NULL. */
static bool accept_any(struct run *run, struct address *peer)
{
	struct sockaddr *name = peer == NULL ? NULL : &peer->any;
	socklen_t *len = peer == NULL ? NULL : &peer->len;
	char traced[TRACE_BYTES] = "NULL, NULL";
	bool nobody;

	do {
		if (run->polls &&
		    !step_wait(run, "accept", run->where, run->listener))
			return false;
		/* While peers come, accept never waits: no signal ends it. */
		if (!step_check(run, "accept", run->where, deadline_check()))
			return false;
		if (peer != NULL)
			*peer = (struct address){ .len = ADDRESS_LEN };
		run->connection = net_accept(run->listener, name, len);
		/* A listener that was passed may be non-blocking. */
		nobody = run->connection == -1 && errno == EAGAIN;
		run->polls = run->polls || nobody;
	} while (nobody);
	if (peer != NULL)
		trace_address(peer, true, traced);
	return step(run, "accept", run->where, run->connection, "%d, %s",
		    run->listener, traced);
}

/* Accepts the first sender that -a allows, and closes those before it. */
static bool accept_allowed(struct run *run)
{
	const struct options *options = run->options;
	struct address peer;
	char text[ADDRESS_BYTES];

	if (!options->verbose && !options->allows_some)
		return accept_any(run, NULL);
	while (accept_any(run, &peer)) {
		if (options->verbose)
			report("Connection received on %s %u",
			       address_text(&peer, text), address_port(&peer));
		if (!options->allows_some ||
		    network_has(&options->allow, &peer))
			return true;
		if (options->verbose)
			report("server: accept %s: not a sender that -a "
			       "allows, waiting for the next",
			       run->where);
		if (!step_close(run, "connection", &run->connection))
			return false;
	}
	return false;
}

/* Skips connections that end before their first byte. */
static bool skip_empty(struct run *run)
{
	for (;;) {
		ssize_t n;

		if (run->polls &&
		    !step_wait(run, "recv", "connection", run->connection))
			return false;
		n = message_peek(run);
		if (n == 1 || (n == -1 && errno != ECONNRESET))
			return step_check(run, "recv", "connection", n);
		if (run->options->verbose)
			report("server: recv connection: ended before its "
			       "first byte, waiting for the next");
		if (!step_close(run, "connection", &run->connection) ||
		    !accept_allowed(run))
			return false;
	}
}

/* Accepts who will send the message. */
static bool accept_sender(struct run *run)
{
	if (!accept_allowed(run) ||
	    (run->options->skip_empty && !skip_empty(run)))
		return false;
	/* A second sender of a stream is refused, not left to wait. */
	return !run->options->eof ||
	       step_close(run, "listener", &run->listener);
}

enum status receiver_run(const struct options *options)
{
	struct run run = { .options = options,
			   .splice.ends = { -1, -1 },
			   .listener = options->inherited,
			   .connection = -1,
			   .ready = options->ready,
			   .polls = options->eof || options->line ||
				    options->idle_us != 0,
			   .status = STATUS_OK };

	if (options->trace)
		trace_start();
	output_prepare(&run.output, STDOUT_FILENO);
	/* Fail before anybody's message is taken and lost. */
	if (step_check(&run, "write", "standard output",
		       output_accepts(STDOUT_FILENO) ? 0 : -1) &&
	    start_deadline(&run) && listener_open(&run) &&
	    listener_announce(&run) && accept_sender(&run))
		message_take(&run);
	step_close(&run, "connection", &run.connection);
	step_close(&run, "listener", &run.listener);
	step_close(&run, "ready descriptor", &run.ready);
	trace_exit((int)run.status);
	return run.status;
}
