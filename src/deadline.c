#include "deadline.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
#include <time.h>

enum {
	MICROSECONDS = 1000000,
	NANOSECONDS = 1000, /* in a microsecond */
};

/* There is one of each, as the process has one timer. 0 is no limit. */
static uint64_t end_us, idle_us, silent_since_us;

/* It is there for the signal to interrupt a call, and not the process. */
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

int deadline_start(uint64_t run_us, uint64_t silence_us)
{
	/* No SA_RESTART: the call must return. */
	const struct sigaction action = { .sa_handler = interrupt };
	const uint64_t first = deadline_first(run_us, silence_us);
	const struct itimerval timer = {
		.it_value.tv_sec = (time_t)(first / MICROSECONDS),
		.it_value.tv_usec = (suseconds_t)(first % MICROSECONDS),
		.it_interval.tv_usec = DEADLINE_REPEAT_US,
	};
	sigset_t alarm;

	silent_since_us = deadline_now_us();
	end_us = run_us == 0 ? 0 : silent_since_us + run_us;
	idle_us = silence_us;
	/* One that is pending is somebody else's: to ignore it discards it. */
	signal(SIGALRM, SIG_IGN);
	sigaction(SIGALRM, &action, NULL);
	/* The parent may have left it blocked. */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
	return setitimer(ITIMER_REAL, &timer, NULL);
}

void deadline_renew(void)
{
	if (idle_us != 0)
		silent_since_us = deadline_now_us();
}

int deadline_check(void)
{
	uint64_t now;

	if (end_us == 0 && idle_us == 0)
		return 0;
	now = deadline_now_us();
	if (end_us != 0 && now >= end_us)
		errno = EINTR;
	else if (idle_us != 0 && now - silent_since_us >= idle_us)
		errno = ETIME;
	else
		return 0;
	return -1;
}

bool deadline_again(long result)
{
	return result == -1 && errno == EINTR && deadline_check() == 0;
}

uint64_t deadline_now_us(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * MICROSECONDS +
	       (uint64_t)now.tv_nsec / NANOSECONDS;
}
