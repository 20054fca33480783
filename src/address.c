#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "number.h"

enum {
	IP4_BITS = 32,
	IP6_BITS = 128,
};

/* Returns the index of the interface with this name or number, or 0. */
static uint32_t parse_zone(const char *text)
{
	uint64_t index = if_nametoindex(text);
	char name[IF_NAMESIZE];

	if (index == 0 && (!number_parse(text, 1, UINT32_MAX, &index) ||
			   if_indextoname((uint32_t)index, name) == NULL))
		return 0;
	return (uint32_t)index;
}

/*
 * Copies the part of text before mark to head, all 0 until then, unless it is
 * too long for an address. Returns its length.
 */
static size_t split(const char *text, const char *mark,
		    char head[ADDRESS_BYTES])
{
	const size_t len = strcspn(text, mark);

	if (len < ADDRESS_BYTES)
		memcpy(head, text, len);
	return len;
}

const char *address_parse(const char *text, uint16_t port,
			  struct address *address)
{
	char host[ADDRESS_BYTES] = "";
	const char *zone = text + split(text, "%", host);

	*address = (struct address){ .ip4 = { .sin_family = AF_INET,
					      .sin_port = htons(port) },
				     .len = sizeof(address->ip4) };
	if (inet_pton(AF_INET, text, &address->ip4.sin_addr) == 1)
		return NULL;
	*address = (struct address){ .ip6 = { .sin6_family = AF_INET6,
					      .sin6_port = htons(port) },
				     .len = sizeof(address->ip6) };
	if (text[0] == '[')
		return "write it without brackets";
	if (inet_pton(AF_INET6, host, &address->ip6.sin6_addr) != 1)
		return "not an IP address such as 127.0.0.1 or ::1";
	if (zone[0] == '\0')
		return NULL;
	if (!IN6_IS_ADDR_LINKLOCAL(&address->ip6.sin6_addr))
		return "only a link-local address, fe80::/10, has an interface";
	address->ip6.sin6_scope_id = parse_zone(zone + 1);
	return address->ip6.sin6_scope_id == 0 ? "no such interface" : NULL;
}

bool address_lacks_zone(const struct address *address)
{
	return address->any.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LINKLOCAL(&address->ip6.sin6_addr) &&
	       address->ip6.sin6_scope_id == 0;
}

uint16_t address_port(const struct address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohs(address->ip4.sin_port);
	if (address->any.sa_family == AF_INET6)
		return ntohs(address->ip6.sin6_port);
	return 0;
}

void address_set_port(struct address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET)
		address->ip4.sin_port = htons(port);
	else
		address->ip6.sin6_port = htons(port);
}

const char *address_host(const struct address *address, char text[HOST_BYTES])
{
	const int family = address->any.sa_family;

	strncpy(text, "-", HOST_BYTES);
	if (family == AF_INET)
		inet_ntop(family, &address->ip4.sin_addr, text, HOST_BYTES);
	else if (family == AF_INET6)
		inet_ntop(family, &address->ip6.sin6_addr, text, HOST_BYTES);
	return text;
}

/* The interface of a link's own address, or 0. */
static uint32_t zone_of(const struct address *address)
{
	return address->any.sa_family == AF_INET6 ? address->ip6.sin6_scope_id
						  : 0;
}

const char *address_text(const struct address *address,
			 char text[ADDRESS_BYTES])
{
	char host[HOST_BYTES], zone[IF_NAMESIZE] = "";
	const uint32_t index = zone_of(address);

	if (index != 0 && if_indextoname(index, zone) == NULL)
		snprintf(zone, sizeof(zone), "%u", index);
	snprintf(text, ADDRESS_BYTES, "%s%s%s", address_host(address, host),
		 index == 0 ? "" : "%", zone);
	return text;
}

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
		 "bits behind the prefix are set, the network is %s/%ju",
		 address_text(&network->base, text), (uintmax_t)network->bits);
	return problem;
}

const char *network_parse(const char *text, struct network *network)
{
	struct address *base = &network->base;
	char host[ADDRESS_BYTES] = "";
	const char *bits = text + split(text, "/", host);
	const char *problem = address_parse(host, 0, base);
	struct in6_addr ip6;
	uint64_t most;

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
	const uint32_t zone = zone_of(&network->base);

	/* A sender of neither family has no port. */
	if (address_port(address) == 0)
		return false;
	if (zone != 0 && zone != zone_of(address))
		return false;
	/* That it is IPv4 stands in front of its bits, and stays. */
	clear_from(&ip6, network->bits + (is_ip4 ? IP6_BITS - IP4_BITS : 0));
	return memcmp(&ip6, &base, sizeof(ip6)) == 0;
}
