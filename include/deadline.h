#ifndef DEADLINE_H
#define DEADLINE_H

#include <stdint.h>

/*
 * Whether this run's time is up. A call that waits is ended by a signal, and
 * ends the run if deadline_check then says so.
 */

/*
 * setitimer(2). From now on until microseconds have passed, all is as before;
 * then SIGALRM interrupts whatever call the process waits in, again and again,
 * so that one that was about to wait is interrupted too. microseconds is above
 * 0. Returns 0, or -1 with errno: what setitimer(2) lists.
 */
int deadline_start(uint64_t microseconds);

/* Returns 0 or, once the time is up, -1 with errno EINTR. */
int deadline_check(void);

#endif
