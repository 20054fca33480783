#ifndef REPORT_H
#define REPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Every line on standard error. Each starts with "server: ", but for the two
 * that scripts know from nc and the one that a terminal sees grow, and goes
 * out in one write(2), so that lines of programs that share it are not mixed. A
 * line that standard error does not take is dropped: the exit status still
 * tells.
 */

/* The clock of -v, and its line that grows while a stream is received. */
struct progress {
	uint64_t started_us;
	uint64_t next_us;
	bool live; /* standard error is a terminal, and the line is wanted */
	bool drawn;
};

/*
 * The call that failed, what it was done to, the reason, from errno, and what
 * to do about it.
 */
void report_error(const char *call, const char *object);

/* The deadline ended the call, after delivered bytes of the message. */
void report_deadline(const char *call, const char *object, uint64_t timeout_us,
		     uint64_t delivered);

/* What is wrong with an option's value ("" for none), and the usage. */
void report_usage(const char *option, const char *value, const char *problem,
		  const char *usage);

/* fd was passed as a listener and is none. */
void report_no_listener(int fd);

/* The sender closed its connection without sending anything. */
void report_nothing_sent(void);

/* The message was cut after its first `taken` bytes; hint says what to do. */
void report_rest_left(uint64_t taken, const char *hint);

/*
 * A step of the run: the man page, the result, the call, its arguments as in
 * printf(3), and the errno's name if the result is -1. Leaves errno as it was.
 */
void report_step(const char *call, long result, const char *format,
		 va_list arguments);

/* The last step, which does not return. */
void report_exit(int status);

/* nc's words for the listener, and for who connected to it. */
void report_listening(const char *address, unsigned int port);
void report_received(const char *address, unsigned int port);

/* The connection ended before its first byte, and the next one is awaited. */
void report_skipped(void);

/* Starts the clock. live asks for report_progress on a terminal. */
void report_start(struct progress *progress, bool live);

/* Where a second has passed since the last time: bytes so far, and rate. */
void report_progress(struct progress *progress, uint64_t bytes);

/* Takes the line of report_progress away. */
void report_erase(struct progress *progress);

/* Bytes, time, rate, and what ended the message. */
void report_summary(struct progress *progress, uint64_t bytes,
		    const char *ending);

#endif
