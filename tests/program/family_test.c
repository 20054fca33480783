/* Where -b listens, and who can connect there: IPv4, IPv6, and both. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "play.h"

enum {
	RERUNS = 20,
};

/* Each mode over each family: what comes is what was sent. */
static const struct {
	const char *arguments;
	void (*play)(struct process *server);
	void (*play6)(struct process *server);
} modes[] = {
	{ "", play_hi, play_hi6 },
	{ "-l", play_hi, play_hi6 },
	{ "-n 3", play_hi, play_hi6 },
	{ "-e", play_hi_to_its_end, play_hi6_to_its_end },
	{ "-z", play_hi, play_hi6 },
	{ "-t 100", play_hi, play_hi6 },
};

static void assert_each_mode(const char *address, bool from_ip6)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		char arguments[64];
		const struct scene scene = {
			.arguments = arguments,
			.play = from_ip6 ? modes[i].play6 : modes[i].play,
			.out = "hi\n",
		};

		snprintf(arguments, sizeof(arguments), "%s %s", address,
			 modes[i].arguments);
		assert_scene(&scene);
	}
}

static void test_bind_takes_ip4_in_each_mode(void **state)
{
	(void)state;
	assert_each_mode("", false);
	assert_each_mode("-b 127.0.0.1", false);
}

static void test_bind_takes_ip6_in_each_mode(void **state)
{
	(void)state;
	needs_ip6();
	assert_each_mode("-b ::1", true);
}

static void test_bind_to_all_takes_both_in_each_mode(void **state)
{
	(void)state;
	needs_both_families();
	assert_each_mode("-b ::", true);
	assert_each_mode("-b ::", false);
}

static void test_bind_takes_ip4_as_ip6(void **state)
{
	(void)state;
	needs_ip6();
	assert_each_mode("-b ::ffff:127.0.0.1", false);
}

static void test_bind_listens_on_that_address_alone(void **state)
{
	struct process server = server_listen(&port, "-b", "127.0.0.1", NULL);
	struct process second;
	int client = client_connect(port);
	char text[8];

	(void)state;
	snprintf(text, sizeof(text), "%u", port);
	second = server_start("-b", "127.0.0.2", "-p", text, "-t.001", NULL);
	assert_int_equal(process_end(&second).status, 124);
	client_send(client, "hi\n", 3);
	assert_ended(&server, 0, "hi\n", "");
	close(client);
}

/* Its ports are both ends of what -p takes, but for 0. */
static void test_bind_takes_the_highest_port(void **state)
{
	struct process server;
	int client;

	(void)state;
	needs_port(65535);
	server = server_start("-p", "65535", NULL);
	wait_for_listener(65535);
	client = client_connect(65535);
	client_send(client, "hi\n", 3);
	assert_ended(&server, 0, "hi\n", "");
	close(client);
}

/* The side that closed first still has its port remembered. */
static void test_bind_takes_a_port_of_ip6_again_at_once(void **state)
{
	char same[8] = "0";

	(void)state;
	needs_ip6();
	for (int i = 0; i < RERUNS; i++) {
		struct process server =
			server_listen(&port, "-b", "::1", "-p", same, NULL);
		int client = client_connect6(port);

		client_send(client, "hi\n", 3);
		assert_ended(&server, 0, "hi\n", "");
		close(client);
		snprintf(same, sizeof(same), "%u", port);
	}
}

static void test_bind_fails_with_an_address_of_ip6_in_brackets(void **state)
{
	struct process server;

	(void)state;
	needs_ip6();
	server = server_start("-b", "2001:db8::1", "-p", "8081", NULL);
	assert_no_such_address(&server, "[2001:db8::1]:8081");
}

static void test_bind_fails_with_the_longest_address_in_whole(void **state)
{
	struct process server;

	(void)state;
	needs_ip6();
	server =
		server_start("-b", "2001:DB8:1111:2222:3333:4444:85.85.102.102",
			     "-p", "65535", NULL);
	assert_no_such_address(
		&server, "[2001:db8:1111:2222:3333:4444:5555:6666]:65535");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bind_takes_ip4_in_each_mode),
		cmocka_unit_test(test_bind_takes_ip6_in_each_mode),
		cmocka_unit_test(test_bind_to_all_takes_both_in_each_mode),
		cmocka_unit_test(test_bind_takes_ip4_as_ip6),
		cmocka_unit_test(test_bind_listens_on_that_address_alone),
		cmocka_unit_test(test_bind_takes_the_highest_port),
		cmocka_unit_test(test_bind_takes_a_port_of_ip6_again_at_once),
		cmocka_unit_test(
			test_bind_fails_with_an_address_of_ip6_in_brackets),
		cmocka_unit_test(
			test_bind_fails_with_the_longest_address_in_whole),
	};

	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
