#ifndef ADDRESS_H
#define ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Socket addresses, and how they are written: ip(7), ipv6(7).
 */

enum {
	ADDRESS_LEN = sizeof(struct sockaddr_in6), /* the longest */
	ADDRESS_BYTES = INET6_ADDRSTRLEN,	   /* the same as text */
};

/* As the kernel takes and gives one: IPv4, IPv6, or a family without a port. */
struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
	};
	socklen_t len; /* bytes of it that count */
};

/*
 * inet_pton(3). Stores in *address what text says, a numeric IPv4 or IPv6
 * address without brackets, with the port, in host byte order. Returns whether
 * text is such an address; *address is valid only then.
 */
bool address_parse(const char *text, uint16_t port, struct address *address);

/* The port in host byte order, or 0 if address is neither IPv4 nor IPv6. */
uint16_t address_port(const struct address *address);
void address_set_port(struct address *address, uint16_t port);

/*
 * inet_ntop(3). Writes the address without its port to text, or "-" if it is
 * neither IPv4 nor IPv6. Returns text.
 */
const char *address_text(const struct address *address,
			 char text[ADDRESS_BYTES]);

#endif
