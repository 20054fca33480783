/* The lines on standard error, to the letter. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "report.h"
#include "support.h"

static int say_error(const void *object)
{
	errno = EIO;
	report_error("bind", object);
	return 0;
}

static int say_hint(const void *reason)
{
	errno = *(const int *)reason;
	report_error("call", "object");
	return 0;
}

static int say_reset_of_output(const void *unused)
{
	(void)unused;
	errno = ECONNRESET;
	report_error("write", "standard output");
	return 0;
}

/* What to do about the failures that people meet, in the order of report.c. */
static const struct {
	int reason;
	const char *hint;
} hints[] = {
	{ EACCES, "ports below 1024 are for root, -p takes another" },
	{ EADDRINUSE, "ss -ltnp shows who holds it, -p takes another" },
	{ EADDRNOTAVAIL, "ip addr shows which ones -b can take" },
	{ EAFNOSUPPORT, "-b takes an address of the other family" },
	{ EBADF, "it is closed or only for reading, >FILE opens it" },
	{ ECONNRESET, "its sender gave up, have it sent again" },
	{ ENOSPC, "make room, and run it again" },
	{ EPIPE, "its reader has ended, run both again" },
};

enum {
	HINTS = sizeof(hints) / sizeof(hints[0]),
	HIGHEST_ERRNO = 200, /* above all of Linux */
};

static bool has_hint(int reason)
{
	for (size_t i = 0; i < HINTS; i++)
		if (hints[i].reason == reason)
			return true;
	return false;
}

static int say_without_hint(const void *unused)
{
	(void)unused;
	for (int reason = 1; reason < HIGHEST_ERRNO; reason++) {
		errno = reason;
		if (!has_hint(reason))
			report_error("bind", "object");
	}
	return 0;
}

struct late {
	const char *call, *object;
	uint64_t timeout_us, delivered;
	const char *says; /* behind the object */
};

static int say_late(const void *argument)
{
	const struct late *late = argument;

	report_deadline(late->call, late->object, late->timeout_us,
			late->delivered);
	return 0;
}

/* A line without arguments. */
static int say(const void *report)
{
	(*(void (*const *)(void))report)();
	return 0;
}

static int say_rest_left(const void *taken)
{
	report_rest_left(*(const uint64_t *)taken, "hint");
	return 0;
}

static int say_usage(const void *value)
{
	report_usage("-p", value, "wrong", "server [-q]");
	return 0;
}

static int say_no_listener(const void *unused)
{
	(void)unused;
	report_no_listener(3);
	return 0;
}

static int say_names(const void *unused)
{
	(void)unused;
	report_listening("0.0.0.0", 8080);
	report_listening("2001:db8::1", 65535);
	report_received("127.0.0.1", 1);
	report_received("-", 0);
	return 0;
}

static int say_exits(const void *unused)
{
	(void)unused;
	report_exit(0);
	report_exit(124);
	return 0;
}

static int say_into_failing_stderr(const void *unused)
{
	(void)unused;
	fault_fail("write", 1, EPIPE);
	report_nothing_sent();
	return fault_calls() == 1 ? 0 : 1;
}

__attribute__((format(printf, 3, 4))) static void
say_step(const char *call, long result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report_step(call, result, format, arguments);
	va_end(arguments);
}

static int say_failed_step(const void *reason)
{
	errno = *(const int *)reason;
	say_step("close", -1, "%d", 3);
	return 0;
}

static int say_step_into_failing_stderr(const void *unused)
{
	(void)unused;
	fault_fail("write", 1, EPIPE);
	errno = EBADF;
	say_step("close", -1, "%d", 3);
	return errno == EBADF && fault_calls() == 1 ? 0 : 1;
}

static int say_steps(const void *unused)
{
	(void)unused;
	say_step("socket", 3, "%s, SOCK_STREAM, 0", "AF_INET");
	say_step("getsockname", 0, "%d, &name, &len", 3);
	say_step("recv", 131072, "%d, message, %zu, %s", 4, (size_t)131072,
		 "0");
	say_step("bind", 0, "%d, {%s, %u = %02x %02x, %s}, %zu", 3, "AF_INET6",
		 65535U, 0xffU, 0xffU,
		 "2001:db8:1111:2222:3333:4444:255.255.255.255", (size_t)28);
	return 0;
}

/* fault counts the writes, and passes them on. */
static int say_each_in_one_write(const void *unused)
{
	const uint64_t taken = 5;

	(void)unused;
	fault_fail("write", 0, 0);
	report_nothing_sent();
	report_skipped();
	say_rest_left(&taken);
	say_no_listener(NULL);
	say_error("x");
	say_step("close", 0, "%d", 3);
	return fault_calls() == 6 ? 0 : 1;
}

static struct result run(int (*body)(const void *), const void *argument)
{
	struct process child = process_start(body, argument);
	struct result result = process_end(&child);

	assert_int_equal(result.status, 0);
	assert_int_equal(result.out_len, 0);
	return result;
}

static void assert_late(const struct late *late)
{
	char line[256];

	snprintf(line, sizeof(line), "server: %s %s: %s\n", late->call,
		 late->object, late->says);
	assert_string_equal(run(say_late, late).err, line);
}

static void test_report_error_names_call_object_and_reason(void **state)
{
	(void)state;
	assert_string_equal(run(say_error, "0.0.0.0:8080").err,
			    "server: bind 0.0.0.0:8080: "
			    "Input/output error; man 2 bind has more\n");
}

static void test_report_error_says_what_to_do(void **state)
{
	struct result result;

	(void)state;
	for (size_t i = 0; i < HINTS; i++) {
		char line[256];

		snprintf(line, sizeof(line), "server: call object: %s; %s\n",
			 strerror(hints[i].reason), hints[i].hint);
		assert_string_equal(run(say_hint, &hints[i].reason).err, line);
	}
	result = run(say_reset_of_output, NULL);
	assert_string_equal(result.err,
			    "server: write standard output: Connection reset "
			    "by peer; its reader has ended, run both again\n");
}

static void test_report_error_names_the_page_where_it_has_no_hint(void **state)
{
	struct result result = run(say_without_hint, NULL);
	const char *line = result.err;

	(void)state;
	for (int reason = 1; reason < HIGHEST_ERRNO; reason++) {
		char expected[256];

		if (has_hint(reason))
			continue;
		snprintf(expected, sizeof(expected),
			 "server: bind object: %s; man 2 bind has more\n",
			 strerror(reason));
		assert_memory_equal(line, expected, strlen(expected));
		line += strlen(expected);
	}
	assert_string_equal(line, "");
}

static void test_report_deadline_says_what_was_missing(void **state)
{
	static const struct late cases[] = {
		{ "accept", "0.0.0.0:8080", 5000000, 0,
		  "no sender came within 5 s, 0 bytes delivered; "
		  "-t gives more time" },
		{ "recv", "connection", 250000, 0,
		  "nothing came within 0.25 s, 0 bytes delivered; "
		  "-t gives more time" },
		{ "recv", "connection", 5000000, 1,
		  "the message did not end within 5 s, 1 bytes delivered; "
		  "-t gives more time, if its sender ends it, as nc -N does" },
		{ "write", "standard output", 5000000, 0,
		  "it took no more within 5 s, 0 bytes delivered; "
		  "-t gives more time" },
		{ "write", "standard output", 5000000, 65536,
		  "it took no more within 5 s, 65536 bytes delivered; "
		  "-t gives more time" },
		{ "write", "standard output", 5000000, UINT64_MAX,
		  "it took no more within 5 s, 18446744073709551615 bytes "
		  "delivered; -t gives more time" },
		{ "write", "ready descriptor", 300000, 0,
		  "it took no more within 0.3 s, 0 bytes delivered; "
		  "-t gives more time" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_late(&cases[i]);
}

static void test_report_deadline_tells_the_time_as_it_was_typed(void **state)
{
	static const struct {
		uint64_t us;
		const char *text;
	} times[] = {
		{ 100, "0.0001" },
		{ 100000, "0.1" },
		{ 999999, "0.999999" },
		{ 1234567, "1.234567" },
		{ 1000000000000, "1000000" },
		{ 4294967297, "4294.967297" },
		{ 123456789123456, "123456789.123456" },
		{ 999999999999999, "999999999.999999" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct late late = { "accept", "x", times[i].us, 0, NULL };
		char says[128];

		snprintf(says, sizeof(says),
			 "no sender came within %s s, 0 bytes delivered; "
			 "-t gives more time",
			 times[i].text);
		late.says = says;
		assert_late(&late);
	}
}

static void test_report_error_ends_the_line_if_it_is_too_long(void **state)
{
	char object[1024];
	struct result result;

	(void)state;
	memset(object, 'x', sizeof(object) - 1);
	object[sizeof(object) - 1] = '\0';
	result = run(say_error, object);
	assert_int_equal(strlen(result.err), 255);
	assert_string_equal(result.err + 250, "xxxx\n");
	assert_memory_equal(result.err, "server: bind xxx", 16);
}

static void test_report_nothing_sent_says_so(void **state)
{
	void (*const line)(void) = report_nothing_sent;

	(void)state;
	assert_string_equal(run(say, &line).err,
			    "server: recv connection: closed by its sender, "
			    "nothing sent; -z waits for the next\n");
}

static void test_report_rest_left_says_how_much_was_taken(void **state)
{
	static const uint64_t taken[] = { 128, 131072, 4294967297, INT64_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		char line[128];

		snprintf(line, sizeof(line),
			 "server: recv connection: more than %ju bytes, the "
			 "rest was left; hint\n",
			 (uintmax_t)taken[i]);
		assert_string_equal(run(say_rest_left, &taken[i]).err, line);
	}
}

static void test_report_usage_has_two_lines(void **state)
{
	(void)state;
	assert_string_equal(run(say_usage, "80x").err,
			    "server: -p 80x: wrong\n"
			    "server: usage: server [-q]; -h explains it\n");
	assert_string_equal(run(say_usage, "").err,
			    "server: -p: wrong\n"
			    "server: usage: server [-q]; -h explains it\n");
	assert_string_equal(run(say_usage, "\a\n\033[1m\x7f\t").err,
			    "server: -p ???[1m??: wrong\n"
			    "server: usage: server [-q]; -h explains it\n");
}

static void test_report_no_listener_says_what_to_pass(void **state)
{
	(void)state;
	assert_string_equal(run(say_no_listener, NULL).err,
			    "server: LISTEN_FDS: descriptor 3 is not a "
			    "listening stream socket; pass the listener, not a "
			    "connection\n");
}

static void test_report_skipped_says_what_is_awaited(void **state)
{
	void (*const line)(void) = report_skipped;

	(void)state;
	assert_string_equal(run(say, &line).err,
			    "server: recv connection: ended before its first "
			    "byte, waiting for the next\n");
}

static void
test_report_listening_and_received_have_the_words_of_nc(void **state)
{
	(void)state;
	assert_string_equal(run(say_names, NULL).err,
			    "Listening on 0.0.0.0 8080\n"
			    "Listening on 2001:db8::1 65535\n"
			    "Connection received on 127.0.0.1 1\n"
			    "Connection received on - 0\n");
}

static void test_report_step_keeps_its_columns(void **state)
{
	(void)state;
	assert_string_equal(
		run(say_steps, NULL).err,
		"server: man 2 socket           3 = "
		"socket(AF_INET, SOCK_STREAM, 0)\n"
		"server: man 2 getsockname      0 = "
		"getsockname(3, &name, &len)\n"
		"server: man 2 recv        131072 = "
		"recv(4, message, 131072, 0)\n"
		"server: man 2 bind             0 = "
		"bind(3, {AF_INET6, 65535 = ff ff, "
		"2001:db8:1111:2222:3333:4444:255.255.255.255}, 28)\n");
}

static void test_report_exit_has_the_columns_of_the_steps(void **state)
{
	(void)state;
	assert_string_equal(run(say_exits, NULL).err,
			    "server: man 3 exit                 exit(0)\n"
			    "server: man 3 exit                 exit(124)\n");
}

static void test_report_writes_a_line_at_once(void **state)
{
	(void)state;
	run(say_each_in_one_write, NULL);
}

static void test_report_tries_once_if_stderr_fails(void **state)
{
	(void)state;
	assert_string_equal(run(say_into_failing_stderr, NULL).err, "");
}

static void test_report_step_names_the_errno(void **state)
{
	static const struct {
		int reason;
		const char *name;
	} cases[] = {
		{ EPERM, "EPERM" },
		/* The last of Linux, one that it has left out, and none. */
		{ EHWPOISON, "EHWPOISON" },
		{ 41, "errno 41" },
		{ 99999, "errno 99999" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[128];

		snprintf(line, sizeof(line),
			 "server: man 2 close           -1 = close(3) %s\n",
			 cases[i].name);
		assert_string_equal(run(say_failed_step, &cases[i].reason).err,
				    line);
	}
}

static void test_report_step_leaves_errno_alone(void **state)
{
	(void)state;
	assert_string_equal(run(say_step_into_failing_stderr, NULL).err, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_report_error_names_call_object_and_reason),
		cmocka_unit_test(test_report_error_says_what_to_do),
		cmocka_unit_test(
			test_report_error_names_the_page_where_it_has_no_hint),
		cmocka_unit_test(test_report_deadline_says_what_was_missing),
		cmocka_unit_test(
			test_report_deadline_tells_the_time_as_it_was_typed),
		cmocka_unit_test(test_report_usage_has_two_lines),
		cmocka_unit_test(test_report_no_listener_says_what_to_pass),
		cmocka_unit_test(test_report_skipped_says_what_is_awaited),
		cmocka_unit_test(
			test_report_listening_and_received_have_the_words_of_nc),
		cmocka_unit_test(test_report_step_keeps_its_columns),
		cmocka_unit_test(test_report_exit_has_the_columns_of_the_steps),
		cmocka_unit_test(test_report_writes_a_line_at_once),
		cmocka_unit_test(
			test_report_error_ends_the_line_if_it_is_too_long),
		cmocka_unit_test(test_report_nothing_sent_says_so),
		cmocka_unit_test(test_report_rest_left_says_how_much_was_taken),
		cmocka_unit_test(test_report_tries_once_if_stderr_fails),
		cmocka_unit_test(test_report_step_names_the_errno),
		cmocka_unit_test(test_report_step_leaves_errno_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
