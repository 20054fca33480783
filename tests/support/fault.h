#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Makes a call of the modules fail as loopback can't make it. Works through the
 * linker's --wrap: all calls of the test program go through fault.c, which
 * passes them on unless a fault is due. A close that fails has released its
 * descriptor all the same, as it has on Linux.
 */

/*
 * From now on the nth call (from 1) of the named function, or each if nth is
 * -1, returns -1 with errno reason or, where reason is 0, returns 0. One fault
 * at a time. A recv with MSG_DONTWAIT has the name "look".
 */
void fault_fail(const char *call, int nth, int reason);

/*
 * From now on recv, splice or write, as call has it, moves no more than most
 * bytes at a time. What write is held to also holds for a splice to standard
 * output, and not for a line on standard error: that is what "line" is for.
 */
void fault_shorten(const char *call, size_t most);

/*
 * From now on watch is told of each call before it is made: its name, its
 * descriptor (of splice the one it writes to) or -1, and whether it is to fail.
 * The calls that watch itself makes are passed on.
 */
void fault_watch(void (*watch)(const char *call, int fd, bool fails));

/* Ends all faults and begins counting afresh. */
void fault_reset(void);

/* How often the function that fault_fail named was called since. */
int fault_calls(void);

/* How many bytes standard output has taken since fault_reset. */
size_t fault_delivered(void);

/*
 * The errnos that a call's man page lists, ended by 0; but not those that the
 * modules have to take for a delay, EINTR, EAGAIN of what may be non-blocking,
 * and accept's ECONNABORTED.
 */
const int *fault_reasons(const char *call);

#endif
