#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"

/* The addresses whose first bits are those of base. */
struct network {
	struct address base;
	uint64_t bits;
};

/*
 * Stores in *network the network in text: an address, perhaps with "/" and how
 * many of its bits count, by default all. No bit after those may be set.
 * Returns NULL, or what is wrong with text; that is valid until the next call.
 */
const char *network_parse(const char *text, struct network *network);

/*
 * Whether address is in network. An IPv4 address mapped into IPv6, as a
 * listener for both sees it, counts as IPv4.
 */
bool network_has(const struct network *network, const struct address *address);

#endif
