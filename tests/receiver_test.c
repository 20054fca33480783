/*
 * The receiver in one process, over loopback, and a client in another: what
 * comes out, the status, the line, and that no descriptor stays open. What
 * each call's failure comes to is in failure_test.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault.h"
#include "net.h"
#include "receiver.h"
#include "support.h"

enum {
	LONGEST = 200000,
	MOST_OF_A_RECV = 131072
};

static struct options options;
static char long_message[LONGEST];

/* A fault for the receiver's process: none where call is NULL. */
struct fault_case {
	const char *call;
	int nth;
	int reason;
};

static int run_receiver(const void *argument)
{
	const struct fault_case *fault = argument;
	int before = open_descriptors();
	enum status status;

	if (fault->call != NULL)
		fault_fail(fault->call, fault->nth, fault->reason);
	status = receiver_run(&options);
	/* What it was passed is closed too. */
	before -= (options.inherited != -1) + (options.ready != -1);
	return open_descriptors() == before ? (int)status : LEAKED;
}

static const struct fault_case no_fault;

static void inherit_listener(void)
{
	const int room = 2 * LONGEST;

	options.inherited = net_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(setsockopt(options.inherited, SOL_SOCKET, SO_RCVBUF,
				    &room, sizeof(room)),
			 0);
	assert_int_equal(net_bind(options.inherited, "127.0.0.1", 0), 0);
	assert_int_equal(net_listen(options.inherited, 5), 0);
}

/* Has the receiver take len bytes that were sent before it accepts. */
static struct result receive(const struct fault_case *fault, size_t len)
{
	struct process child;
	struct result result;
	int client;

	inherit_listener();
	client = client_connect(bound_port(options.inherited));
	if (len > 0)
		client_send(client, long_message, len);
	else
		assert_int_equal(shutdown(client, SHUT_WR), 0);
	child = process_start(run_receiver, fault);
	result = process_end(&child);
	net_close(client);
	net_close(options.inherited);
	return result;
}

static void test_receiver_run_delivers_a_message(void **state)
{
	static const size_t lengths[] = { 1, 2, 127, 128 };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct result result = receive(&no_fault, lengths[i]);

		assert_int_equal(result.status, STATUS_OK);
		assert_int_equal(result.out_len, lengths[i]);
		assert_memory_equal(result.out, long_message, lengths[i]);
		assert_string_equal(result.err, "");
	}
}

static void test_receiver_run_leaves_the_rest_if_over_128(void **state)
{
	static const size_t lengths[] = { 129, LONGEST };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct result result = receive(&no_fault, lengths[i]);

		assert_int_equal(result.status, STATUS_OK);
		assert_int_equal(result.out_len, 128);
		assert_memory_equal(result.out, long_message, 128);
		assert_string_equal(result.err,
				    "server: recv connection: more than 128 "
				    "bytes, the rest was left; -n takes more, "
				    "-l a line, -e all\n");
	}
}

/* Until all that was sent is in the receiver's buffer. */
static void wait_until_received(int client)
{
	long long bound = now_ms() + WAIT_MS;
	int left = 1;

	while (left > 0) {
		assert_int_equal(ioctl(client, TIOCOUTQ, &left), 0);
		assert_true(now_ms() < bound);
		sched_yield();
	}
}

static void test_receiver_run_leaves_what_one_recv_does_not_take(void **state)
{
	struct process child;
	struct result result;
	int client;

	(void)state;
	inherit_listener();
	options.limit = MOST_OF_A_RECV + 1;
	client = client_connect(bound_port(options.inherited));
	client_send(client, long_message, MOST_OF_A_RECV + 1);
	wait_until_received(client);
	child = process_start(run_receiver, &no_fault);
	expect_output(&child, long_message, MOST_OF_A_RECV);
	result = process_end(&child);
	assert_int_equal(result.status, STATUS_OK);
	assert_int_equal(result.out_len, 0);
	assert_string_equal(result.err,
			    "server: recv connection: more than 131072 bytes, "
			    "the rest was left; -l takes a line, -e all\n");
	options.limit = 128;
	net_close(client);
	net_close(options.inherited);
}

static void test_receiver_run_tells_if_nothing_is_sent(void **state)
{
	struct result result = receive(&no_fault, 0);

	(void)state;
	assert_int_equal(result.status, STATUS_NOTHING_SENT);
	assert_int_equal(result.out_len, 0);
	assert_string_equal(result.err, "server: recv connection: closed by "
					"its sender, nothing sent; "
					"-z waits for the next\n");
}

static void test_receiver_run_says_one_line_if_close_fails_too(void **state)
{
	struct fault_case fault = { "close", 1, EIO };
	struct result result = receive(&fault, 0);

	(void)state;
	assert_int_equal(result.status, STATUS_NOTHING_SENT);
	assert_string_equal(result.err, "server: recv connection: closed by "
					"its sender, nothing sent; "
					"-z waits for the next\n");
}

static void test_receiver_run_closes_ready_if_a_call_fails(void **state)
{
	static const struct fault_case failing[] = { { "socket", 1, EMFILE },
						     { "getsockname", 1,
						       ENOBUFS },
						     { "write", 1, EPIPE } };

	(void)state;
	options.inherited = -1;
	options.ready = net_socket(AF_INET, SOCK_STREAM, 0);
	for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
		struct process child = process_start(run_receiver, &failing[i]);

		assert_int_equal(process_end(&child).status, STATUS_FAILED);
	}
	net_close(options.ready);
	options.ready = -1;
}

static int fill_message(void **state)
{
	(void)state;
	options = (struct options){ .address = "127.0.0.1",
				    .port = 0,
				    .limit = 128,
				    .ready = -1,
				    .inherited = -1 };
	for (size_t i = 0; i < sizeof(long_message); i++)
		long_message[i] = (char)(i * 7 + i / 256);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_receiver_run_delivers_a_message),
		cmocka_unit_test(test_receiver_run_leaves_the_rest_if_over_128),
		cmocka_unit_test(
			test_receiver_run_leaves_what_one_recv_does_not_take),
		cmocka_unit_test(test_receiver_run_tells_if_nothing_is_sent),
		cmocka_unit_test(
			test_receiver_run_says_one_line_if_close_fails_too),
		cmocka_unit_test(
			test_receiver_run_closes_ready_if_a_call_fails),
	};

	return cmocka_run_group_tests(tests, fill_message, NULL);
}
