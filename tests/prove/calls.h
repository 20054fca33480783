#ifndef CALLS_H
#define CALLS_H

/*
 * Put before each source that is proved: has it call tests/prove/calls.c where
 * it calls the system or what Frama-C's C library has no full contract for.
 * The headers come first, so that they declare the calls by their own names.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

/* What Frama-C's headers lack, as Linux has it. */
#define F_SETPIPE_SZ 1031
#define F_GETPIPE_SZ 1032
#define PIPE_BUF 4096
#define SPLICE_F_NONBLOCK 2
#ifndef IN6_IS_ADDR_LINKLOCAL
#define IN6_IS_ADDR_LINKLOCAL(a)                                               \
	((a)->s6_addr[0] == 0xfe && ((a)->s6_addr[1] & 0xc0) == 0x80)
#endif
#ifndef IN6_IS_ADDR_V4MAPPED
#define IN6_IS_ADDR_V4MAPPED(a)                                                \
	((a)->s6_addr[0] == 0 && (a)->s6_addr[9] == 0 &&                       \
	 (a)->s6_addr[10] == 0xff && (a)->s6_addr[11] == 0xff)
#endif

/* The bounds of the proof: so many arguments, of so many bytes each. */
enum {
	ARGUMENTS = 6,
	ARGUMENT_BYTES = 24, /* more than the digits of UINT64_MAX */
};

/*@ requires address: address == \null ||
	\valid((char *)address + (0 .. *len - 1));
    requires length: address == \null || \initialized(len); */
int prove_accept(int fd, struct sockaddr *address, socklen_t *len);

/*@ requires \valid_read((const char *)address + (0 .. len - 1));
    requires \initialized((const char *)address + (0 .. len - 1)); */
int prove_bind(int fd, const struct sockaddr *address, socklen_t len);

/*@ requires \valid(now); */
int prove_clock_gettime(clockid_t clock, struct timespec *now);

int prove_close(int fd);

int prove_fcntl(int fd, int command, ...);

void prove__exit(int status);

/*@ requires \valid(status); */
int prove_fstat(int fd, struct stat *status);

char *prove_getenv(const char *name);

/*@ requires \valid(name + (0 .. IF_NAMESIZE - 1)); */
char *prove_if_indextoname(unsigned int index, char *name);

unsigned int prove_if_nametoindex(const char *name);

/*@ requires valid: \valid(fds + (0 .. count - 1));
    requires events: \initialized(&fds[0 .. count - 1].events); */
int prove_poll(struct pollfd *fds, nfds_t count, int timeout);

char *prove_strcasestr(const char *text, const char *part);
size_t prove_strcspn(const char *text, const char *reject);
size_t prove_strspn(const char *text, const char *accept);
unsigned long long prove_strtoull(const char *text, char **end, int base);

int prove_getopt_long(int argc, char *const argv[], const char *letters,
		      const struct option *names, int *index);

pid_t prove_getpid(void);

/*@ requires length: \initialized(len);
    requires address: \valid((char *)address + (0 .. *len - 1)); */
int prove_getsockname(int fd, struct sockaddr *address, socklen_t *len);

/*@ requires length: \initialized(len);
    requires value: \valid((char *)value + (0 .. *len - 1)); */
int prove_getsockopt(int fd, int level, int name, void *value, socklen_t *len);

/*@ requires ip4: family == AF_INET ==>
	\initialized((const char *)from + (0 .. 3));
    requires ip6: family == AF_INET6 ==>
	\initialized((const char *)from + (0 .. 15));
    requires to: \valid(to + (0 .. size - 1)); */
const char *prove_inet_ntop(int family, const void *from, char *to,
			    socklen_t size);

/*@ requires \valid((char *)to + (0 .. (family == AF_INET ? 3 : 15))); */
int prove_inet_pton(int family, const char *from, void *to);

int prove_ioctl(int fd, unsigned long request, int *value);
int prove_isatty(int fd);
int prove_iswprint(wint_t wide);
int prove_listen(int fd, int backlog);

/*@ requires to: \valid(to);
    requires from: \valid_read(from + (0 .. len - 1));
    requires initialised: \initialized(from + (0 .. len - 1));
    requires state: \valid(state) && \initialized(state); */
size_t prove_mbrtowc(wchar_t *to, const char *from, size_t len,
		     mbstate_t *state);

/*@ requires \valid(ends + (0 .. 1)); */
int prove_pipe(int *ends);

/*@ requires \valid((char *)buf + (0 .. len - 1)); */
ssize_t prove_read(int fd, void *buf, size_t len);

/*@ requires \valid((char *)buf + (0 .. len - 1)); */
ssize_t prove_recv(int fd, void *buf, size_t len, int flags);

char *prove_setlocale(int category, const char *locale);

/*@ requires \valid_read(timer) && \initialized(timer);
    requires \valid_read(&timer->it_value.tv_usec);
    requires 0 <= timer->it_value.tv_usec <= 999999; */
int prove_setitimer(int which, const struct itimerval *timer,
		    struct itimerval *old);

/*@ requires \valid_read((const char *)value + (0 .. len - 1));
    requires \initialized((const char *)value + (0 .. len - 1)); */
int prove_setsockopt(int fd, int level, int name, const void *value,
		     socklen_t len);

/*@ requires \valid_read(action) && \initialized(&action->sa_handler); */
int prove_sigaction(int number, const struct sigaction *action,
		    struct sigaction *old);

void prove_signal(int number, void (*handler)(int));
int prove_sigprocmask(int how, const sigset_t *set, sigset_t *old);

/*@ requires \valid(text + (0 .. size - 1)); */
int prove_snprintf(char *text, size_t size, const char *format, ...);

int prove_sprintf(char *text, const char *format, ...);

int prove_socket(int domain, int type, int protocol);

ssize_t prove_splice(int from, void *from_at, int to, void *to_at, size_t len,
		     unsigned int flags);

char *prove_strerror(int number);
char *prove_strncpy(char *to, const char *from, size_t size);
int prove_tcgetattr(int fd, struct termios *terminal);

/*@ requires \valid(text + (0 .. size - 1)); */
int prove_vsnprintf(char *text, size_t size, const char *format,
		    va_list arguments);

/*@ requires \valid_read((const char *)from + (0 .. len - 1));
    requires \initialized((const char *)from + (0 .. len - 1)); */
ssize_t prove_write(int fd, const void *from, size_t len);

ssize_t prove_count(size_t len);

/* That a text is what it shall be. */
void prove_same(const char *is, const char *shall);

/*@ requires valid: \valid_read(buf + (done .. len - 1));
    requires initialised: \initialized(buf + (done .. len - 1)); */
ssize_t prove_rest(const char *from, const char *count, const char *buf,
		   size_t done, size_t len, ssize_t answer);

#define accept prove_accept
#define bind prove_bind
#define clock_gettime prove_clock_gettime
#define close prove_close
#define _exit prove__exit
#define fcntl prove_fcntl
#define fstat(fd, status) prove_fstat(fd, status)
#define getenv prove_getenv
#define getopt_long prove_getopt_long
#define getpid prove_getpid
#define getsockname prove_getsockname
#define getsockopt prove_getsockopt
#define if_indextoname prove_if_indextoname
#define if_nametoindex prove_if_nametoindex
#define inet_ntop prove_inet_ntop
#define inet_pton prove_inet_pton
#define ioctl prove_ioctl
#define isatty prove_isatty
#define iswprint prove_iswprint
#define listen prove_listen
#define mbrtowc prove_mbrtowc
#define pipe prove_pipe
#define poll(fds, count, timeout) prove_poll(fds, count, timeout)
#define read prove_read
#define recv prove_recv
#define setitimer prove_setitimer
#define setlocale prove_setlocale
#define setsockopt prove_setsockopt
#define sigaction(a, b, c) prove_sigaction(a, b, c)
#define signal(number, handler) prove_signal(number, handler)
#define sigprocmask prove_sigprocmask
#define snprintf prove_snprintf
#define socket prove_socket
#define splice prove_splice
#define sprintf prove_sprintf
#define strcasestr prove_strcasestr
#define strcspn prove_strcspn
#define strerror prove_strerror
#define strncpy prove_strncpy
#define strspn prove_strspn
#define strtoull prove_strtoull
#define tcgetattr prove_tcgetattr
#define vsnprintf prove_vsnprintf
#define write prove_write

#endif
