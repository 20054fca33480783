#ifndef TRACE_H
#define TRACE_H

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "address.h"

/*
 * Writes the lines of -x: each call as strace(1) shows it, then the name of its
 * page. Until trace_start is called, they show nothing. trace, trace_buffer and
 * trace_poll keep errno.
 */

enum {
	TRACE_BYTES = 320, /* of arguments */
};

void trace_start(void);

/*
 * Shows a call, its arguments as in vprintf(3), and its result; if that is -1,
 * errno too.
 */
__attribute__((format(printf, 3, 0))) void
trace(const char *call, long result, const char *format, va_list arguments);

/*
 * Shows a call whose arguments are fd, buf, len and flags, such as ", 0". The
 * first `used` bytes of buf are shown; -1 shows the address of buf instead.
 */
void trace_buffer(const char *call, long result, int fd, const void *buf,
		  long used, size_t len, const char *flags);

/* Shows poll(2) of count descriptors, 1 or 2, without a timeout. */
void trace_poll(const struct pollfd fds[], int count, int result);

/* Shows exit(3), which does not return. */
void trace_exit(int status);

/*
 * Writes an address and its length to text, as two arguments of a call. filled
 * says that the call stored both, where the length was ADDRESS_LEN before. An
 * address that is neither IPv4 nor IPv6 is shown as a pointer. Returns text.
 */
const char *trace_address(const struct address *address, bool filled,
			  char text[TRACE_BYTES]);

#endif
