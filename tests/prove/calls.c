/*
 * The system and the C library, as the proof has them: each call may do what
 * its man page allows, and more where that is simpler.
 */

#include "__fc_builtin.h"

#include "calls.h"

#include <limits.h>
#include <stdbool.h>

/* getopt(3): what its variables are at the start. */
char *optarg;
int optind = 1, opterr = 1, optopt = '?';

/* errno(3): a positive number after an error, and perhaps after none. */
static void prove_any_errno(void)
{
	errno = Frama_C_interval(0, INT_MAX);
}

/* What is given back as 0, or as -1 with errno. */
static int prove_done_or_not(void)
{
	prove_any_errno();
	return Frama_C_interval(-1, 0);
}

/* A descriptor, or -1 with errno. */
static int prove_any_descriptor(void)
{
	prove_any_errno();
	return Frama_C_interval(-1, INT_MAX);
}

/* A text of any length below size. */
static void prove_any_text(char *text, size_t size)
{
	Frama_C_make_unknown(text, size);
	text[size - 1] = '\0';
}

/*
 * ip(7), ipv6(7): the kernel stores a name as long as its family has it, cut
 * to *len. One of another family may leave all after the family as it was.
 */
static void prove_any_name(struct sockaddr *address, socklen_t *len)
{
	const socklen_t ip4 = sizeof(struct sockaddr_in);
	const socklen_t ip6 = sizeof(struct sockaddr_in6);

	address->sa_family = Frama_C_unsigned_short_interval(0, USHRT_MAX);
	if (address->sa_family == AF_INET)
		Frama_C_make_unknown((char *)address + 2,
				     (*len < ip4 ? *len : ip4) - 2);
	else if (address->sa_family == AF_INET6)
		Frama_C_make_unknown((char *)address + 2,
				     (*len < ip6 ? *len : ip6) - 2);
	*len = Frama_C_unsigned_int_interval(0, UINT_MAX);
}

int prove_accept(int fd, struct sockaddr *address, socklen_t *len)
{
	int answer = prove_any_descriptor();

	if (answer != -1 && address != NULL)
		prove_any_name(address, len);
	return answer;
}

int prove_bind(int fd, const struct sockaddr *address, socklen_t len)
{
	return prove_done_or_not();
}

/* clock_gettime(2): of a clock that starts with the machine. */
int prove_clock_gettime(clockid_t clock, struct timespec *now)
{
	int answer = prove_done_or_not();

	if (answer == 0) {
		now->tv_sec = Frama_C_long_interval(0, LONG_MAX);
		now->tv_nsec = Frama_C_long_interval(0, 999999999);
	}
	return answer;
}

int prove_close(int fd)
{
	return prove_done_or_not();
}

/* fcntl(2): a descriptor, flags or a pipe's size. */
int prove_fcntl(int fd, int command, ...)
{
	return prove_any_descriptor();
}

/* _exit(2): the run goes on without it, as from a handler it never came to. */
void prove__exit(int status)
{
}

/* fstat(2): a file of any kind. */
int prove_fstat(int fd, struct stat *status)
{
	int answer = prove_done_or_not();

	if (answer == 0)
		status->st_mode = Frama_C_unsigned_int_interval(0, UINT_MAX);
	return answer;
}

char *prove_if_indextoname(unsigned int index, char *name)
{
	prove_any_errno();
	if (Frama_C_interval(0, 1))
		return NULL;
	prove_any_text(name, IF_NAMESIZE);
	return name;
}

unsigned int prove_if_nametoindex(const char *name)
{
	prove_any_errno();
	strlen(name);
	return Frama_C_unsigned_int_interval(0, UINT_MAX);
}

/* poll(2): any events, of as many descriptors as it tells, or -1. */
int prove_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	prove_any_errno();
	//@ loop unroll 4;
	for (nfds_t i = 0; i < count; i++)
		fds[i].revents = Frama_C_short_interval(SHRT_MIN, SHRT_MAX);
	return Frama_C_interval(-1, (int)count);
}

char *prove_strcasestr(const char *text, const char *part)
{
	strlen(text);
	strlen(part);
	return Frama_C_nondet_ptr((void *)text, NULL);
}

size_t prove_strcspn(const char *text, const char *reject)
{
	size_t n = 0;

	//@ loop unroll ARGUMENT_BYTES + 1;
	while (text[n] != '\0' && strchr(reject, text[n]) == NULL)
		n++;
	return n;
}

size_t prove_strspn(const char *text, const char *accept)
{
	size_t n = 0;

	//@ loop unroll ARGUMENT_BYTES + 1;
	while (text[n] != '\0' && strchr(accept, text[n]) != NULL)
		n++;
	return n;
}

/* strtoull(3), in base 10: of digits, or of none, which make 0. */
unsigned long long prove_strtoull(const char *text, char **end, int base)
{
	strlen(text);
	prove_any_errno();
	return Frama_C_unsigned_long_long_interval(0, ULLONG_MAX);
}

/* getenv(3): the environment, as long as an argument vector. */
char *prove_getenv(const char *name)
{
	static char value[ARGUMENT_BYTES + 1];

	prove_any_text(value, sizeof(value));
	return Frama_C_nondet_ptr(value, NULL);
}

/* A letter of letters: one that takes a value, or one that takes none. */
static int prove_any_letter(const char *letters, bool takes_value)
{
	const size_t len = strlen(letters);
	int letter = -1;

	//@ loop unroll 32;
	for (size_t i = 1; i < len; i++)
		if (letters[i] != ':' &&
		    takes_value == (letters[i + 1] == ':') &&
		    Frama_C_interval(0, 1))
			letter = letters[i];
	return letter;
}

/*
 * getopt(3). Wider than it is: any letter may come at any time, optind may be
 * anywhere, and any argument is the value, also where only the end of one is:
 * 80 may have the bytes that it has in -p80.
 */
int prove_getopt_long(int argc, char *const argv[], const char *letters,
		      const struct option *names, int *index)
{
	int kind = Frama_C_interval(0, 3);
	int letter;

	if (argc < 1)
		return -1;
	optind = Frama_C_interval(1, argc);
	optopt = Frama_C_interval(SCHAR_MIN, UCHAR_MAX);
	optarg = kind == 3 ? argv[Frama_C_interval(0, argc - 1)] : NULL;
	//@ split kind;
	if (kind == 0)
		return -1;
	if (kind == 1)
		return Frama_C_nondet(':', '?');
	letter = prove_any_letter(letters, kind == 3);
	//@ split letter == 'h';
	return letter;
}

pid_t prove_getpid(void)
{
	return Frama_C_interval(1, INT_MAX);
}

int prove_getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
	int answer = prove_done_or_not();

	if (answer == 0)
		prove_any_name(address, len);
	return answer;
}

int prove_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int answer = prove_done_or_not();

	if (answer == 0) {
		Frama_C_make_unknown(value, *len);
		*len = Frama_C_unsigned_int_interval(0, *len);
	}
	return answer;
}

const char *prove_inet_ntop(int family, const void *from, char *to,
			    socklen_t size)
{
	prove_any_errno();
	if (Frama_C_interval(0, 1))
		return NULL;
	prove_any_text(to, size);
	return to;
}

int prove_inet_pton(int family, const char *from, void *to)
{
	int answer = Frama_C_interval(-1, 1);

	prove_any_errno();
	strlen(from);
	if (answer == 1)
		Frama_C_make_unknown(to, family == AF_INET ? 4 : 16);
	return answer;
}

/* ioctl(2) with FIONREAD, the one request that there is. */
int prove_ioctl(int fd, unsigned long request, int *value)
{
	int answer = prove_done_or_not();

	if (answer == 0)
		*value = Frama_C_interval(INT_MIN, INT_MAX);
	return answer;
}

int prove_isatty(int fd)
{
	prove_any_errno();
	return Frama_C_interval(0, 1);
}

int prove_iswprint(wint_t wide)
{
	return Frama_C_interval(INT_MIN, INT_MAX);
}

int prove_listen(int fd, int backlog)
{
	return prove_done_or_not();
}

/* mbrtowc(3): 0 to len, or one of two that are not a length. */
size_t prove_mbrtowc(wchar_t *to, const char *from, size_t len,
		     mbstate_t *state)
{
	prove_any_errno();
	switch (Frama_C_interval(0, 2)) {
	case 0:
		return (size_t)-1;
	case 1:
		return (size_t)-2;
	default:
		*to = Frama_C_interval(0, INT_MAX);
		return Frama_C_size_t_interval(0, len);
	}
}

int prove_pipe(int *ends)
{
	int answer = prove_done_or_not();

	if (answer == 0) {
		ends[0] = Frama_C_interval(0, INT_MAX);
		ends[1] = Frama_C_interval(0, INT_MAX);
	}
	return answer;
}

ssize_t prove_read(int fd, void *buf, size_t len)
{
	ssize_t n = prove_count(len);

	if (n > 0)
		Frama_C_make_unknown(buf, (size_t)n);
	return n;
}

/* recv(2): with MSG_TRUNC it may tell more than len, and store nothing. */
ssize_t prove_recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t n;

	prove_any_errno();
	if (flags & MSG_TRUNC)
		return Frama_C_long_interval(-1, LONG_MAX);
	n = Frama_C_long_interval(-1, (long)len);
	if (n > 0)
		Frama_C_make_unknown(buf, (size_t)n);
	return n;
}

int prove_setitimer(int which, const struct itimerval *timer,
		    struct itimerval *old)
{
	return prove_done_or_not();
}

char *prove_setlocale(int category, const char *locale)
{
	static char name[64];

	prove_any_text(name, sizeof(name));
	return Frama_C_nondet_ptr(name, NULL);
}

int prove_setsockopt(int fd, int level, int name, const void *value,
		     socklen_t len)
{
	return prove_done_or_not();
}

/*
 * sigaction(2). The handler may run at any time. All that it writes is
 * volatile, which Eva takes to change at any time by itself.
 */
int prove_sigaction(int number, const struct sigaction *action,
		    struct sigaction *old)
{
	action->sa_handler(number);
	return prove_done_or_not();
}

void prove_signal(int number, void (*handler)(int))
{
	if (handler != SIG_IGN && handler != SIG_DFL)
		handler(number);
}

int prove_sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	return prove_done_or_not();
}

char *prove_strncpy(char *to, const char *from, size_t size)
{
	const size_t len = strnlen(from, size);

	memcpy(to, from, len);
	memset(to + len, 0, size - len);
	return to;
}

/* Follows the arguments of printf(3) that are texts. */
static void prove_texts(const char *format, va_list arguments)
{
	size_t i = 0;

	//@ loop unroll 128;
	while (format[i] != '\0') {
		if (format[i++] != '%')
			continue;
		//@ loop unroll 8;
		while (strchr("#.0123456789jlz", format[i]) != NULL)
			i++;
		if (format[i] == 's')
			strlen(va_arg(arguments, const char *));
		else if (format[i] == 'p')
			va_arg(arguments, const void *);
		else
			va_arg(arguments, int);
	}
}

/*
 * printf(3): any text that fits, always ended; the result is how long it would
 * be, or negative.
 */
int prove_vsnprintf(char *text, size_t size, const char *format,
		    va_list arguments)
{
	prove_texts(format, arguments);
	prove_any_errno();
	prove_any_text(text, size);
	return Frama_C_interval(INT_MIN, INT_MAX);
}

int prove_snprintf(char *text, size_t size, const char *format, ...)
{
	va_list arguments;
	int answer;

	va_start(arguments, format);
	answer = prove_vsnprintf(text, size, format, arguments);
	va_end(arguments);
	return answer;
}

/* As many digits, of so many bits each, as value needs, or more. */
static int prove_any_digits(char *text, unsigned int value, int bits, int least)
{
	int digits = 1;

	//@ loop unroll 11;
	while (digits * bits < 32 && value >> digits * bits != 0)
		digits++;
	if (digits < least)
		digits = least;
	Frama_C_make_unknown(text, (size_t)digits);
	return digits;
}

/*
 * printf(3), of bytes and unsigned numbers, which can't fail: what it writes is
 * as long as it would be, and so it is checked that it fits.
 */
int prove_sprintf(char *text, const char *format, ...)
{
	va_list arguments;
	unsigned int value;
	int end = 0, least;

	va_start(arguments, format);
	//@ loop unroll 8;
	for (size_t i = 0; format[i] != '\0'; i++) {
		if (format[i] != '%') {
			text[end++] = format[i];
			continue;
		}
		least = 0;
		//@ loop unroll 4;
		while (format[++i] >= '0' && format[i] <= '9')
			least = least * 10 + format[i] - '0';
		//@ assert known: \subset(format[i], {'c', 'o', 'x'});
		value = va_arg(arguments, unsigned int);
		if (format[i] == 'c')
			text[end++] = (char)value;
		else
			end += prove_any_digits(text + end, value,
						format[i] == 'o' ? 3 : 4,
						least);
	}
	va_end(arguments);
	text[end] = '\0';
	return end;
}

int prove_socket(int domain, int type, int protocol)
{
	return prove_any_descriptor();
}

/* splice(2): none of the len bytes is in our memory. */
ssize_t prove_splice(int from, void *from_at, int to, void *to_at, size_t len,
		     unsigned int flags)
{
	return prove_count(len > LONG_MAX ? LONG_MAX : len);
}

char *prove_strerror(int number)
{
	static char text[64];

	prove_any_errno();
	prove_any_text(text, sizeof(text));
	return text;
}

int prove_tcgetattr(int fd, struct termios *terminal)
{
	int answer = prove_done_or_not();

	if (answer == 0)
		Frama_C_make_unknown((char *)terminal, sizeof(*terminal));
	return answer;
}

ssize_t prove_write(int fd, const void *from, size_t len)
{
	return prove_count(len);
}

/* As many bytes as were asked for at the most, or -1 with errno. */
ssize_t prove_count(size_t len)
{
	prove_any_errno();
	/* Where more than that were asked for, this order is not proved. */
	return Frama_C_long_interval(-1, (long)len);
}

void prove_same(const char *is, const char *shall)
{
	size_t i = 0;

	//@ loop unroll 32;
	while (shall[i] != '\0') {
		//@ assert same: is[i] == shall[i];
		i++;
	}
	//@ assert same_end: is[i] == '\0';
}

ssize_t prove_rest(const char *from, const char *count, const char *buf,
		   size_t done, size_t len, ssize_t answer)
{
	prove_same(from, "buf + done");
	prove_same(count, "len - done");
	return answer;
}
