#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "deadline.h"

/* Moves fd above 2 if it is not. Returns -1 for -1, or if it can't. */
static int above_stdio(int fd)
{
	int moved, reason;

	if (fd == -1 || fd > STDERR_FILENO)
		return fd;
	moved = fcntl(fd, F_DUPFD, STDERR_FILENO + 1);
	/* EINVAL: ulimit -n lets no descriptor be that high. */
	reason = errno == EINVAL ? EMFILE : errno;
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

int net_bind(int fd, const struct sockaddr *address, socklen_t len)
{
	return bind(fd, address, len);
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

int net_getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
	return getsockname(fd, address, len);
}

int net_accept(int listener, struct sockaddr *peer, socklen_t *len)
{
	int fd;

	do
		fd = accept(listener, peer, len);
	while (deadline_again(fd) ||
	       (fd == -1 && errno == ECONNABORTED && deadline_check() == 0));
	if (fd != -1)
		deadline_renew();
	return above_stdio(fd);
}

ssize_t net_recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t n;

	do
		n = recv(fd, buf, len, flags);
	while (deadline_again(n));
	if (n != -1)
		deadline_renew();
	return n;
}

int net_unread(int fd, int *bytes)
{
	return ioctl(fd, FIONREAD, bytes);
}

int net_close(int fd)
{
	if (close(fd) == -1 && errno != EINTR)
		return -1;
	return 0;
}
