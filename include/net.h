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
 * exits. A call that waits, and that a signal interrupted, is repeated until
 * the deadline; errno is EINTR if that has passed.
 *
 * A descriptor that a wrapper returns belongs to the caller, who closes it
 * with net_close, and is never 0, 1 or 2, so that the message can't go back to
 * its sender where the program was started with standard output closed.
 */

enum {
	NET_ADDRESS_BYTES = 46, /* the longest, INET6_ADDRSTRLEN */
};

/* One end of a connection, as people write it; port in host byte order. */
struct net_name {
	char address[NET_ADDRESS_BYTES];
	uint16_t port;
};

/* Whether address is numeric, IPv4 or IPv6: inet_pton(3) takes it. */
bool net_is_address(const char *address);

/* AF_INET6 for an address that is written with colons, AF_INET for others. */
int net_domain(const char *address);

/*
 * socket(2). Returns a new socket. errno: what socket(2) lists, and what
 * F_DUPFD of fcntl(2) lists where no descriptor above 2 is to be had.
 */
int net_socket(int domain, int type, int protocol);

/*
 * setsockopt(2) with SO_REUSEADDR of socket(7): lets fd bind to a port on
 * which a connection that ended less than a minute ago is still remembered.
 * Call it before net_bind. Returns 0.
 */
int net_reuse_address(int fd);

/*
 * bind(2), ip(7), ipv6(7). address is numeric, of fd's domain, such as
 * "0.0.0.0" for any; port is in host byte order, 0 for any free one. Returns
 * 0. errno: what bind(2) lists, and EINVAL where address is not numeric.
 */
int net_bind(int fd, const char *address, uint16_t port);

/* listen(2). backlog is how many peers may wait to be accepted. Returns 0. */
int net_listen(int fd, int backlog);

/*
 * getsockopt(2), socket(7). Returns 0 if fd is a stream socket that listens.
 * errno: what getsockopt(2) lists, ENOTSOCK among it, and EINVAL for a socket
 * of another kind.
 */
int net_check_listener(int fd);

/*
 * getsockname(2). Stores what fd is bound to in *name. Returns 0. A socket
 * that has no IP address has "-" for one, and port 0.
 */
int net_local_name(int fd, struct net_name *name);

/*
 * accept(2). Returns the connection. A peer that gave up in the queue is
 * passed over. Where peer is not NULL, it is told who connected.
 */
int net_accept(int listener, struct net_name *peer);

/*
 * setsockopt(2) with SO_RCVTIMEO of socket(7): from now on a recv(2) on fd
 * fails with EAGAIN where nothing comes for that long. Returns 0.
 */
int net_limit_recv(int fd, unsigned int seconds);

/*
 * recv(2), tcp(7). Returns how many bytes it stored in buf, which may be fewer
 * than len; 0 at end of file.
 */
ssize_t net_recv(int fd, void *buf, size_t len, int flags);

/*
 * ioctl(2) with FIONREAD of tcp(7): whether fd has received more bytes than
 * were taken.
 */
bool net_has_more(int fd);

/*
 * close(2). Returns 0, also where a signal interrupted the call: Linux has
 * released fd by then, and a second close could hit a stranger's descriptor.
 */
int net_close(int fd);

#endif
