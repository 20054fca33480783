#include "network.h"

#include <stdio.h>
#include <string.h>

#include "number.h"

enum {
	IP4_BITS = 32,
	IP6_BITS = 128,
};

/* Returns address as IPv6: an IPv4 address is mapped. */
static struct in6_addr as_ip6(const struct address *address)
{
	struct in6_addr ip6 = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	if (address->any.sa_family == AF_INET6)
		return address->ip6.sin6_addr;
	memcpy(&ip6.s6_addr[12], &address->ip4.sin_addr, 4);
	return ip6;
}

/* Clears all bits from `bit` on. Returns whether one of them was set. */
static bool clear_from(struct in6_addr *ip6, uint64_t bit)
{
	bool found = false;

	for (; bit < IP6_BITS; bit++) {
		const uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		found = found || (ip6->s6_addr[bit / 8] & mask) != 0;
		ip6->s6_addr[bit / 8] &= (uint8_t)~mask;
	}
	return found;
}

/* Returns the problem that bits after those of network were set. */
static const char *name_meant(const struct network *network)
{
	static char problem[ADDRESS_BYTES + 64];
	char text[ADDRESS_BYTES];

	snprintf(problem, sizeof(problem),
		 "bits after the prefix are set, the network is %s/%ju",
		 address_text(&network->base, text), (uintmax_t)network->bits);
	return problem;
}

const char *network_parse(const char *text, struct network *network)
{
	struct address *base = &network->base;
	const size_t len = strcspn(text, "/");
	const char *bits = text + len, *problem;
	char host[ADDRESS_BYTES] = "";
	struct in6_addr ip6;
	uint64_t most;

	/* A text that is too long is refused, as an empty one is. */
	if (len < sizeof(host))
		memcpy(host, text, len);
	problem = address_parse(host, 0, base);
	if (problem != NULL)
		return problem;
	ip6 = as_ip6(base);
	most = IN6_IS_ADDR_V4MAPPED(&ip6) ? IP4_BITS : IP6_BITS;
	network->bits = most;
	if (bits[0] == '/' && !number_parse(bits + 1, 0, most, &network->bits))
		return most == IP4_BITS ? "not from /0 to /32"
					: "not from /0 to /128";
	if (!clear_from(&ip6, network->bits + IP6_BITS - most))
		return NULL;
	if (base->any.sa_family == AF_INET)
		memcpy(&base->ip4.sin_addr, &ip6.s6_addr[12], 4);
	else
		base->ip6.sin6_addr = ip6;
	return name_meant(network);
}

bool network_has(const struct network *network, const struct address *address)
{
	const struct in6_addr base = as_ip6(&network->base);
	struct in6_addr ip6 = as_ip6(address);
	const bool is_ip4 = IN6_IS_ADDR_V4MAPPED(&ip6);
	const uint32_t zone = address_zone(&network->base);

	/* A sender of neither family has no port. */
	if (address_port(address) == 0)
		return false;
	if (zone != 0 && zone != address_zone(address))
		return false;
	/* That it is IPv4 stands in front of its bits, and stays. */
	clear_from(&ip6, network->bits + (is_ip4 ? IP6_BITS - IP4_BITS : 0));
	return memcmp(&ip6, &base, sizeof(ip6)) == 0;
}
