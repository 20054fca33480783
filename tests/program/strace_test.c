/* What the kernel is asked for, to the letter, as strace(1) sees it. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

/* A container may have strace, but not let it trace. */
static void needs_strace(void)
{
	needs_program("strace");
	skip_without(system("strace -o /dev/null true 2>/dev/null") == 0,
		     "the right to trace");
}

/* Where the kernel has a call recv, as that of i386, it is made. */
static const char *recv_of(const char *calls)
{
	return strstr(calls, "recv(") != NULL
		       ? "recv(4, \"hi\\n\", 128, 0)"
		       : "recvfrom(4, \"hi\\n\", 128, 0, NULL, NULL)";
}

static void test_server_makes_the_calls_of_the_run_and_no_others(void **state)
{
	const char *const argv[] = { "strace",	       "-qq", "-a", "1",
				     getenv("SERVER"), NULL };
	struct process server;
	struct result result;
	char expected[1024];
	const char *calls;
	int client;

	(void)state;
	needs_strace();
	needs_port();
	server = process_spawn(argv);
	wait_for_listener(PORT);
	client = client_connect(PORT);
	client_send(client, "hi\n", 3);
	result = process_end(&server);
	close(client);
	assert_string_equal(result.out, "hi\n");
	calls = strstr(result.err, "socket(");
	assert_non_null(calls);
	snprintf(expected, sizeof(expected),
		 "socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3\n"
		 "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0\n"
		 "bind(3, {sa_family=AF_INET, sin_port=htons(8080), "
		 "sin_addr=inet_addr(\"0.0.0.0\")}, 16) = 0\n"
		 "listen(3, 5) = 0\n"
		 "accept(3, NULL, NULL) = 4\n"
		 "%s = 3\n"
		 "write(1, \"hi\\n\", 3) = 3\n"
		 "close(4) = 0\n"
		 "close(3) = 0\n"
		 "exit_group(0) = ?\n",
		 recv_of(calls));
	assert_string_equal(calls, expected);
	assert_int_equal(result.status, 0);
}

enum {
	PIECE = 100000,
	STREAM_BYTES = 10 * PIECE,
};

static char stream[STREAM_BYTES];

/* The bytes that calls have moved to standard output, and between pipes. */
struct moved {
	long spliced;
	long between;
	long written;
	long longest; /* of one write */
};

/* Counts a line of strace, such as write(1, ""..., 3) = 3. */
static void count_call(struct moved *moved, const char *line)
{
	const char *end = strstr(line, ") = ");
	long n = end == NULL ? 0 : strtol(end + 4, NULL, 10);
	int to = -1;

	if (n < 1)
		return;
	if (strncmp(line, "write(1, ", 9) == 0) {
		moved->written += n;
		moved->longest = n > moved->longest ? n : moved->longest;
	} else if (sscanf(line, "splice(%*d, NULL, %d, ", &to) == 1) {
		*(to == STDOUT_FILENO ? &moved->spliced : &moved->between) += n;
	}
}

/*
 * Has a stream received, in pieces that a pipe takes at once, and counts how it
 * comes to standard output: to file or, where that is -1, to a pipe.
 */
static struct moved receive_stream(int file)
{
	static const char calls[] = "trace=splice,write";
	const char *const argv[] = { "strace", "-a", "1",   "-s",
				     "0",      "-e", calls, getenv("SERVER"),
				     "-e",     NULL };
	struct moved moved = { 0 };
	struct process server;
	struct result result;
	int client;

	needs_strace();
	needs_port();
	redirect_next(file, STDOUT_FILENO);
	server = process_spawn(argv);
	wait_for_listener(PORT);
	client = client_connect(PORT);
	for (char *next = stream; next < stream + STREAM_BYTES; next += PIECE) {
		client_send(client, next, PIECE);
		if (file == -1)
			expect_output(&server, next, PIECE);
	}
	close(client);
	result = process_end(&server);
	assert_int_equal(result.status, 0);
	for (char *line = strtok(result.err, "\n"); line != NULL;
	     line = strtok(NULL, "\n"))
		count_call(&moved, line);
	assert_int_equal(moved.spliced + moved.written, STREAM_BYTES);
	return moved;
}

/* Asserts that file has the stream from its first byte on, and closes it. */
static void assert_file_has_stream(int file)
{
	static char got[STREAM_BYTES + 1];

	assert_int_equal(pread(file, got, sizeof(got), 0), STREAM_BYTES);
	assert_memory_equal(got, stream, STREAM_BYTES);
	close(file);
}

/* What is less than that is copied, however it comes to be cut. */
static void assert_spliced(const struct moved *moved)
{
	assert_between(moved->spliced, 1, STREAM_BYTES);
	assert_between(moved->longest, 0, PIPE_BUF - 1);
}

static void test_server_splices_a_stream_into_a_pipe(void **state)
{
	const struct moved moved = receive_stream(-1);

	(void)state;
	assert_spliced(&moved);
	assert_int_equal(moved.between, 0);
}

static void test_server_splices_a_stream_through_a_pipe_to_a_file(void **state)
{
	const int file = temporary_file(0);
	const struct moved moved = receive_stream(file);

	(void)state;
	assert_spliced(&moved);
	assert_int_equal(moved.between, moved.spliced);
	assert_file_has_stream(file);
}

static void test_server_writes_a_stream_behind_what_a_file_has(void **state)
{
	const int file = temporary_file(O_APPEND);
	const struct moved moved = receive_stream(file);

	(void)state;
	assert_int_equal(moved.written, STREAM_BYTES);
	assert_int_equal(moved.between, 0);
	assert_file_has_stream(file);
}

static int fill_stream(void **state)
{
	for (size_t i = 0; i < sizeof(stream); i++)
		stream[i] = (char)(i * 7 + i / 251);
	return own_network(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_server_makes_the_calls_of_the_run_and_no_others),
		cmocka_unit_test(test_server_splices_a_stream_into_a_pipe),
		cmocka_unit_test(
			test_server_splices_a_stream_through_a_pipe_to_a_file),
		cmocka_unit_test(
			test_server_writes_a_stream_behind_what_a_file_has),
	};

	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
