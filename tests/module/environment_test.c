/* What the environment says of an inherited listener, right and wrong. */
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"
#include "pages.h"
#include "support.h"

enum {
	MOST = 8,
	REFUSED = 2,
	NOT_ALLOWED = 3,
};

/* getpid(2) returns it where it is not 0. */
static pid_t other_pid;

pid_t __real_getpid(void);
pid_t __wrap_getpid(void);

pid_t __wrap_getpid(void)
{
	return other_pid != 0 ? other_pid : __real_getpid();
}

/* arguments end with NULL. */
static int parse(struct options *options, const char *const arguments[])
{
	static char name[] = "server";
	char *argv[MOST + 2] = { name };
	int argc = 1;

	for (; arguments[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
	optind = 0; /* has getopt_long start afresh */
	return options_parse(options, argc, argv);
}

static struct options parsed(const char *const arguments[])
{
	struct options options;

	assert_int_equal(parse(&options, arguments), 0);
	return options;
}

/* The two lines of a usage error. */
static void complain(char expected[512], const char *complaint)
{
	snprintf(expected, 512,
		 "server: %s\nserver: usage: %s; -h explains it\n", complaint,
		 usage_text());
}

static void set_listen(long pid, const char *fds)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", pid);
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", fds, 1);
}

static int parse_inherited(const void *fds)
{
	const char *const none[] = { NULL };
	struct options options;

	dup2(listener_on_loopback(), 3);
	set_listen(getpid(), fds);
	if (parse(&options, none) == -1)
		return REFUSED;
	return options.inherited == 3 ? 0 : 1;
}

/* Descriptor 3 is none of a listener, or closed. */
static int parse_no_listener(const void *closed)
{
	const char *const none[] = { NULL };
	struct options options;

	if (*(const bool *)closed)
		close(3);
	else
		dup2(STDOUT_FILENO, 3);
	set_listen(getpid(), "1");
	return parse(&options, none) == -1 ? 0 : 1;
}

static int parse_ready_inherited(const void *unused)
{
	const char *const arguments[] = { "-r", "3", NULL };
	struct options options;

	(void)unused;
	dup2(STDOUT_FILENO, 3);
	set_listen(getpid(), "1");
	return parse(&options, arguments) == -1 ? 0 : 1;
}

static void test_options_parse_finds_one_inherited_listener(void **state)
{
	struct process child = process_start(parse_inherited, "1");
	struct result result = process_end(&child);

	(void)state;
	assert_string_equal(result.err, "");
	assert_int_equal(result.status, 0);
}

/* As in a container, where the server may be the first process. */
static int parse_as_first_process(const void *fds)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID) == -1 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWPID) == -1)
		return NOT_ALLOWED;
	pid = fork();
	if (pid == 0)
		_exit(getpid() == 1 ? parse_inherited(fds) : NOT_ALLOWED);
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return NOT_ALLOWED;
	/* No process can start any more, as a leak checker would at exit. */
	_exit(WEXITSTATUS(status));
}

static void test_options_parse_finds_a_listener_as_first_process(void **state)
{
	struct process child = process_start(parse_as_first_process, "1");
	struct result result = process_end(&child);

	(void)state;
	skip_without(result.status != NOT_ALLOWED, "a namespace of processes");
	assert_string_equal(result.err, "");
	assert_int_equal(result.status, 0);
}

static void test_options_parse_refuses_other_than_one_listener(void **state)
{
	static const char *const bad[] = {
		"2", "9", "10", "x", "", "0", "-1", " 1", "1 ", "4294967297"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct process child = process_start(parse_inherited, bad[i]);
		struct result result = process_end(&child);
		char complaint[128], expected[512];

		snprintf(complaint, sizeof(complaint),
			 "LISTEN_FDS %s: must be 1: only one listener can be "
			 "inherited",
			 bad[i][0] == '\0' ? "\"\"" : bad[i]);
		complain(expected, complaint);
		assert_string_equal(result.err, expected);
		assert_int_equal(result.status, REFUSED);
	}
}

static void test_options_parse_refuses_what_is_no_listener(void **state)
{
	static const bool closed[] = { false, true };
	char expected[512];

	(void)state;
	complain(expected,
		 "LISTEN_FDS: descriptor 3 is not a listening stream socket; "
		 "pass the listener, not a connection");
	for (size_t i = 0; i < 2; i++) {
		struct process child =
			process_start(parse_no_listener, &closed[i]);
		struct result result = process_end(&child);

		assert_string_equal(result.err, expected);
		assert_int_equal(result.status, 0);
	}
}

static void test_options_parse_refuses_ready_on_the_listener(void **state)
{
	struct process child = process_start(parse_ready_inherited, NULL);
	struct result result = process_end(&child);
	char expected[512];

	(void)state;
	complain(expected,
		 "-r 3: that is the inherited listener, take another");
	assert_string_equal(result.err, expected);
	assert_int_equal(result.status, 0);
}

static void test_options_parse_ignores_anothers_listener(void **state)
{
	const char *const none[] = { NULL };

	(void)state;
	set_listen(getpid() + 1L, "1");
	assert_int_equal(parsed(none).inherited, -1);
	set_listen(getpid() + 65536L, "1");
	assert_int_equal(parsed(none).inherited, -1);
	set_listen(getpid() + 4294967296L, "1");
	assert_int_equal(parsed(none).inherited, -1);
	setenv("LISTEN_PID", "", 1);
	assert_int_equal(parsed(none).inherited, -1);
	unsetenv("LISTEN_PID");
	assert_int_equal(parsed(none).inherited, -1);
	set_listen(getpid(), "1");
	unsetenv("LISTEN_FDS");
	assert_int_equal(parsed(none).inherited, -1);
	unsetenv("LISTEN_PID");
	assert_int_equal(parsed(none).inherited, -1);
}

static void test_options_parse_finds_a_listener_of_each_process(void **state)
{
	static const pid_t pids[] = { 1,     32767,   32768,  65535,
				      65536, 4194304, INT_MAX };
	const char *const none[] = { NULL };
	const int listener = listener_on_loopback();

	(void)state;
	assert_int_equal(dup2(listener, 3), 3);
	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		set_listen(pids[i], "1");
		other_pid = pids[i];
		assert_int_equal(parsed(none).inherited, 3);
		other_pid = 0;
	}
	close(listener);
	close(3);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
}

static void test_options_parse_prints_whatever_was_inherited(void **state)
{
	(void)state;
	set_listen(getpid(), "2");
	assert_non_null(parsed((const char *const[]){ "-h", NULL }).print);
	assert_non_null(parsed((const char *const[]){ "-V", NULL }).print);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_options_parse_finds_one_inherited_listener),
		cmocka_unit_test(
			test_options_parse_finds_a_listener_as_first_process),
		cmocka_unit_test(
			test_options_parse_refuses_other_than_one_listener),
		cmocka_unit_test(
			test_options_parse_refuses_what_is_no_listener),
		cmocka_unit_test(
			test_options_parse_refuses_ready_on_the_listener),
		cmocka_unit_test(test_options_parse_ignores_anothers_listener),
		cmocka_unit_test(
			test_options_parse_finds_a_listener_of_each_process),
		cmocka_unit_test(
			test_options_parse_prints_whatever_was_inherited),
	};

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
