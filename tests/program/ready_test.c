/* What -r writes, where, and when. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "play.h"

static void assert_ready_in(int reader, const char *expected)
{
	char line[16] = "";
	size_t len = 0, n;

	do {
		n = read_some(reader, line + len, sizeof(line) - 1 - len,
			      "ready line with its end");
		len += n;
	} while (n > 0);
	assert_string_equal(line, expected);
}

/*
 * Has it write to an end of what can be read from the other, which is at its
 * end before anybody has connected.
 */
static void assert_ready(const char *number, int to, int reader)
{
	const uint16_t at = (uint16_t)atoi(number);
	struct process server;
	char expected[16];
	int client;

	redirect_next(to, 3);
	server = server_start("-p", number, "-r", "3", NULL);
	close(to);
	snprintf(expected, sizeof(expected), "%s\n", number);
	assert_ready_in(reader, expected);
	client = client_connect(at);
	client_send(client, "hi\n", 3);
	assert_ended(&server, 0, "hi\n", "");
	close(client);
}

static void test_ready_is_the_port_and_a_newline(void **state)
{
	static const char *const numbers[] = { "1025", "8080", "65535" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		int ends[2];

		needs_port((uint16_t)atoi(numbers[i]));
		assert_int_equal(pipe(ends), 0);
		assert_ready(numbers[i], ends[1], ends[0]);
		close(ends[0]);
	}
}

/* A descriptor that is open for reading too: a socket. */
static void test_ready_is_written_to_a_socket(void **state)
{
	int ends[2];

	(void)state;
	needs_port(PORT);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_ready("8080", ends[1], ends[0]);
	close(ends[0]);
}

static void test_ready_goes_after_what_a_file_has(void **state)
{
	struct process server;
	char got[16] = "";
	int file, client;

	(void)state;
	needs_port(PORT);
	file = temporary_file(O_APPEND);
	assert_int_equal(write(file, "old\n", 4), 4);
	redirect_next(file, 3);
	server = server_start("-r", "3", NULL);
	wait_for_listener(PORT);
	client = client_connect(PORT);
	client_send(client, "hi\n", 3);
	assert_ended(&server, 0, "hi\n", "");
	assert_int_equal(pread(file, got, sizeof(got) - 1, 0), 9);
	assert_string_equal(got, "old\n8080\n");
	close(client);
	close(file);
}

static void test_ready_fails_if_it_can_not_be_written(void **state)
{
	struct process server =
		shell_start("exec \"$SERVER\" -p 0 -r 3 3>/dev/full");

	(void)state;
	assert_ended(
		&server, 1, "",
		"server: write ready descriptor: "
		"No space left on device; free some space, and run it again\n");
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

static void test_ready_is_at_its_end_if_bind_fails(void **state)
{
	struct process server =
		shell_start("exec 3>&1; exec \"$SERVER\" -b 192.0.2.1 -r 3");

	(void)state;
	assert_no_such_address(&server, "192.0.2.1:8080");
}

int main(void)
{
	static char dash[] = "dash", bash[] = "bash", busybox[] = "busybox";
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ready_is_the_port_and_a_newline),
		cmocka_unit_test(test_ready_is_written_to_a_socket),
		cmocka_unit_test(test_ready_goes_after_what_a_file_has),
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
		cmocka_unit_test(test_ready_is_at_its_end_if_bind_fails),
	};

	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
