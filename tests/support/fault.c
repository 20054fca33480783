#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

static struct {
	const char *call;
	int nth;
	int reason;
	int calls;
	size_t most_recv;
	size_t most_splice;
	size_t most_write;
	size_t most_line;
	void (*watch)(const char *call, int fd, bool fails);
	bool watching; /* watch is running */
	size_t delivered;
} fault;

void fault_reset(void)
{
	memset(&fault, 0, sizeof(fault));
}

void fault_fail(const char *call, int nth, int reason)
{
	fault.call = call;
	fault.nth = nth;
	fault.reason = reason;
	fault.calls = 0;
}

void fault_shorten(const char *call, size_t most)
{
	if (strcmp(call, "recv") == 0)
		fault.most_recv = most;
	else if (strcmp(call, "splice") == 0)
		fault.most_splice = most;
	else if (strcmp(call, "line") == 0)
		fault.most_line = most;
	else
		fault.most_write = most;
}

void fault_watch(void (*watch)(const char *call, int fd, bool fails))
{
	fault.watch = watch;
}

int fault_calls(void)
{
	return fault.calls;
}

size_t fault_delivered(void)
{
	return fault.delivered;
}

static bool is_due(const char *call, int fd)
{
	bool due;

	if (fault.watching)
		return false;
	due = fault.call != NULL && strcmp(fault.call, call) == 0 &&
	      (++fault.calls == fault.nth || fault.nth == -1);
	if (fault.watch != NULL) {
		fault.watching = true;
		fault.watch(call, fd, due);
		fault.watching = false;
	}
	return due;
}

static size_t shortened(size_t len, size_t most)
{
	return most > 0 && len > most && !fault.watching ? most : len;
}

static ssize_t delivered(int fd, ssize_t n)
{
	if (fd == STDOUT_FILENO && n > 0)
		fault.delivered += (size_t)n;
	return n;
}

static int result(void)
{
	if (fault.reason == 0)
		return 0;
	errno = fault.reason;
	return -1;
}

/* The reserved names are what the linker's --wrap asks for. */
int __real_socket(int domain, int type, int protocol);
int __real_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len);
int __real_bind(int fd, const struct sockaddr *address, socklen_t len);
int __real_listen(int fd, int backlog);
int __real_accept(int fd, struct sockaddr *address, socklen_t *len);
int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __real_getsockname(int fd, struct sockaddr *address, socklen_t *len);
int __real_setitimer(int which, const struct itimerval *value,
		     struct itimerval *old);
ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __real_write(int fd, const void *buf, size_t len);
int __real_close(int fd);
int __real_poll(struct pollfd fds[], nfds_t count, int timeout);
int __real_pipe(int ends[2]);
int __real_fcntl(int fd, int command, ...);
int __real_ioctl(int fd, unsigned long request, ...);
ssize_t __real_splice(int from, off_t *from_at, int to, off_t *to_at,
		      size_t len, unsigned int flags);

int __wrap_socket(int domain, int type, int protocol);
int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_listen(int fd, int backlog);
int __wrap_accept(int fd, struct sockaddr *address, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *len);
int __wrap_setitimer(int which, const struct itimerval *value,
		     struct itimerval *old);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_write(int fd, const void *buf, size_t len);
int __wrap_close(int fd);
int __wrap_poll(struct pollfd fds[], nfds_t count, int timeout);
int __wrap_pipe(int ends[2]);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
ssize_t __wrap_splice(int from, off_t *from_at, int to, off_t *to_at,
		      size_t len, unsigned int flags);

int __wrap_socket(int domain, int type, int protocol)
{
	return is_due("socket", -1) ? result()
				    : __real_socket(domain, type, protocol);
}

int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len)
{
	return is_due("setsockopt", fd)
		       ? result()
		       : __real_setsockopt(fd, level, name, value, len);
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len)
{
	return is_due("bind", fd) ? result() : __real_bind(fd, address, len);
}

int __wrap_listen(int fd, int backlog)
{
	return is_due("listen", fd) ? result() : __real_listen(fd, backlog);
}

int __wrap_accept(int fd, struct sockaddr *address, socklen_t *len)
{
	return is_due("accept", fd) ? result()
				    : __real_accept(fd, address, len);
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return is_due("getsockopt", fd)
		       ? result()
		       : __real_getsockopt(fd, level, name, value, len);
}

int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
	return is_due("getsockname", fd) ? result()
					 : __real_getsockname(fd, address, len);
}

int __wrap_setitimer(int which, const struct itimerval *value,
		     struct itimerval *old)
{
	return is_due("setitimer", -1) ? result()
				       : __real_setitimer(which, value, old);
}

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	return is_due((flags & MSG_DONTWAIT) == 0 ? "recv" : "look", fd)
		       ? result()
		       : __real_recv(fd, buf, shortened(len, fault.most_recv),
				     flags);
}

ssize_t __wrap_splice(int from, off_t *from_at, int to, off_t *to_at,
		      size_t len, unsigned int flags)
{
	if (is_due("splice", to))
		return result();
	len = shortened(len, fault.most_splice);
	if (to == STDOUT_FILENO)
		len = shortened(len, fault.most_write);
	return delivered(to,
			 __real_splice(from, from_at, to, to_at, len, flags));
}

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	if (is_due("write", fd))
		return result();
	len = shortened(len, fd == STDERR_FILENO ? fault.most_line
						 : fault.most_write);
	return delivered(fd, __real_write(fd, buf, len));
}

int __wrap_close(int fd)
{
	const bool due = is_due("close", fd);
	int released = __real_close(fd);

	return due ? result() : released;
}

int __wrap_poll(struct pollfd fds[], nfds_t count, int timeout)
{
	return is_due("poll", fds[0].fd) ? result()
					 : __real_poll(fds, count, timeout);
}

int __wrap_pipe(int ends[2])
{
	return is_due("pipe", -1) ? result() : __real_pipe(ends);
}

int __wrap_fcntl(int fd, int command, ...)
{
	va_list arguments;
	long argument;

	va_start(arguments, command);
	argument = va_arg(arguments, long);
	va_end(arguments);
	return is_due("fcntl", fd) ? result()
				   : __real_fcntl(fd, command, argument);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return is_due("ioctl", fd) ? result()
				   : __real_ioctl(fd, request, argument);
}

const int *fault_reasons(const char *call)
{
	static const struct {
		const char *call;
		int reasons[24];
	} pages[] = {
		{ "socket",
		  { EACCES, EAFNOSUPPORT, EINVAL, EMFILE, ENFILE, ENOBUFS,
		    ENOMEM, EPROTONOSUPPORT } },
		{ "setsockopt",
		  { EBADF, EFAULT, EINVAL, ENOPROTOOPT, ENOTSOCK } },
		{ "bind",
		  { EACCES, EADDRINUSE, EBADF, EINVAL, ENOTSOCK, EADDRNOTAVAIL,
		    EFAULT, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR,
		    EROFS } },
		{ "listen", { EADDRINUSE, EBADF, ENOTSOCK, EOPNOTSUPP } },
		{ "accept",
		  { EBADF,	     EFAULT,	      EINVAL,	 EMFILE,
		    ENFILE,	     ENOBUFS,	      ENOMEM,	 ENOTSOCK,
		    EOPNOTSUPP,	     EPERM,	      EPROTO,	 ENOSR,
		    ESOCKTNOSUPPORT, EPROTONOSUPPORT, ETIMEDOUT, ENETDOWN,
		    ENOPROTOOPT,     EHOSTDOWN,	      ENONET,	 EHOSTUNREACH,
		    ENETUNREACH } },
		{ "recv",
		  { EAGAIN, EBADF, ECONNREFUSED, ECONNRESET, EFAULT, EINVAL,
		    ENOMEM, ENOTCONN, ENOTSOCK, ETIMEDOUT } },
		{ "write",
		  { EBADF, EDESTADDRREQ, EDQUOT, EFAULT, EFBIG, EINVAL, EIO,
		    ENOSPC, EPERM, EPIPE } },
		{ "getsockopt",
		  { EBADF, EFAULT, EINVAL, ENOPROTOOPT, ENOTSOCK } },
		{ "getsockname", { EBADF, EFAULT, EINVAL, ENOBUFS, ENOTSOCK } },
		{ "setitimer", { EFAULT, EINVAL } },
		{ "close", { EBADF, EIO, ENOSPC, EDQUOT } },
		/* And what the output itself may have to say. */
		{ "splice",
		  { EBADF, EINVAL, ENOMEM, ESPIPE, EDQUOT, EFBIG, EIO, ENOSPC,
		    EPIPE } },
		{ "poll", { EFAULT, EINVAL, ENOMEM } },
		{ "pipe", { EFAULT, EINVAL, EMFILE, ENFILE, ENOPKG } },
		{ "fcntl",
		  { EACCES, EBADF, EBUSY, EDEADLK, EFAULT, EINVAL, EMFILE,
		    ENOLCK, ENOMEM, ENOTDIR, EPERM } },
		{ "ioctl", { EBADF, EFAULT, EINVAL, ENOTTY } },
	};
	static const int none[] = { 0 };

	if (strcmp(call, "look") == 0)
		return fault_reasons("recv");
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (strcmp(pages[i].call, call) == 0)
			return pages[i].reasons;
	return none;
}
