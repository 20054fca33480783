#ifndef DEADLINE_H
#define DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The time limit of the whole run. Once it is over, signals interrupt whatever
 * call the process is blocked in, which then fails with EINTR.
 *
 * A call is repeated as long as deadline_again says so. It is made at least
 * once, even after the deadline, because bytes that came in time must be
 * written. Where it can go on for ever without being interrupted, by taking one
 * part after the other, deadline_check ends it.
 */

enum {
	DEADLINE_REPEAT_US = 10000,
};

/*
 * setitimer(2). After that many microseconds, above 0, SIGALRM interrupts
 * whatever call the process is blocked in, and again every DEADLINE_REPEAT_US,
 * so that a call that was only about to block is interrupted too. Installs a
 * handler and unblocks SIGALRM. Returns 0, or -1 with errno: what setitimer(2)
 * lists.
 */
int deadline_start(uint64_t microseconds);

/* Returns 0, or -1 with errno EINTR once the time is over. */
int deadline_check(void);

/* Whether the call that returned result, -1 with errno EINTR, has more time. */
bool deadline_again(long result);

#endif
