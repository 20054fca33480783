#include "fault.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>

static struct {
	const char *call;
	int nth;
	int reason;
	int calls;
	size_t most;
} fault;

void fault_reset(void)
{
	memset(&fault, 0, sizeof(fault));
}

void fault_fail(const char *call, int nth, int reason)
{
	fault_reset();
	fault.call = call;
	fault.nth = nth;
	fault.reason = reason;
}

void fault_shorten_writes(size_t most)
{
	fault_reset();
	fault.most = most;
}

int fault_calls(void)
{
	return fault.calls;
}

static bool is_due(const char *call)
{
	return fault.call != NULL && strcmp(fault.call, call) == 0 &&
	       ++fault.calls == fault.nth;
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

int __wrap_socket(int domain, int type, int protocol)
{
	return is_due("socket") ? result()
				: __real_socket(domain, type, protocol);
}

int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len)
{
	return is_due("setsockopt")
		       ? result()
		       : __real_setsockopt(fd, level, name, value, len);
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len)
{
	return is_due("bind") ? result() : __real_bind(fd, address, len);
}

int __wrap_listen(int fd, int backlog)
{
	return is_due("listen") ? result() : __real_listen(fd, backlog);
}

int __wrap_accept(int fd, struct sockaddr *address, socklen_t *len)
{
	return is_due("accept") ? result() : __real_accept(fd, address, len);
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return is_due("getsockopt")
		       ? result()
		       : __real_getsockopt(fd, level, name, value, len);
}

int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
	return is_due("getsockname") ? result()
				     : __real_getsockname(fd, address, len);
}

int __wrap_setitimer(int which, const struct itimerval *value,
		     struct itimerval *old)
{
	return is_due("setitimer") ? result()
				   : __real_setitimer(which, value, old);
}

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	return is_due("recv") ? result() : __real_recv(fd, buf, len, flags);
}

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	if (is_due("write"))
		return result();
	if (fault.most > 0 && len > fault.most)
		len = fault.most;
	return __real_write(fd, buf, len);
}

int __wrap_close(int fd)
{
	int released = __real_close(fd);

	return is_due("close") ? result() : released;
}

const int *fault_reasons(const char *call)
{
	static const struct {
		const char *call;
		int reasons[16];
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
		  { EAGAIN, EBADF, EFAULT, EINVAL, EMFILE, ENFILE, ENOBUFS,
		    ENOMEM, ENOTSOCK, EOPNOTSUPP, EPERM, EPROTO, ENOSR,
		    ESOCKTNOSUPPORT, EPROTONOSUPPORT } },
		{ "recv",
		  { EAGAIN, EBADF, ECONNREFUSED, ECONNRESET, EFAULT, EINVAL,
		    ENOMEM, ENOTCONN, ENOTSOCK, ETIMEDOUT } },
		{ "write",
		  { EAGAIN, EBADF, EDESTADDRREQ, EDQUOT, EFAULT, EFBIG, EINVAL,
		    EIO, ENOSPC, EPERM, EPIPE } },
		{ "getsockopt",
		  { EBADF, EFAULT, EINVAL, ENOPROTOOPT, ENOTSOCK } },
		{ "getsockname", { EBADF, EFAULT, EINVAL, ENOBUFS, ENOTSOCK } },
		{ "setitimer", { EFAULT, EINVAL } },
		{ "close", { EBADF, EIO, ENOSPC, EDQUOT } },
	};
	static const int none[] = { 0 };

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (strcmp(pages[i].call, call) == 0)
			return pages[i].reasons;
	return none;
}
