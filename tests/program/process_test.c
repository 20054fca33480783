/* What the process is given by who starts it: signals, limits, number 1. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "play.h"

/* An alarm of somebody else, blocked and pending, is not ours. */
static int start_with_alarm(const void *unused)
{
	sigset_t alarm;

	(void)unused;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarm, NULL);
	raise(SIGALRM);
	execl(getenv("SERVER"), "server", "-p", "0", "-t", ".2", NULL);
	return 1;
}

static void test_alarm_that_was_pending_ends_nothing(void **state)
{
	const long long before = now_ms();
	struct process server = process_start(start_with_alarm, NULL);
	struct result result = process_end(&server);

	(void)state;
	assert_like(result.err, "Listening on 0.0.0.0 [0-9]*\n"
				"server: accept 0.0.0.0:[0-9]*: nobody "
				"connected within 0.2 s; -t sets a longer "
				"time\n");
	assert_int_equal(result.status, 124);
	assert_between(now_ms() - before, 200, WAIT_MS);
}

/* The status is what it is, though its line can't be written. */
static void test_usage_is_2_if_errors_have_no_reader(void **state)
{
	struct process server = shell_start(
		"exec 4>&1; (trap - PIPE; "
		"\"$SERVER\" -q 2>&1 >/dev/null; echo $? >&4) | true");

	(void)state;
	assert_string_equal(process_end(&server).out, "2\n");
}

/* Whoever reads the errors has stopped doing so. */
static void test_errors_that_are_stuck_hold_up_no_limit(void **state)
{
	static const char *const limits[] = { "-t", "-w" };
	char block[4096] = "";

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const long long before = now_ms();
		struct process server;
		int ends[2];

		assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
		while (write(ends[1], block, sizeof(block)) != -1)
			continue;
		assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
		redirect_next(ends[1], STDERR_FILENO);
		server = server_start("-v", "-p", "0", limits[i], ".2", NULL);
		assert_int_equal(process_end(&server).status, 124);
		assert_between(now_ms() - before, 200, WAIT_MS);
		close(ends[0]);
		close(ends[1]);
	}
}

/* valgrind writes files of its own. */
static void needs_limit(void)
{
	skip_without(!under_valgrind(),
		     "a valgrind that starts where no file may grow");
}

static void test_usage_is_2_if_the_log_may_not_grow(void **state)
{
	struct process server;

	(void)state;
	needs_limit();
	server = shell_start(
		"(ulimit -f 0; \"$SERVER\" -q 2>\"$FOLDER/log\"; echo $?)");
	assert_string_equal(process_end(&server).out, "2\n");
}

static void test_print_is_1_if_the_file_may_not_grow(void **state)
{
	struct process server;
	struct result result;

	(void)state;
	needs_limit();
	server = shell_start(
		"(ulimit -f 0; \"$SERVER\" -h >\"$FOLDER/help\"; echo $?)");
	result = process_end(&server);
	assert_string_equal(result.out, "1\n");
	/* Of what gcov has to say of it nothing is asserted. */
	assert_non_null(strstr(result.err,
			       "server: write standard output: File too large; "
			       "man 2 write has more\n"));
}

/* As process 1, of a container, to which a signal needs a handler. */
static void assert_ends_process_1(const char *name, int status)
{
	char script[320];
	struct process server;
	struct result result;

	snprintf(script, sizeof(script),
		 "unshare -pf \"$SERVER\" -t 15 & outer=$!\n"
		 "until one=$(cat /proc/$outer/task/$outer/children) &&\n"
		 "[ -n \"$one\" ] &&\n"
		 "grep -q ':1F90 00000000:0000 0A ' /proc/net/tcp\n"
		 "do :; done 2>/dev/null\n"
		 "kill -%s $one; wait $outer; echo $?",
		 name);
	server = shell_start(script);
	result = process_end(&server);
	assert_string_equal(result.err, "");
	assert_int_equal(atoi(result.out), status);
}

static void test_signals_end_process_1(void **state)
{
	(void)state;
	skip_without(system("unshare -pf true 2>/dev/null") == 0,
		     "the right to make process 1");
	needs_port(PORT);
	assert_ends_process_1("TERM", 143);
	assert_ends_process_1("INT", 130);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alarm_that_was_pending_ends_nothing),
		cmocka_unit_test(test_usage_is_2_if_errors_have_no_reader),
		cmocka_unit_test(test_errors_that_are_stuck_hold_up_no_limit),
		cmocka_unit_test_setup_teardown(
			test_usage_is_2_if_the_log_may_not_grow, make_folder,
			remove_folder),
		cmocka_unit_test_setup_teardown(
			test_print_is_1_if_the_file_may_not_grow, make_folder,
			remove_folder),
		cmocka_unit_test(test_signals_end_process_1),
	};

	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
