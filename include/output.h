#ifndef OUTPUT_H
#define OUTPUT_H

#include <stddef.h>

/*
 * Gets the message's bytes to where they are wanted: all of them, or an error.
 */

/*
 * Has SIGPIPE ignored, signal(7): a reader that is gone is an error like any
 * other, to be reported. Call it before the first output_write.
 */
void output_prepare(void);

/*
 * write(2), as often as it takes to write all len bytes of buf to fd, which
 * stays the caller's. A call that a signal interrupted is repeated. Returns 0,
 * or -1 with errno: what write(2) lists, and ENOSPC where fd takes nothing
 * more without giving a reason.
 */
int output_write(int fd, const void *buf, size_t len);

#endif
