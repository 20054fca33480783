#ifndef ADDRESS_H
#define ADDRESS_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Socket addresses and networks, and how they are written: ip(7), ipv6(7).
 */

enum {
	ADDRESS_LEN = sizeof(struct sockaddr_in6), /* the longest */
	HOST_BYTES = INET6_ADDRSTRLEN,		   /* the same as text */
	ADDRESS_BYTES = HOST_BYTES + IF_NAMESIZE,  /* with "%" and a zone */
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

/* The addresses that begin with the first bits of base. */
struct network {
	struct address base;
	uint64_t bits;
};

/*
 * inet_pton(3), if_nametoindex(3). Stores in *address what text says, a numeric
 * IPv4 or IPv6 address without brackets, perhaps with a zone, and the port, in
 * host byte order. Returns NULL, or what is wrong with text.
 */
const char *address_parse(const char *text, uint16_t port,
			  struct address *address);

/* Whether address works on one link only, and does not say on which. */
bool address_lacks_zone(const struct address *address);

/* The port in host byte order, or 0 if address is neither IPv4 nor IPv6. */
uint16_t address_port(const struct address *address);
void address_set_port(struct address *address, uint16_t port);

/*
 * inet_ntop(3). Writes the address without port and zone to text, or "-" if it
 * is neither IPv4 nor IPv6. Returns text.
 */
const char *address_host(const struct address *address, char text[HOST_BYTES]);

/* The same with the zone, by if_indextoname(3), if it has one. */
const char *address_text(const struct address *address,
			 char text[ADDRESS_BYTES]);

/*
 * Stores in *network what text says, an address and perhaps "/" and how many of
 * its bits count; all do without. No bit behind those may be set. Returns NULL,
 * or what is wrong with text, until the next call.
 */
const char *network_parse(const char *text, struct network *network);

/*
 * Whether address is in network. An IPv4 address that IPv6 maps, as a sender
 * has it that reaches a listener of both, is an IPv4 address.
 */
bool network_has(const struct network *network, const struct address *address);

#endif
