#ifndef RECEIVER_H
#define RECEIVER_H

#include <stdint.h>

/* How a run ended: the exit status of the program. */
enum status {
	STATUS_DELIVERED = 0,
	STATUS_FAILED = 1, /* a call failed, or the sender reset */
	STATUS_NOTHING_SENT = 3,
};

/*
 * The whole run: listens on address and port (see net_bind), takes one
 * connection, receives one message of up to 128 bytes, writes it to standard
 * output. Every descriptor that it opens it closes. What went wrong is on
 * standard error, in one line.
 */
enum status receiver_run(const char *address, uint16_t port);

/*
 * The run's first half: socket, setsockopt, bind, listen. Returns the
 * listener, which the caller closes, or -1 where a call failed and was
 * reported.
 */
int receiver_listen(const char *address, uint16_t port);

/*
 * The run's second half: accept, recv, write and the connection's close. The
 * listener stays the caller's.
 */
enum status receiver_receive(int listener);

#endif
