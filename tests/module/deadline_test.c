/* The deadline: it passes when it should, and ends a call that waits. */
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "deadline.h"
#include "fault.h"
#include "support.h"

static int pipe_ends[2];

/* Waits in a read for nothing; the status is what went wrong. */
static int wait_for_deadline(const void *argument)
{
	const uint64_t *us = argument;
	const long long before = now_ms();
	char byte;

	if (pipe(pipe_ends) == -1 || deadline_start(*us, 0) == -1)
		return 1;
	/* Here it may have passed already, but not too early. */
	if (deadline_check() != 0 && now_ms() - before < (long long)*us / 1000)
		return 2;
	if (read(pipe_ends[0], &byte, 1) != -1 || errno != EINTR)
		return 3;
	errno = 0;
	if (deadline_check() != -1 || errno != EINTR)
		return 4;
	/* A call that begins after the signal is interrupted by the next. */
	if (read(pipe_ends[0], &byte, 1) != -1 || errno != EINTR)
		return 5;
	return 0;
}

static void test_deadline_start_interrupts_again_and_again(void **state)
{
	const uint64_t us = 200000;
	long long before = now_ms();
	struct process child = process_start(wait_for_deadline, &us);
	int status = process_end(&child).status;

	(void)state;
	assert_int_equal(status, 0);
	assert_between(now_ms() - before, 200, WAIT_MS);
}

static void test_deadline_start_holds_if_the_signal_was_blocked(void **state)
{
	const uint64_t us = 1000;
	struct process child;
	sigset_t alarm;

	(void)state;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &alarm, NULL), 0);
	child = process_start(wait_for_deadline, &us);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &alarm, NULL), 0);
	assert_int_equal(process_end(&child).status, 0);
}

/* Leaves no zeros where the next call has its variables. */
static void litter_stack(void)
{
	volatile unsigned char litter[4096];

	for (size_t i = 0; i < sizeof(litter); i++)
		litter[i] = 0xff;
}

static void test_deadline_start_unblocks_no_other_signal(void **state)
{
	sigset_t all, before, after;

	(void)state;
	sigfillset(&all);
	assert_int_equal(sigprocmask(SIG_BLOCK, &all, &before), 0);
	litter_stack();
	assert_int_equal(deadline_start(UINT64_C(1000000000), 0), 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, &after), 0);
	alarm(0);
	signal(SIGALRM, SIG_DFL);
	assert_int_equal(sigismember(&after, SIGALRM), 0);
	assert_int_equal(sigismember(&after, SIGTERM), 1);
	assert_int_equal(sigismember(&after, SIGUSR1), 1);
}

static uint64_t now_us(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* What is left, and what has passed since, are what was asked for. */
static void assert_sets(uint64_t us)
{
	struct itimerval timer = { 0 };
	uint64_t left, passed = now_us();

	assert_int_equal(deadline_start(us, 0), 0);
	assert_int_equal(getitimer(ITIMER_REAL, &timer), 0);
	passed = now_us() - passed;
	alarm(0);
	left = (uint64_t)timer.it_value.tv_sec * 1000000 +
	       (uint64_t)timer.it_value.tv_usec;
	assert_between(left, us - passed - 2, us + 2);
	/* And then again and again, as a call may only be about to wait. */
	assert_int_equal(timer.it_interval.tv_sec, 0);
	assert_between(timer.it_interval.tv_usec, 1, 100000);
}

static void test_deadline_start_sets_the_time_to_the_microsecond(void **state)
{
	static const uint64_t times[] = { 5000000,	  100000999,
					  1234567890,	  2147483648,
					  4294967297,	  999999999999,
					  999999999999999 };

	(void)state;
	for (int i = 0; i < 10; i++)
		for (size_t j = 0; j < sizeof(times) / sizeof(times[0]); j++)
			assert_sets(times[j]);
	signal(SIGALRM, SIG_DFL);
}

static int has_passed_twice(const void *unused)
{
	(void)unused;
	if (deadline_start(1, 0) == -1)
		return 1;
	while (deadline_check() == 0)
		continue;
	for (int i = 0; i < 2; i++) {
		errno = 0;
		if (deadline_check() != -1 || errno != EINTR)
			return 2;
	}
	return 0;
}

static void test_deadline_check_goes_on_to_fail_once_it_passed(void **state)
{
	struct process child = process_start(has_passed_twice, NULL);

	(void)state;
	assert_int_equal(process_end(&child).status, 0);
}

static void test_deadline_check_is_0_if_there_is_none(void **state)
{
	(void)state;
	assert_int_equal(deadline_check(), 0);
}

static void test_deadline_start_fails_if_setitimer_fails(void **state)
{
	(void)state;
	for (const int *reason = fault_reasons("setitimer"); *reason;
	     reason++) {
		fault_fail("setitimer", 1, *reason);
		assert_int_equal(deadline_start(1000000, 0), -1);
		assert_int_equal(errno, *reason);
	}
	fault_reset();
	signal(SIGALRM, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deadline_check_is_0_if_there_is_none),
		cmocka_unit_test(
			test_deadline_start_interrupts_again_and_again),
		cmocka_unit_test(
			test_deadline_start_holds_if_the_signal_was_blocked),
		cmocka_unit_test(test_deadline_start_unblocks_no_other_signal),
		cmocka_unit_test(
			test_deadline_start_sets_the_time_to_the_microsecond),
		cmocka_unit_test(
			test_deadline_check_goes_on_to_fail_once_it_passed),
		cmocka_unit_test(test_deadline_start_fails_if_setitimer_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
