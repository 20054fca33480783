/* What the kernel is asked for, to the letter, as strace(1) sees it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

static void test_server_makes_the_calls_of_the_run_and_no_others(void **state)
{
	const char *const argv[] = { "strace", "-a", "1", getenv("SERVER"),
				     NULL };
	struct process server;
	struct result result;
	const char *calls;
	int client;

	(void)state;
	needs_program("strace");
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
	assert_string_equal(
		calls, "socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3\n"
		       "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0\n"
		       "bind(3, {sa_family=AF_INET, sin_port=htons(8080), "
		       "sin_addr=inet_addr(\"0.0.0.0\")}, 16) = 0\n"
		       "listen(3, 5) = 0\n"
		       "accept(3, NULL, NULL) = 4\n"
		       "recvfrom(4, \"hi\\n\", 128, 0, NULL, NULL) = 3\n"
		       "write(1, \"hi\\n\", 3) = 3\n"
		       "close(4) = 0\n"
		       "close(3) = 0\n"
		       "exit_group(0) = ?\n"
		       "+++ exited with 0 +++\n");
}

/* Which call delivers a stream to standard output. */
static void assert_stream_call(const char *script, const char *call)
{
	static const char *const calls[] = { "splice(4, NULL, 1, ",
					     "splice(3, NULL, 1, ",
					     "write(1, " };
	static char stream[1000000];
	struct process server;
	struct result result;
	int client;

	needs_program("strace");
	needs_port();
	server = shell_start(script);
	wait_for_listener(PORT);
	client = client_connect(PORT);
	client_send(client, stream, sizeof(stream));
	close(client);
	result = process_end(&server);
	assert_int_equal(result.status, 0);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_int_equal(strstr(result.err, calls[i]) != NULL,
				 strcmp(calls[i], call) == 0);
}

static void test_server_splices_a_stream_into_a_pipe(void **state)
{
	(void)state;
	/* cat takes its time, so that more than a few bytes wait. */
	assert_stream_call("exec 4>&2; { strace -z -e trace=splice,write "
			   "$SERVER -e 4>&-; } 2>&4 | cat >/dev/null",
			   "splice(4, NULL, 1, ");
}

static void test_server_splices_a_stream_through_a_pipe_to_a_file(void **state)
{
	(void)state;
	assert_stream_call("exec strace -z -s 0 -e trace=splice,write "
			   "$SERVER -e >build/stream",
			   "splice(3, NULL, 1, ");
}

static void test_server_writes_a_stream_behind_what_a_file_has(void **state)
{
	(void)state;
	assert_stream_call("exec strace -z -s 0 -e trace=splice,write "
			   "$SERVER -e >>build/stream",
			   "write(1, ");
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

	return cmocka_run_group_tests(tests, own_network, NULL);
}
