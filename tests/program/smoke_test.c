/* The README's two commands, typed with every client that people use. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/*
 * Each ends by itself once the server has closed, with its standard input at
 * its end, and without being told to close first.
 */
static const struct client {
	const char *program;
	const char *script;
} clients[] = {
	{ "nc", "echo hi | nc 0 8080" },
	{ "nc.openbsd", "echo hi | nc.openbsd 0 8080" },
	{ "nc.traditional", "echo hi | nc.traditional 0 8080" },
	{ "ncat", "echo hi | ncat 127.0.0.1 8080" },
	{ "socat", "echo hi | socat - TCP:0:8080" },
	{ "busybox", "echo hi | busybox nc 0 8080" },
	{ "bash", "bash -c 'echo hi >/dev/tcp/0/8080'" },
	{ "curl", "echo hi | curl -s telnet://0:8080" },
};

enum {
	CLIENTS = sizeof(clients) / sizeof(clients[0])
};

static void test_server_prints_hi_and_both_sides_end(void **state)
{
	const struct client *client = *state;
	struct process server, sender;
	struct result received, sent;

	needs_program(client->program);
	skip_without(strcmp(client->program, "busybox") != 0 ||
			     system("busybox --list | grep -qx nc") == 0,
		     "busybox with nc");
	needs_port(PORT);
	server = server_start(NULL);
	wait_for_listener(PORT);
	sender = shell_start(client->script);
	sent = process_end(&sender);
	received = process_end(&server);
	assert_string_equal(sent.out, "");
	assert_int_equal(sent.status, 0);
	assert_string_equal(received.err, "");
	assert_string_equal(received.out, "hi\n");
	assert_int_equal(received.status, 0);
}

int main(void)
{
	struct CMUnitTest tests[CLIENTS] = { 0 };
	char names[CLIENTS][64];

	for (size_t i = 0; i < CLIENTS; i++) {
		snprintf(names[i], sizeof(names[i]),
			 "test_server_prints_hi_from_%s", clients[i].program);
		tests[i].name = names[i];
		tests[i].test_func = test_server_prints_hi_and_both_sides_end;
		tests[i].initial_state = (void *)(uintptr_t)&clients[i];
	}
	return cmocka_run_group_tests(tests, own_network, NULL);
}
