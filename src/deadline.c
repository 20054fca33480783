#include "deadline.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
#include <time.h>

enum {
	NANOSECONDS = 1000, /* in a microsecond */
};

/* There is one of each, as the process has one timer. 0 is no limit. */
static uint64_t end_us, idle_us, silent_since_us;
/* The call that was interrupted after too long a silence is repeated once. */
static bool looks_again;

/* It does nothing, so that the signal interrupts a call and ends no process. */
static void interrupt(int signal)
{
	(void)signal;
}

uint64_t deadline_first(uint64_t run_us, uint64_t silence_us)
{
	return silence_us == 0 || (run_us != 0 && run_us < silence_us)
		       ? run_us
		       : silence_us;
}

/* SIGALRM comes after `us` microseconds, and then every DEADLINE_REPEAT_US. */
static int set_timer(uint64_t us)
{
	const struct itimerval timer = {
		.it_value.tv_sec = (time_t)(us / SECOND_US),
		.it_value.tv_usec = (suseconds_t)(us % SECOND_US),
		.it_interval.tv_usec = DEADLINE_REPEAT_US,
	};

	return setitimer(ITIMER_REAL, &timer, NULL);
}

int deadline_start(uint64_t run_us, uint64_t silence_us)
{
	/* No SA_RESTART: the call must return. */
	const struct sigaction action = { .sa_handler = interrupt };
	sigset_t alarm;

	silent_since_us = deadline_now_us();
	end_us = run_us == 0 ? 0 : silent_since_us + run_us;
	idle_us = silence_us;
	sigaction(SIGALRM, &action, NULL);
	/* The parent may have left it blocked. */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
	return set_timer(deadline_first(run_us, silence_us));
}

void deadline_renew(void)
{
	if (idle_us == 0)
		return;
	silent_since_us = deadline_now_us();
	looks_again = false;
}

static bool run_is_over(uint64_t now)
{
	return end_us != 0 && now >= end_us;
}

static bool silence_is_over(uint64_t now)
{
	return idle_us != 0 && now - silent_since_us >= idle_us;
}

int deadline_check(void)
{
	if (!run_is_over(deadline_now_us()))
		return 0;
	errno = EINTR;
	return -1;
}

bool deadline_again(long result)
{
	const uint64_t now = deadline_now_us();

	if (result != -1 || errno != EINTR || run_is_over(now))
		return false;
	if (silence_is_over(now)) {
		/* Bytes may have come while Ctrl-Z suspended the process. */
		looks_again = !looks_again;
		return looks_again;
	}
	/* Wake up at the nearer limit, and not before. */
	if (idle_us != 0)
		set_timer(deadline_first(end_us == 0 ? 0 : end_us - now,
					 silent_since_us + idle_us - now));
	return true;
}

bool deadline_ended(long result)
{
	const uint64_t now = deadline_now_us();

	return result == -1 && errno == EINTR &&
	       (run_is_over(now) || silence_is_over(now));
}

uint64_t deadline_now_us(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_US +
	       (uint64_t)now.tv_nsec / NANOSECONDS;
}
