#include "listener.h"

#include <stdio.h>
#include <string.h>

#include "net.h"
#include "report.h"
#include "trace.h"

enum {
	BACKLOG = 5, /* senders that may wait to be accepted */
};

static bool open_socket(struct run *run)
{
	const int family = run->options->address.any.sa_family;

	run->listener = net_socket(family, SOCK_STREAM, 0);
	return step(run, "socket", run->where, run->listener,
		    "%s, SOCK_STREAM, IPPROTO_IP",
		    family == AF_INET ? "AF_INET" : "AF_INET6");
}

static bool reuse_address(struct run *run)
{
	return step(run, "setsockopt", run->where,
		    net_reuse_address(run->listener),
		    "%d, SOL_SOCKET, SO_REUSEADDR, [1], 4", run->listener);
}

static bool bind_address(struct run *run)
{
	const struct address *address = &run->options->address;
	char text[TRACE_BYTES];
	int result;

	trace_address(address, false, text);
	result = net_bind(run->listener, &address->any, address->len);
	return step(run, "bind", run->where, result, "%d, %s", run->listener,
		    text);
}

static bool start_listening(struct run *run)
{
	return step(run, "listen", run->where,
		    net_listen(run->listener, BACKLOG), "%d, %d", run->listener,
		    BACKLOG);
}

bool listener_open(struct run *run)
{
	return run->listener != -1 ||
	       (open_socket(run) && reuse_address(run) && bind_address(run) &&
		start_listening(run));
}

static bool write_ready(struct run *run, unsigned int port)
{
	char line[16];
	size_t len;

	snprintf(line, sizeof(line), "%u\n", port);
	len = strlen(line);
	return step_check(run, "write", "ready descriptor",
			  output_write(run->ready, line, len) < len ? -1 : 0) &&
	       step_close(run, "ready descriptor", &run->ready);
}

/* Whether to print the address: for -v, or if nothing else tells the port. */
static bool announces(const struct run *run)
{
	const struct options *options = run->options;

	return options->verbose ||
	       (options->ready == -1 && options->inherited == -1 &&
		address_port(&options->address) == 0);
}

bool listener_announce(struct run *run)
{
	struct address bound = { .len = ADDRESS_LEN };
	char text[ADDRESS_BYTES], traced[TRACE_BYTES];
	int result;

	if (!announces(run) && run->ready == -1)
		return true;
	result = net_getsockname(run->listener, &bound.any, &bound.len);
	if (!step(run, "getsockname", run->where, result, "%d, %s",
		  run->listener, trace_address(&bound, true, traced)))
		return false;
	step_name(run, &bound);
	if (announces(run))
		report("Listening on %s %u", address_text(&bound, text),
		       address_port(&bound));
	return run->ready == -1 || write_ready(run, address_port(&bound));
}
