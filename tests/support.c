#include "support.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <net/if.h>
#include <netinet/in.h>
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	READ = 0,
	WRITE = 1,
	MAX_ARGUMENTS = 24,
	MAX_DESCRIPTORS = 64
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
} redirection;

void redirect_next(int from, int to)
{
	redirection.from = from;
	redirection.to = to;
}

static void become_child(const int in[2], const int out[2], const int err[2])
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	/* Also where the test itself hangs on what the child holds. */
	alarm(3 * WAIT_MS / 1000);
	dup2(in[READ], STDIN_FILENO);
	dup2(out[WRITE], STDOUT_FILENO);
	dup2(err[WRITE], STDERR_FILENO);
	if (redirection.from > 0)
		dup2(redirection.from, redirection.to);
	for (int i = 0; i < 2; i++) {
		close(in[i]);
		close(out[i]);
		close(err[i]);
	}
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
	redirection.from = redirection.to = 0;
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
	const char *const argv[] = { "sh", "-c", script, NULL };

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

static uint16_t read_port(int fd)
{
	struct pollfd ready = { fd, POLLIN, 0 };
	char line[16] = "";

	assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
	assert_int_not_equal(read(fd, line, sizeof(line) - 1), -1);
	assert_non_null(strchr(line, '\n'));
	assert_int_equal(read(fd, line, 1), 0);
	return (uint16_t)atoi(line);
}

struct process server_listen(uint16_t *port, const char *argument, ...)
{
	const char *argv[MAX_ARGUMENTS + 1] = { NULL, "-p", "0", "-r", "3" };
	int ends[2];
	const struct ready ready = { ends, argv };
	struct process child;
	va_list rest;

	va_start(rest, argument);
	add_arguments(argv, 5, argument, rest);
	va_end(rest);
	assert_int_equal(pipe(ends), 0);
	child = process_start(execute_ready, &ready);
	close(ends[WRITE]);
	*port = read_port(ends[READ]);
	close(ends[READ]);
	return child;
}

/* Adds what fd has to buf, of CAUGHT_BYTES; whether fd is at its end. */
static bool collect(int fd, char *buf, size_t *len)
{
	ssize_t n = read(fd, buf + *len, CAUGHT_BYTES - 1 - *len);

	assert_int_not_equal(n, -1);
	*len += (size_t)n;
	buf[*len] = '\0';
	return n == 0;
}

int wait_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
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

void expect_output(struct process *child, const void *bytes, size_t len)
{
	const char *expected = bytes;
	char got[65536];

	while (len > 0) {
		struct pollfd ready = { child->out, POLLIN, 0 };
		ssize_t n;

		assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
		n = read(child->out, got,
			 len < sizeof(got) ? len : sizeof(got));
		assert_between(n, 1, len);
		assert_memory_equal(got, expected, (size_t)n);
		expected += n;
		len -= (size_t)n;
	}
}

void assert_like(const char *text, const char *pattern)
{
	if (fnmatch(pattern, text, 0) != 0)
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

static void set_self(const char *name, const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_return_code(fputs(text, file), 0);
	assert_int_equal(fclose(file), 0);
}

/*
 * A network for who is not root: it takes a user namespace, in which this user
 * has to be known, as make(1) for one sets its own user again.
 */
static bool own_user_and_network(void)
{
	const unsigned int user = geteuid(), group = getegid();
	char map[64];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
		return false;
	snprintf(map, sizeof(map), "%u %u 1", user, user);
	set_self("uid_map", map);
	set_self("setgroups", "deny");
	snprintf(map, sizeof(map), "%u %u 1", group, group);
	set_self("gid_map", map);
	return true;
}

/* Whether own_network could make one. */
static bool alone;

int own_network(void **state)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	(void)state;
	if (unshare(CLONE_NEWNET) == -1 && !own_user_and_network())
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &loopback), 0);
	alone = true;
	return close(fd);
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

void needs_own_network(void)
{
	skip_without(alone, "a network of its own");
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

void needs_port(uint16_t port)
{
	const struct sockaddr_in name = { .sin_family = AF_INET,
					  .sin_port = htons(port) };
	char what[32];

	snprintf(what, sizeof(what), "a free port %u", port);
	skip_without(
		alone || can_bind((const struct sockaddr *)&name, sizeof(name)),
		what);
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
	long long bound = now_ms() + WAIT_MS;

	for (;;) {
		int fd = socket(name->sa_family, SOCK_STREAM, 0);

		assert_int_not_equal(fd, -1);
		if (connect(fd, name, len) == 0)
			return fd;
		assert_int_equal(errno, ECONNREFUSED);
		close(fd);
		assert_true(now_ms() < bound);
		sched_yield();
	}
}

int client_connect(uint16_t port)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
				    .sin_port = htons(port) };

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect_to((struct sockaddr *)&name, sizeof(name));
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

void client_reset(int client)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once,
				    sizeof(at_once)),
			 0);
	assert_int_equal(close(client), 0);
}

int count_listeners(uint16_t port)
{
	FILE *table = fopen("/proc/net/tcp", "r");
	char line[256], listening[64];
	int count = 0;

	assert_non_null(table);
	snprintf(listening, sizeof(listening), ":%04X 00000000:0000 0A ", port);
	while (fgets(line, sizeof(line), table) != NULL)
		count += strstr(line, port ? listening
					   : strchr(listening, ' ')) != NULL;
	fclose(table);
	return count;
}

void wait_for_listener(uint16_t port)
{
	long long bound = now_ms() + WAIT_MS;

	while (count_listeners(port) == 0) {
		assert_true(now_ms() < bound);
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
