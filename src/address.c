#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "number.h"

/* The interface that a zone names, by its name or number; 0 for none. */
static uint32_t zone_of(const char *text)
{
	uint64_t index = if_nametoindex(text);

	if (index == 0 && !number_parse(text, 1, UINT32_MAX, &index))
		return 0;
	return (uint32_t)index;
}

const char *address_parse(const char *text, uint16_t port,
			  struct address *address)
{
	const size_t len = strcspn(text, "%");
	char host[INET6_ADDRSTRLEN];

	snprintf(host, sizeof(host), "%.*s", (int)len, text);
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
	if (len >= sizeof(host) ||
	    inet_pton(AF_INET6, host, &address->ip6.sin6_addr) != 1)
		return "not an IP address such as 127.0.0.1 or ::1";
	if (text[len] == '\0')
		return NULL;
	address->ip6.sin6_scope_id = zone_of(text + len + 1);
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

const char *address_host(const struct address *address,
			 char text[ADDRESS_BYTES])
{
	const int family = address->any.sa_family;

	strncpy(text, "-", ADDRESS_BYTES);
	if (family == AF_INET)
		inet_ntop(family, &address->ip4.sin_addr, text, ADDRESS_BYTES);
	else if (family == AF_INET6)
		inet_ntop(family, &address->ip6.sin6_addr, text, ADDRESS_BYTES);
	return text;
}

const char *address_text(const struct address *address,
			 char text[ADDRESS_BYTES])
{
	size_t len = strlen(address_host(address, text));
	char zone[IF_NAMESIZE];
	uint32_t index;

	if (address->any.sa_family != AF_INET6 ||
	    address->ip6.sin6_scope_id == 0)
		return text;
	index = address->ip6.sin6_scope_id;
	if (if_indextoname(index, zone) == NULL)
		snprintf(zone, sizeof(zone), "%u", index);
	snprintf(text + len, ADDRESS_BYTES - len, "%%%s", zone);
	return text;
}

/* The bytes that are compared: 4 of IPv4, also as IPv6 maps it, 16, or none. */
static uint8_t *bytes_of(struct address *address, size_t *len)
{
	uint8_t *bytes = address->ip6.sin6_addr.s6_addr;
	const int family = address->any.sa_family;

	*len = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
	if (family == AF_INET)
		return (uint8_t *)&address->ip4.sin_addr;
	if (*len == 0 || !IN6_IS_ADDR_V4MAPPED(&address->ip6.sin6_addr))
		return bytes;
	*len = 4;
	return bytes + 12;
}

/* Clears all but the first bits. Returns whether one of those was set. */
static bool clear_behind(uint8_t *bytes, size_t len, uint64_t bits)
{
	bool found = false;

	for (size_t i = bits; i < 8 * len; i++) {
		const uint8_t bit = (uint8_t)(0x80 >> i % 8);

		found = found || (bytes[i / 8] & bit) != 0;
		bytes[i / 8] &= (uint8_t)~bit;
	}
	return found;
}

const char *network_parse(const char *text, struct network *network)
{
	const size_t host_len = strcspn(text, "/");
	char host[ADDRESS_BYTES];
	const char *problem;
	uint8_t *bytes;
	size_t len;

	snprintf(host, sizeof(host), "%.*s", (int)host_len, text);
	problem = address_parse(host_len < sizeof(host) ? host : text, 0,
				&network->base);
	if (problem != NULL)
		return problem;
	bytes = bytes_of(&network->base, &len);
	network->bits = 8 * len;
	if (text[host_len] == '/' &&
	    !number_parse(text + host_len + 1, 0, 8 * len, &network->bits))
		return len == 4 ? "not from /0 to /32" : "not from /0 to /128";
	return clear_behind(bytes, len, network->bits) ? "" : NULL;
}

bool network_has(const struct network *network, const struct address *address)
{
	struct address base = network->base, other = *address;
	size_t base_len, len;
	const uint8_t *base_bytes = bytes_of(&base, &base_len);
	uint8_t *bytes = bytes_of(&other, &len);

	clear_behind(bytes, len, network->bits);
	return len == base_len && memcmp(bytes, base_bytes, len) == 0 &&
	       (len == 4 || base.ip6.sin6_scope_id == 0 ||
		base.ip6.sin6_scope_id == other.ip6.sin6_scope_id);
}
