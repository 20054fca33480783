#include "inherit.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "net.h"
#include "number.h"
#include "report.h"
#include "usage.h"

enum {
	FIRST_INHERITED = 3, /* SD_LISTEN_FDS_START */
};

/* Whether the listener was passed to this process, and not to its parent. */
static bool is_ours(const struct options *options)
{
	const char *pid = getenv("LISTEN_PID");
	uint64_t n;

	if (pid == NULL || !number_parse(pid, 1, INT_MAX, &n))
		return false;
	if (n == (uint64_t)getpid())
		return true;
	if (options->verbose)
		report("server: LISTEN_PID is %s, not this process: the "
		       "inherited listener is not used; in a script, exec "
		       "server",
		       pid);
	return false;
}

static bool has_ip(int listener)
{
	struct address bound = { .len = ADDRESS_LEN };

	/* If this fails, or the address is not IP, there is no port. */
	net_getsockname(listener, &bound.any, &bound.len);
	return address_port(&bound) != 0;
}

int inherit_listener(struct options *options)
{
	const char *fds = getenv("LISTEN_FDS");
	uint64_t n;

	if (fds == NULL || !is_ours(options))
		return 0;
	if (!number_parse(fds, 1, 1, &n))
		return usage_refuse("LISTEN_FDS", fds,
				    "must be 1: only one listener can be "
				    "inherited");
	if (options->ready == FIRST_INHERITED)
		return usage_refuse("-r", "3",
				    "that is the inherited listener, take "
				    "another");
	if (net_check_listener(FIRST_INHERITED) == -1)
		return usage_refuse("LISTEN_FDS", NULL,
				    "descriptor 3 is not a listening stream "
				    "socket; pass the listener, not a "
				    "connection");
	if (options->allows_some && !has_ip(FIRST_INHERITED))
		return usage_refuse("-a", NULL,
				    "the inherited listener has no IP address");
	options->inherited = FIRST_INHERITED;
	return 0;
}
