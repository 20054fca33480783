/* Whom -a lets send, and what the others get. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "play.h"

/* The first is closed unread, the second is taken. */
static void assert_passes_over(struct process *server, int first, int second,
			       const char *err)
{
	struct result result;

	client_send(first, "no\n", 3);
	client_wait_end(first);
	close(first);
	client_send(second, "hi\n", 3);
	close(second);
	result = process_end(server);
	assert_string_equal(result.out, "hi\n");
	assert_like(result.err, err);
	assert_int_equal(result.status, 0);
}

static void test_allow_passes_over_others_in_each_mode(void **state)
{
	static const char *const modes[] = { "", "-l", "-e", "-z", "-n3" };

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		char script[128];
		struct process server;
		int first;

		snprintf(script, sizeof(script),
			 "exec \"$SERVER\" -p 0 -r 3 -a 127.0.0.2 %s",
			 modes[i]);
		server = shell_listen(&port, script);
		first = client_connect(port);
		assert_passes_over(&server, first,
				   client_connect_from("127.0.0.2", port), "");
	}
}

static void test_allow_tells_who_is_passed_over(void **state)
{
	struct process server =
		server_listen(&port, "-v", "-a", "127.0.0.2/31", NULL);
	int first = client_connect(port);

	(void)state;
	assert_passes_over(
		&server, first, client_connect_from("127.0.0.3", port),
		"Listening on 0.0.0.0 [0-9]*\n"
		"Connection received on 127.0.0.1 [0-9]*\n"
		"server: accept 0.0.0.0:[0-9]*: not a sender that -a allows, "
		"waiting for the next\n"
		"Connection received on 127.0.0.3 [0-9]*\n"
		"server: 3 bytes in * s, *B/s, ended by one recv\n");
}

/* Many do not use up the one that is allowed. */
static void test_allow_waits_while_others_come(void **state)
{
	struct process server = server_listen(&port, "-a", "127.0.0.2", NULL);
	int client;

	(void)state;
	for (int i = 0; i < 50; i++) {
		client = client_connect(port);
		client_wait_end(client);
		close(client);
	}
	client = client_connect_from("127.0.0.2", port);
	client_send(client, "hi\n", 3);
	assert_ended(&server, 0, "hi\n", "");
	close(client);
}

static void test_allow_takes_ip4_for_ip4_on_both(void **state)
{
	struct process server;
	int first, second;

	(void)state;
	needs_both_families();
	server = server_listen(&port, "-b", "::", "-a", "127.0.0.0/8", NULL);
	first = client_connect6(port);
	assert_passes_over(&server, first, client_connect(port), "");
	server = server_listen(&port, "-b", "::", "-a", "::/0", NULL);
	first = client_connect(port);
	second = client_connect6(port);
	assert_passes_over(&server, first, second, "");
}

static void test_allow_refuses_what_is_no_network(void **state)
{
	static const struct {
		const char *value, *says;
	} bad[] = {
		{ "10.1.2.3/8", "10.1.2.3/8: bits after the prefix are set, "
				"the network is 10.0.0.0/8" },
		{ "2001:db8::1/64", "2001:db8::1/64: bits after the prefix "
				    "are set, the network is 2001:db8::/64" },
		{ "localhost", "localhost: not an IP address such as "
			       "127.0.0.1 or ::1" },
		{ "10.0.0.0/33", "10.0.0.0/33: not from /0 to /32" },
		{ "", "\"\": not an IP address such as 127.0.0.1 or ::1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct process server = server_start("-a", bad[i].value, NULL);
		struct result result = process_end(&server);
		char err[256];

		snprintf(err, sizeof(err), "server: -a %s\nserver: usage: *\n",
			 bad[i].says);
		for (char *at = err; (at = strchr(at, '[')) != NULL;)
			*at = '?';
		assert_like(result.err, err);
		assert_int_equal(result.status, 2);
	}
}

static void test_allow_and_time_end_the_wait(void **state)
{
	struct process server =
		server_listen(&port, "-a", "127.0.0.2", "-t", ".25", NULL);
	int client = client_connect(port);
	struct result result;

	(void)state;
	client_wait_end(client);
	close(client);
	result = process_end(&server);
	assert_like(result.err,
		    "server: accept 0.0.0.0:[0-9]*: nobody that -a allows "
		    "connected within 0.25 s; -t sets a longer time\n");
	assert_int_equal(result.status, 124);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allow_passes_over_others_in_each_mode),
		cmocka_unit_test(test_allow_tells_who_is_passed_over),
		cmocka_unit_test(test_allow_waits_while_others_come),
		cmocka_unit_test(test_allow_takes_ip4_for_ip4_on_both),
		cmocka_unit_test(test_allow_refuses_what_is_no_network),
		cmocka_unit_test(test_allow_and_time_end_the_wait),
	};

	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
