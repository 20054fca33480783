#ifndef ADDRESS_H
#define ADDRESS_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Socket addresses, and how they are written: ip(7), ipv6(7).
 */

enum {
	ADDRESS_LEN = sizeof(struct sockaddr_in6), /* the longest */
	HOST_BYTES = INET6_ADDRSTRLEN,		   /* an IP address as text */
	ADDRESS_BYTES = HOST_BYTES + IF_NAMESIZE,  /* with "%" and a zone */
};

/* A socket address: IPv4, IPv6, or of a family without a port. */
struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
	};
	socklen_t len; /* bytes in use */
};

/*
 * inet_pton(3), if_nametoindex(3). Stores in *address the port, in host byte
 * order, and the address in text: numeric IPv4 or IPv6, without brackets,
 * perhaps with a zone. Returns NULL, or what is wrong with text.
 */
const char *address_parse(const char *text, uint16_t port,
			  struct address *address);

/* Whether address is link-local, but does not say on which link. */
bool address_lacks_zone(const struct address *address);

/* The port in host byte order, or 0 if address is neither IPv4 nor IPv6. */
uint16_t address_port(const struct address *address);

/* Sets the port, in host byte order, of an address that is IPv4 or IPv6. */
void address_set_port(struct address *address, uint16_t port);

/* The index of its interface, or 0 if it says none. */
uint32_t address_zone(const struct address *address);

/*
 * inet_ntop(3). Writes the address without port and zone to text, or "-" if it
 * is neither IPv4 nor IPv6. Returns text.
 */
const char *address_host(const struct address *address, char text[HOST_BYTES]);

/* Like address_host, with the zone, by if_indextoname(3), if there is one. */
const char *address_text(const struct address *address,
			 char text[ADDRESS_BYTES]);

#endif
