/* Networks and zones: how they are written, and what is in them. */
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "network.h"
#include "support.h"

#define AFTER "bits after the prefix are set, the network is "

static struct address address_of(const char *text)
{
	struct address address;

	assert_null(address_parse(text, 80, &address));
	return address;
}

static struct network network_of(const char *text)
{
	struct network network;

	assert_null(network_parse(text, &network));
	return network;
}

static void test_network_has_the_addresses_of_its_prefix(void **state)
{
	static const struct {
		const char *network, *address;
		bool has;
	} cases[] = {
		{ "127.0.0.1", "127.0.0.1", true },
		{ "127.0.0.1", "127.0.0.2", false },
		{ "127.0.0.1/32", "127.0.0.1", true },
		{ "127.0.0.2/31", "127.0.0.3", true },
		{ "127.0.0.2/31", "127.0.0.4", false },
		{ "10.0.0.0/8", "10.255.255.255", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "128.0.0.0/1", "255.0.0.1", true },
		{ "128.0.0.0/1", "127.0.0.1", false },
		{ "0.0.0.0/0", "192.0.2.1", true },
		{ "2001:db8::/32", "2001:db8:1::1", true },
		{ "2001:db8::/32", "2001:db9::1", false },
		{ "2001:db8::8/125", "2001:db8::f", true },
		{ "2001:db8::8/125", "2001:db8::10", false },
		{ "0:0:1::/48", "0:0:1::1", true },
		{ "0:1::/32", "0:1::1", true },
		{ "::1/128", "::1", true },
		{ "::/0", "2001:db8::1", true },
		/* An IPv4 sender counts as IPv4, however it is written. */
		{ "10.0.0.0/8", "::ffff:10.1.2.3", true },
		{ "10.0.0.0/8", "::ffff:11.1.2.3", false },
		{ "0.0.0.0/0", "::ffff:10.1.2.3", true },
		{ "::/0", "::ffff:10.1.2.3", false },
		{ "::/0", "10.1.2.3", false },
		{ "0.0.0.0/0", "::1", false },
		{ "::ffff:10.1.2.3", "10.1.2.3", true },
		{ "::ffff:10.0.0.0/8", "::ffff:10.9.9.9", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct address address = address_of(cases[i].address);
		struct network network;

		if (network_parse(cases[i].network, &network) != NULL) {
			assert_false(cases[i].has);
			continue;
		}
		if (network_has(&network, &address) != cases[i].has)
			fail_msg("%s and %s", cases[i].network,
				 cases[i].address);
	}
}

static void needs_lo(void)
{
	skip_without(if_nametoindex("lo") != 0, "an interface lo");
}

/* A zone is of one link. */
static void test_network_has_the_addresses_of_its_zone(void **state)
{
	const struct network all = network_of("fe80::/10");
	struct address address = address_of("fe80::1");
	struct network one;

	(void)state;
	needs_lo();
	one = network_of("fe80::1%lo");
	assert_false(network_has(&one, &address));
	for (uint32_t zone = 1; zone < 3; zone++) {
		address.ip6.sin6_scope_id =
			one.base.ip6.sin6_scope_id + zone - 1;
		assert_true(network_has(&all, &address));
		assert_int_equal(network_has(&one, &address), zone == 1);
	}
}

/* Each length, against the bits one by one. */
static void test_network_has_compares_each_bit(void **state)
{
	(void)state;
	for (unsigned int bits = 0; bits <= 32; bits++) {
		struct network network;
		char text[32];

		snprintf(text, sizeof(text), "0.0.0.0/%u", bits);
		network = network_of(text);
		for (unsigned int bit = 0; bit < 32; bit++) {
			struct address other = address_of("0.0.0.0");

			other.ip4.sin_addr.s_addr = htonl(1u << (31 - bit));
			assert_int_equal(network_has(&network, &other),
					 bit >= bits);
		}
	}
	for (unsigned int bits = 0; bits <= 128; bits++) {
		struct network network;
		char text[32];

		snprintf(text, sizeof(text), "::/%u", bits);
		network = network_of(text);
		for (unsigned int bit = 0; bit < 128; bit++) {
			struct address other = address_of("::");

			other.ip6.sin6_addr.s6_addr[bit / 8] =
				(uint8_t)(0x80 >> bit % 8);
			assert_int_equal(network_has(&network, &other),
					 bit >= bits);
		}
	}
}

static void test_network_has_nobody_without_an_address(void **state)
{
	const struct network all = network_of("0.0.0.0/0"),
			     all6 = network_of("::/0");
	const struct address local = { .any.sa_family = AF_UNIX, .len = 2 };

	(void)state;
	assert_false(network_has(&all, &local));
	assert_false(network_has(&all6, &local));
}

static void test_network_parse_refuses_what_is_none(void **state)
{
	static const char no_address[] =
		"not an IP address such as 127.0.0.1 or ::1";
	static const struct {
		const char *text, *problem;
	} bad[] = {
		{ "", no_address },
		{ "/8", no_address },
		{ "10", no_address },
		{ "localhost", no_address },
		{ "10.0.0.0/", "not from /0 to /32" },
		{ "10.0.0.0/33", "not from /0 to /32" },
		{ "10.0.0.0/-1", "not from /0 to /32" },
		{ "10.0.0.0/8 ", "not from /0 to /32" },
		{ "10.0.0.0/8/8", "not from /0 to /32" },
		{ "10.0.0.0/255.0.0.0", "not from /0 to /32" },
		{ "::/129", "not from /0 to /128" },
		{ "2001:0db8:1111:2222:3333:4444:255.255.255.255%"
		  "0123456789abcdef0123456789/8",
		  no_address },
		{ "[::1]", "write it without brackets" },
		{ "fe80::1%no such one", "no such interface" },
		/* No machine has so many. */
		{ "fe80::1%4294967295", "no such interface" },
		{ "2001:db8::/32%lo", "not from /0 to /128" },
		{ "2001:db8::1%1/128", "only a link-local address, fe80::/10, "
				       "has an interface" },
		/* The problem names the network that was probably meant. */
		{ "10.0.0.1/8", AFTER "10.0.0.0/8" },
		{ "10.0.0.1/31", AFTER "10.0.0.0/31" },
		{ "10.1.2.3/20", AFTER "10.1.0.0/20" },
		{ "::1/127", AFTER "::/127" },
		{ "::1/0", AFTER "::/0" },
		{ "2001:db8::ff/124", AFTER "2001:db8::f0/124" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct network network;
		const char *problem = network_parse(bad[i].text, &network);

		if (problem == NULL || strcmp(problem, bad[i].problem) != 0)
			fail_msg("\"%s\": %s", bad[i].text,
				 problem == NULL ? "taken" : problem);
	}
}

static void test_address_parse_takes_a_zone_by_name_and_index(void **state)
{
	const unsigned int lo = if_nametoindex("lo");
	struct address address;
	char text[ADDRESS_BYTES];

	(void)state;
	needs_lo();
	snprintf(text, sizeof(text), "fe80::1%%%u", lo);
	address = address_of(text);
	assert_int_equal(address.ip6.sin6_scope_id, lo);
	address = address_of("fe80::1%lo");
	assert_int_equal(address.ip6.sin6_scope_id, lo);
	assert_false(address_lacks_zone(&address));
	assert_string_equal(address_text(&address, text), "fe80::1%lo");
	assert_string_equal(address_host(&address, text), "fe80::1");
	/* One that has gone since. */
	address.ip6.sin6_scope_id = 4294967295;
	assert_string_equal(address_text(&address, text), "fe80::1%4294967295");
	address = address_of("fe80::1");
	assert_true(address_lacks_zone(&address));
	address = address_of("::1");
	assert_false(address_lacks_zone(&address));
	address = address_of("169.254.1.1");
	assert_false(address_lacks_zone(&address));
}

static void test_address_parse_takes_the_longest_address(void **state)
{
	static const char longest[] =
		"fe80:0000:1111:2222:3333:4444:255.255.255.255";
	char text[128];
	struct address address;
	struct network network;

	(void)state;
	needs_lo();
	address = address_of(longest);
	snprintf(text, sizeof(text), "%s%%lo", longest);
	address = address_of(text);
	assert_int_equal(address.ip6.sin6_scope_id, if_nametoindex("lo"));
	snprintf(text, sizeof(text), "%s5%%1", longest);
	assert_non_null(address_parse(text, 1, &address));
	assert_string_equal(address_parse("fe80::1%4294967296", 1, &address),
			    "no such interface");
	/* The network's address is copied, and has to fit with its zone. */
	snprintf(text, sizeof(text), "fe80::%%%054u/10", if_nametoindex("lo"));
	assert_null(network_parse(text, &network));
	snprintf(text, sizeof(text), "fe80::%%%055u/10", if_nametoindex("lo"));
	assert_string_equal(network_parse(text, &network),
			    "not an IP address such as 127.0.0.1 or ::1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_network_has_the_addresses_of_its_prefix),
		cmocka_unit_test(test_network_has_the_addresses_of_its_zone),
		cmocka_unit_test(test_network_has_compares_each_bit),
		cmocka_unit_test(test_network_has_nobody_without_an_address),
		cmocka_unit_test(test_network_parse_refuses_what_is_none),
		cmocka_unit_test(
			test_address_parse_takes_a_zone_by_name_and_index),
		cmocka_unit_test(test_address_parse_takes_the_longest_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
