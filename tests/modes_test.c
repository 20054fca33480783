/* The real program with its options, over loopback. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "play.h"

enum {
	TENTH_MS = 100
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
	assert_ended(&server, 0, "no newline", "");
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

static void test_line_stops_at_its_limit(void **state)
{
	struct process server = server_listen(&port, "-l", "-n", "3", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, "abcdef\n", 7);
	assert_ended(&server, 0, "abc",
		     "server: recv connection: more than 3 bytes, the rest was "
		     "left; -n takes more\n");
	close(client);
}

static void test_line_of_its_limit_is_whole(void **state)
{
	struct process server = server_listen(&port, "-ln4", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, "abc\ndef\n", 8);
	assert_ended(&server, 0, "abc\n", "");
	close(client);
}

static void test_limit_stops_a_plain_message(void **state)
{
	struct process server = server_listen(&port, "-n", "5", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, "abcdef", 6);
	assert_ended(&server, 0, "abcde",
		     "server: recv connection: more than 5 bytes, the rest was "
		     "left; -n takes more, -l a line, -e all\n");
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

/* Has it received into a file behind "old". */
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
		   "make room, and run it again\n");
}

static void test_eof_fails_if_the_reader_goes_away(void **state)
{
	struct process server = server_listen(&port, "-e", NULL);
	struct process sender = process_start(send_stream, &server);

	(void)state;
	expect_output(&server, stream, 100000);
	leave_output(&server);
	assert_ended(&server, 1, "",
		     "server: write standard output: Broken pipe; "
		     "its reader has ended, run both again\n");
	assert_int_equal(process_end(&sender).status, 0);
}

static void test_eof_takes_an_empty_stream(void **state)
{
	struct process server = server_listen(&port, "-e", NULL);

	(void)state;
	close(client_connect(port));
	assert_ended(&server, 0, "", "");
}

static void test_eof_stops_at_its_limit(void **state)
{
	struct process server = server_listen(&port, "-en1000000", NULL);
	struct process sender = process_start(send_stream, NULL);

	(void)state;
	expect_output(&server, stream, 1000000);
	assert_ended(&server, 0, "",
		     "server: recv connection: more than 1000000 bytes, the "
		     "rest was left; -n takes more\n");
	assert_int_equal(process_end(&sender).status, 0);
}

static void test_eof_of_its_limit_is_whole(void **state)
{
	struct process server = server_listen(&port, "-en3", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, "abc", 3);
	assert_ended(&server, 0, "abc", "");
	close(client);
}

static void test_eof_refuses_a_second_sender(void **state)
{
	struct process server = server_listen(&port, "-e", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, "first", 5);
	expect_output(&server, "first", 5);
	assert_int_equal(count_listeners(port), 0);
	close(client);
	assert_ended(&server, 0, "", "");
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
		     "server: recv connection: Connection reset by peer; "
		     "its sender gave up, have it sent again\n");
}

/*
 * Has it run with two arguments that end it at a deadline of 0.3 s. It must
 * never end before; that it ends within a tenth of a second of it may fail
 * where the machine is busy, so that the best of ten runs counts.
 */
static void assert_deadline(const char *first, const char *second,
			    const char *line, void (*play)(void))
{
	long long best = WAIT_MS;

	for (int i = 0; i < 10 && best > 300 + TENTH_MS; i++) {
		long long before = now_ms(), after;
		struct process server =
			server_listen(&port, first, second, NULL);
		struct result result;

		play();
		result = process_end(&server);
		after = now_ms();
		assert_string_equal(result.err, line);
		assert_int_equal(result.status, 124);
		assert_between(after - before, 300, WAIT_MS);
		if (after - before < best)
			best = after - before;
	}
	if (!under_valgrind())
		assert_between(best, 300, 300 + TENTH_MS);
}

static void stay_away(void)
{
}

static void send_nothing(void)
{
	int client = client_connect(port);

	/* Until the server closes. */
	client_wait_end(client);
	close(client);
}

static void send_drip(void)
{
	int client = client_connect(port);

	while (send(client, ".", 1, MSG_NOSIGNAL) == 1) {
		struct pollfd end = { client, POLLIN, 0 };

		if (poll(&end, 1, 10) != 0)
			break;
	}
	close(client);
}

/* More than all buffers on the way hold, until the server turns it away. */
static int send_far_too_much(const void *unused)
{
	int client = client_connect(port);

	(void)unused;
	for (int i = 0; i < 100; i++)
		if (send(client, stream, sizeof(stream), MSG_NOSIGNAL) == -1)
			return 0;
	return 1;
}

static void send_stuck_reader(void)
{
	struct process sender = process_start(send_far_too_much, NULL);

	assert_int_equal(process_end(&sender).status, 0);
}

static void test_timeout_ends_a_run_to_which_nobody_connects(void **state)
{
	(void)state;
	assert_deadline("-t", "0.3",
			"server: accept 0.0.0.0:0: no sender came within "
			"0.3 s, 0 bytes delivered; -t gives more time\n",
			stay_away);
}

static void test_timeout_ends_a_run_to_which_nothing_is_sent(void **state)
{
	static const char line[] =
		"server: recv connection: nothing came within 0.3 s, 0 bytes "
		"delivered; -t gives more time\n";

	(void)state;
	assert_deadline("--timeout", ".3", line, send_nothing);
	assert_deadline("-z", "-t.3", line, send_nothing);
}

static void test_timeout_ends_a_message_that_drips(void **state)
{
	static const char *const modes[] = { "-l", "-e" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		long long before = now_ms();
		struct process server =
			server_listen(&port, modes[i], "-t", "0.3", NULL);
		struct result result;
		char line[256];

		send_drip();
		result = process_end(&server);
		snprintf(line, sizeof(line),
			 "server: recv connection: the message did not end "
			 "within 0.3 s, %zu bytes delivered; -t gives more "
			 "time, if its sender ends it, as nc -N does\n",
			 result.out_len);
		assert_string_equal(result.err, line);
		assert_int_equal(result.status, 124);
		assert_between(now_ms() - before, 300, WAIT_MS);
	}
}

static void test_timeout_ends_a_run_whose_reader_is_stuck(void **state)
{
	struct process server = server_listen(&port, "-e", "-t0.3", NULL);
	char line[128];
	struct result result;
	static char got[1 << 20];
	size_t delivered = 0, n;

	(void)state;
	send_stuck_reader();
	do {
		n = read_some(server.out, got, sizeof(got), "end of output");
		delivered += n;
	} while (n > 0);
	result = process_end(&server);
	snprintf(line, sizeof(line),
		 "server: write standard output: it took no more within 0.3 s, "
		 "%zu bytes delivered; -t gives more time\n",
		 delivered);
	assert_string_equal(result.err, line);
	assert_int_equal(result.status, 124);
}

static void test_timeout_does_not_disturb_a_run_in_time(void **state)
{
	struct process server = server_listen(&port, "-e", "-t100", NULL);
	struct process sender = process_start(send_stream, NULL);

	(void)state;
	expect_output(&server, stream, sizeof(stream));
	assert_ended(&server, 0, "", "");
	assert_int_equal(process_end(&sender).status, 0);
}

static void test_skip_empty_passes_over_probes(void **state)
{
	static const char *const modes[] = { "-z", "-lz", "-ez" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct process server =
			server_listen(&port, modes[i], "-v", NULL);
		struct result result;
		int client;

		close(client_connect(port));
		client_reset(client_connect(port));
		client = client_connect(port);
		client_send(client, "hi\n", 3);
		close(client);
		result = process_end(&server);
		assert_int_equal(result.status, 0);
		assert_string_equal(result.out, "hi\n");
		assert_like(result.err,
			    "Listening on 0.0.0.0 *\n"
			    "Connection received on 127.0.0.1 *\n"
			    "server: recv connection: ended before its first "
			    "byte, waiting for the next\n"
			    "Connection received on 127.0.0.1 *\n"
			    "server: recv connection: ended before its first "
			    "byte, waiting for the next\n"
			    "Connection received on 127.0.0.1 *\n"
			    "server: 3 bytes in *\n");
	}
}

static void test_skip_empty_is_silent_if_not_verbose(void **state)
{
	struct process server = server_listen(&port, "-z", NULL);
	int client;

	(void)state;
	close(client_connect(port));
	client = client_connect(port);
	client_send(client, "hi\n", 3);
	assert_ended(&server, 0, "hi\n", "");
	close(client);
}

static void test_skip_empty_waits_no_longer_than_the_timeout(void **state)
{
	struct process server = server_listen(&port, "-zvt.3", NULL);
	struct result result;

	(void)state;
	close(client_connect(port));
	result = process_end(&server);
	assert_like(result.err,
		    "Listening on 0.0.0.0 *\n"
		    "Connection received on 127.0.0.1 *\n"
		    "server: recv connection: ended before its first byte, "
		    "waiting for the next\n"
		    "server: accept 0.0.0.0:0: no sender came within 0.3 s, 0 "
		    "bytes delivered; -t gives more time\n");
	assert_int_equal(result.status, 124);
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

static void test_bind_takes_ip6(void **state)
{
	struct process server;
	struct result result;
	int client;

	(void)state;
	needs_ip6();
	server = server_listen(&port, "-vb", "::1", NULL);
	client = client_connect6(port);
	client_send(client, "hi\n", 3);
	result = process_end(&server);
	assert_int_equal(result.status, 0);
	assert_string_equal(result.out, "hi\n");
	assert_like(result.err,
		    "Listening on ::1 [0-9]*\n"
		    "Connection received on ::1 [0-9]*\n"
		    "server: 3 bytes in * s, *B/s, ended by recv\n");
	close(client);
}

static void assert_no_such_address(struct process *server, const char *where)
{
	struct result result = process_end(server);
	char line[128];

	snprintf(line, sizeof(line),
		 "server: bind %s: %s; ip addr shows which ones -b can take\n",
		 where, no_such_address(result.err));
	assert_string_equal(result.err, line);
	assert_int_equal(result.out_len, 0);
	assert_int_equal(result.status, 1);
}

static void test_bind_fails_with_an_address_of_ip6_in_brackets(void **state)
{
	struct process server;

	(void)state;
	needs_ip6();
	server = server_start("-b", "2001:db8::1", "-p", "8081", NULL);
	assert_no_such_address(&server, "[2001:db8::1]:8081");
}

static void test_ready_is_at_its_end_if_bind_fails(void **state)
{
	struct process server =
		shell_start("exec 3>&1; exec \"$SERVER\" -b 192.0.2.1 -r 3");

	(void)state;
	assert_no_such_address(&server, "192.0.2.1:8080");
}

static void test_ready_fails_if_it_can_not_be_written(void **state)
{
	struct process server =
		shell_start("exec \"$SERVER\" -p 0 -r 3 3>/dev/full");

	(void)state;
	assert_ended(&server, 1, "",
		     "server: write ready descriptor: "
		     "No space left on device; make room, and "
		     "run it again\n");
}

static void test_ready_serves_a_script_in(void **state)
{
	const char *shell = *state;
	char script[512];
	struct process child;

	needs_program(shell);
	needs_program("bash");
	snprintf(script, sizeof(script),
		 "cd \"$FOLDER\" && %s%s -c 'mkfifo r; "
		 "\"$SERVER\" -p 0 -r 3 3>r >out & read port <r; "
		 "test $port -gt 0 && "
		 "bash -c \"echo hi >/dev/tcp/127.0.0.1/$port\"; "
		 "wait $!; echo $?; cat out'",
		 shell, strcmp(shell, "busybox") == 0 ? " sh" : "");
	child = shell_start(script);
	assert_ended(&child, 0, "0\nhi\n", "");
}

static void test_help_fails_if_it_can_not_be_written(void **state)
{
	struct process server = shell_start("exec \"$SERVER\" -h >/dev/full");

	(void)state;
	assert_ended(&server, 1, "",
		     "server: write standard output: "
		     "No space left on device; make room, and "
		     "run it again\n");
}

static void test_version_is_printed_alone(void **state)
{
	struct process server = server_start("--version", NULL);

	(void)state;
	assert_ended(&server, 0, "server " VERSION "\n", "");
}

static void test_usage_has_a_status_of_its_own(void **state)
{
	struct process server = server_start("-p", "70000", NULL);
	struct result result = process_end(&server);

	(void)state;
	assert_int_equal(result.status, 2);
	assert_like(result.err, "server: -p 70000: *\nserver: usage: *\n");
}

int main(void)
{
	static char dash[] = "dash", bash[] = "bash", busybox[] = "busybox";
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_line_comes_in_many_segments_from_an_open_sender),
		cmocka_unit_test(test_line_is_ended_by_end_of_file),
		cmocka_unit_test(test_line_tells_if_nothing_is_sent),
		cmocka_unit_test(test_line_leaves_what_follows_and_resets),
		cmocka_unit_test(test_line_is_longer_than_the_buffer),
		cmocka_unit_test(test_line_stops_at_its_limit),
		cmocka_unit_test(test_line_of_its_limit_is_whole),
		cmocka_unit_test(test_limit_stops_a_plain_message),
		cmocka_unit_test(test_limit_takes_a_plain_message_over_128),
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
		cmocka_unit_test(test_eof_stops_at_its_limit),
		cmocka_unit_test(test_eof_of_its_limit_is_whole),
		cmocka_unit_test(test_eof_refuses_a_second_sender),
		cmocka_unit_test(test_eof_delivers_what_came_before_a_reset),
		cmocka_unit_test(
			test_timeout_ends_a_run_to_which_nobody_connects),
		cmocka_unit_test(
			test_timeout_ends_a_run_to_which_nothing_is_sent),
		cmocka_unit_test(test_timeout_ends_a_message_that_drips),
		cmocka_unit_test(test_timeout_ends_a_run_whose_reader_is_stuck),
		cmocka_unit_test(test_timeout_does_not_disturb_a_run_in_time),
		cmocka_unit_test(test_skip_empty_passes_over_probes),
		cmocka_unit_test(test_skip_empty_is_silent_if_not_verbose),
		cmocka_unit_test(
			test_skip_empty_waits_no_longer_than_the_timeout),
		cmocka_unit_test(test_bind_listens_on_that_address_alone),
		cmocka_unit_test(test_bind_takes_ip6),
		cmocka_unit_test(
			test_bind_fails_with_an_address_of_ip6_in_brackets),
		cmocka_unit_test(test_ready_is_at_its_end_if_bind_fails),
		cmocka_unit_test(test_ready_fails_if_it_can_not_be_written),
		{ "test_ready_serves_a_script_in_dash",
		  test_ready_serves_a_script_in, make_folder, remove_folder,
		  dash },
		{ "test_ready_serves_a_script_in_bash",
		  test_ready_serves_a_script_in, make_folder, remove_folder,
		  bash },
		{ "test_ready_serves_a_script_in_busybox",
		  test_ready_serves_a_script_in, make_folder, remove_folder,
		  busybox },
		cmocka_unit_test(test_help_fails_if_it_can_not_be_written),
		cmocka_unit_test(test_version_is_printed_alone),
		cmocka_unit_test(test_usage_has_a_status_of_its_own),
	};

	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
