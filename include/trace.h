#ifndef TRACE_H
#define TRACE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "address.h"

/*
 * The lines of -x: each call as strace(1) shows it, then its manual page. All
 * of these do nothing until trace_start, and leave errno alone.
 */

enum {
	TRACE_BYTES = 320, /* of arguments */
};

void trace_start(void);

/* A call with its result and arguments, and errno's name if it is -1. */
void trace(const char *call, long result, const char *arguments);

/*
 * A call whose arguments are fd, buf, len and flags, such as ", 0". It filled
 * or read `used` bytes of buf, or -1 if it failed to fill it.
 */
void trace_buffer(const char *call, long result, int fd, const void *buf,
		  long used, size_t len, const char *flags);

/* poll(2) of count descriptors, one or two, without a timeout. */
void trace_poll(const struct pollfd fds[], int count, int result);

/* exit(3), which does not return. */
void trace_exit(int status);

/*
 * Writes the two arguments that an address is: itself and its length, which
 * replaced ADDRESS_LEN if the call filled it. One that is neither IPv4 nor IPv6
 * is shown as its place in memory. Returns text.
 */
const char *trace_address(const struct address *address, bool filled,
			  char text[TRACE_BYTES]);

#endif
