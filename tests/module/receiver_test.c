/*
 * The receiver in one process, over loopback, and a client in another: what
 * comes out, the status, the line, and that no descriptor stays open. What
 * each call's failure comes to is in failure_test.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "deadline.h"
#include "fault.h"
#include "net.h"
#include "pages.h"
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
	signal(SIGPIPE, SIG_IGN);
	status = receiver_run(&options);
	/* What it was passed is closed too. */
	before -= (options.inherited != -1) + (options.ready != -1);
	return open_descriptors() == before ? (int)status : LEAKED;
}

static const struct fault_case no_fault;

static void inherit_listener(void)
{
	const int room = 2 * LONGEST;
	const struct address *address = &options.address;

	options.inherited = net_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(setsockopt(options.inherited, SOL_SOCKET, SO_RCVBUF,
				    &room, sizeof(room)),
			 0);
	assert_int_equal(
		net_bind(options.inherited, &address->any, address->len), 0);
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

/*
 * The others are closed; where that fails, the run has failed. It waits for
 * nobody any more: with -e it would for ever, on a connection that is closed.
 */
static void test_receiver_run_fails_if_it_can_not_close_others(void **state)
{
	const struct fault_case fault = { "close", 1, EIO };
	struct result result;

	(void)state;
	options.allows_some = true;
	assert_null(network_parse("192.0.2.1", &options.allow));
	options.eof = true;
	result = receive(&fault, 3);
	options.eof = false;
	options.allows_some = false;
	assert_string_equal(result.err,
			    "server: close connection: Input/output error; man "
			    "2 close has more\n");
	assert_int_equal(result.status, STATUS_FAILED);
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
				    "server: warning: the message was cut "
				    "after 128 bytes; -e takes all, "
				    "-l a line\n");
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
	options.limit_given = true;
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
			    "server: warning: the message was cut after 131072 "
			    "bytes; -e takes all, -l a line\n");
	options.limit_given = false;
	options.limit = 128;
	net_close(client);
	net_close(options.inherited);
}

/* The urgent byte is no part of the stream, but what follows it is. */
static void test_receiver_run_tells_of_what_follows_an_urgent_byte(void **state)
{
	struct process child;
	struct result result;
	int client;

	(void)state;
	inherit_listener();
	options.limit = 5;
	client = client_connect(bound_port(options.inherited));
	client_send(client, "hello", 5);
	assert_int_equal(send(client, "!", 1, MSG_OOB), 1);
	client_send(client, "world", 5);
	wait_until_received(client);
	child = process_start(run_receiver, &no_fault);
	result = process_end(&child);
	options.limit = 128;
	net_close(client);
	net_close(options.inherited);
	assert_int_equal(result.status, STATUS_OK);
	assert_string_equal(result.out, "hello");
	assert_string_equal(result.err,
			    "server: warning: the message was cut after 5 "
			    "bytes; -e takes all, -l a line\n");
}

static int run_in_short_recvs(const void *unused)
{
	(void)unused;
	fault_shorten("recv", 2);
	return run_receiver(&no_fault);
}

/* More may come while one recv is taken: who gave -n wants to know. */
static void test_receiver_run_tells_what_a_short_recv_left(void **state)
{
	(void)state;
	for (int limited = 0; limited < 2; limited++) {
		struct process child;
		struct result result;
		int client;

		inherit_listener();
		options.limit_given = limited;
		client = client_connect(bound_port(options.inherited));
		client_send(client, "hi\n", 3);
		child = process_start(run_in_short_recvs, NULL);
		result = process_end(&child);
		assert_int_equal(result.status, STATUS_OK);
		assert_string_equal(result.out, "hi");
		assert_string_equal(
			result.err,
			limited ? "server: warning: the message was cut after "
				  "2 bytes; -e takes all, -l a line\n"
				: "");
		net_close(client);
		net_close(options.inherited);
	}
	options.limit_given = false;
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

/* The item of the manual says the number that the test above has. */
static void test_manual_has_the_most_that_one_recv_takes(void **state)
{
	char *item = manual_part(".It -n BYTES, --bytes BYTES"), words[64];

	(void)state;
	snprintf(words, sizeof(words), "at most %d", MOST_OF_A_RECV);
	if (strstr(item, words) == NULL)
		fail_msg("-n does not say \"%s\": %s", words, item);
	free(item);
}

/* What a message is ended by, in each way, and what -v calls that. */
static const struct ending {
	bool line, eof;
	uint64_t limit;
	const char *sent; /* then the sender closes */
	const char *told;
} endings[] = {
	{ false, false, 128, "hi\n", "one recv" },
	{ false, false, 3, "hi\n", "limit" },
	{ false, false, 128, "", "end of file" },
	{ true, false, UINT64_MAX, "hi\nho", "newline" },
	{ true, false, 3, "hi\n", "newline" },
	{ true, false, 2, "hi\n", "limit" },
	{ true, false, UINT64_MAX, "hi", "end of file" },
	{ false, true, UINT64_MAX, "hi\n", "end of file" },
	{ false, true, UINT64_MAX, "", "end of file" },
	{ false, true, 2, "hi\n", "limit" },
};

enum {
	ENDINGS = sizeof(endings) / sizeof(endings[0])
};

static struct result receive_verbosely(const struct ending *ending,
				       const struct fault_case *fault)
{
	struct process child;
	struct result result;
	int client;

	inherit_listener();
	options.verbose = true;
	options.line = ending->line;
	options.eof = ending->eof;
	options.limit = ending->limit;
	client = client_connect(bound_port(options.inherited));
	client_send(client, ending->sent, strlen(ending->sent));
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	child = process_start(run_receiver, fault);
	result = process_end(&child);
	net_close(client);
	net_close(options.inherited);
	options.verbose = options.line = options.eof = false;
	options.limit = 128;
	return result;
}

static void test_verbose_tells_what_ended_the_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENDINGS; i++) {
		const struct result result =
			receive_verbosely(&endings[i], &no_fault);
		char told[64];

		snprintf(told, sizeof(told), "B/s, ended by %s\n",
			 endings[i].told);
		if (strstr(result.err, told) == NULL)
			fail_msg("case %zu: no \"%s\" in: %s", i, told,
				 result.err);
	}
}

static void test_verbose_tells_of_nothing_sent_before_its_summary(void **state)
{
	static const struct ending nothing = { .limit = 128, .sent = "" };
	const struct result result = receive_verbosely(&nothing, &no_fault);

	(void)state;
	assert_int_equal(result.status, STATUS_NOTHING_SENT);
	assert_like(result.err,
		    "Listening on 127.0.0.1 *\n"
		    "Connection received on 127.0.0.1 *\n"
		    "server: recv connection: closed by its sender, nothing "
		    "sent; -z waits for the next\n"
		    "server: 0 bytes in *.* s, 0.0 B/s, ended by end of "
		    "file\n");
}

/* Nobody knows then how much of the stream waits. */
static void test_verbose_tells_of_an_error(void **state)
{
	static const struct fault_case fault = { "ioctl", 1, EIO };
	static const struct ending failing = { .eof = true,
					       .limit = UINT64_MAX,
					       .sent = "hi\n" };
	const struct result result = receive_verbosely(&failing, &fault);

	(void)state;
	assert_int_equal(result.status, STATUS_FAILED);
	assert_like(result.err, "Listening on *\nConnection received on *\n"
				"server: ioctl connection: Input/output error; "
				"man 2 ioctl has more\n"
				"server: * bytes in *, ended by an error\n");
}

/* The message is whole: what comes after its limit is of no matter. */
static void test_receiver_run_takes_a_reset_after_the_limit(void **state)
{
	static const struct fault_case fault = { "look", 1, ECONNRESET };
	static const struct ending limited = { .limit = 2, .sent = "hi" };
	const struct result result = receive_verbosely(&limited, &fault);

	(void)state;
	assert_int_equal(result.status, STATUS_OK);
	assert_like(result.err, "Listening on *\nConnection received on *\n"
				"server: 2 bytes in *, ended by limit\n");
}

/* The call in which time runs out, and the one that is not made after it. */
static struct {
	const char *last, *next;
	int made;
} late;

static void run_out_of_time(const char *call, int fd, bool fails)
{
	(void)fd;
	(void)fails;
	late.made += strcmp(call, late.next) == 0;
	if (strcmp(call, late.last) != 0)
		return;
	deadline_start(1, 0);
	while (deadline_check() == 0)
		continue;
}

static int run_too_late(const void *unused)
{
	int status;

	(void)unused;
	fault_watch(run_out_of_time);
	status = run_receiver(&no_fault);
	return late.made == 0 ? status : LEAKED;
}

static int run_past_the_write(const void *unused)
{
	(void)unused;
	fault_watch(run_out_of_time);
	return run_receiver(&no_fault);
}

/* Runs out of time while nothing has to wait: 8192 bytes are there. */
static struct result receive_too_late(const char *last, const char *next,
				      bool eof)
{
	struct process child;
	struct result result;
	int client;

	late.last = last;
	late.next = next;
	inherit_listener();
	options.eof = eof;
	options.verbose = true;
	options.limit = UINT64_MAX;
	options.timeout_us = SECOND_US;
	client = client_connect(bound_port(options.inherited));
	client_send(client, long_message, 8192);
	child = process_start(run_too_late, NULL);
	result = process_end(&child);
	options.eof = false;
	options.verbose = false;
	options.limit = 128;
	options.timeout_us = 0;
	net_close(client);
	net_close(options.inherited);
	return result;
}

/* What never pauses is ended before the next call: the sender did not stop. */
static void test_receiver_run_ends_a_stream_that_never_pauses(void **state)
{
	static const struct {
		const char *last, *next;
		bool eof;
	} cases[] = { { "ioctl", "splice", true },
		      { "accept", "recv", false } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct result result = receive_too_late(
			cases[i].last, cases[i].next, cases[i].eof);

		assert_like(result.err,
			    "Listening on *\nConnection received on *\n"
			    "server: recv connection: nothing came within 1 s; "
			    "-t sets a longer time\n"
			    "server: 0 bytes in *, ended by an error\n");
		assert_int_equal(result.status, STATUS_DEADLINE);
		assert_int_equal(result.out_len, 0);
	}
}

/* So are senders that -a turns away, one after another. */
static void test_receiver_run_ends_accepting_that_never_pauses(void **state)
{
	const struct result result =
		receive_too_late("getsockname", "accept", false);

	(void)state;
	assert_like(result.err, "Listening on *\n"
				"server: accept descriptor *: nobody connected "
				"within 1 s; -t sets a longer time\n");
	assert_int_equal(result.status, STATUS_DEADLINE);
}

/* What is left is looked at all the same: the message came in time. */
static void test_receiver_run_tells_of_the_rest_after_its_time(void **state)
{
	struct process child;
	struct result result;
	int client;

	(void)state;
	late.last = "write";
	late.next = "recv";
	inherit_listener();
	options.timeout_us = SECOND_US;
	client = client_connect(bound_port(options.inherited));
	client_send(client, long_message, 129);
	child = process_start(run_past_the_write, NULL);
	result = process_end(&child);
	options.timeout_us = 0;
	net_close(client);
	net_close(options.inherited);
	assert_like(result.err, "server: warning: the message was cut after "
				"128 bytes; *\n");
	assert_int_equal(result.status, STATUS_OK);
	assert_int_equal(result.out_len, 128);
}

/* An error ends it in many ways, which failure_test has. */
static bool is_told(const char *name, size_t len)
{
	static const char error[] = "an error";

	if (strlen(error) == len && memcmp(error, name, len) == 0)
		return true;
	for (size_t i = 0; i < ENDINGS; i++)
		if (strlen(endings[i].told) == len &&
		    memcmp(endings[i].told, name, len) == 0)
			return true;
	return false;
}

/* All that the item of -v has in quotes, and nothing else. */
static void test_manual_has_what_verbose_tells(void **state)
{
	char *item = manual_part(".It -v, --verbose"), *at = item;

	(void)state;
	for (size_t i = 0; i < ENDINGS; i++) {
		char quoted[64];

		snprintf(quoted, sizeof(quoted), "\"%s\"", endings[i].told);
		if (strstr(item, quoted) == NULL)
			fail_msg("-v does not say %s: %s", quoted, item);
	}
	while ((at = strchr(at, '"')) != NULL) {
		const size_t len = strcspn(at + 1, "\"");

		if (!is_told(at + 1, len))
			fail_msg("no run tells: %.*s", (int)len, at + 1);
		at += len + 2;
	}
	free(item);
}

static int fill_message(void **state)
{
	(void)state;
	options =
		(struct options){ .limit = 128, .ready = -1, .inherited = -1 };
	assert_null(address_parse("127.0.0.1", 0, &options.address));
	for (size_t i = 0; i < sizeof(long_message); i++)
		long_message[i] = (char)(i * 7 + i / 256);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_receiver_run_delivers_a_message),
		cmocka_unit_test(
			test_receiver_run_fails_if_it_can_not_close_others),
		cmocka_unit_test(test_receiver_run_leaves_the_rest_if_over_128),
		cmocka_unit_test(
			test_receiver_run_leaves_what_one_recv_does_not_take),
		cmocka_unit_test(
			test_receiver_run_tells_of_what_follows_an_urgent_byte),
		cmocka_unit_test(
			test_receiver_run_tells_what_a_short_recv_left),
		cmocka_unit_test(test_receiver_run_tells_if_nothing_is_sent),
		cmocka_unit_test(
			test_receiver_run_says_one_line_if_close_fails_too),
		cmocka_unit_test(
			test_receiver_run_closes_ready_if_a_call_fails),
		cmocka_unit_test(test_manual_has_the_most_that_one_recv_takes),
		cmocka_unit_test(test_verbose_tells_what_ended_the_message),
		cmocka_unit_test(
			test_verbose_tells_of_nothing_sent_before_its_summary),
		cmocka_unit_test(test_verbose_tells_of_an_error),
		cmocka_unit_test(
			test_receiver_run_takes_a_reset_after_the_limit),
		cmocka_unit_test(
			test_receiver_run_ends_a_stream_that_never_pauses),
		cmocka_unit_test(
			test_receiver_run_ends_accepting_that_never_pauses),
		cmocka_unit_test(
			test_receiver_run_tells_of_the_rest_after_its_time),
		cmocka_unit_test(test_manual_has_what_verbose_tells),
	};

	return cmocka_run_group_tests(tests, fill_message, NULL);
}
