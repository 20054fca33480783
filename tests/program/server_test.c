/* The real program, over loopback. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

enum {
	RERUNS = 50,
	RERUNS_SLOW = 10,
	LONGEST = 200000
};

static uint16_t port;
static const char hi[] = { 'h', 'i', '\n' };

/* Sends len bytes to a server that was started, and returns its end. */
static struct result send_to(struct process *server, const void *buf,
			     size_t len)
{
	int client = client_connect(port);
	struct result result;

	client_send(client, buf, len);
	result = process_end(server);
	close(client);
	return result;
}

static struct result send_hi_to(const char *script)
{
	struct process server = shell_listen(&port, script);

	return send_to(&server, hi, sizeof(hi));
}

static void assert_failed(const struct result *result, const char *line)
{
	assert_int_equal(result->status, 1);
	assert_int_equal(result->out_len, 0);
	assert_like(result->err, line);
}

/*
 * It waits in the backlog, and believes that it has delivered: when the run is
 * over it learns otherwise.
 */
static void test_server_turns_a_second_sender_away(void **state)
{
	static const char *const modes[] = { "-n9", "-l", "-z", "-w9" };

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct process server = server_listen(&port, modes[i], NULL);
		const int first = client_connect(port);
		const int second = client_connect(port);
		struct result result;
		int end;

		client_send(second, "lost\n", 5);
		client_send(first, hi, sizeof(hi));
		result = process_end(&server);
		assert_string_equal(result.out, "hi\n");
		assert_string_equal(result.err, "");
		assert_int_equal(result.status, 0);
		end = client_wait_end(second);
		assert_true(end == 0 || end == ECONNRESET);
		close(first);
		close(second);
	}
}

static void test_server_delivers_if_the_sender_stays_open(void **state)
{
	struct process server;
	struct result result;
	int client;

	(void)state;
	needs_port(PORT);
	server = server_start(NULL);
	wait_for_listener(PORT);
	client = client_connect(PORT);
	client_send(client, hi, sizeof(hi));
	result = process_end(&server);
	assert_int_equal(result.status, 0);
	assert_int_equal(result.out_len, sizeof(hi));
	assert_memory_equal(result.out, hi, sizeof(hi));
	assert_string_equal(result.err, "");
	assert_int_equal(client_wait_end(client), 0);
	close(client);
}

static void test_server_delivers_every_byte_value(void **state)
{
	char half[128];

	(void)state;
	for (int first = 0; first < 256; first += 128) {
		struct process server = server_listen(&port, NULL);
		struct result result;

		for (int i = 0; i < 128; i++)
			half[i] = (char)(first + i);
		result = send_to(&server, half, sizeof(half));
		assert_int_equal(result.status, 0);
		assert_int_equal(result.out_len, sizeof(half));
		assert_memory_equal(result.out, half, sizeof(half));
	}
}

static void test_server_runs_again_at_once_on_its_port(void **state)
{
	int reruns = under_valgrind() ? RERUNS_SLOW : RERUNS;
	char same[8] = "0";

	(void)state;
	for (int i = 0; i < reruns; i++) {
		struct process server = server_listen(&port, "-p", same, NULL);
		struct result result = send_to(&server, &i, sizeof(i));

		assert_string_equal(result.err, "");
		assert_int_equal(result.status, 0);
		assert_int_equal(result.out_len, sizeof(i));
		assert_memory_equal(result.out, &i, sizeof(i));
		snprintf(same, sizeof(same), "%u", port);
	}
}

static void test_server_fails_if_the_port_is_busy(void **state)
{
	struct process first = server_listen(&port, NULL), second;
	char text[8], line[256];
	struct result result;

	(void)state;
	snprintf(text, sizeof(text), "%u", port);
	second = server_start("-p", text, NULL);
	result = process_end(&second);
	/* glibc has one word more than musl. */
	snprintf(
		line, sizeof(line),
		"server: bind 0.0.0.0:%u: Address *in use; ss -tanp shows who "
		"holds it (TIME-WAIT ends within a minute), -p takes another\n",
		port);
	assert_failed(&result, line);
	assert_int_equal(count_listeners(port), 1);
	result = send_to(&first, hi, sizeof(hi));
	assert_int_equal(result.status, 0);
}

static void test_server_fails_if_the_sender_resets(void **state)
{
	struct process server = server_listen(&port, NULL);
	struct result result;

	(void)state;
	client_reset(client_connect(port));
	result = process_end(&server);
	assert_failed(&result, "server: recv connection: "
			       "Connection reset by peer; the sender aborted, "
			       "send again; -z passes over a probe\n");
}

static void test_server_tells_if_the_sender_sends_nothing(void **state)
{
	struct process server = server_listen(&port, NULL);
	struct result result;

	(void)state;
	close(client_connect(port));
	result = process_end(&server);
	assert_int_equal(result.status, 3);
	assert_int_equal(result.out_len, 0);
	assert_string_equal(result.err, "server: recv connection: closed by "
					"its sender, nothing sent; "
					"-z waits for the next\n");
}

static void test_server_resets_the_sender_of_more_than_128(void **state)
{
	static char message[LONGEST];
	struct process server = server_listen(&port, NULL);
	int client = client_connect(port);
	struct result result;

	(void)state;
	memset(message, 'm', sizeof(message));
	client_send(client, message, sizeof(message));
	result = process_end(&server);
	assert_int_equal(result.status, 0);
	assert_int_equal(result.out_len, 128);
	assert_string_equal(result.err,
			    "server: warning: the message was cut after 128 "
			    "bytes; -e takes all, -l a line\n");
	assert_int_equal(client_wait_end(client), ECONNRESET);
	close(client);
}

static void test_server_fails_if_stdout_is_full(void **state)
{
	struct result result =
		send_hi_to("exec \"$SERVER\" -p 0 -r 3 >/dev/full");

	(void)state;
	assert_failed(
		&result,
		"server: write standard output: "
		"No space left on device; free some space, and run it again\n");
}

static void test_server_fails_if_stdout_has_no_reader(void **state)
{
	struct process server = server_listen(&port, NULL);
	struct result result;

	(void)state;
	leave_output(&server);
	result = send_to(&server, hi, sizeof(hi));
	assert_failed(&result, "server: write standard output: Broken pipe; "
			       "its reader exited, run both again\n");
}

static void test_server_keeps_the_message_if_stdio_is_closed(void **state)
{
	static const struct {
		const char *script;
		int status;
	} cases[] = {
		{ "exec \"$SERVER\" -p 0 -r 3 <&-", 0 },
		{ "exec \"$SERVER\" -p 0 >&-", 1 },
		{ "exec \"$SERVER\" -p 0 -r 3 2>&-", 0 },
		{ "exec \"$SERVER\" -p 0 <&- >&-", 1 },
		{ "exec \"$SERVER\" -p 0 -r 3 <&- 2>&-", 0 },
		{ "exec \"$SERVER\" -p 0 >&- 2>&-", 1 },
		{ "exec \"$SERVER\" -p 0 <&- >&- 2>&-", 1 },
	};

	(void)state;
	skip_without(!under_valgrind(),
		     "a valgrind that starts with standard error closed");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const bool listens = cases[i].status == 0;
		struct process server =
			listens ? shell_listen(&port, cases[i].script)
				: shell_start(cases[i].script);
		int client = listens ? client_connect(port) : -1;
		struct result result;

		if (listens)
			client_send(client, hi, sizeof(hi));
		result = process_end(&server);
		assert_int_equal(result.status, cases[i].status);
		assert_int_equal(result.out_len, listens ? 3 : 0);
		/* Nothing came back: client_wait_end checks. */
		if (listens)
			assert_int_equal(client_wait_end(client), 0);
		close(client);
		if (strstr(cases[i].script, "2>") != NULL)
			assert_string_equal(result.err, "");
		else if (cases[i].status == 1)
			assert_string_equal(result.err,
					    "server: write standard output: "
					    "Bad file descriptor; it is closed "
					    "or read-only, >FILE opens it\n");
	}
}

static void test_server_dies_of_the_signals_that_ask_it_to(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct process server = server_listen(&port, NULL);
		int client = client_connect(port);
		struct result result;

		kill(server.pid, signals[i]);
		result = process_end(&server);
		assert_int_equal(result.status, 128 + signals[i]);
		assert_string_equal(result.err, "");
		close(client);
	}
}

static void stop_and_continue(pid_t pid)
{
	kill(pid, SIGWINCH);
	kill(pid, SIGSTOP);
	assert_true(WIFSTOPPED(wait_change(pid, WUNTRACED)));
	kill(pid, SIGCONT);
	assert_true(WIFCONTINUED(wait_change(pid, WCONTINUED)));
}

static void test_server_is_not_disturbed_by_stop_and_continue(void **state)
{
	struct process server = server_listen(&port, NULL);
	struct result result;
	int client;

	(void)state;
	stop_and_continue(server.pid);
	client = client_connect(port);
	stop_and_continue(server.pid);
	client_send(client, hi, sizeof(hi));
	result = process_end(&server);
	assert_int_equal(result.status, 0);
	assert_int_equal(result.out_len, sizeof(hi));
	assert_string_equal(result.err, "");
	close(client);
}

/* It believes that it has delivered. */
static void test_server_never_reads_a_second_sender(void **state)
{
	static const char *const modes[] = { "-n9", "-l", "-z" };

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct process server = server_listen(&port, modes[i], NULL);
		const int first = client_connect(port);
		const int second = client_connect(port);
		struct result result;

		client_send(second, "second\n", 7);
		assert_int_equal(shutdown(second, SHUT_WR), 0);
		client_send(first, "first\n", 6);
		result = process_end(&server);
		assert_string_equal(result.out, "first\n");
		assert_string_equal(result.err, "");
		assert_int_equal(result.status, 0);
		assert_int_equal(client_wait_end(second), ECONNRESET);
		close(first);
		close(second);
	}
}

/* A process that is blocked in a call without a time limit uses no time. */
static void test_server_waits_in_accept_and_in_recv(void **state)
{
#ifdef SYS_accept
	struct process server = server_listen(&port, NULL);
	int client;

	(void)state;
	wait_for_call(server.pid, SYS_accept);
	client = client_connect(port);
	wait_for_call(server.pid, SYS_recvfrom);
	client_send(client, hi, sizeof(hi));
	assert_int_equal(process_end(&server).status, 0);
	close(client);
#else
	(void)state;
	skip_without(false, "the number of accept(2)");
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_turns_a_second_sender_away),
		cmocka_unit_test(test_server_delivers_if_the_sender_stays_open),
		cmocka_unit_test(test_server_delivers_every_byte_value),
		cmocka_unit_test(test_server_runs_again_at_once_on_its_port),
		cmocka_unit_test(test_server_fails_if_the_port_is_busy),
		cmocka_unit_test(test_server_fails_if_the_sender_resets),
		cmocka_unit_test(test_server_tells_if_the_sender_sends_nothing),
		cmocka_unit_test(
			test_server_resets_the_sender_of_more_than_128),
		cmocka_unit_test(test_server_fails_if_stdout_is_full),
		cmocka_unit_test(test_server_fails_if_stdout_has_no_reader),
		cmocka_unit_test(
			test_server_keeps_the_message_if_stdio_is_closed),
		cmocka_unit_test(
			test_server_dies_of_the_signals_that_ask_it_to),
		cmocka_unit_test(
			test_server_is_not_disturbed_by_stop_and_continue),
		cmocka_unit_test(test_server_never_reads_a_second_sender),
		cmocka_unit_test(test_server_waits_in_accept_and_in_recv),
	};

	return cmocka_run_group_tests(tests, own_network, NULL);
}
