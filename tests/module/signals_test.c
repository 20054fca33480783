/* What the signals do that the process may be sent. */
#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

#include "signals.h"
#include "support.h"

static pid_t pid;

/* The reserved names are what the linker's --wrap asks for. */
pid_t __real_getpid(void);
pid_t __wrap_getpid(void);

pid_t __wrap_getpid(void)
{
	return pid == 0 ? __real_getpid() : pid;
}

struct sent {
	pid_t pid; /* 0 for what it is */
	int signal;
};

/* Ends with 0 if the signal is ignored. */
static int send_itself(const void *argument)
{
	const struct sent *sent = argument;

	pid = sent->pid;
	signals_prepare();
	raise(sent->signal);
	return 0;
}

static int status_of(pid_t of, int signal)
{
	const struct sent sent = { of, signal };
	struct process child = process_start(send_itself, &sent);

	return process_end(&child).status;
}

static void test_signals_prepare_ignores_what_a_write_may_raise(void **state)
{
	(void)state;
	for (pid_t of = 0; of <= 1; of++) {
		assert_int_equal(status_of(of, SIGPIPE), 0);
		assert_int_equal(status_of(of, SIGXFSZ), 0);
	}
}

/* Whether a signal is left as it was. */
static int leaves(const void *argument)
{
	const struct sent *sent = argument;
	struct sigaction action = { 0 };

	pid = sent->pid;
	signals_prepare();
	sigaction(sent->signal, NULL, &action);
	return action.sa_handler == SIG_DFL;
}

static void assert_leaves(pid_t of, int signal, int expected)
{
	const struct sent sent = { of, signal };
	struct process child = process_start(leaves, &sent);

	assert_int_equal(process_end(&child).status, expected);
}

static void test_signals_prepare_leaves_the_others_to_the_kernel(void **state)
{
	(void)state;
	for (pid_t of = 0; of <= 2; of++) {
		assert_leaves(of, SIGINT, of != 1);
		assert_leaves(of, SIGTERM, of != 1);
		assert_leaves(of, SIGHUP, 1);
		assert_leaves(of, SIGQUIT, 1);
	}
}

static void test_signals_prepare_ends_process_1(void **state)
{
	(void)state;
	assert_int_equal(status_of(1, SIGINT), 130);
	assert_int_equal(status_of(1, SIGTERM), 143);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_signals_prepare_ignores_what_a_write_may_raise),
		cmocka_unit_test(
			test_signals_prepare_leaves_the_others_to_the_kernel),
		cmocka_unit_test(test_signals_prepare_ends_process_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
