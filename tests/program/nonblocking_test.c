/* Descriptors in non-blocking mode: all is waited for, and nothing lost. */
#include <fcntl.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "play.h"

enum {
	MOST = 32 << 20, /* more than all that is between them holds */
	SOME = 1 << 20,	 /* more than a terminal holds, which is slow */
	AT_ONCE = 60000, /* less than the socket holds */
};

enum kind {
	INTO_PIPE,
	INTO_SOCKET,
	INTO_TERMINAL,
	KINDS
};

static const struct {
	const char *option;
	size_t len;
} modes[] = {
	{ "-l", MOST },
	{ "-e", MOST },
	{ "-n131072", AT_ONCE },
};

/* One line, so that each mode takes all of it. */
static char text[MOST];

static void set_blocking(int fd, bool blocks)
{
	assert_int_equal(fcntl(fd, F_SETFL, blocks ? 0 : O_NONBLOCK), 0);
}

static void open_output(enum kind kind, int ends[2])
{
	if (kind == INTO_TERMINAL)
		open_terminal(ends);
	else if (kind == INTO_SOCKET)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	else
		assert_int_equal(pipe(ends), 0);
	/* Less than a segment, unless the program enlarges it. */
	if (kind == INTO_PIPE)
		assert_int_not_equal(fcntl(ends[1], F_SETPIPE_SZ, 4096), -1);
}

static int send_text(const void *len)
{
	int client = client_connect(port);

	return client_send_stream(client, text + MOST - *(const size_t *)len,
				  *(const size_t *)len);
}

/*
 * It is two segments, of which a recv could find the first alone: the server is
 * stopped until both have arrived.
 */
static void send_at_once(pid_t server)
{
	const long long bound = now_ms() + WAIT_MS;
	int client, left;

	kill(server, SIGSTOP);
	assert_true(WIFSTOPPED(wait_change(server, WUNTRACED)));
	client = client_connect(port);
	client_send(client, text + MOST - AT_ONCE, AT_ONCE);
	do {
		assert_between(now_ms(), 0, bound);
		assert_int_equal(ioctl(client, SIOCOUTQ, &left), 0);
	} while (left > 0);
	kill(server, SIGCONT);
	close(client);
}

/* Reads until all but left of the text's end have come. */
static void expect_text(int fd, const char **at, size_t left)
{
	static char got[65536];

	while ((size_t)(text + MOST - *at) > left) {
		const size_t rest = (size_t)(text + MOST - *at) - left;
		size_t n = read_some(fd, got,
				     rest < sizeof(got) ? rest : sizeof(got),
				     "the text");

		assert_int_not_equal(n, 0);
		assert_memory_equal(got, *at, n);
		*at += n;
	}
}

static void wait_for_poll(pid_t pid)
{
#ifdef SYS_poll
	wait_for_call(pid, SYS_poll);
#else
	wait_for_call(pid, SYS_ppoll);
#endif
}

/*
 * The reader comes when the server waits. later: output was blocking until the
 * server waited in a write, as the mode belongs to all that share it.
 */
static void assert_all_arrives(enum kind kind, const char *option, size_t len,
			       bool later)
{
	const char *at = text + MOST - len;
	struct process server, sender = { 0 };
	int ends[2];

	open_output(kind, ends);
	set_blocking(ends[1], later);
	redirect_next(ends[1], STDOUT_FILENO);
	server = server_listen(&port, option, NULL);
	if (len == AT_ONCE)
		send_at_once(server.pid);
	else
		sender = process_start(send_text, &len);
	if (later) {
		wait_for_output(server.pid);
		set_blocking(ends[1], false);
		expect_text(ends[0], &at, len - len / 8);
	}
	wait_for_poll(server.pid);
	if (kind != INTO_TERMINAL)
		close(ends[1]);
	expect_text(ends[0], &at, 0);
	assert_ended(&server, 0, "", "");
	if (len != AT_ONCE)
		assert_int_equal(process_end(&sender).status, 0);
	if (kind == INTO_TERMINAL)
		close(ends[1]);
	close(ends[0]);
}

static void assert_each_mode(enum kind kind, bool later)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		size_t len = modes[i].len;

		if (kind == INTO_TERMINAL && len == MOST)
			len = SOME;
		/* The one recv of -n may be taken at once, later. */
		if (!later || len == MOST)
			assert_all_arrives(kind, modes[i].option, len, later);
	}
}

static void test_output_is_waited_for_into_a_pipe(void **state)
{
	(void)state;
	assert_each_mode(INTO_PIPE, false);
	assert_each_mode(INTO_PIPE, true);
}

static void test_output_is_waited_for_into_a_socket(void **state)
{
	(void)state;
	/* A socket has room for the one recv of -n. */
	assert_all_arrives(INTO_SOCKET, "-l", MOST, false);
	assert_all_arrives(INTO_SOCKET, "-e", MOST, false);
	assert_all_arrives(INTO_SOCKET, "-l", MOST, true);
	assert_all_arrives(INTO_SOCKET, "-e", MOST, true);
}

static void test_output_is_waited_for_into_a_terminal(void **state)
{
	(void)state;
	assert_each_mode(INTO_TERMINAL, false);
}

/* Whether output was full when that limit, -t or -w, ended the run. */
static bool ends_full(const char *mode, const char *limit, const char *seconds)
{
	const size_t len = MOST;
	struct process server, sender;
	struct result result;
	char line[128];
	int ends[2];

	open_output(INTO_PIPE, ends);
	set_blocking(ends[1], false);
	redirect_next(ends[1], STDOUT_FILENO);
	server = server_listen(&port, mode, limit, seconds, NULL);
	close(ends[1]);
	sender = process_start(send_text, &len);
	result = process_end(&server);
	assert_int_equal(result.status, 124);
	process_end(&sender);
	close(ends[0]);
	snprintf(line, sizeof(line),
		 "server: write standard output: it %s %s s (* bytes "
		 "delivered); %s sets a longer time\n",
		 strcmp(limit, "-t") == 0 ? "did not take all within"
					  : "took no more for",
		 seconds, limit);
	return is_like(result.err, line);
}

/* A busy machine may need longer to fill all that is between them. */
static void assert_ends_full(const char *mode, const char *limit)
{
	assert_true(ends_full(mode, limit, "0.25") ||
		    ends_full(mode, limit, "2") ||
		    ends_full(mode, limit, "10"));
}

static void test_output_that_stays_full_ends_in_time(void **state)
{
	(void)state;
	assert_ends_full("-l", "-t");
	assert_ends_full("-l", "-w");
	assert_ends_full("-e", "-t");
	assert_ends_full("-e", "-w");
}

/* A full pipe that nobody reads any more takes no more. */
static void test_output_that_is_full_may_lose_its_reader(void **state)
{
	static const char *const options[] = { "-l", "-e", "-xl" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct process server;
		struct result result;
		const char *last;
		int ends[2], client;

		open_output(INTO_PIPE, ends);
		set_blocking(ends[1], false);
		redirect_next(ends[1], STDOUT_FILENO);
		server = server_listen(&port, options[i], NULL);
		close(ends[1]);
		client = client_connect(port);
		set_blocking(client, false);
		while (write(client, text, sizeof(text)) > 0)
			;
		wait_for_poll(server.pid);
		close(ends[0]);
		result = process_end(&server);
		close(client);
		last = strstr(result.err, "server: write standard output");
		assert_non_null(last);
		assert_memory_equal(last,
				    "server: write standard output: Broken "
				    "pipe; its reader exited, run both again\n",
				    72);
		if (i == 2)
			assert_non_null(strstr(
				result.err,
				"server: poll([{fd=1, events=POLLOUT}], 1, -1) "
				"= 1 ([{fd=1, revents="));
		assert_int_equal(result.status, 1);
	}
}

/* The descriptor of -r is a full pipe, of which the reader comes late. */
static void test_ready_is_waited_for(void **state)
{
	static char filled[65536];
	struct process server;
	char line[8] = "";
	size_t n = 0;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	set_blocking(ends[1], false);
	while (write(ends[1], filled, 4096) > 0)
		n += 4096;
	redirect_next(ends[1], 3);
	server = shell_start("exec \"$SERVER\" -p 0 -t 5 -r 3");
	close(ends[1]);
	wait_for_poll(server.pid);
	while (n > 0)
		n -= read_some(ends[0], filled, n < 4096 ? n : 4096, "zeros");
	read_some(ends[0], line, sizeof(line) - 1, "the port");
	port = (uint16_t)atoi(line);
	n = (size_t)client_connect(port);
	client_send((int)n, "hi\n", 3);
	close((int)n);
	assert_ended(&server, 0, "hi\n", "");
	close(ends[0]);
}

/* As inetd and systemd may pass it. */
static void test_inherited_listener_is_waited_for(void **state)
{
	static const char *const modes_of[] = { "", "-e", "-z", "-w 5" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const int listener = listener_on_loopback();
		char script[96];
		struct process server;
		int client;

		port = bound_port(listener);
		set_blocking(listener, false);
		redirect_next(listener, 3);
		snprintf(script, sizeof(script),
			 "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$SERVER\" %s",
			 modes_of[i]);
		server = shell_start(script);
		wait_for_poll(server.pid);
		client = client_connect(port);
		client_send(client, "hi\n", 3);
		close(client);
		assert_ended(&server, 0, "hi\n", "");
		close(listener);
	}
}

static int fill_text(void **state)
{
	for (size_t i = 0; i < MOST - 1; i++)
		text[i] = (char)('a' + (i * 7 + i / 251) % 26);
	text[MOST - 1] = '\n';
	return own_network(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_is_waited_for_into_a_pipe),
		cmocka_unit_test(test_output_is_waited_for_into_a_socket),
		cmocka_unit_test(test_output_is_waited_for_into_a_terminal),
		cmocka_unit_test(test_output_that_stays_full_ends_in_time),
		cmocka_unit_test(test_output_that_is_full_may_lose_its_reader),
		cmocka_unit_test(test_ready_is_waited_for),
		cmocka_unit_test(test_inherited_listener_is_waited_for),
	};

	return cmocka_run_group_tests(tests, fill_text, NULL);
}
