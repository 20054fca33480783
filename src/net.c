#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

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
	struct sockaddr_in name = { .sin_family = AF_INET,
				    .sin_port = htons(port) };

	if (inet_pton(AF_INET, address, &name.sin_addr) != 1) {
		errno = EINVAL;
		return -1;
	}
	return bind(fd, (const struct sockaddr *)&name, sizeof(name));
}

int net_listen(int fd, int backlog)
{
	return listen(fd, backlog);
}

int net_accept(int listener)
{
	int fd;

	do
		fd = accept(listener, NULL, NULL);
	while (fd == -1 && (errno == EINTR || errno == ECONNABORTED));
	return above_stdio(fd);
}

ssize_t net_recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t received;

	do
		received = recv(fd, buf, len, flags);
	while (received == -1 && errno == EINTR);
	return received;
}

bool net_has_more(int fd)
{
	char next;

	return net_recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

int net_close(int fd)
{
	if (close(fd) == -1 && errno != EINTR)
		return -1;
	return 0;
}
