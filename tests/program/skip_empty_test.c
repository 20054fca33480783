/* Whom -z passes over. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "play.h"

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

/* More than may wait in the queue, in each mode. */
static void test_skip_empty_passes_over_many_probes(void **state)
{
	static const char *const modes[] = { "-z", "-lz", "-ez", "-zn3" };

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct process server = server_listen(&port, modes[i], NULL);
		int client;

		for (int probe = 0; probe < 20; probe++) {
			client = client_connect(port);
			shutdown(client, SHUT_WR);
			assert_int_equal(client_wait_end(client), 0);
			close(client);
		}
		client = client_connect(port);
		client_send(client, "hi\n", 3);
		shutdown(client, SHUT_WR);
		assert_ended(&server, 0, "hi\n", "");
		close(client);
	}
}

/* Who has sent something is not a probe, whatever became of it. */
static void test_skip_empty_keeps_who_sent_a_byte(void **state)
{
	struct process server = server_listen(&port, "-lz", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, "a", 1);
	expect_output(&server, "a", 1);
	client_reset(client);
	assert_ended(&server, 1, "", RESET_LATER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_skip_empty_is_silent_if_not_verbose),
		cmocka_unit_test(test_skip_empty_passes_over_many_probes),
		cmocka_unit_test(test_skip_empty_keeps_who_sent_a_byte),
	};

	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
