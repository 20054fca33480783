#include "address.h"

#include <arpa/inet.h>
#include <string.h>

bool address_parse(const char *text, uint16_t port, struct address *address)
{
	*address = (struct address){ .ip4 = { .sin_family = AF_INET,
					      .sin_port = htons(port) },
				     .len = sizeof(address->ip4) };
	if (inet_pton(AF_INET, text, &address->ip4.sin_addr) == 1)
		return true;
	*address = (struct address){ .ip6 = { .sin6_family = AF_INET6,
					      .sin6_port = htons(port) },
				     .len = sizeof(address->ip6) };
	return inet_pton(AF_INET6, text, &address->ip6.sin6_addr) == 1;
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

const char *address_text(const struct address *address,
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
