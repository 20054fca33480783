/* The limits of time, by a clock of the test: which is over, and what is left.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "deadline.h"
#include "support.h"

enum {
	START_US = 5 * SECOND_US,
};

/* The clock that the module sees. */
static uint64_t clock_us = START_US;

/* The reserved name is what the linker's --wrap asks for. */
int __wrap_clock_gettime(clockid_t id, struct timespec *now);

int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	assert_int_equal(id, CLOCK_MONOTONIC);
	now->tv_sec = (time_t)(clock_us / SECOND_US);
	now->tv_nsec = (long)(clock_us % SECOND_US) * 1000;
	return 0;
}

/* What deadline_again says at that time of a call that failed with reason. */
static bool again_at(uint64_t us, int reason)
{
	clock_us = START_US + us;
	errno = reason;
	return deadline_again(-1);
}

static void start(uint64_t run_us, uint64_t idle_us)
{
	clock_us = START_US;
	assert_int_equal(deadline_start(run_us, idle_us), 0);
}

/* The timer was set to us just before. */
static void assert_timer(uint64_t us)
{
	struct itimerval timer = { 0 };

	assert_int_equal(getitimer(ITIMER_REAL, &timer), 0);
	assert_between(timer.it_value.tv_sec * SECOND_US +
			       timer.it_value.tv_usec,
		       us - SECOND_US, us + 2);
	assert_int_equal(timer.it_interval.tv_usec, DEADLINE_REPEAT_US);
}

static int stop_timer(void **state)
{
	(void)state;
	alarm(0);
	signal(SIGALRM, SIG_DFL);
	return 0;
}

static void test_deadline_again_is_true_until_a_limit_is_over(void **state)
{
	(void)state;
	start(9000000, 4000000);
	assert_true(again_at(0, EINTR));
	assert_true(again_at(3999999, EINTR));
	assert_true(again_at(4000000, EINTR));
	assert_false(again_at(4000000, EINTR));
	deadline_renew();
	assert_true(again_at(7999999, EINTR));
	deadline_renew();
	assert_true(again_at(8999999, EINTR));
	assert_false(again_at(9000000, EINTR));
	assert_int_equal(errno, EINTR);
}

static void test_deadline_again_goes_by_each_limit_alone(void **state)
{
	(void)state;
	start(4000000, 0);
	assert_true(again_at(3999999, EINTR));
	assert_false(again_at(4000000, EINTR));
	assert_int_equal(errno, EINTR);
	start(0, 4000000);
	assert_true(again_at(3999999, EINTR));
	assert_true(again_at(UINT64_C(99) * SECOND_US, EINTR));
	assert_false(again_at(UINT64_C(99) * SECOND_US, EINTR));
	assert_int_equal(errno, EINTR);
}

/* Whatever the time, what failed for another reason failed. */
static void test_deadline_again_is_of_an_interrupted_call(void **state)
{
	(void)state;
	start(0, 4000000);
	assert_false(again_at(0, EPIPE));
	assert_false(again_at(5000000, EPIPE));
	assert_int_equal(errno, EPIPE);
	errno = EINTR;
	assert_false(deadline_again(0));
	assert_false(deadline_again(1));
}

/* The bytes that a process finds when it goes on start the silence again. */
static void test_deadline_again_looks_twice_each_time(void **state)
{
	(void)state;
	start(0, 4000000);
	for (int i = 1; i < 4; i++) {
		assert_true(again_at((uint64_t)i * 5000000, EINTR));
		deadline_renew();
	}
	assert_true(again_at(20000000, EINTR));
	assert_false(again_at(20010000, EINTR));
}

/* No signal comes before the silence can be over. */
static void test_deadline_again_waits_for_the_rest(void **state)
{
	(void)state;
	start(0, 7000000);
	assert_timer(7000000);
	clock_us = START_US + 3000000;
	deadline_renew();
	assert_true(again_at(7000000, EINTR));
	assert_timer(3000000);
	start(9000000, 7000000);
	clock_us = START_US + 3000000;
	deadline_renew();
	assert_true(again_at(7000000, EINTR));
	assert_timer(2000000);
}

/* A process that was stopped has not listened. */
static void test_deadline_check_does_not_tell_of_silence(void **state)
{
	(void)state;
	start(9000000, 4000000);
	clock_us = START_US + 8999999;
	assert_int_equal(deadline_check(), 0);
	clock_us++;
	assert_int_equal(deadline_check(), -1);
	assert_int_equal(errno, EINTR);
}

/* What the call of that errno was ended by, at that time. */
static bool ended_at(uint64_t us, int reason)
{
	clock_us = START_US + us;
	errno = reason;
	return deadline_ended(-1);
}

static void test_deadline_ended_is_of_a_limit_that_is_over(void **state)
{
	(void)state;
	start(9000000, 4000000);
	assert_false(ended_at(3999999, EINTR));
	assert_true(ended_at(4000000, EINTR));
	assert_int_equal(errno, EINTR);
	assert_int_equal(deadline_check(), 0);
	assert_false(ended_at(4000000, EPIPE));
	deadline_renew();
	assert_false(ended_at(7999999, EINTR));
	assert_true(ended_at(9000000, EINTR));
	assert_int_equal(deadline_check(), -1);
	errno = EINTR;
	assert_false(deadline_ended(0));
	assert_false(deadline_ended(1));
	start(9000000, 0);
	assert_false(ended_at(8999999, EINTR));
	assert_true(ended_at(9000000, EINTR));
	start(0, 4000000);
	assert_true(ended_at(9000000, EINTR));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
			test_deadline_again_is_true_until_a_limit_is_over,
			stop_timer),
		cmocka_unit_test_teardown(
			test_deadline_again_goes_by_each_limit_alone,
			stop_timer),
		cmocka_unit_test_teardown(
			test_deadline_again_is_of_an_interrupted_call,
			stop_timer),
		cmocka_unit_test_teardown(
			test_deadline_again_looks_twice_each_time, stop_timer),
		cmocka_unit_test_teardown(
			test_deadline_again_waits_for_the_rest, stop_timer),
		cmocka_unit_test_teardown(
			test_deadline_check_does_not_tell_of_silence,
			stop_timer),
		cmocka_unit_test_teardown(
			test_deadline_ended_is_of_a_limit_that_is_over,
			stop_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
