#ifndef FAULT_H
#define FAULT_H

#include <stddef.h>

/*
 * Makes a call of the rooms fail as loopback can't make it. Works through the
 * linker's --wrap: all calls of the test program go through fault.c, which
 * passes them on unless a fault is due. A close that fails has released its
 * descriptor all the same, as it has on Linux.
 */

/*
 * From now on the nth call (from 1) of the named function returns -1 with
 * errno reason or, where reason is 0, returns 0. One fault at a time.
 */
void fault_fail(const char *call, int nth, int reason);

/* From now on write takes no more than most bytes at a time. */
void fault_shorten_writes(size_t most);

/* Ends all faults and begins counting afresh. */
void fault_reset(void);

/* How often the function that fault_fail named was called since. */
int fault_calls(void);

/* The errnos that a call's man page lists, ended by 0. */
const int *fault_reasons(const char *call);

#endif
