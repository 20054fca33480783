#include "support.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum {
	READ = 0,
	WRITE = 1,
	MAX_ARGUMENTS = 24,
	MAX_DESCRIPTORS = 256
};

long long now_ms(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static struct {
	int from;
	int to;
} redirection = { -1, -1 };

void redirect_next(int from, int to)
{
	redirection.from = from;
	redirection.to = to;
}

static void become_child(const int in[2], const int out[2], const int err[2])
{
	/* Before its number is that of another. */
	const int from = dup(redirection.from);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A shell ignores SIGINT for what it starts with &, nohup SIGHUP. */
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	setpgid(0, 0);
	/* Also where the test itself hangs on what the child holds. */
	alarm(3 * WAIT_MS / 1000);
	dup2(in[READ], STDIN_FILENO);
	dup2(out[WRITE], STDOUT_FILENO);
	dup2(err[WRITE], STDERR_FILENO);
	for (int i = 0; i < 2; i++) {
		close(in[i]);
		close(out[i]);
		close(err[i]);
	}
	if (from == -1 || from == redirection.to)
		return;
	dup2(from, redirection.to);
	close(from);
}

/*
 * make coverage has the linker send _exit here, so that what a child counted is
 * not lost where it leaves out what exit(3) does.
 */
__attribute__((weak)) void __gcov_dump(void);
_Noreturn void __wrap__exit(int status);

void __wrap__exit(int status)
{
	if (__gcov_dump != NULL)
		__gcov_dump();
	_Exit(status);
}

struct process process_start(int (*body)(const void *), const void *argument)
{
	struct process child;
	int in[2], out[2], err[2];

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe(err), 0);
	fflush(NULL);
	child.pid = fork();
	assert_int_not_equal(child.pid, -1);
	if (child.pid == 0) {
		become_child(in, out, err);
		exit(body(argument));
	}
	redirection.from = redirection.to = -1;
	close(in[READ]);
	close(out[WRITE]);
	close(err[WRITE]);
	child.in = in[WRITE];
	child.out = out[READ];
	child.err = err[READ];
	return child;
}

/* Without what the test has open, but for 3 where ready is there. */
static int execute_from(int lowest, const void *argument)
{
	char *const *argv = argument;

	for (int fd = lowest; fd < MAX_DESCRIPTORS; fd++)
		if (fd != redirection.to)
			close(fd);
	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	return 127;
}

static int execute(const void *argument)
{
	return execute_from(3, argument);
}

struct process process_spawn(const char *const argv[])
{
	return process_start(execute, argv);
}

struct process shell_start(const char *script)
{
	const char *const argv[] = {
		"env", "LC_ALL=C", "sh", "-c", script, NULL
	};

	return process_spawn(argv);
}

static void add_arguments(const char *argv[], size_t count,
			  const char *argument, va_list rest)
{
	argv[0] = getenv("SERVER");
	assert_non_null(argv[0]);
	for (; argument != NULL; argument = va_arg(rest, const char *)) {
		assert_between(count, 1, MAX_ARGUMENTS - 1);
		argv[count++] = argument;
	}
}

struct process server_start(const char *argument, ...)
{
	const char *argv[MAX_ARGUMENTS + 1] = { NULL };
	va_list rest;

	va_start(rest, argument);
	add_arguments(argv, 1, argument, rest);
	va_end(rest);
	return process_spawn(argv);
}

struct ready {
	const int *ends;
	const char *const *argv;
};

static int execute_ready(const void *argument)
{
	const struct ready *ready = argument;

	dup2(ready->ends[WRITE], 3);
	return execute_from(4, ready->argv);
}

size_t read_some(int fd, void *buf, size_t len, const char *what)
{
	struct pollfd ready = { fd, POLLIN, 0 };
	ssize_t n;

	if (poll(&ready, 1, WAIT_MS) != 1)
		fail_msg("within %d ms there came no %s", WAIT_MS, what);
	n = read(fd, buf, len);
	assert_int_not_equal(n, -1);
	return (size_t)n;
}

/* The port of a ready line that is whole and alone, or 0. */
static uint16_t read_port(int fd)
{
	char line[16] = "", expected[16];
	size_t len = 0, n;
	uint16_t port;

	do {
		n = read_some(fd, line + len, sizeof(line) - 1 - len,
			      "ready line with its end");
		len += n;
	} while (n > 0);
	port = (uint16_t)atoi(line);
	snprintf(expected, sizeof(expected), "%u\n", port);
	return strcmp(line, expected) == 0 ? port : 0;
}

static struct process start_listener(uint16_t *port, const char *const argv[])
{
	int ends[2];
	const struct ready ready = { ends, argv };
	struct process child;

	assert_int_equal(pipe(ends), 0);
	child = process_start(execute_ready, &ready);
	close(ends[WRITE]);
	*port = read_port(ends[READ]);
	close(ends[READ]);
	if (*port == 0)
		fail_msg("no ready line: %s", process_end(&child).err);
	return child;
}

struct process server_listen(uint16_t *port, const char *argument, ...)
{
	const char *argv[MAX_ARGUMENTS + 1] = { NULL, "-p", "0", "-r", "3" };
	va_list rest;

	va_start(rest, argument);
	add_arguments(argv, 5, argument, rest);
	va_end(rest);
	return start_listener(port, argv);
}

struct process shell_listen(uint16_t *port, const char *script)
{
	const char *const argv[] = {
		"env", "LC_ALL=C", "sh", "-c", script, NULL
	};

	return start_listener(port, argv);
}

/* Adds what fd has to buf, of CAUGHT_BYTES; whether fd is at its end. */
static bool collect(int fd, char *buf, size_t *len)
{
	ssize_t n = read(fd, buf + *len, CAUGHT_BYTES - *len);

	assert_int_not_equal(n, -1);
	*len += (size_t)n;
	if (*len < CAUGHT_BYTES) {
		buf[*len] = '\0';
		return n == 0;
	}
	fail_msg("a process printed %d bytes or more", CAUGHT_BYTES);
	return true;
}

int wait_change(pid_t pid, int options)
{
	long long bound = now_ms() + WAIT_MS;
	pid_t changed;
	int status;

	while ((changed = waitpid(pid, &status, options | WNOHANG)) == 0) {
		if (now_ms() > bound)
			fail_msg("process %d neither ended nor changed", pid);
		sched_yield();
	}
	assert_int_equal(changed, pid);
	return status;
}

int wait_status(pid_t pid)
{
	int status = wait_change(pid, 0);

	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

struct result process_end(struct process *child)
{
	struct result result = { 0 };
	struct pollfd ends[2] = { { child->out, POLLIN, 0 },
				  { child->err, POLLIN, 0 } };
	size_t err_len = 0;
	long long bound = now_ms() + WAIT_MS;

	while (ends[0].fd != -1 || ends[1].fd != -1) {
		long long left = bound - now_ms();

		if (left <= 0 || poll(ends, 2, (int)left) <= 0) {
			kill(-child->pid, SIGKILL);
			wait_status(child->pid);
			fail_msg("process did not end; out: %s err: %s",
				 result.out, result.err);
		}
		if (ends[0].revents != 0 &&
		    collect(child->out, result.out, &result.out_len))
			ends[0].fd = -1;
		if (ends[1].revents != 0 &&
		    collect(child->err, result.err, &err_len))
			ends[1].fd = -1;
	}
	result.status = wait_status(child->pid);
	close(child->in);
	close(child->out);
	close(child->err);
	return result;
}

void leave_output(struct process *child)
{
	int gone[2];

	assert_int_equal(pipe(gone), 0);
	close(gone[WRITE]);
	assert_int_equal(dup2(gone[READ], child->out), child->out);
	close(gone[READ]);
}

void expect_output(struct process *child, const void *bytes, size_t len)
{
	const char *expected = bytes;
	char got[65536];

	while (len > 0) {
		size_t n = read_some(child->out, got,
				     len < sizeof(got) ? len : sizeof(got),
				     "output");

		assert_between(n, 1, len);
		assert_memory_equal(got, expected, n);
		expected += n;
		len -= n;
	}
}

/* Line by line, as fnmatch(3) would have `*` match newlines too. */
static bool is_like(const char *text, const char *pattern)
{
	char line[CAUGHT_BYTES], like[CAUGHT_BYTES];
	size_t len, like_len;

	do {
		len = strcspn(text, "\n");
		like_len = strcspn(pattern, "\n");
		assert_between(len, 0, sizeof(line) - 1);
		assert_between(like_len, 0, sizeof(like) - 1);
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		snprintf(like, sizeof(like), "%.*s", (int)like_len, pattern);
		text += len;
		pattern += like_len;
		if (fnmatch(like, line, 0) != 0 || *text != *pattern)
			return false;
		pattern++;
	} while (*text++ != '\0');
	return true;
}

void assert_like(const char *text, const char *pattern)
{
	if (!is_like(text, pattern))
		fail_msg("this: %s is not like: %s", text, pattern);
}

bool is_between(intmax_t number, intmax_t least, intmax_t most)
{
	const bool between = least <= number && number <= most;

	if (!between)
		print_error("%jd is not from %jd to %jd\n", number, least,
			    most);
	return between;
}

bool under_valgrind(void)
{
	return strstr(getenv("SERVER"), "valgrind") != NULL;
}

int open_descriptors(void)
{
	DIR *listing = opendir("/proc/self/fd");
	int count = -1; /* the listing's own */

	assert_non_null(listing);
	for (struct dirent *entry = readdir(listing); entry != NULL;
	     entry = readdir(listing))
		count += entry->d_name[0] != '.';
	closedir(listing);
	return count;
}

static bool set_self(const char *name, const char *text)
{
	char path[64];
	FILE *file;
	bool set;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	file = fopen(path, "w");
	if (file == NULL)
		return false;
	set = fputs(text, file) >= 0;
	return fclose(file) == 0 && set;
}

/*
 * A network for who is not root: it takes a user namespace, in which this user
 * has to be known, as make(1) for one sets its own user again.
 */
static bool own_user_and_network(void)
{
	const unsigned int user = geteuid(), group = getegid();
	char users[64], groups[64];

	snprintf(users, sizeof(users), "%u %u 1", user, user);
	snprintf(groups, sizeof(groups), "%u %u 1", group, group);
	return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
	       set_self("uid_map", users) && set_self("setgroups", "deny") &&
	       set_self("gid_map", groups);
}

static bool make_network(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;
	bool up;

	if (unshare(CLONE_NEWNET) == -1 && !own_user_and_network())
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	up = ioctl(fd, SIOCSIFFLAGS, &loopback) == 0;
	close(fd);
	return up;
}

static bool has_own_network;

/* A child tries it first: there is no way back from one that is half made. */
int own_network(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(make_network() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status == 0) {
		assert_true(make_network());
		has_own_network = true;
	}
	return 0;
}

void needs_own_network(void)
{
	skip_without(has_own_network, "a network of its own");
}

/* A name that is to be made unique, as mkstemp(3) does. */
static void name_temporary(char name[PATH_MAX])
{
	const char *parent = getenv("TMPDIR");

	if (parent == NULL || parent[0] == '\0')
		parent = "/tmp";
	snprintf(name, PATH_MAX, "%s/server-XXXXXX", parent);
}

int temporary_file(int flags)
{
	char name[PATH_MAX];
	int fd;

	name_temporary(name);
	fd = mkostemp(name, flags);
	if (fd == -1)
		fail_msg("%s: %s", name, strerror(errno));
	assert_int_equal(unlink(name), 0);
	return fd;
}

int make_folder(void **state)
{
	char name[PATH_MAX], folder[PATH_MAX];

	(void)state;
	name_temporary(name);
	if (mkdtemp(name) == NULL || realpath(name, folder) == NULL) {
		print_error("%s: %s\n", name, strerror(errno));
		return -1;
	}
	return setenv("FOLDER", folder, 1);
}

int copy_project(void **state)
{
	if (make_folder(state) == -1)
		return -1;
	return system("cp -R Makefile src include tests \"$FOLDER\" && "
		      "cd \"$FOLDER\" && "
		      "printf '#!/bin/sh\\nexec \"$SERVER\" \"$@\"\\n' "
		      ">server && "
		      "chmod +x server");
}

/* What was copied may have been of a tree that nobody may write to. */
int remove_folder(void **state)
{
	(void)state;
	return system("chmod -R u+w \"$FOLDER\" && rm -r \"$FOLDER\"");
}

void forget_make(void)
{
	static const char *const names[] = {
		"MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS",
		"BUILD",     "PROGRAM",	      "CPPFLAGS",  "CFLAGS",
		"LDFLAGS",   "STATIC_PIE",    "WITHOUT",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

void open_terminal(int pty[2])
{
	struct termios raw;

	pty[0] = posix_openpt(O_RDWR | O_NOCTTY);
	assert_int_not_equal(pty[0], -1);
	assert_int_equal(grantpt(pty[0]), 0);
	assert_int_equal(unlockpt(pty[0]), 0);
	pty[1] = open(ptsname(pty[0]), O_RDWR | O_NOCTTY);
	assert_int_not_equal(pty[1], -1);
	assert_int_equal(tcgetattr(pty[1], &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(pty[1], TCSANOW, &raw), 0);
}

size_t read_screen(const int pty[2], char *text, size_t size)
{
	size_t len = 0;

	assert_int_equal(write(pty[1], "", 1), 1);
	do {
		assert_between(len, 0, size - 1);
		len += read_some(pty[0], text + len, size - len, "screen");
	} while (text[len - 1] != '\0');
	return len - 1;
}

void close_terminal(const int pty[2])
{
	close(pty[0]);
	close(pty[1]);
}

void skip_without(bool found, const char *what)
{
	if (found)
		return;
	print_message("not found: %s\n", what);
	skip();
}

void needs_program(const char *program)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
	skip_without(system(command) == 0, program);
}

void needs_locale(const char *name, const char *charmap)
{
	char command[256], what[64];

	snprintf(command, sizeof(command),
		 "localedef -i %s -f %s \"$FOLDER/%s.%s\" >/dev/null 2>&1",
		 name, charmap, name, charmap);
	snprintf(what, sizeof(what), "localedef for %s.%s", name, charmap);
	skip_without(system(command) == 0, what);
	assert_int_equal(setenv("LOCPATH", getenv("FOLDER"), 1), 0);
}

void needs_compiler(const char *options)
{
	char command[256], what[64];

	snprintf(command, sizeof(command),
		 "echo 'int main(void) { return 0; }' | "
		 "${CC:-cc}%s -o /dev/null -x c - 2>/dev/null",
		 options);
	snprintf(what, sizeof(what), "a compiler that links%s", options);
	skip_without(system(command) == 0, what);
}

void needs_strace(void)
{
	needs_program("strace");
	skip_without(system("strace -o /dev/null true 2>/dev/null") == 0,
		     "the right to trace");
}

/* Whether a socket of that family can have the name, as the server's can. */
static bool can_bind(const struct sockaddr *name, socklen_t len)
{
	const int on = 1;
	int fd = socket(name->sa_family, SOCK_STREAM, 0);
	bool bound;

	if (fd == -1)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	bound = bind(fd, name, len) == 0;
	close(fd);
	return bound;
}

/* Whether no other test program uses PORT: a name that only one can have. */
static bool is_ours(void)
{
	static const struct sockaddr_un name = { .sun_family = AF_UNIX,
						 .sun_path = "\0server tests" };
	static int mark = -1;

	if (mark != -1)
		return true;
	mark = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(mark, (const struct sockaddr *)&name, sizeof(name)) == 0)
		return true;
	close(mark);
	mark = -1;
	return false;
}

void needs_port(void)
{
	const struct sockaddr_in name = { .sin_family = AF_INET,
					  .sin_port = htons(PORT) };

	skip_without(is_ours() && can_bind((const struct sockaddr *)&name,
					   sizeof(name)),
		     "a free port 8080");
}

void needs_ip6(void)
{
	const struct sockaddr_in6 name = { .sin6_family = AF_INET6,
					   .sin6_addr = in6addr_loopback };

	skip_without(can_bind((const struct sockaddr *)&name, sizeof(name)),
		     "IPv6");
}

static int connect_to(const struct sockaddr *name, socklen_t len)
{
	const struct timeval bound = { .tv_sec = WAIT_MS / 1000 };
	int fd = socket(name->sa_family, SOCK_STREAM, 0);

	assert_int_not_equal(fd, -1);
	/* As of connect(2), and of send(2). */
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound)),
		0);
	if (connect(fd, name, len) == -1)
		fail_msg("connect: %s", strerror(errno));
	return fd;
}

int client_connect(uint16_t port)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
				    .sin_port = htons(port) };

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect_to((struct sockaddr *)&name, sizeof(name));
}

int client_connect_from(const char *from, uint16_t port)
{
	struct sockaddr_in own = { .sin_family = AF_INET },
			   to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int client = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(inet_pton(AF_INET, from, &own.sin_addr), 1);
	assert_int_equal(bind(client, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)),
			 0);
	return client;
}

int client_connect6(uint16_t port)
{
	struct sockaddr_in6 name = { .sin6_family = AF_INET6,
				     .sin6_port = htons(port),
				     .sin6_addr = in6addr_loopback };

	return connect_to((struct sockaddr *)&name, sizeof(name));
}

void client_send(int client, const void *buf, size_t len)
{
	assert_int_equal(send(client, buf, len, MSG_NOSIGNAL), len);
}

int client_send_stream(int client, const char *stream, size_t len)
{
	for (size_t sent = 0; sent < len;) {
		ssize_t n =
			send(client, stream + sent, len - sent, MSG_NOSIGNAL);

		if (n == -1)
			return errno == ECONNRESET || errno == EPIPE ? 0 : 1;
		sent += (size_t)n;
	}
	return close(client);
}

void client_reset(int client)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once,
				    sizeof(at_once)),
			 0);
	assert_int_equal(close(client), 0);
}

int listener_on_loopback(void)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

/* In one of the kernel's tables, which it has for each family that it has. */
static int count_in(const char *path, unsigned int port)
{
	FILE *table = fopen(path, "r");
	unsigned int local, condition;
	char line[512];
	int count = 0;

	if (table == NULL)
		return 0;
	while (fgets(line, sizeof(line), table) != NULL)
		count += sscanf(line, "%*d: %*[^:]:%x %*[^:]:%*x %x", &local,
				&condition) == 2 &&
			 local == port && condition == TCP_LISTEN;
	fclose(table);
	return count;
}

int count_listeners(uint16_t port)
{
	return count_in("/proc/net/tcp", port) +
	       count_in("/proc/net/tcp6", port);
}

void wait_for_listener(uint16_t port)
{
	long long bound = now_ms() + WAIT_MS;

	while (count_listeners(port) == 0) {
		if (now_ms() > bound)
			fail_msg("nobody listens on port %u", port);
		sched_yield();
	}
}

/* Waits until a process is blocked in one of two calls. */
static void wait_for_either(pid_t pid, long number, long other)
{
	long long bound = now_ms() + WAIT_MS;
	char path[64];
	long current = -1;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	while (current != number && current != other) {
		FILE *file = fopen(path, "r");

		assert_non_null(file);
		if (fscanf(file, "%ld", &current) != 1)
			current = -1; /* it says "running" */
		fclose(file);
		assert_true(now_ms() < bound);
		sched_yield();
	}
}

void wait_for_call(pid_t pid, long number)
{
	wait_for_either(pid, number, number);
}

void wait_for_output(pid_t pid)
{
	wait_for_either(pid, SYS_write, SYS_splice);
}

int client_wait_end(int client)
{
	struct pollfd end = { client, POLLIN, 0 };
	char byte;

	assert_int_equal(poll(&end, 1, WAIT_MS), 1);
	switch (recv(client, &byte, 1, 0)) {
	case -1:
		return errno;
	case 0:
		return 0;
	default:
		fail_msg("the server sent something");
		return -1;
	}
}

uint16_t bound_port(int fd)
{
	struct sockaddr_in name = { 0 };
	socklen_t len = sizeof(name);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	return ntohs(name.sin_port);
}
