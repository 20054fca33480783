#ifndef REPORT_H
#define REPORT_H

#include <stddef.h>

/*
 * Every line on standard error. Each starts with "server: " and goes out in
 * one write(2), so that lines of programs that share it are not mixed. A line
 * that standard error does not take is dropped: the exit status still tells.
 */

/* The call that failed, what it was done to, and the reason, from errno. */
void report_error(const char *call, const char *object);

/* The sender closed its connection without sending anything. */
void report_nothing_sent(void);

/* Only the first `taken` bytes of what the sender had sent were taken. */
void report_rest_left(size_t taken);

#endif
