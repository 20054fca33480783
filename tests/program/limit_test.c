/* How -n bounds a message, in each mode. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "play.h"

static void test_limit_stops_a_plain_message(void **state)
{
	struct process server = server_listen(&port, "-n", "5", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, "abcdef", 6);
	assert_ended(&server, 0, "abcde",
		     "server: warning: the message was cut after 5 bytes; -e "
		     "takes all, -l a line\n");
	close(client);
}

static void test_limit_takes_a_plain_message_over_128(void **state)
{
	struct process server = server_listen(&port, "-n", "60000", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, stream, 1000);
	expect_output(&server, stream, 1000);
	assert_ended(&server, 0, "", "");
	close(client);
}

static void test_limit_stops_a_line(void **state)
{
	struct process server = server_listen(&port, "-l", "-n", "3", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, "abcdef\n", 7);
	assert_ended(&server, 0, "abc",
		     "server: warning: the message was cut after 3 bytes; a "
		     "larger -n takes more\n");
	close(client);
}

static void test_limit_lets_a_line_of_it_through(void **state)
{
	struct process server = server_listen(&port, "-ln4", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, "abc\ndef\n", 8);
	assert_ended(&server, 0, "abc\n", "");
	close(client);
}

static void test_limit_stops_a_stream(void **state)
{
	struct process server = server_listen(&port, "-en1000000", NULL);
	struct process sender = process_start(send_stream, NULL);

	(void)state;
	expect_output(&server, stream, 1000000);
	assert_ended(&server, 0, "",
		     "server: warning: the message was cut after 1000000 "
		     "bytes; a larger -n takes more\n");
	assert_int_equal(process_end(&sender).status, 0);
}

static void test_limit_lets_a_stream_of_it_through(void **state)
{
	struct process server = server_listen(&port, "-en3", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, "abc", 3);
	assert_ended(&server, 0, "abc", "");
	close(client);
}

static void test_limit_is_one_byte(void **state)
{
	static const char *const modes[] = { "-n1", "-ln1", "-en1" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct process server = server_listen(&port, modes[i], NULL);
		int client = client_connect(port);
		struct result result;

		client_send(client, "ab\n", 3);
		result = process_end(&server);
		close(client);
		assert_string_equal(result.out, "a");
		assert_string_equal(
			result.err,
			i == 0 ? REST("1", "-e takes all, -l a line")
			       : REST("1", "a larger -n takes more"));
		assert_int_equal(result.status, 0);
	}
}

static void test_limit_is_the_highest(void **state)
{
	static const char *const modes[] = { "-zl", "-l", "-e" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct process server = server_listen(
			&port, modes[i], "-n", "9223372036854775807", NULL);
		int client = client_connect(port);

		client_send(client, "hi\n", 3);
		close(client);
		assert_ended(&server, 0, "hi\n", "");
	}
}

/* Many times, as each of them is a try to take too much. */
static void test_limit_stops_what_comes_in_many_segments(void **state)
{
	static const char *const modes[] = { "-l", "-e" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct process server =
			server_listen(&port, modes[i], "-n5", NULL);
		int client = client_connect(port);

		for (int sent = 0; sent < 5; sent++) {
			client_send(client, "x", 1);
			expect_output(&server, "x", 1);
		}
		assert_ended(&server, 0, "", "");
		assert_int_equal(client_wait_end(client), 0);
		close(client);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit_stops_a_plain_message),
		cmocka_unit_test(test_limit_takes_a_plain_message_over_128),
		cmocka_unit_test(test_limit_stops_a_line),
		cmocka_unit_test(test_limit_lets_a_line_of_it_through),
		cmocka_unit_test(test_limit_stops_a_stream),
		cmocka_unit_test(test_limit_lets_a_stream_of_it_through),
		cmocka_unit_test(test_limit_is_one_byte),
		cmocka_unit_test(test_limit_is_the_highest),
		cmocka_unit_test(test_limit_stops_what_comes_in_many_segments),
	};

	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
