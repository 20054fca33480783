#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "deadline.h"

/* An address as the kernel takes and gives it, of whatever family. */
union name {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
};

static void to_text(const union name *from, struct net_name *to)
{
	*to = (struct net_name){ .address = "-" };
	if (from->any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &from->ip4.sin_addr, to->address,
			  sizeof(to->address));
		to->port = ntohs(from->ip4.sin_port);
	} else if (from->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &from->ip6.sin6_addr, to->address,
			  sizeof(to->address));
		to->port = ntohs(from->ip6.sin6_port);
	}
}

/* Takes over fd, or -1, and returns it as a descriptor above 2, or -1. */
static int above_stdio(int fd)
{
	int moved, reason;

	if (fd == -1 || fd > STDERR_FILENO)
		return fd;
	moved = fcntl(fd, F_DUPFD, STDERR_FILENO + 1);
	reason = errno;
	close(fd);
	errno = reason;
	return moved;
}

int net_domain(const char *address)
{
	return strchr(address, ':') == NULL ? AF_INET : AF_INET6;
}

bool net_is_address(const char *address)
{
	struct in6_addr any;

	return inet_pton(net_domain(address), address, &any) == 1;
}

int net_socket(int domain, int type, int protocol)
{
	return above_stdio(socket(domain, type, protocol));
}

int net_reuse_address(int fd)
{
	const int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
}

int net_bind(int fd, const char *address, uint16_t port)
{
	struct sockaddr_in ip4 = { .sin_family = AF_INET,
				   .sin_port = htons(port) };
	struct sockaddr_in6 ip6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(port) };

	if (inet_pton(AF_INET, address, &ip4.sin_addr) == 1)
		return bind(fd, (const struct sockaddr *)&ip4, sizeof(ip4));
	if (inet_pton(AF_INET6, address, &ip6.sin6_addr) == 1)
		return bind(fd, (const struct sockaddr *)&ip6, sizeof(ip6));
	errno = EINVAL;
	return -1;
}

int net_listen(int fd, int backlog)
{
	return listen(fd, backlog);
}

int net_check_listener(int fd)
{
	int type = 0, listens = 0;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == -1)
		return -1;
	if (type == SOCK_STREAM && listens)
		return 0;
	errno = EINVAL;
	return -1;
}

int net_local_name(int fd, struct net_name *name)
{
	union name bound = { .any.sa_family = AF_UNSPEC };
	socklen_t len = sizeof(bound);

	if (getsockname(fd, &bound.any, &len) == -1)
		return -1;
	to_text(&bound, name);
	return 0;
}

int net_accept(int listener, struct net_name *peer)
{
	union name from = { .any.sa_family = AF_UNSPEC };
	socklen_t len = sizeof(from);
	int fd;

	do {
		if (deadline_check() == -1)
			return -1;
		fd = peer == NULL ? accept(listener, NULL, NULL)
				  : accept(listener, &from.any, &len);
	} while (fd == -1 && (errno == EINTR || errno == ECONNABORTED));
	if (peer != NULL)
		to_text(&from, peer);
	return above_stdio(fd);
}

int net_limit_recv(int fd, unsigned int seconds)
{
	const struct timeval limit = { .tv_sec = (time_t)seconds };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

ssize_t net_recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t received;

	do {
		if (deadline_check() == -1)
			return -1;
		received = recv(fd, buf, len, flags);
	} while (received == -1 && errno == EINTR);
	return received;
}

bool net_has_more(int fd)
{
	int waiting = 0;

	return ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0;
}

int net_close(int fd)
{
	if (close(fd) == -1 && errno != EINTR)
		return -1;
	return 0;
}
