#include "deadline.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>

enum {
	MICROSECONDS = 1000000,
};

/* Set by the handler, which may do little else safely. */
static volatile sig_atomic_t passed;

static void note(int signal)
{
	(void)signal;
	passed = 1;
}

int deadline_start(uint64_t microseconds)
{
	/* No SA_RESTART: the call must return. */
	const struct sigaction action = { .sa_handler = note };
	const struct itimerval timer = {
		.it_value.tv_sec = (time_t)(microseconds / MICROSECONDS),
		.it_value.tv_usec = (suseconds_t)(microseconds % MICROSECONDS),
		.it_interval.tv_usec = DEADLINE_REPEAT_US,
	};
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	/* The parent may have left it blocked. */
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
	sigaction(SIGALRM, &action, NULL);
	return setitimer(ITIMER_REAL, &timer, NULL);
}

int deadline_check(void)
{
	if (!passed)
		return 0;
	errno = EINTR;
	return -1;
}

bool deadline_again(long result)
{
	return result == -1 && errno == EINTR && !passed;
}
