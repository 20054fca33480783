/* What -l takes, and where it ends. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "play.h"

enum {
	BUFFER_BYTES = 131072, /* of the program */
};

static void test_line_comes_in_many_segments_from_an_open_sender(void **state)
{
	struct process server = server_listen(&port, "-l", NULL);
	int client = client_connect(port);

	(void)state;
	for (const char *next = "a line"; *next != '\0'; next++) {
		client_send(client, next, 1);
		expect_output(&server, next, 1);
	}
	client_send(client, "\n", 1);
	assert_ended(&server, 0, "\n", "");
	assert_int_equal(client_wait_end(client), 0);
	close(client);
}

static void test_line_is_ended_by_end_of_file(void **state)
{
	struct process server = server_listen(&port, "--line", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, "no newline", 10);
	close(client);
	assert_ended(&server, 0, "no newline",
		     "server: warning: the sender closed before a newline\n");
}

static void test_line_tells_if_nothing_is_sent(void **state)
{
	struct process server = server_listen(&port, "-l", NULL);

	(void)state;
	close(client_connect(port));
	assert_ended(&server, 3, "",
		     "server: recv connection: closed by its sender, nothing "
		     "sent; -z waits for the next\n");
}

static void test_line_leaves_what_follows_and_resets(void **state)
{
	struct process server = server_listen(&port, "-l", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, "one\ntwo\n", 8);
	assert_ended(&server, 0, "one\n", "");
	assert_int_equal(client_wait_end(client), ECONNRESET);
	close(client);
}

static void test_line_is_longer_than_the_buffer(void **state)
{
	static char line[200001];
	struct process server = server_listen(&port, "-l", NULL);
	int client = client_connect(port);

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	client_send(client, line, sizeof(line));
	expect_output(&server, line, sizeof(line));
	assert_ended(&server, 0, "", "");
	close(client);
}

/* Has it take a line from what is sent at once, and turn its sender away. */
static void assert_line(const void *sent, size_t len, size_t line)
{
	struct process server = server_listen(&port, "-l", NULL);
	int client = client_connect(port);

	client_send(client, sent, len);
	expect_output(&server, sent, line);
	assert_ended(&server, 0, "", "");
	assert_int_equal(client_wait_end(client), len > line ? ECONNRESET : 0);
	close(client);
}

static void test_line_goes_on_after_a_nul(void **state)
{
	static const char alone[] = { '\0', '\n' };
	static const char within[] = "a\0b\nsecret\n";

	(void)state;
	assert_line(alone, 2, 2);
	assert_line(within, sizeof(within) - 1, 4);
}

static void test_line_keeps_what_other_systems_end_it_with(void **state)
{
	(void)state;
	assert_line("a\r\nb", 5, 3);
	assert_line("a\rb\n", 4, 4);
}

static void test_line_may_be_empty(void **state)
{
	(void)state;
	assert_line("\n", 1, 1);
	assert_line("\n\n", 2, 1);
}

/* The newline is the last that the buffer holds, or the first that it does not.
 */
static void test_line_ends_at_the_end_of_the_buffer(void **state)
{
	static char line[BUFFER_BYTES + 2];

	(void)state;
	for (size_t len = BUFFER_BYTES - 1; len < sizeof(line); len++) {
		memset(line, 'x', sizeof(line));
		line[len - 1] = '\n';
		assert_line(line, sizeof(line), len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_line_comes_in_many_segments_from_an_open_sender),
		cmocka_unit_test(test_line_is_ended_by_end_of_file),
		cmocka_unit_test(test_line_tells_if_nothing_is_sent),
		cmocka_unit_test(test_line_leaves_what_follows_and_resets),
		cmocka_unit_test(test_line_is_longer_than_the_buffer),
		cmocka_unit_test(test_line_goes_on_after_a_nul),
		cmocka_unit_test(
			test_line_keeps_what_other_systems_end_it_with),
		cmocka_unit_test(test_line_may_be_empty),
		cmocka_unit_test(test_line_ends_at_the_end_of_the_buffer),
	};

	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
