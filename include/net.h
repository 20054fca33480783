#ifndef NET_H
#define NET_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/*
 * One thin wrapper per socket call, in the order of the run.
 *
 * A wrapper takes its call's arguments in the call's order and returns what the
 * call returns: -1 with errno if it failed. It never prints and never exits. A
 * blocking call that a signal interrupts is repeated while deadline_again says
 * so; after that it fails with EINTR.
 *
 * A descriptor that a wrapper returns belongs to the caller, who closes it with
 * net_close. It is never 0, 1 or 2: if the program was started with standard
 * error closed, no line of it goes to the sender.
 */

/*
 * socket(2). Returns a new socket. errno: what socket(2) lists, EMFILE also if
 * no descriptor above 2 is free.
 */
int net_socket(int domain, int type, int protocol);

/*
 * setsockopt(2) with SO_REUSEADDR of socket(7): lets fd bind to a port with a
 * connection in TIME-WAIT. Call it before net_bind. Returns 0.
 */
int net_reuse_address(int fd);

/* bind(2), ip(7), ipv6(7). Returns 0. */
int net_bind(int fd, const struct sockaddr *address, socklen_t len);

/* listen(2). backlog is how many peers may wait to be accepted. Returns 0. */
int net_listen(int fd, int backlog);

/*
 * getsockopt(2), socket(7). Returns 0 if fd is a listening stream socket.
 * errno: what getsockopt(2) lists, such as ENOTSOCK, and EINVAL for a socket of
 * another kind.
 */
int net_check_listener(int fd);

/* getsockname(2). Stores what fd is bound to, and its length. Returns 0. */
int net_getsockname(int fd, struct sockaddr *address, socklen_t *len);

/*
 * accept(2). Returns the connection. A connection that its peer aborted in the
 * queue is skipped. peer and len may be NULL, or get who connected. errno: what
 * accept(2) lists, EMFILE also if no descriptor above 2 is free.
 */
int net_accept(int listener, struct sockaddr *peer, socklen_t *len);

/*
 * recv(2), tcp(7). Returns how many bytes it stored in buf, at most len; 0 at
 * end of file.
 */
ssize_t net_recv(int fd, void *buf, size_t len, int flags);

/*
 * ioctl(2) with FIONREAD of tcp(7). Stores how many unread bytes fd has
 * received; of MPTCP, the end of file counts as one. Returns 0.
 */
int net_unread(int fd, int *bytes);

/*
 * close(2). Returns 0, even if a signal interrupted it: Linux has released fd
 * by then, and a second close could close a descriptor that was opened in
 * between.
 */
int net_close(int fd);

#endif
