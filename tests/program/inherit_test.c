/* A listener that a supervisor passes, systemd's own among them. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "net.h"
#include "pages.h"
#include "play.h"

/* The listener is refused as a wrong option is, with the usage. */
static void assert_refused(const struct result *result)
{
	char expected[512];

	snprintf(expected, sizeof(expected),
		 NO_LISTENER "server: usage: %s; -h explains it\n",
		 usage_text());
	assert_string_equal(result->err, expected);
	assert_int_equal(result->status, 2);
	assert_int_equal(result->out_len, 0);
}

/* Runs the program on a descriptor 3, as its LISTEN_PID. */
static struct process start_on(int fd, const char *argument)
{
	char script[256];

	snprintf(script, sizeof(script),
		 "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$SERVER\" %s", argument);
	redirect_next(fd, 3);
	return shell_start(script);
}

/* A local listener, to which the kernel gives a name that is free. */
static int local_listener(int type)
{
	const struct sockaddr none = { .sa_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	assert_int_equal(bind(fd, &none, sizeof(none.sa_family)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void connect_to(int client, int listener)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);

	assert_int_equal(getsockname(listener, (struct sockaddr *)&name, &len),
			 0);
	assert_int_equal(connect(client, (struct sockaddr *)&name, len), 0);
}

static void test_systemd_passes_its_listener(void **state)
{
	struct process server;
	struct result result;
	const char *err;
	int client;

	(void)state;
	needs_program("systemd-socket-activate");
	needs_ip6();
	needs_port(PORT);
	server = shell_start(
		"exec systemd-socket-activate -l 8080 \"$SERVER\" -v");
	wait_for_listener(PORT);
	client = client_connect(PORT);
	client_send(client, "hi\n", 3);
	result = process_end(&server);
	assert_string_equal(result.out, "hi\n");
	assert_int_equal(result.status, 0);
	/* Before that, systemd-socket-activate tells what it does. */
	err = strstr(result.err, "Listening on :: ");
	assert_non_null(err);
	assert_like(err, "Listening on :: 8080\n"
			 "Connection received on ::ffff:127.0.0.1 *\n"
			 "server: 3 bytes in * s, *B/s, ended by one recv\n");
	close(client);
}

/* A second sender is refused as soon as a stream has begun. */
static void play_second_to_a_stream(struct process *server)
{
	play_part(server);
	expect_output(server, "part", 4);
	assert_int_equal(count_listeners(PORT), 0);
	play_end();
}

/* What each option means where the listener is inherited. */
static const struct scene scenes[] = {
	{ "takes_a_message", "", play_hi, 0, "hi\n", .inherited = true },
	{ "is_where_it_is_bound", "-b 192.0.2.1 -p 1 -v", play_hi, 0, "hi\n",
	  .err = { "Listening on 127.0.0.1 8080\n", RECEIVED("1"),
		   SUMMARY("3", "one recv") },
	  .inherited = true },
	{ "takes_a_line", "-l", play_two_lines, 0, "hi\n", .inherited = true },
	{ "takes_a_stream", "-e", play_hi_to_its_end, 0, "hi\n",
	  .inherited = true },
	{ "is_closed_for_a_stream", "-e", play_second_to_a_stream, 0, "",
	  .inherited = true },
	{ "takes_so_much", "-n 2", play_hi, 0, "hi",
	  .err = { REST("2", "-e takes all, -l a line") }, .inherited = true },
	{ "tells_its_port", "-p 1 -r 4 4>&1", play_hi, 0, "8080\nhi\n",
	  .inherited = true },
	{ "ends_in_time", "-t .0625", play_nobody, 124, "",
	  .err = { "server: accept descriptor 3: nobody connected within "
		   "0.0625 s; -t sets a longer time\n" },
	  .inherited = true },
	{ "passes_over_probes", "-z", play_probes, 0, "hi\n",
	  .inherited = true },
	{ "tells_of_nothing_sent", "", play_empty, 3, "", .err = { NOTHING },
	  .inherited = true },
	{ "tells_of_a_reset", "", play_reset, 1, "", .err = { RESET },
	  .inherited = true },
};

#ifndef IPPROTO_MPTCP /* older headers lack it */
#define IPPROTO_MPTCP 262
#endif

enum {
	SCENES = sizeof(scenes) / sizeof(scenes[0])
};

static void test_inherited_listener_may_be_a_local_one(void **state)
{
	int listener = local_listener(SOCK_STREAM);
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	struct process server;
	struct result result;

	(void)state;
	server = start_on(listener, "-v");
	connect_to(client, listener);
	client_send(client, "hi\n", 3);
	result = process_end(&server);
	assert_like(result.err,
		    "Listening on - 0\n"
		    "Connection received on - 0\n"
		    "server: 3 bytes in * s, *B/s, ended by one recv\n");
	assert_string_equal(result.out, "hi\n");
	assert_int_equal(result.status, 0);
	close(client);
	close(listener);
}

static void test_inherited_listener_without_ip_goes_without_allow(void **state)
{
	int listener = local_listener(SOCK_STREAM);
	struct process server = start_on(listener, "-a 127.0.0.1");
	struct result result = process_end(&server);

	(void)state;
	assert_like(result.err, "server: -a: the inherited listener has no IP "
				"address\nserver: usage: *\n");
	assert_int_equal(result.status, 2);
	close(listener);
}

static void test_inherited_listener_is_for_whom_allow_lets(void **state)
{
	int listener = listener_on_loopback();
	struct process server = start_on(listener, "-a 127.0.0.1");
	int client = client_connect(bound_port(listener));

	(void)state;
	client_send(client, "hi\n", 3);
	assert_ended(&server, 0, "hi\n", "");
	close(client);
	close(listener);
}

static void test_inherited_listener_of_ip6_may_have_allow(void **state)
{
	struct address address;
	int listener, client;
	struct process server;

	(void)state;
	needs_ip6();
	listener = net_socket(AF_INET6, SOCK_STREAM, 0);
	assert_null(address_parse("::1", 0, &address));
	assert_int_equal(net_bind(listener, &address.any, address.len), 0);
	assert_int_equal(net_listen(listener, 1), 0);
	server = start_on(listener, "-a ::1");
	client = client_connect6(bound_port(listener));
	client_send(client, "hi\n", 3);
	assert_ended(&server, 0, "hi\n", "");
	close(client);
	close(listener);
}

/* Of MPTCP Linux counts the end of file as a byte that has come. */
static void test_inherited_listener_of_mptcp_cuts_no_whole_message(void **state)
{
	const struct sockaddr_in any = { .sin_family = AF_INET };
	const int listener = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	const int client = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	struct process server;

	(void)state;
	skip_without(listener != -1 && client != -1, "MPTCP");
	assert_int_equal(
		bind(listener, (const struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(listener, 1), 0);
	connect_to(client, listener);
	client_send(client, "hi\n", 3);
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	server = start_on(listener, "-n 3");
	assert_ended(&server, 0, "hi\n", "");
	close(client);
	close(listener);
}

static void test_listener_of_another_process_is_told_of(void **state)
{
	struct process server = shell_start(
		"LISTEN_PID=1 LISTEN_FDS=1 exec \"$SERVER\" -v -p 0 -t .1");
	struct result result = process_end(&server);

	(void)state;
	assert_like(result.err,
		    "server: LISTEN_PID is 1, not this process: the inherited "
		    "listener is not used; in a script, exec server\n"
		    "Listening on *\n"
		    "server: accept *\n");
}

static void test_listener_that_is_passed_to_nobody_is_not_told_of(void **state)
{
	static const char *const environments[] = {
		"LISTEN_PID=1", "LISTEN_FDS=1", "LISTEN_PID=x LISTEN_FDS=1"
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct process server;
		struct result result;
		char script[96];

		snprintf(script, sizeof(script),
			 "%s exec \"$SERVER\" -v -p 0 -t .1", environments[i]);
		server = shell_start(script);
		result = process_end(&server);
		assert_like(result.err, "Listening on *\n"
					"server: accept *\n");
	}
}

static void assert_no_listener(int fd)
{
	struct process server = start_on(fd, "");
	struct result result = process_end(&server);

	assert_refused(&result);
}

static void test_inherited_descriptor_is_no_listener(void **state)
{
	int idle = net_socket(AF_INET, SOCK_STREAM, 0);
	int datagram = socket(AF_INET, SOCK_DGRAM, 0);
	int packets = local_listener(SOCK_SEQPACKET);
	struct process server;
	struct result result;

	(void)state;
	assert_no_listener(idle);
	assert_no_listener(datagram);
	assert_no_listener(packets);
	assert_no_listener(STDERR_FILENO);
	server =
		shell_start("LISTEN_PID=$$ LISTEN_FDS=1 exec \"$SERVER\" 3>&-");
	result = process_end(&server);
	assert_refused(&result);
	close(idle);
	close(datagram);
	close(packets);
}

static void assert_ignored(const char *environment)
{
	char script[128];
	struct process server;
	int client;

	snprintf(script, sizeof(script), "%s exec \"$SERVER\" -p 0 -r 3",
		 environment);
	server = shell_listen(&port, script);
	client = client_connect(port);
	client_send(client, "hi\n", 3);
	assert_ended(&server, 0, "hi\n", "");
	close(client);
}

static void test_listener_of_another_process_is_ignored(void **state)
{
	(void)state;
	assert_ignored("LISTEN_PID=1 LISTEN_FDS=1");
	assert_ignored("LISTEN_PID=${$}0 LISTEN_FDS=1");
	assert_ignored("LISTEN_PID=x LISTEN_FDS=1");
	assert_ignored("LISTEN_PID= LISTEN_FDS=1");
	assert_ignored("LISTEN_FDS=1");
	assert_ignored("LISTEN_PID=1 LISTEN_FDS=2");
	assert_ignored("LISTEN_PID=1 LISTEN_FDS=x");
	assert_ignored("LISTEN_FDS=2");
	assert_ignored("LISTEN_PID=$$");
}

static void test_ready_may_not_be_the_inherited_listener(void **state)
{
	int listener = net_socket(AF_INET, SOCK_STREAM, 0);
	struct process server;
	struct result result;

	(void)state;
	assert_int_equal(net_listen(listener, 1), 0);
	server = start_on(listener, "-r 3");
	result = process_end(&server);
	assert_like(result.err, "server: -r 3: *\nserver: usage: *\n");
	assert_int_equal(result.status, 2);
	close(listener);
}

int main(void)
{
	struct CMUnitTest tests[MOST_TESTS] = {
		cmocka_unit_test(test_inherited_listener_of_ip6_may_have_allow),
		cmocka_unit_test(
			test_inherited_listener_without_ip_goes_without_allow),
		cmocka_unit_test(
			test_inherited_listener_is_for_whom_allow_lets),
		cmocka_unit_test(
			test_inherited_listener_of_mptcp_cuts_no_whole_message),
		cmocka_unit_test(test_listener_of_another_process_is_told_of),
		cmocka_unit_test(
			test_listener_that_is_passed_to_nobody_is_not_told_of),
		cmocka_unit_test(test_systemd_passes_its_listener),
		cmocka_unit_test(test_inherited_listener_may_be_a_local_one),
		cmocka_unit_test(test_inherited_descriptor_is_no_listener),
		cmocka_unit_test(test_listener_of_another_process_is_ignored),
		cmocka_unit_test(test_ready_may_not_be_the_inherited_listener),
	};
	char names[SCENES][NAME_BYTES];

	name_scenes(tests, names, "test_inherited_listener_", scenes, SCENES);
	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
