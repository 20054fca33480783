/* The lines on standard error, to the letter. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "report.h"
#include "support.h"

enum {
	HIGHEST_ERRNO = 134, /* above all of Linux */
};

static int say_error(const void *object)
{
	errno = EIO;
	report_error("bind", object, NULL);
	return 0;
}

/* Every errno, with a hint if it is odd. */
static int say_each_errno(const void *call)
{
	for (int reason = 1; reason <= HIGHEST_ERRNO; reason++) {
		errno = reason;
		report_error(call, "x", reason % 2 == 1 ? "do this" : NULL);
	}
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

static int say_though_interrupted(const void *unused)
{
	(void)unused;
	fault_fail("write", 1, EINTR);
	report("line");
	return fault_calls() == 2 ? 0 : 1;
}

/* Without end, as from a timer whose period is too short. */
static int say_while_interrupted(const void *unused)
{
	(void)unused;
	fault_fail("write", -1, EINTR);
	report("line");
	return fault_calls() == 3 ? 0 : 1;
}

/* fault counts the writes, and passes them on. */
static int say_each_in_one_write(const void *unused)
{
	(void)unused;
	fault_fail("write", 0, 0);
	report("line %d", 1);
	say_error("x");
	report_start(false);
	report_summary(5, "limit");
	return fault_calls() == 3 ? 0 : 1;
}

static struct result run(int (*body)(const void *), const void *argument)
{
	struct process child = process_start(body, argument);
	struct result result = process_end(&child);

	assert_int_equal(result.status, 0);
	assert_int_equal(result.out_len, 0);
	return result;
}

static void test_report_error_names_call_object_and_reason(void **state)
{
	(void)state;
	assert_string_equal(run(say_error, "0.0.0.0:8080").err,
			    "server: bind 0.0.0.0:8080: "
			    "Input/output error; man 2 bind has more\n");
}

/* Asserts that lines begin with that of the errno. Returns the rest of them. */
static const char *assert_error(const char *lines, int reason)
{
	char expected[256];

	snprintf(expected, sizeof(expected), "server: bind x: %s; %s\n",
		 strerror(reason),
		 reason % 2 == 1 ? "do this" : "man 2 bind has more");
	if (strncmp(lines, expected, strlen(expected)) != 0)
		fail_msg("this: %.*s should be: %s", (int)strcspn(lines, "\n"),
			 lines, expected);
	return lines + strlen(expected);
}

static void test_report_error_has_the_hint_or_the_page(void **state)
{
	struct result result = run(say_each_errno, "bind");
	const char *lines = result.err;

	(void)state;
	for (int reason = 1; reason <= HIGHEST_ERRNO; reason++)
		lines = assert_error(lines, reason);
	assert_string_equal(lines, "");
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

static void test_report_writes_again_if_interrupted(void **state)
{
	(void)state;
	assert_string_equal(run(say_though_interrupted, NULL).err, "line\n");
}

static void test_report_tries_three_times_if_interrupted(void **state)
{
	(void)state;
	assert_string_equal(run(say_while_interrupted, NULL).err, "");
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
		cmocka_unit_test(test_report_error_has_the_hint_or_the_page),
		cmocka_unit_test(
			test_report_error_ends_the_line_if_it_is_too_long),
		cmocka_unit_test(test_report_is_a_line_as_printf_makes_it),
		cmocka_unit_test(test_report_keeps_what_was_typed_to_its_line),
		cmocka_unit_test(test_report_writes_a_line_at_once),
		cmocka_unit_test(test_report_writes_again_if_interrupted),
		cmocka_unit_test(test_report_tries_three_times_if_interrupted),
		cmocka_unit_test(test_report_tries_once_if_stderr_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
