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
	if (!is_installed("strace"))
		skip();
	server = process_spawn(argv);
	client = client_connect(8080);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_server_makes_the_calls_of_the_run_and_no_others),
	};

	return cmocka_run_group_tests(tests, own_network, NULL);
}
