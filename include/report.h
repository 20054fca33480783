#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Writes every line on standard error. Each is one write(2), so that lines of
 * programs that share standard error do not mix. A line that can't be written,
 * or whose write a signal interrupts three times, is dropped; the exit status
 * remains.
 */

/*
 * Writes one line, as in printf(3), and a newline, which format leaves out.
 * Control characters of ASCII, which the user may have typed, become "?". The
 * live progress line is removed before it. errno may change.
 */
__attribute__((format(printf, 1, 2))) void report(const char *format, ...);

/*
 * Writes the error line: the call that failed, its object, the reason, errno,
 * and the hint, or the call's manual page if hint is NULL.
 */
void report_error(const char *call, const char *object, const char *hint);

/*
 * Starts the clock of -v. live asks for the live progress line, which is drawn
 * only if standard error is a terminal, isatty(3), that can erase it, by $TERM.
 */
void report_start(bool live);

/*
 * Redraws the live line, if there is one, at most once a second: the bytes so
 * far, the time and the rate. Returns whether there is one.
 */
bool report_progress(uint64_t bytes);

/* Writes bytes, time, rate and what ended the message. */
void report_summary(uint64_t bytes, const char *ending);

#endif
