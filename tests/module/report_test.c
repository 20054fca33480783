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

/* What to do about the failures that people meet, in the order of report.c. */
static const struct {
	const char *call;
	int reason;
	const char *hint;
} hints[] = {
	{ "socket", EAFNOSUPPORT, "-b takes an address of the other family" },
	{ "bind", EACCES, "ports below 1024 are for root, -p takes another" },
	{ "bind", EADDRINUSE, "ss -ltnp shows who holds it, -p takes another" },
	{ "bind", EADDRNOTAVAIL, "ip addr shows which ones -b can take" },
	{ "listen", EADDRINUSE,
	  "ss -ltnp shows who holds it, -p takes another" },
	{ "recv", ECONNRESET, "its sender gave up, have it sent again" },
	{ "write", EBADF, "it is closed or only for reading, >FILE opens it" },
	{ "write", ENOSPC, "make room, and run it again" },
	{ "write", EPIPE, "its reader has ended, run both again" },
	{ "write", ECONNRESET, "its reader has ended, run both again" },
};

static const char *const calls[] = { "setitimer", "socket", "setsockopt",
				     "bind",	  "listen", "getsockname",
				     "accept",	  "recv",   "write",
				     "ioctl",	  "close" };

enum {
	HINTS = sizeof(hints) / sizeof(hints[0]),
	CALLS = sizeof(calls) / sizeof(calls[0]),
	HIGHEST_ERRNO = 134, /* above all of Linux */
};

static const char *hint_of(const char *call, int reason)
{
	for (size_t i = 0; i < HINTS; i++)
		if (hints[i].reason == reason &&
		    strcmp(hints[i].call, call) == 0)
			return hints[i].hint;
	return NULL;
}

static int say_each_errno(const void *call)
{
	for (int reason = 1; reason <= HIGHEST_ERRNO; reason++) {
		errno = reason;
		report_error(call, "x");
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

static int say_plain(const void *text)
{
	report("%s %d", (const char *)text, 7);
	return 0;
}

static int say_empty(const void *unused)
{
	(void)unused;
	report("%s", "");
	return 0;
}

static int say_into_failing_stderr(const void *unused)
{
	(void)unused;
	fault_fail("write", 1, EPIPE);
	report("line");
	return fault_calls() == 1 ? 0 : 1;
}

/* fault counts the writes, and passes them on. */
static int say_each_in_one_write(const void *unused)
{
	(void)unused;
	fault_fail("write", 0, 0);
	report("line %d", 1);
	say_error("x");
	report_deadline("accept", "x", 1, 0);
	report_start(false);
	report_summary(5, "limit");
	return fault_calls() == 4 ? 0 : 1;
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

/* Asserts that the lines begin with that of the errno: the rest of them. */
static const char *assert_error(const char *lines, const char *call, int reason)
{
	const char *hint = hint_of(call, reason);
	char expected[256];

	if (hint != NULL)
		snprintf(expected, sizeof(expected), "server: %s x: %s; %s\n",
			 call, strerror(reason), hint);
	else
		snprintf(expected, sizeof(expected),
			 "server: %s x: %s; man 2 %s has more\n", call,
			 strerror(reason), call);
	if (strncmp(lines, expected, strlen(expected)) != 0)
		fail_msg("this: %.*s should be: %s", (int)strcspn(lines, "\n"),
			 lines, expected);
	return lines + strlen(expected);
}

/* A call has no hint of another, and where it has none, it has its page. */
static void test_report_error_has_the_hint_of_call_and_errno(void **state)
{
	(void)state;
	for (size_t i = 0; i < CALLS; i++) {
		struct result result = run(say_each_errno, calls[i]);
		const char *lines = result.err;

		for (int reason = 1; reason <= HIGHEST_ERRNO; reason++)
			lines = assert_error(lines, calls[i], reason);
		assert_string_equal(lines, "");
	}
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
	assert_between(strlen(result.err), 256, 512);
	assert_string_equal(result.err + strlen(result.err) - 5, "xxxx\n");
	assert_ptr_equal(strchr(result.err, '\n'),
			 result.err + strlen(result.err) - 1);
	assert_memory_equal(result.err, "server: bind xxx", 16);
}

static void test_report_is_a_line_as_printf_makes_it(void **state)
{
	(void)state;
	assert_string_equal(run(say_plain, "Listening on 0.0.0.0").err,
			    "Listening on 0.0.0.0 7\n");
	assert_string_equal(run(say_plain, "\xc3\xa4%d").err, "\xc3\xa4%d 7\n");
	assert_string_equal(run(say_empty, NULL).err, "\n");
}

static void test_report_keeps_what_was_typed_to_its_line(void **state)
{
	(void)state;
	assert_string_equal(run(say_plain, "\a\n\033[1m\x7f\t\r\x01\x1f").err,
			    "???[1m????? 7\n");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_report_error_names_call_object_and_reason),
		cmocka_unit_test(
			test_report_error_has_the_hint_of_call_and_errno),
		cmocka_unit_test(test_report_deadline_says_what_was_missing),
		cmocka_unit_test(
			test_report_deadline_tells_the_time_as_it_was_typed),
		cmocka_unit_test(
			test_report_error_ends_the_line_if_it_is_too_long),
		cmocka_unit_test(test_report_is_a_line_as_printf_makes_it),
		cmocka_unit_test(test_report_keeps_what_was_typed_to_its_line),
		cmocka_unit_test(test_report_writes_a_line_at_once),
		cmocka_unit_test(test_report_tries_once_if_stderr_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
