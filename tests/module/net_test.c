/* The wrappers alone: what each passes on, and what each returns. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "address.h"
#include "deadline.h"
#include "fault.h"
#include "net.h"
#include "support.h"

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

/* A connection: pair[0] is the client's end, pair[1] came from net_accept. */
static void connect_pair(int pair[2])
{
	int listener = listener_on_loopback();

	pair[0] = client_connect(bound_port(listener));
	pair[1] = net_accept(listener, NULL, NULL);
	assert_int_not_equal(pair[1], -1);
	assert_int_equal(net_close(listener), 0);
}

static void close_pair(const int pair[2])
{
	assert_int_equal(net_close(pair[0]), 0);
	assert_int_equal(net_close(pair[1]), 0);
}

static void test_net_socket_returns_what_was_asked_for(void **state)
{
	int fd = net_socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(option(fd, SOL_SOCKET, SO_DOMAIN), AF_INET);
	assert_int_equal(option(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
	assert_int_equal(option(fd, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
	assert_int_equal(net_close(fd), 0);
}

/* A wrapper that returns a descriptor, with stdin to stderr closed before. */
static int make_without_stdio(const void *make)
{
	int before;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		close(fd);
	before = open_descriptors();
	if ((*(int (*const *)(void))make)() <= STDERR_FILENO)
		return 1;
	return open_descriptors() == before + 1 ? 0 : LEAKED;
}

/* The same with stderr closed only. */
static int make_without_stderr(const void *make)
{
	close(STDERR_FILENO);
	return (*(int (*const *)(void))make)() > STDERR_FILENO ? 0 : 1;
}

/* With the descriptors 0 to 2, of which 0 is free, and no more allowed. */
static int make_without_room(const void *make)
{
	struct rlimit descriptors;

	close(STDIN_FILENO);
	if (getrlimit(RLIMIT_NOFILE, &descriptors) == -1)
		return 1;
	descriptors.rlim_cur = STDERR_FILENO + 1;
	if (setrlimit(RLIMIT_NOFILE, &descriptors) == -1)
		return 1;
	if ((*(int (*const *)(void))make)() != -1 || errno != EMFILE)
		return 2;
	return fcntl(STDIN_FILENO, F_GETFD) == -1 ? 0 : LEAKED;
}

static int make_socket(void)
{
	return net_socket(AF_INET, SOCK_STREAM, 0);
}

static int waiting_listener;

static int make_connection(void)
{
	return net_accept(waiting_listener, NULL, NULL);
}

static void test_net_socket_is_above_stdio_if_stdio_is_closed(void **state)
{
	int (*const make)(void) = make_socket;
	struct process child = process_start(make_without_stdio, &make);

	(void)state;
	assert_int_equal(process_end(&child).status, 0);
	child = process_start(make_without_stderr, &make);
	assert_int_equal(process_end(&child).status, 0);
}

static void test_net_socket_tells_that_no_descriptor_is_free(void **state)
{
	int (*const make)(void) = make_socket;
	struct process child = process_start(make_without_room, &make);

	(void)state;
	assert_int_equal(process_end(&child).status, 0);
}

static void test_net_socket_is_the_lowest_that_is_free(void **state)
{
	const int lowest = fcntl(STDIN_FILENO, F_DUPFD, STDERR_FILENO + 1);
	const int saved = fcntl(STDIN_FILENO, F_DUPFD, lowest + 1);
	int fd;

	(void)state;
	close(lowest);
	close(STDIN_FILENO);
	fd = net_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(fd, lowest);
	net_close(fd);
	close(saved);
}

static void test_net_check_listener_tells_what_is_none(void **state)
{
	const int stream = net_socket(AF_INET, SOCK_STREAM, 0);
	const int datagram = net_socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	errno = 0;
	assert_int_equal(net_check_listener(stream), -1);
	assert_int_equal(errno, EINVAL);
	errno = 0;
	assert_int_equal(net_check_listener(datagram), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(net_check_listener(STDIN_FILENO), -1);
	assert_int_equal(errno, ENOTSOCK);
	net_close(stream);
	net_close(datagram);
}

static void test_net_accept_is_above_stdio_if_stdio_is_closed(void **state)
{
	int (*const make)(void) = make_connection;
	struct process child;
	int client;

	(void)state;
	waiting_listener = listener_on_loopback();
	client = client_connect(bound_port(waiting_listener));
	child = process_start(make_without_stdio, &make);
	assert_int_equal(process_end(&child).status, 0);
	net_close(client);
	net_close(waiting_listener);
}

static void test_net_reuse_address_sets_it_and_not_reuseport(void **state)
{
	int fd = net_socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(option(fd, SOL_SOCKET, SO_REUSEADDR), 0);
	assert_int_equal(net_reuse_address(fd), 0);
	assert_int_equal(option(fd, SOL_SOCKET, SO_REUSEADDR), 1);
	assert_int_equal(option(fd, SOL_SOCKET, SO_REUSEPORT), 0);
	net_close(fd);
}

static void test_net_listen_passes_the_backlog_on(void **state)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int fd = listener_on_loopback();

	(void)state;
	assert_int_equal(option(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	/* Of a listener this field tells the backlog. */
	assert_int_equal(info.tcpi_sacked, 5);
	net_close(fd);
}

static void test_net_accept_is_repeated_if_interrupted_or_aborted(void **state)
{
	static const int passing[] = { EINTR, ECONNABORTED };
	int listener = listener_on_loopback();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int client = client_connect(bound_port(listener));
		int fd;

		fault_fail("accept", 1, passing[i]);
		fd = net_accept(listener, NULL, NULL);
		assert_int_equal(fault_calls(), 2);
		fault_reset();
		assert_int_not_equal(fd, -1);
		net_close(fd);
		net_close(client);
	}
	net_close(listener);
}

static void test_net_recv_returns_the_bytes_that_came(void **state)
{
	static const char sent[] = "a\0b\n\xff";
	char got[16];
	int pair[2];

	(void)state;
	connect_pair(pair);
	client_send(pair[0], sent, sizeof(sent));
	assert_int_equal(net_recv(pair[1], got, sizeof(got), 0), sizeof(sent));
	assert_memory_equal(got, sent, sizeof(sent));
	close_pair(pair);
}

static void test_net_recv_takes_no_more_than_its_length(void **state)
{
	char got[] = "....";
	int pair[2];

	(void)state;
	connect_pair(pair);
	client_send(pair[0], "abcd", 4);
	assert_int_equal(net_recv(pair[1], got, 3, 0), 3);
	assert_memory_equal(got, "abc.", 4);
	assert_int_equal(net_recv(pair[1], got, 4, 0), 1);
	assert_memory_equal(got, "dbc.", 4);
	close_pair(pair);
}

static void test_net_recv_returns_0_at_end_of_file(void **state)
{
	char got;
	int pair[2];

	(void)state;
	connect_pair(pair);
	assert_int_equal(shutdown(pair[0], SHUT_WR), 0);
	assert_int_equal(net_recv(pair[1], &got, 1, 0), 0);
	close_pair(pair);
}

static void test_net_recv_fails_if_the_peer_resets(void **state)
{
	char got;
	int pair[2];

	(void)state;
	connect_pair(pair);
	client_reset(pair[0]);
	assert_int_equal(net_recv(pair[1], &got, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	net_close(pair[1]);
}

static void test_net_recv_is_repeated_if_interrupted(void **state)
{
	char got;
	int pair[2];

	(void)state;
	connect_pair(pair);
	client_send(pair[0], "x", 1);
	fault_fail("recv", 1, EINTR);
	assert_int_equal(net_recv(pair[1], &got, 1, 0), 1);
	assert_int_equal(fault_calls(), 2);
	fault_reset();
	close_pair(pair);
}

static void assert_unread(int fd, int expected)
{
	int bytes = -1;

	assert_int_equal(net_unread(fd, &bytes), 0);
	assert_int_equal(bytes, expected);
}

static void test_net_unread_counts_and_takes_nothing(void **state)
{
	char got[3];
	int pair[2];

	(void)state;
	connect_pair(pair);
	assert_unread(pair[1], 0);
	client_send(pair[0], "abc", 3);
	assert_unread(pair[1], 3);
	assert_int_equal(net_recv(pair[1], got, 2, 0), 2);
	assert_unread(pair[1], 1);
	assert_int_equal(net_recv(pair[1], got, 1, 0), 1);
	assert_unread(pair[1], 0);
	assert_int_equal(shutdown(pair[0], SHUT_WR), 0);
	assert_unread(pair[1], 0);
	close_pair(pair);
}

static void test_net_check_listener_fails_if_either_question_does(void **state)
{
	int fd = listener_on_loopback();

	(void)state;
	assert_int_equal(net_check_listener(fd), 0);
	for (int nth = 1; nth <= 2; nth++) {
		fault_fail("getsockopt", nth, ENOPROTOOPT);
		assert_int_equal(net_check_listener(fd), -1);
		assert_int_equal(errno, ENOPROTOOPT);
		assert_int_equal(fault_calls(), nth);
	}
	fault_reset();
	net_close(fd);
}

static void test_net_close_closes_once_if_interrupted(void **state)
{
	int before = open_descriptors();
	int fd = net_socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	fault_fail("close", 1, EINTR);
	assert_int_equal(net_close(fd), 0);
	assert_int_equal(fault_calls(), 1);
	fault_reset();
	assert_int_equal(open_descriptors(), before);
}

static int accept_in_silence(const void *listener)
{
	if (deadline_start(0, SECOND_US / 10) == -1 ||
	    net_accept(*(const int *)listener, NULL, NULL) != -1)
		return 1;
	return deadline_ended(-1) ? 0 : 2;
}

static void test_net_accept_fails_without_a_new_silence(void **state)
{
	const int listener = listener_on_loopback();
	struct process child = process_start(accept_in_silence, &listener);

	(void)state;
	assert_int_equal(process_end(&child).status, 0);
	net_close(listener);
}

/* Of an empty connection, and then of one in which a byte waits. */
static int recv_in_silence(const void *connections)
{
	const int *fds = connections;
	char got;

	if (deadline_start(0, SECOND_US) == -1 ||
	    net_recv(fds[0], &got, 1, 0) != -1)
		return 1;
	if (!deadline_ended(-1))
		return 2;
	if (net_recv(fds[1], &got, 1, 0) != 1)
		return 3;
	errno = EINTR;
	return deadline_ended(-1) ? 4 : 0;
}

static void test_net_recv_ends_a_silence_if_a_byte_came(void **state)
{
	struct process child;
	int empty[2], filled[2];

	(void)state;
	connect_pair(empty);
	connect_pair(filled);
	client_send(filled[0], "x", 1);
	child = process_start(recv_in_silence,
			      (const int[]){ empty[1], filled[1] });
	assert_int_equal(process_end(&child).status, 0);
	close_pair(empty);
	close_pair(filled);
}

/* The deadline, once it is sure to have passed. */
static bool let_deadline_pass(void)
{
	if (deadline_start(1, 0) == -1)
		return false;
	while (deadline_check() == 0)
		continue;
	return true;
}

/* One call is made, for who came in time; it is not made again. */
static int accept_too_late(const void *reason)
{
	if (!let_deadline_pass())
		return 1;
	fault_fail("accept", 1, *(const int *)reason);
	if (net_accept(waiting_listener, NULL, NULL) != -1 || errno != EINTR)
		return 2;
	return fault_calls() == 1 ? 0 : 3;
}

static void test_net_accept_is_not_repeated_once_time_is_up(void **state)
{
	static const int passing[] = { EINTR, ECONNABORTED };
	int client;

	(void)state;
	waiting_listener = listener_on_loopback();
	client = client_connect(bound_port(waiting_listener));
	for (size_t i = 0; i < 2; i++) {
		struct process child =
			process_start(accept_too_late, &passing[i]);

		assert_int_equal(process_end(&child).status, 0);
	}
	net_close(client);
	net_close(waiting_listener);
}

/* Packets are not a stream, though somebody may listen for them. */
static void test_net_check_listener_refuses_packets(void **state)
{
	static const struct sockaddr_un name = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	(void)state;
	/* No more than the family: the kernel gives it a name. */
	assert_int_equal(bind(fd, (const struct sockaddr *)&name,
			      sizeof(name.sun_family)),
			 0);
	assert_int_equal(net_listen(fd, 5), 0);
	errno = 0;
	assert_int_equal(net_check_listener(fd), -1);
	assert_int_equal(errno, EINVAL);
	net_close(fd);
}

/* One call through each wrapper; what it would act on does not matter. */
static long call_wrapper(const char *call)
{
	struct address address = { .len = ADDRESS_LEN };
	int bytes;
	char byte;

	if (strcmp(call, "socket") == 0)
		return net_socket(AF_INET, SOCK_STREAM, 0);
	if (strcmp(call, "setsockopt") == 0)
		return net_reuse_address(-1);
	if (strcmp(call, "bind") == 0)
		return net_bind(-1, &address.any, address.len);
	if (strcmp(call, "listen") == 0)
		return net_listen(-1, 5);
	if (strcmp(call, "getsockopt") == 0)
		return net_check_listener(-1);
	if (strcmp(call, "getsockname") == 0)
		return net_getsockname(-1, &address.any, &address.len);
	if (strcmp(call, "ioctl") == 0)
		return net_unread(-1, &bytes);
	if (strcmp(call, "accept") == 0)
		return net_accept(-1, NULL, NULL);
	if (strcmp(call, "recv") == 0)
		return net_recv(-1, &byte, 1, 0);
	return net_close(-1);
}

static void test_net_wrappers_pass_on_every_error(void **state)
{
	static const char *const calls[] = {
		"socket",      "setsockopt", "bind", "listen", "getsockopt",
		"getsockname", "accept",     "recv", "ioctl",  "close"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const int *reason = fault_reasons(calls[i]);

		assert_int_not_equal(*reason, 0);
		for (; *reason != 0; reason++) {
			long got;

			fault_fail(calls[i], 1, *reason);
			errno = 0;
			got = call_wrapper(calls[i]);
			assert_int_equal(errno, *reason);
			assert_int_equal(got, -1);
			assert_int_equal(fault_calls(), 1);
		}
	}
	fault_reset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_net_socket_returns_what_was_asked_for),
		cmocka_unit_test(
			test_net_socket_is_above_stdio_if_stdio_is_closed),
		cmocka_unit_test(
			test_net_socket_tells_that_no_descriptor_is_free),
		cmocka_unit_test(test_net_socket_is_the_lowest_that_is_free),
		cmocka_unit_test(test_net_check_listener_tells_what_is_none),
		cmocka_unit_test(
			test_net_accept_is_above_stdio_if_stdio_is_closed),
		cmocka_unit_test(
			test_net_reuse_address_sets_it_and_not_reuseport),
		cmocka_unit_test(test_net_listen_passes_the_backlog_on),
		cmocka_unit_test(
			test_net_accept_is_repeated_if_interrupted_or_aborted),
		cmocka_unit_test(test_net_recv_returns_the_bytes_that_came),
		cmocka_unit_test(test_net_recv_takes_no_more_than_its_length),
		cmocka_unit_test(test_net_recv_returns_0_at_end_of_file),
		cmocka_unit_test(test_net_recv_fails_if_the_peer_resets),
		cmocka_unit_test(test_net_recv_is_repeated_if_interrupted),
		cmocka_unit_test(test_net_unread_counts_and_takes_nothing),
		cmocka_unit_test(
			test_net_check_listener_fails_if_either_question_does),
		cmocka_unit_test(test_net_close_closes_once_if_interrupted),
		cmocka_unit_test(test_net_accept_fails_without_a_new_silence),
		cmocka_unit_test(test_net_recv_ends_a_silence_if_a_byte_came),
		cmocka_unit_test(
			test_net_accept_is_not_repeated_once_time_is_up),
		cmocka_unit_test(test_net_check_listener_refuses_packets),
		cmocka_unit_test(test_net_wrappers_pass_on_every_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
