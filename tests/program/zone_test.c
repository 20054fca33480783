/* Link-local addresses, which need a zone, between two networks of the test. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "play.h"

/* A link of two ends: near is here, and far, with its sender, elsewhere. */
static const char make_link[] =
	"ip link add near address 02:00:00:00:00:01 type veth peer name far "
	"address 02:00:00:00:00:02 &&"
	"ip link set near up && ip link set far up &&"
	"ip addr add fe80::1:1/64 dev near nodad &&"
	"ip addr add fe80::1:2/64 dev far nodad";

/* The network of the machine is left alone: it has more than loopback. */
static bool is_own_network(void)
{
	struct if_nameindex *links = if_nameindex();
	const bool alone = links != NULL && links[0].if_index != 0 &&
			   links[1].if_index == 0;

	if_freenameindex(links);
	return alone;
}

static void needs_link(void)
{
	static bool made;

	needs_program("ip");
	made = made || (is_own_network() && system(make_link) == 0);
	skip_without(made, "the right to make a network with a link");
}

/* A sender over the far end, to what listens on the near one. */
static void send_far(void)
{
	char command[160];

	needs_program("socat");
	snprintf(command, sizeof(command),
		 "echo hi | socat -u - 'TCP6:[fe80::1:1%%far]:%u'", port);
	assert_int_equal(system(command), 0);
}

static void assert_listens_on(const char *address)
{
	struct process server = server_listen(&port, "-b", address, NULL);

	send_far();
	assert_ended(&server, 0, "hi\n", "");
}

static void test_bind_takes_a_zone_by_its_name_and_its_index(void **state)
{
	char address[64];

	(void)state;
	needs_link();
	assert_listens_on("fe80::1:1%near");
	snprintf(address, sizeof(address), "fe80::1:1%%%u",
		 if_nametoindex("near"));
	assert_listens_on(address);
}

static void test_verbose_tells_the_zone(void **state)
{
	struct process server;
	struct result result;

	(void)state;
	needs_link();
	server = server_listen(&port, "-v", "-b", "fe80::1:1%near", NULL);
	send_far();
	result = process_end(&server);
	assert_like(result.err,
		    "Listening on fe80::1:1%near [0-9]*\n"
		    "Connection received on fe80::*%near [0-9]*\n"
		    "server: 3 bytes in * s, *B/s, ended by one recv\n");
}

static void test_error_tells_the_zone(void **state)
{
	struct process server;
	struct result result;

	(void)state;
	needs_link();
	server = server_start("-b", "fe80::1:1%near", "-t", ".1", NULL);
	result = process_end(&server);
	assert_like(result.err,
		    "server: accept [[]fe80::1:1%near[]]:8080: nobody "
		    "connected within 0.1 s; -t sets a longer time\n");
}

/* The index 1 is that of loopback, which has no such address. */
static void test_bind_takes_a_zone_for_a_name_first(void **state)
{
	struct process server;

	(void)state;
	needs_link();
	if (system("ip link add 1 type veth peer name other && "
		   "ip link set 1 up && ip link set other up && "
		   "ip addr add fe80::2:1/64 dev 1 nodad") != 0)
		fail_msg("no link of the name 1");
	server = server_start("-b", "fe80::2:1%1", "-t", ".1", NULL);
	assert_int_equal(process_end(&server).status, 124);
}

/* musl would cut the name to that of the link. */
static void test_bind_takes_no_name_that_is_too_long(void **state)
{
	struct process server;
	struct result result;

	(void)state;
	needs_link();
	if (system("ip link add abcdefghijklmno type veth peer name one") != 0)
		fail_msg("no link with a name of 15 letters");
	server = server_start("-b", "fe80::1%abcdefghijklmnop", NULL);
	result = process_end(&server);
	assert_like(result.err,
		    "server: -b *: no such interface\nserver: usage: *\n");
	assert_int_equal(result.status, 2);
}

static void test_bind_without_a_zone_says_what_is_missing(void **state)
{
	static const char *const bad[][2] = {
		{ "fe80::1", "fe80::1: a link-local address needs its "
			     "interface, as in fe80::1%eth0" },
		{ "fe80::1%no", "fe80::1%no: no such interface" },
		{ "fe80::1%4294967295",
		  "fe80::1%4294967295: no such interface" },
		{ "::1%lo", "::1%lo: only a link-local address, fe80::/10, has "
			    "an interface" },
		{ "127.0.0.1%lo", "127.0.0.1%lo: not an IP address such as "
				  "127.0.0.1 or ::1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct process server = server_start("-b", bad[i][0], NULL);
		struct result result = process_end(&server);
		char line[160];

		snprintf(line, sizeof(line), "server: -b %s\n*", bad[i][1]);
		*strrchr(line, '*') = '\0';
		assert_memory_equal(result.err, line, strlen(line));
		assert_int_equal(result.status, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_bind_takes_a_zone_by_its_name_and_its_index),
		cmocka_unit_test(test_verbose_tells_the_zone),
		cmocka_unit_test(test_error_tells_the_zone),
		cmocka_unit_test(test_bind_takes_a_zone_for_a_name_first),
		cmocka_unit_test(test_bind_takes_no_name_that_is_too_long),
		cmocka_unit_test(test_bind_without_a_zone_says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
