#ifndef DEADLINE_H
#define DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The limits of time: of the whole run, and of silence. Once one of them is
 * over, signals interrupt whatever call the process is blocked in, which then
 * fails with EINTR.
 *
 * A call is repeated as long as deadline_again says so. Output is tried at
 * least once, even after the deadline, because bytes that came in time must be
 * written. What never waits is never interrupted, a stream without a pause or
 * senders that -a turns away: deadline_check ends it. After a silence a call is
 * tried once more before it fails: bytes may have come while Ctrl-Z suspended
 * the process.
 */

enum {
	DEADLINE_REPEAT_US = 10000,
	SECOND_US = 1000000, /* microseconds */
};

/*
 * setitimer(2), clock_gettime(2). Limits the whole run to run_us microseconds,
 * and each silence to silence_us; 0 is no limit, but one of them is given.
 * After the shorter, SIGALRM interrupts whatever call the process is blocked
 * in, and again every DEADLINE_REPEAT_US, so that a call that was only about to
 * block is interrupted too. Installs a handler that does nothing, and unblocks
 * SIGALRM. Returns 0, or -1 with errno: what setitimer(2) lists.
 */
int deadline_start(uint64_t run_us, uint64_t silence_us);

/* The shorter of two limits; 0 is no limit. */
uint64_t deadline_first(uint64_t run_us, uint64_t silence_us);

/* Something happened: the limit of silence starts again. */
void deadline_renew(void);

/* Returns 0, or -1 with errno EINTR once the time of the run is over. */
int deadline_check(void);

/*
 * setitimer(2). Returns true if the call that returned result is to be
 * repeated: result is -1 with errno EINTR, and there is time left. There is
 * none if the run is over, or if this is the second such call that finds the
 * limit of silence over. errno stays as it was. Sets the timer anew for the
 * nearer limit.
 */
bool deadline_again(long result);

/*
 * Whether a limit of time ended the call that returned result: it is -1 with
 * errno EINTR, and a limit is over. If deadline_check returns 0 then, it was
 * that of silence.
 */
bool deadline_ended(long result);

/* clock_gettime(2). The time since some fixed point, in microseconds. */
uint64_t deadline_now_us(void);

#endif
