#include "listener.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "net.h"

enum {
	BACKLOG = 5,
};

static bool inherit_listener(struct run *run)
{
	run->listener = run->options->inherited;
	snprintf(run->where, sizeof(run->where), "descriptor %d",
		 run->listener);
	if (net_check_listener(run->listener) == 0)
		return true;
	report_no_listener(run->listener);
	run->status = STATUS_USAGE;
	return false;
}

bool listener_open(struct run *run)
{
	const char *address = run->options->address;
	const uint16_t port = run->options->port;
	const int domain = net_domain(address);
	const bool ip4 = domain == AF_INET;
	const char *family = ip4 ? "AF_INET" : "AF_INET6";
	const char *where = run->where;

	if (run->options->inherited != -1)
		return inherit_listener(run);
	snprintf(run->where, sizeof(run->where), ip4 ? "%s:%u" : "[%s]:%u",
		 address, port);
	run->listener = net_socket(domain, SOCK_STREAM, 0);
	return run_step(run, "socket", where, run->listener,
			"%s, SOCK_STREAM, 0", family) &&
	       run_step(run, "setsockopt", where,
			net_reuse_address(run->listener),
			"%d, SOL_SOCKET, SO_REUSEADDR, 1", run->listener) &&
	       run_step(run, "bind", where,
			net_bind(run->listener, address, port),
			"%d, {%s, %u = %02x %02x, %s}, %zu", run->listener,
			family, port, port >> 8, port & 0xff, address,
			ip4 ? sizeof(struct sockaddr_in)
			    : sizeof(struct sockaddr_in6)) &&
	       run_step(run, "listen", where,
			net_listen(run->listener, BACKLOG), "%d, %d",
			run->listener, BACKLOG);
}

static bool write_ready(struct run *run, unsigned int port)
{
	const int fd = run->ready;
	uint64_t written = 0;
	char line[16];
	int done;

	snprintf(line, sizeof(line), "%u\n", port);
	done = output_write(fd, line, strlen(line), &written);
	return run_step(run, "write", "ready descriptor",
			done == -1 ? -1 : (long)written, "%d, \"%u\\n\", %zu",
			fd, port, strlen(line)) &&
	       run_close(run, "ready descriptor", &run->ready);
}

bool listener_announce(struct run *run)
{
	struct net_name name;

	if (!run->options->verbose && run->options->ready == -1)
		return true;
	if (!run_step(run, "getsockname", run->where,
		      net_local_name(run->listener, &name), "%d, &name, &len",
		      run->listener))
		return false;
	if (run->options->verbose)
		report_listening(name.address, name.port);
	return run->options->ready == -1 || write_ready(run, name.port);
}
