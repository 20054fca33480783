/* Addresses: what text is one, what stands in it, and as what it is shown. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/un.h>

#include "address.h"
#include "support.h"

static void test_address_parse_takes_numbers_of_ip4(void **state)
{
	static const struct {
		const char *text;
		uint32_t host;
	} good[] = {
		{ "0.0.0.0", 0 },
		{ "127.0.0.1", 0x7f000001 },
		{ "1.2.3.4", 0x01020304 },
		{ "255.255.255.255", 0xffffffff },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		static const struct sockaddr_in none;
		struct address got;

		memset(&got, 0xa5, sizeof(got));
		assert_null(address_parse(good[i].text, 258, &got));
		assert_int_equal(got.len, sizeof(struct sockaddr_in));
		assert_int_equal(got.any.sa_family, AF_INET);
		assert_int_equal(got.ip4.sin_family, AF_INET);
		assert_memory_equal(&got.ip4.sin_port, "\1\2", 2);
		assert_int_equal(ntohl(got.ip4.sin_addr.s_addr), good[i].host);
		assert_memory_equal(got.ip4.sin_zero, none.sin_zero,
				    sizeof(none.sin_zero));
	}
}

static void test_address_parse_takes_numbers_of_ip6(void **state)
{
	static const struct {
		const char *text;
		unsigned char bytes[16];
	} good[] = {
		{ "::", { 0 } },
		{ "::1", { [15] = 1 } },
		{ "::ffff:127.0.0.1",
		  { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 } },
		{ "2001:DB8::1",
		  { [0] = 0x20, [1] = 1, [2] = 0xd, [3] = 0xb8, [15] = 1 } },
		{ "1:2:3:4:5:6:255.255.255.255",
		  { 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 255, 255, 255, 255 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct address got;

		memset(&got, 0xa5, sizeof(got));
		assert_null(address_parse(good[i].text, 65535, &got));
		assert_int_equal(got.len, sizeof(struct sockaddr_in6));
		assert_int_equal(got.any.sa_family, AF_INET6);
		assert_int_equal(got.ip6.sin6_family, AF_INET6);
		assert_memory_equal(&got.ip6.sin6_port, "\xff\xff", 2);
		assert_memory_equal(&got.ip6.sin6_addr, good[i].bytes, 16);
		assert_int_equal(got.ip6.sin6_flowinfo, 0);
		assert_int_equal(got.ip6.sin6_scope_id, 0);
	}
}

static void test_address_parse_refuses_all_else(void **state)
{
	static const char *const bad[] = {
		/* Names, and what is none. */
		"",
		" ",
		"-",
		"localhost",
		"example.org",
		"*",
		/* Too few numbers, too many, too high, and not decimal. */
		"127",
		"127.1",
		"127.0.0",
		"127.0.0.",
		".127.0.0.1",
		"127..0.1",
		"127.0.0.1.1",
		"127.0.0.256",
		"127.0.0.-1",
		"0x7f.0.0.1",
		"2130706433",
		"1:2:3",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"1::2::3",
		":::",
		":1",
		"::12345",
		"::g",
		"::1.2.3",
		"::1.2.3.256",
		/* What may stand around an address elsewhere. */
		" 127.0.0.1",
		"127.0.0.1 ",
		"127.0.0.1\n",
		"+127.0.0.1",
		"127.0.0.1:80",
		"127.0.0.0/8",
		"[::1]",
		"[::1]:80",
		"::1 ",
		" ::1",
		"::1/128",
		"::1%",
		"::1%no such interface",
		"fe80::1%0",
		"fe80::1%lo:",
		"fe80::1%lo:0",
		"127.0.0.1%lo",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct address got;

		if (address_parse(bad[i], 1, &got) == NULL)
			fail_msg("this was taken: \"%s\"", bad[i]);
	}
}

static void test_address_port_is_what_was_set_last(void **state)
{
	static const char *const texts[] = { "127.0.0.1", "2001:db8::1" };
	static const uint16_t ports[] = { 0, 1, 255, 256, 8080, 65535 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < sizeof(ports) / sizeof(ports[0]); j++) {
			char text[ADDRESS_BYTES];
			struct address got;

			assert_null(address_parse(texts[i], ports[j], &got));
			assert_int_equal(address_port(&got), ports[j]);
			address_set_port(&got, 0x1234);
			assert_int_equal(address_port(&got), 0x1234);
			address_set_port(&got, ports[j]);
			assert_int_equal(address_port(&got), ports[j]);
			assert_string_equal(address_text(&got, text), texts[i]);
		}
	}
}

static void test_address_text_is_the_shortest_form(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::", "::" },
		{ "0:0:0:0:0:0:0:1", "::1" },
		{ "2001:0DB8::0001", "2001:db8::1" },
		{ "::ffff:7f00:1", "::ffff:127.0.0.1" },
		{ "2001:db8:1111:2222:3333:4444:5555:6666",
		  "2001:db8:1111:2222:3333:4444:5555:6666" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[ADDRESS_BYTES] = "x";
		struct address got;

		assert_null(address_parse(cases[i].text, 1, &got));
		assert_ptr_equal(address_text(&got, text), text);
		assert_string_equal(text, cases[i].shown);
	}
}

/* Such as that of a local socket, or of a call that has filled nothing. */
static void test_address_text_is_a_dash_of_another_family(void **state)
{
	static const sa_family_t families[] = { AF_UNIX, AF_UNSPEC };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct address other;
		char text[ADDRESS_BYTES] = "x";

		memset(&other, 0xa5, sizeof(other));
		other.any.sa_family = families[i];
		assert_ptr_equal(address_text(&other, text), text);
		assert_string_equal(text, "-");
		assert_int_equal(address_port(&other), 0);
	}
}

/* The kernel writes no more than that, and the text has its NUL. */
static void test_address_has_the_longest_in_whole(void **state)
{
	(void)state;
	assert_int_equal(ADDRESS_LEN, sizeof(struct sockaddr_in6));
	assert_between(sizeof(struct address), ADDRESS_LEN, 64);
	assert_between(ADDRESS_BYTES, INET6_ADDRSTRLEN, 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_parse_takes_numbers_of_ip4),
		cmocka_unit_test(test_address_parse_takes_numbers_of_ip6),
		cmocka_unit_test(test_address_parse_refuses_all_else),
		cmocka_unit_test(test_address_port_is_what_was_set_last),
		cmocka_unit_test(test_address_text_is_the_shortest_form),
		cmocka_unit_test(test_address_text_is_a_dash_of_another_family),
		cmocka_unit_test(test_address_has_the_longest_in_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
