#include "step.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "deadline.h"
#include "hint.h"
#include "net.h"
#include "report.h"
#include "trace.h"

enum {
	TICK_MS = 1000, /* of the live progress line */
};

void step_name(struct run *run, const struct address *listener)
{
	char text[ADDRESS_BYTES];

	if (run->options->inherited != -1)
		snprintf(run->where, sizeof(run->where), "descriptor %d",
			 run->options->inherited);
	else
		snprintf(run->where, sizeof(run->where),
			 listener->any.sa_family == AF_INET ? "%s:%u"
							    : "[%s]:%u",
			 address_text(listener, text), address_port(listener));
}

static const char not_closed[] = "the sender did not close";

/* What did not happen in time. */
static const char *missing(const struct run *run, const char *call, bool idle)
{
	if (strcmp(call, "accept") == 0 && run->options->skip_empty)
		return run->options->allows_some
			       ? "nobody that -a allows sent anything"
			       : "nobody sent anything";
	if (strcmp(call, "accept") == 0)
		return run->options->allows_some
			       ? "nobody that -a allows connected"
			       : "nobody connected";
	if (strcmp(call, "recv") != 0)
		return idle ? "it took no more" : "it did not take all";
	if (run->options->line && !idle)
		return "no newline came";
	return output_taken(&run->output) == 0 || idle ? "nothing came"
						       : not_closed;
}

static void report_late(const struct run *run, const char *call,
			const char *object, bool idle)
{
	const struct options *options = run->options;
	const char *what = missing(run, call, idle);
	const uint64_t taken = output_taken(&run->output);
	char delivered[48] = "";

	if (taken > 0)
		snprintf(delivered, sizeof(delivered), " (%ju bytes delivered)",
			 (uintmax_t)taken);
	report("server: %s %s: %s %s %.15g s%s; %s%s sets a longer time", call,
	       object, what, idle ? "for" : "within",
	       (double)(idle ? options->idle_us : options->timeout_us) /
		       (double)SECOND_US,
	       delivered, what == not_closed ? "nc needs -N to close, " : "",
	       idle ? "-w" : "-t");
}

static void fail(struct run *run, const char *call, const char *object)
{
	const struct address *address = &run->options->address;
	/* With -z the first byte came before, else the sender was skipped. */
	const bool begun =
		output_taken(&run->output) > 0 || run->options->skip_empty;
	const bool late = deadline_ended(-1);
	const int reason = errno;

	run->status = late ? STATUS_DEADLINE : STATUS_FAILED;
	/* Most runs never print it. */
	if (run->where[0] == '\0')
		step_name(run, address);
	errno = reason;
	if (late)
		report_late(run, call, object, deadline_check() == 0);
	else
		report_error(call, object,
			     hint(call, reason, address_port(address), begun));
}

bool step_check(struct run *run, const char *call, const char *object,
		long result)
{
	if (result == -1 && run->status == STATUS_OK)
		fail(run, call, object);
	return result != -1;
}

bool step(struct run *run, const char *call, const char *object, long result,
	  const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	trace(call, result, format, arguments);
	va_end(arguments);
	return step_check(run, call, object, result);
}

bool step_wait(struct run *run, const char *call, const char *object, int fd)
{
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
				 { .fd = run->output.fd } };
	/* A file has no reader: what poll tells of one means another thing. */
	const int count = run->output.is_file ? 1 : 2;
	int n;

	do {
		bool live = report_progress(run->output.delivered);

		n = poll(fds, (nfds_t)count, live ? TICK_MS : -1);
	} while (n == 0 || deadline_again(n));
	trace_poll(fds, count, n);
	if (n == -1)
		return step_check(run, deadline_ended(n) ? call : "poll",
				  object, n);
	if (fds[0].revents != 0)
		return true;
	errno = EPIPE;
	return step_check(run, "write", "standard output", -1);
}

bool step_close(struct run *run, const char *object, int *fd)
{
	const int closing = *fd;

	if (closing == -1)
		return true;
	*fd = -1;
	return step(run, "close", object, net_close(closing), "%d", closing);
}
