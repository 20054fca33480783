/* Standard output whose reader is gone, or that nobody can write to. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "play.h"

#define GONE                                                                   \
	"server: write standard output: Broken pipe; its reader exited, run "  \
	"both again\n"
#define CLOSED                                                                 \
	"server: write standard output: Bad file descriptor; it is closed or " \
	"read-only, >FILE opens it\n"

static const char *const modes[] = { "-e", "-l", "-ez", "-lz", "-w9", "-zw9" };

enum {
	MODES = sizeof(modes) / sizeof(modes[0]),
	MODES_OF_MORE = 4, /* that go on after the first byte */
};

static void assert_gone(struct process *server)
{
	struct result result = process_end(server);

	assert_string_equal(result.err, GONE);
	assert_int_equal(result.status, 1);
}

/* The sender stays open and is silent, as after tail -f. */
static void test_reader_that_leaves_ends_a_silent_run(void **state)
{
	(void)state;
	for (size_t i = 0; i < MODES_OF_MORE; i++) {
		struct process server = server_listen(&port, modes[i], NULL);
		int client = client_connect(port);

		client_send(client, "part", 4);
		expect_output(&server, "part", 4);
		leave_output(&server);
		assert_gone(&server);
		close(client);
	}
}

static void test_reader_that_leaves_ends_a_run_without_a_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < MODES; i++) {
		struct process server = server_listen(&port, modes[i], NULL);
		int client = client_connect(port);

		leave_output(&server);
		assert_gone(&server);
		close(client);
	}
}

/* Nobody's message is taken and lost. */
static void test_reader_that_leaves_ends_a_run_without_a_sender(void **state)
{
	(void)state;
	for (size_t i = 0; i < MODES; i++) {
		struct process server = server_listen(&port, modes[i], NULL);

		leave_output(&server);
		assert_gone(&server);
	}
}

static void test_socket_whose_reader_leaves_ends_a_silent_run(void **state)
{
	struct process server;
	int ends[2], client;
	char got[4];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	redirect_next(ends[1], STDOUT_FILENO);
	server = server_listen(&port, "-e", NULL);
	close(ends[1]);
	client = client_connect(port);
	client_send(client, "part", 4);
	assert_int_equal(read_some(ends[0], got, 4, "part"), 4);
	close(ends[0]);
	assert_gone(&server);
	close(client);
}

/* A reader that is there, and a file, are no reason to end. */
static void test_reader_that_stays_does_not_end_a_run(void **state)
{
	static const char *const outputs[] = { "", ">/dev/null", "1<>/dev/null",
					       "| cat" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char script[64];
		struct process server;
		int client;

		snprintf(script, sizeof(script),
			 "exec \"$SERVER\" -l -p 0 -r 3 %s", outputs[i]);
		server = shell_listen(&port, script);
		client = client_connect(port);
		client_send(client, "hi", 2);
		client_send(client, "\n", 1);
		assert_ended(&server, 0, strchr(outputs[i], '>') ? "" : "hi\n",
			     "");
		close(client);
	}
}

/* It is said before a socket exists, so that no sender believes otherwise. */
static void test_output_that_is_not_open_ends_the_run_at_once(void **state)
{
	static const char *const scripts[] = {
		"exec \"$SERVER\" >&-",
		"exec \"$SERVER\" -e >&-",
		"exec \"$SERVER\" -x -l >&-",
		"exec \"$SERVER\" 1</dev/null",
		"exec \"$SERVER\" -t 9 1</dev/null",
		"exec \"$SERVER\" -r 3 3>&2 1</dev/null",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct process server = shell_start(scripts[i]);
		struct result result = process_end(&server);
		const char *rest = strstr(result.err, "server: exit(1)");

		if (rest != NULL)
			*(char *)(uintptr_t)rest = '\0';
		assert_string_equal(result.err, CLOSED);
		assert_int_equal(result.status, 1);
	}
}

static void test_help_fails_if_output_is_not_open(void **state)
{
	struct process server = shell_start("exec \"$SERVER\" -h >&-");
	struct result result = process_end(&server);

	(void)state;
	assert_string_equal(result.err, CLOSED);
	assert_int_equal(result.status, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reader_that_leaves_ends_a_silent_run),
		cmocka_unit_test(
			test_reader_that_leaves_ends_a_run_without_a_byte),
		cmocka_unit_test(
			test_reader_that_leaves_ends_a_run_without_a_sender),
		cmocka_unit_test(
			test_socket_whose_reader_leaves_ends_a_silent_run),
		cmocka_unit_test(test_reader_that_stays_does_not_end_a_run),
		cmocka_unit_test(
			test_output_that_is_not_open_ends_the_run_at_once),
		cmocka_unit_test(test_help_fails_if_output_is_not_open),
	};

	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
