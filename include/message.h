#ifndef MESSAGE_H
#define MESSAGE_H

#include "step.h"

/*
 * The second half of the run: from the sender to standard output.
 */

/*
 * recv(2) with MSG_PEEK. Waits for the next byte of the connection, and leaves
 * it unread. Returns what recv returns.
 */
ssize_t message_peek(const struct run *run);

/*
 * recv(2), and write(2) or splice(2): takes the whole message, delivers it, and
 * says under -v how it went. Sets run->status.
 */
void message_take(struct run *run);

#endif
