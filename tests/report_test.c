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

/* Numbers above all that have a hint. */
static int say_without_hint(const void *unused)
{
	(void)unused;
	for (int reason = ECONNRESET + 1; reason < ECONNRESET + 100; reason++) {
		errno = reason;
		report_error("bind", "object");
	}
	return 0;
}

static int say_begun(const void *unused)
{
	(void)unused;
	report_deadline("recv", "connection", 5000000, 1);
	return 0;
}

static int say_nothing_sent(const void *unused)
{
	(void)unused;
	report_nothing_sent();
	return 0;
}

static int say_rest_left(const void *unused)
{
	(void)unused;
	report_rest_left(128, "hint");
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

static int say_fast_summary(const void *bytes)
{
	struct progress progress;

	report_start(&progress, false);
	report_summary(&progress, *(const uint64_t *)bytes, "limit");
	return 0;
}

/* A terminal that fails once is tried again a second later, not at once. */
static int draw_into_failing_stderr(const void *unused)
{
	const uint64_t before_us = (uint64_t)now_ms() * 1000;
	struct progress progress = { .live = true };

	(void)unused;
	fault_fail("write", 1, EIO);
	report_progress(&progress, 5);
	if (fault_calls() != 1)
		return 1;
	if (progress.next_us < before_us + 1000000)
		return 2;
	/* However long this process had to wait since. */
	progress.next_us = UINT64_MAX;
	report_progress(&progress, 6);
	return fault_calls() == 1 ? 0 : 3;
}

static int erase_into_failing_stderr(const void *unused)
{
	struct progress progress = { .live = true, .drawn = true };

	(void)unused;
	fault_fail("write", 1, EIO);
	report_erase(&progress);
	report_erase(&progress);
	return fault_calls() == 1 ? 0 : 1;
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

static void test_report_error_says_what_to_do(void **state)
{
	static const struct {
		int reason;
		const char *hint;
	} cases[] = {
		{ EACCES, "ports below 1024 are for root, -p takes another" },
		{ EADDRINUSE, "ss -ltnp shows who holds it, -p takes another" },
		{ EADDRNOTAVAIL, "ip addr shows which ones -b can take" },
		{ EAFNOSUPPORT, "-b takes an address of the other family" },
		{ EBADF, "it is closed or only for reading, >FILE opens it" },
		{ ECONNRESET, "its sender gave up, have it sent again" },
		{ ENOSPC, "make room, and run it again" },
		{ EPIPE, "its reader has ended, run both again" },
	};
	struct result result;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[256];

		snprintf(line, sizeof(line), "server: call object: %s; %s\n",
			 strerror(cases[i].reason), cases[i].hint);
		assert_string_equal(run(say_hint, &cases[i].reason).err, line);
	}
	result = run(say_reset_of_output, NULL);
	assert_like(result.err, "*; its reader has ended, run both again\n");
}

static void test_report_error_names_the_page_where_it_has_no_hint(void **state)
{
	struct result result = run(say_without_hint, NULL);
	const char *line = result.err;

	(void)state;
	for (int i = 1; i < 100; i++) {
		char expected[256];

		snprintf(expected, sizeof(expected),
			 "server: bind object: %s; man 2 bind has more\n",
			 strerror(ECONNRESET + i));
		assert_memory_equal(line, expected, strlen(expected));
		line += strlen(expected);
	}
	assert_string_equal(line, "");
}

static void test_report_deadline_says_what_to_do_after_a_byte(void **state)
{
	(void)state;
	assert_string_equal(run(say_begun, NULL).err,
			    "server: recv connection: the message did not end "
			    "within 5 s, 1 bytes delivered; -t gives more "
			    "time, if its sender ends it, as nc -N does\n");
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
	(void)state;
	assert_string_equal(run(say_nothing_sent, NULL).err,
			    "server: recv connection: closed by its sender, "
			    "nothing sent; -z waits for the next\n");
}

static void test_report_rest_left_says_how_much_was_taken(void **state)
{
	(void)state;
	assert_string_equal(run(say_rest_left, NULL).err,
			    "server: recv connection: more than 128 bytes, "
			    "the rest was left; hint\n");
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

static int say_summary_of_two_seconds(const void *bytes)
{
	struct progress progress;

	report_start(&progress, false);
	progress.started_us -= 2000000;
	report_summary(&progress, *(const uint64_t *)bytes, "limit");
	return 0;
}

/* The unit of that name, how many bytes it is, and whether a rate fits it. */
static double fitting_unit(const char *name, double rate)
{
	static const char *const names[] = { "B/s", "kB/s", "MB/s", "GB/s" };
	double bytes = 1;
	size_t i = 0;

	for (; i < 3 && strcmp(names[i], name) != 0; i++)
		bytes *= 1000;
	assert_string_equal(name, names[i]);
	assert_true(rate >= 1 || i == 0);
	assert_true(rate <= 1000 || i == 3);
	return bytes;
}

/*
 * Asserts that bytes per second are what the summary says, to its decimal.
 * Returns the seconds.
 */
static double assert_rate(const char *summary, uint64_t bytes)
{
	double seconds, rate, unit, off, most;
	char name[8];

	assert_int_equal(sscanf(summary,
				"server: %*u bytes in %lf s, %lf %7[^,]",
				&seconds, &rate, name),
			 3);
	unit = fitting_unit(name, rate);
	off = rate * unit * seconds - (double)bytes;
	/* And what a double can hold. */
	most = 0.051 * unit * seconds + 1e-12 * (double)bytes;
	assert_true(off < most);
	assert_true(-off < most);
	return seconds;
}

static void test_report_summary_has_the_rate_in_a_fitting_unit(void **state)
{
	static const uint64_t bytes[] = { 1900,	     2020,    3900,
					  1900000,   3900000, 1900000000,
					  3900000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		const uint64_t *sent = &bytes[i];
		const struct result result =
			run(say_summary_of_two_seconds, sent);

		assert_true(assert_rate(result.err, *sent) >= 2);
	}
}

static void test_report_summary_ends_with_gigabytes(void **state)
{
	const uint64_t bytes = UINT64_MAX;
	const struct result result = run(say_fast_summary, &bytes);

	(void)state;
	assert_like(result.err, "server: 18446744073709551615 bytes in * s, "
				"[0-9]*.[0-9] GB/s, ended by limit\n");
	assert_rate(result.err, bytes);
}

static void test_report_progress_tries_once_if_stderr_fails(void **state)
{
	(void)state;
	assert_string_equal(run(draw_into_failing_stderr, NULL).err, "");
}

static void test_report_erase_tries_once_if_stderr_fails(void **state)
{
	(void)state;
	assert_string_equal(run(erase_into_failing_stderr, NULL).err, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_report_error_names_call_object_and_reason),
		cmocka_unit_test(test_report_error_says_what_to_do),
		cmocka_unit_test(
			test_report_error_names_the_page_where_it_has_no_hint),
		cmocka_unit_test(
			test_report_deadline_says_what_to_do_after_a_byte),
		cmocka_unit_test(
			test_report_error_ends_the_line_if_it_is_too_long),
		cmocka_unit_test(test_report_nothing_sent_says_so),
		cmocka_unit_test(test_report_rest_left_says_how_much_was_taken),
		cmocka_unit_test(test_report_tries_once_if_stderr_fails),
		cmocka_unit_test(test_report_step_names_the_errno),
		cmocka_unit_test(test_report_step_leaves_errno_alone),
		cmocka_unit_test(
			test_report_summary_has_the_rate_in_a_fitting_unit),
		cmocka_unit_test(test_report_summary_ends_with_gigabytes),
		cmocka_unit_test(
			test_report_progress_tries_once_if_stderr_fails),
		cmocka_unit_test(test_report_erase_tries_once_if_stderr_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
