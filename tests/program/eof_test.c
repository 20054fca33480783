/* What -e takes, and what it writes it to. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "play.h"

static void test_eof_takes_a_stream_into_a_pipe(void **state)
{
	struct process server = server_listen(&port, "-e", NULL);
	struct process sender = process_start(send_stream, NULL);

	(void)state;
	expect_output(&server, stream, sizeof(stream));
	assert_ended(&server, 0, "", "");
	assert_int_equal(process_end(&sender).status, 0);
}

/* Long enough to be spliced, which may not keep the pipe from its reader. */
static void test_eof_hands_on_what_an_idle_sender_sent(void **state)
{
	struct process server = server_listen(&port, "-e", NULL);
	int client = client_connect(port);

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		client_send(client, stream + i * 100000, 100000);
		expect_output(&server, stream + i * 100000, 100000);
	}
	close(client);
	assert_ended(&server, 0, "", "");
}

/* Has the stream received by a script, which ends like this. */
static void receive_by(const char *script, int status, const char *err)
{
	struct process server = shell_listen(&port, script);
	struct process sender = process_start(send_stream, NULL);

	assert_ended(&server, status, "", err);
	assert_int_equal(process_end(&sender).status, 0);
}

/* Has it received into a file after "old". */
static void receive_into_file(const char *script)
{
	static char got[STREAM_BYTES + 4];
	char path[PATH_MAX];
	FILE *file;

	receive_by(script, 0, "");
	snprintf(path, sizeof(path), "%s/file", getenv("FOLDER"));
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(got, 1, sizeof(got), file), sizeof(stream) + 3);
	fclose(file);
	assert_memory_equal(got, "old", 3);
	assert_memory_equal(got + 3, stream, sizeof(stream));
}

static void test_eof_takes_a_stream_into_a_file_at_its_offset(void **state)
{
	(void)state;
	receive_into_file("{ printf old; exec \"$SERVER\" -e -p 0 -r 3; } "
			  ">\"$FOLDER/file\"");
}

static void test_eof_takes_a_stream_into_the_end_of_a_file(void **state)
{
	(void)state;
	receive_into_file("printf old >\"$FOLDER/file\"; "
			  "exec \"$SERVER\" -e -p 0 -r 3 >>\"$FOLDER/file\"");
}

static void test_eof_takes_a_stream_into_a_device(void **state)
{
	(void)state;
	receive_by("exec \"$SERVER\" -e -p 0 -r 3 >/dev/null", 0, "");
}

static void test_eof_fails_if_the_device_is_full(void **state)
{
	(void)state;
	receive_by("exec \"$SERVER\" -e -p 0 -r 3 >/dev/full", 1,
		   "server: write standard output: No space left on device; "
		   "free some space, and run it again\n");
}

static void test_eof_fails_if_the_reader_goes_away(void **state)
{
	struct process server = server_listen(&port, "-e", NULL);
	struct process sender = process_start(send_stream, &server);
	int gone[2];

	(void)state;
	expect_output(&server, stream, 100000);
	assert_int_equal(pipe(gone), 0);
	close(gone[1]);
	dup2(gone[0], server.out);
	close(gone[0]);
	assert_ended(&server, 1, "",
		     "server: write standard output: Broken pipe; its reader "
		     "exited, run both again\n");
	assert_int_equal(process_end(&sender).status, 0);
}

static void test_eof_takes_an_empty_stream(void **state)
{
	struct process server = server_listen(&port, "-e", NULL);

	(void)state;
	close(client_connect(port));
	assert_ended(&server, 0, "", "");
}

static void test_eof_refuses_a_second_sender(void **state)
{
	static const char *const modes[] = { "-e", "-ez", "-ev", "-ex",
					     "-en9" };

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct process server = server_listen(&port, modes[i], NULL);
		int client = client_connect(port);

		client_send(client, "first", 5);
		expect_output(&server, "first", 5);
		assert_int_equal(count_listeners(port), 0);
		close(client);
		assert_int_equal(process_end(&server).status, 0);
	}
}

static void test_eof_delivers_what_came_before_a_reset(void **state)
{
	struct process server = server_listen(&port, "-e", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, "part", 4);
	expect_output(&server, "part", 4);
	client_reset(client);
	assert_ended(&server, 1, "",
		     "server: recv connection: Connection reset by peer; the "
		     "sender aborted, send again\n");
}

/* A pipe of the server's own in their place would take the message. */
static void test_eof_fails_if_input_and_output_are_closed(void **state)
{
	static const char script[] = "exec \"$SERVER\" -e -p 0 "
				     "<&- >&-";
	struct process server = shell_start(script);
	struct result result = process_end(&server);

	(void)state;
	assert_string_equal(result.err, "server: write standard output: Bad "
					"file descriptor; it is closed or "
					"read-only, >FILE opens it\n");
	assert_int_equal(result.status, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eof_fails_if_input_and_output_are_closed),
		cmocka_unit_test(test_eof_takes_a_stream_into_a_pipe),
		cmocka_unit_test(test_eof_hands_on_what_an_idle_sender_sent),
		cmocka_unit_test_setup_teardown(
			test_eof_takes_a_stream_into_a_file_at_its_offset,
			make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			test_eof_takes_a_stream_into_the_end_of_a_file,
			make_folder, remove_folder),
		cmocka_unit_test(test_eof_takes_a_stream_into_a_device),
		cmocka_unit_test(test_eof_fails_if_the_device_is_full),
		cmocka_unit_test(test_eof_fails_if_the_reader_goes_away),
		cmocka_unit_test(test_eof_takes_an_empty_stream),
		cmocka_unit_test(test_eof_refuses_a_second_sender),
		cmocka_unit_test(test_eof_delivers_what_came_before_a_reset),
	};

	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
