/* Processes: started, watched and ended. */
#include "support.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	READ = 0,
	WRITE = 1,
	MAX_ARGUMENTS = 24,
	MAX_DESCRIPTORS = 256
};

static struct {
	int from;
	int to;
} redirection = { -1, -1 };

void redirect_next(int from, int to)
{
	redirection.from = from;
	redirection.to = to;
}

/*
 * A child inherits what is ignored. A shell ignores SIGINT and SIGQUIT for what
 * it starts with &, nohup ignores SIGHUP, some services SIGPIPE.
 */
static void reset_signals(void)
{
	static const int ignored[] = { SIGHUP,	SIGINT,	 SIGQUIT,
				       SIGTERM, SIGPIPE, SIGALRM };
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become_child(const int in[2], const int out[2], const int err[2])
{
	/* Before its number is that of another. */
	const int from = dup(redirection.from);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	reset_signals();
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
 * make coverage wraps _exit, so that the counts of a child are kept if it ends
 * without exit(3).
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
