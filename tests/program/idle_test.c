/* The limit of silence; what it ends is in timeout_test. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "play.h"

/* Each byte starts the time of -w again; the drip is longer than that. */
static void test_idle_does_not_end_a_drip(void **state)
{
	static const char *const modes[] = { "-l", "-e", "-zl" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct process server =
			server_listen(&port, modes[i], "-w", ".6", NULL);
		const int client = client_connect(port);
		struct pollfd pause = { client, POLLIN, 0 };

		for (int n = 0; n < 8; n++) {
			assert_int_equal(poll(&pause, 1, 100), 0);
			client_send(client, n == 7 ? "\n" : "x", 1);
		}
		shutdown(client, SHUT_WR);
		assert_ended(&server, 0, "xxxxxxx\n", "");
		close(client);
	}
}

/* A sender that is awaited long is not part of the silence that follows. */
static void test_idle_starts_again_with_the_sender(void **state)
{
	struct process server = server_listen(&port, "-w", "1", NULL);
	struct pollfd never = { -1, POLLIN, 0 };
	int client;

	(void)state;
	assert_int_equal(poll(&never, 1, 550), 0);
	client = client_connect(port);
	assert_int_equal(poll(&never, 1, 550), 0);
	client_send(client, "hi\n", 3);
	assert_ended(&server, 0, "hi\n", "");
	close(client);
}

/* More than a pipe holds, and no newline. */
static int send_zeros(const void *server)
{
	static const char zeros[200000];
	int client = client_connect(port);

	close(((const struct process *)server)->out);
	return client_send_stream(client, zeros, sizeof(zeros));
}

/* The pipe takes more only when its reader has emptied a buffer of it. */
static void test_idle_ends_a_slow_reader_of_a_full_pipe(void **state)
{
	struct process server = server_listen(&port, "-l", "-w", ".4", NULL);
	struct process sender = process_start(send_zeros, &server);
	struct pollfd said = { server.err, POLLIN, 0 };
	struct result result;
	char byte;
	int read = 0;

	(void)state;
	for (; read < 1000 && poll(&said, 1, 25) == 0; read++)
		assert_int_equal(read_some(server.out, &byte, 1, "byte"), 1);
	assert_between(read, 2, 999);
	leave_output(&server);
	result = process_end(&server);
	assert_like(result.err, "server: write standard output: it took no "
				"more for 0.4 s (* bytes delivered); -w sets a "
				"longer time\n");
	assert_int_equal(result.status, 124);
	assert_int_equal(process_end(&sender).status, 0);
}

enum {
	MANY = 32 << 20,
};

static int send_many(const void *len)
{
	static const char zeros[MANY];

	return client_send_stream(client_connect(port), zeros,
				  *(const size_t *)len);
}

/* It needs longer than -w for what a pipe lacks room for, but never pauses. */
static void test_idle_does_not_end_a_steady_reader(void **state)
{
	/* The pipe of -e has 256 slots, which hold up to 32 KiB each. */
	static const struct {
		const char *mode;
		size_t sent, read_at_once;
	} cases[] = {
		{ "-l", 200000, 8192 },
		{ "-e", MANY, 1 << 20 },
	};
	static char some[1 << 20];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct process server =
			server_listen(&port, cases[i].mode, "-w", ".4", NULL);
		struct process sender =
			process_start(send_many, &cases[i].sent);
		struct pollfd never = { -1, POLLIN, 0 };

		for (size_t n, left = cases[i].sent; left > 0; left -= n) {
			assert_int_equal(poll(&never, 1, 70), 0);
			n = read_some(server.out, some, cases[i].read_at_once,
				      "zeros");
			assert_int_not_equal(n, 0);
		}
		assert_int_equal(process_end(&sender).status, 0);
		assert_int_equal(process_end(&server).status, 0);
	}
}

/* Whichever of both comes first, in each order. */
static void test_idle_and_timeout_end_by_the_first(void **state)
{
	static const char *const cases[][3] = {
		{ "-t .1 -w 9", "within 0.1 s", "-t" },
		{ "-w 9 -t .1", "within 0.1 s", "-t" },
		{ "-t 9 -w .1", "for 0.1 s", "-w" },
		{ "-w .1 -t 9", "for 0.1 s", "-w" },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char script[96], line[160];
		struct process server;
		struct result result;

		snprintf(script, sizeof(script), "exec \"$SERVER\" -p 0 %s",
			 cases[i][0]);
		server = shell_start(script);
		result = process_end(&server);
		snprintf(line, sizeof(line),
			 "Listening on 0.0.0.0 [0-9]*\n"
			 "server: accept 0.0.0.0:[0-9]*: nobody connected %s; "
			 "%s sets a longer time\n",
			 cases[i][1], cases[i][2]);
		assert_like(result.err, line);
		assert_int_equal(result.status, 124);
	}
}

/* The shorter limit, to the microsecond. */
static void test_trace_shows_the_timer_of_the_shorter_limit(void **state)
{
	static const char *const cases[][2] = {
		{ "-t .1 -w 9", "{tv_sec=0, tv_usec=100000}" },
		{ "-t 9 -w .1", "{tv_sec=0, tv_usec=100000}" },
		{ "-w .100001", "{tv_sec=0, tv_usec=100001}" },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char script[96];
		struct process server;
		struct result result;

		snprintf(script, sizeof(script), "exec \"$SERVER\" -x -p 0 %s",
			 cases[i][0]);
		server = shell_start(script);
		result = process_end(&server);
		assert_non_null(strstr(result.err, cases[i][1]));
		assert_int_equal(result.status, 124);
	}
}

/* What came while the process was stopped was no silence. */
static void test_idle_is_not_over_while_stopped(void **state)
{
	static const char *const modes[] = { "-z", "-l", "-e" };
	struct pollfd never = { -1, POLLIN, 0 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct process server =
			server_listen(&port, modes[i], "-w", ".6", NULL);
		const int client = client_connect(port);

		if (i > 0) {
			client_send(client, "x", 1);
			expect_output(&server, "x", 1);
		}
		kill(server.pid, SIGSTOP);
		assert_true(WIFSTOPPED(wait_change(server.pid, WUNTRACED)));
		client_send(client, "hi\n", 3);
		shutdown(client, SHUT_WR);
		assert_int_equal(poll(&never, 1, 700), 0);
		kill(server.pid, SIGCONT);
		assert_ended(&server, 0, "hi\n", "");
		close(client);
	}
}

/* The line that is redrawn goes on between the signals of -w. */
static void test_idle_leaves_progress_alone(void **state)
{
	struct pollfd never = { -1, POLLIN, 0 };
	struct process server;
	struct result result;
	char text[4096];
	int pty[2], client;

	(void)state;
	open_terminal(pty);
	redirect_next(pty[1], STDERR_FILENO);
	server = shell_start("TERM=xterm exec \"$SERVER\" -p 0 -ve -w .8");
	port = 0;
	while (port == 0) {
		size_t len = read_some(pty[0], text, sizeof(text) - 1,
				       "where it listens");
		text[len] = '\0';
		sscanf(text, "Listening on 0.0.0.0 %hu", &port);
	}
	client = client_connect(port);
	for (int i = 0; i < 13; i++) {
		client_send(client, "x", 1);
		assert_int_equal(poll(&never, 1, 200), 0);
	}
	close(client);
	result = process_end(&server);
	read_screen(pty, text, sizeof(text));
	assert_string_equal(result.out, "xxxxxxxxxxxxx");
	assert_non_null(strstr(text, " bytes in 1."));
	assert_non_null(strstr(text, " bytes in 2."));
	assert_int_equal(result.status, 0);
	close_terminal(pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle_does_not_end_a_drip),
		cmocka_unit_test(test_idle_starts_again_with_the_sender),
		cmocka_unit_test(test_idle_ends_a_slow_reader_of_a_full_pipe),
		cmocka_unit_test(test_idle_does_not_end_a_steady_reader),
		cmocka_unit_test(test_idle_and_timeout_end_by_the_first),
		cmocka_unit_test(
			test_trace_shows_the_timer_of_the_shorter_limit),
		cmocka_unit_test(test_idle_is_not_over_while_stopped),
		cmocka_unit_test(test_idle_leaves_progress_alone),
	};

	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
