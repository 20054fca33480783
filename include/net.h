#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * One thin wrapper per socket call, in the order of the run.
 *
 * A wrapper takes its call's arguments in the call's order and returns what
 * the call returns: -1 with errno set if it failed. It never prints and never
 * exits. A descriptor that a wrapper returns belongs to the caller, who closes
 * it with net_close, and is never 0, 1 or 2, so that the message can't go back
 * to its sender where the program was started with standard output closed.
 */

/*
 * socket(2). Returns a new socket. errno: what socket(2) lists, and EMFILE
 * where no descriptor above 2 is free.
 */
int net_socket(int domain, int type, int protocol);

/*
 * setsockopt(2) with SO_REUSEADDR of socket(7): lets fd bind to a port on
 * which a connection that ended less than a minute ago is still remembered.
 * Call it before net_bind. Returns 0.
 */
int net_reuse_address(int fd);

/*
 * bind(2), ip(7). address is a numeric IPv4 address, "0.0.0.0" for any; port
 * is in host byte order, 0 for any free one. Returns 0. errno: what bind(2)
 * lists, and EINVAL where address is not numeric.
 */
int net_bind(int fd, const char *address, uint16_t port);

/* listen(2). backlog is how many peers may wait to be accepted. Returns 0. */
int net_listen(int fd, int backlog);

/*
 * accept(2), not asking for the peer's address. Returns the connection. A call
 * that a signal interrupted, or whose peer gave up in the queue, is repeated.
 */
int net_accept(int listener);

/*
 * recv(2), tcp(7). Returns how many bytes it stored in buf, which may be fewer
 * than len; 0 at end of file. A call that a signal interrupted is repeated.
 */
ssize_t net_recv(int fd, void *buf, size_t len, int flags);

/*
 * Whether fd has received more bytes than were taken. Takes none, never waits.
 */
bool net_has_more(int fd);

/*
 * close(2). Returns 0, also where a signal interrupted the call: Linux has
 * released fd by then, and a second close could hit a stranger's descriptor.
 */
int net_close(int fd);

#endif
