#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "number.h"

/* Returns the index of the interface with this name or number, or 0. */
static uint32_t parse_zone(const char *text)
{
	const size_t len = strcspn(text, ":");
	/* musl cuts a name that is too long, and Linux one with a colon. */
	const bool is_name = len < IF_NAMESIZE && text[len] == '\0';
	uint64_t index = is_name ? if_nametoindex(text) : 0;
	char name[IF_NAMESIZE];

	if (index == 0 && (!number_parse(text, 1, UINT32_MAX, &index) ||
			   if_indextoname((uint32_t)index, name) == NULL))
		return 0;
	return (uint32_t)index;
}

const char *address_parse(const char *text, uint16_t port,
			  struct address *address)
{
	const size_t len = strcspn(text, "%");
	const char *zone = text + len;
	char host[HOST_BYTES] = "";

	/* A text that is too long is refused, as an empty one is. */
	if (len < sizeof(host))
		memcpy(host, text, len);
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

uint32_t address_zone(const struct address *address)
{
	return address->any.sa_family == AF_INET6 ? address->ip6.sin6_scope_id
						  : 0;
}

const char *address_text(const struct address *address,
			 char text[ADDRESS_BYTES])
{
	char host[HOST_BYTES], zone[IF_NAMESIZE] = "";
	const uint32_t index = address_zone(address);

	if (index != 0 && if_indextoname(index, zone) == NULL)
		snprintf(zone, sizeof(zone), "%u", index);
	snprintf(text, ADDRESS_BYTES, "%s%s%s", address_host(address, host),
		 index == 0 ? "" : "%", zone);
	return text;
}
