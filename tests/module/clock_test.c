/* The clock of -v: its summary, and the line that grows, to the letter. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "report.h"
#include "support.h"

static int say_fast_summary(const void *bytes)
{
	struct progress progress;

	report_start(&progress, false);
	report_summary(&progress, *(const uint64_t *)bytes, "limit");
	return 0;
}

static int say_summary_of_two_seconds(const void *bytes)
{
	struct progress progress;

	report_start(&progress, false);
	progress.started_us -= 2000000;
	report_summary(&progress, *(const uint64_t *)bytes, "limit");
	return 0;
}

/* As if a second had passed since the clock was started, and another one. */
static int draw_twice(const void *unused)
{
	struct progress progress;

	(void)unused;
	report_start(&progress, true);
	if (progress.next_us != progress.started_us + 1000000)
		return 1;
	progress.live = true;
	progress.started_us -= 2000000;
	progress.next_us -= 1000000;
	report_progress(&progress, 5);
	if (progress.next_us < progress.started_us + 3000000)
		return 2;
	/* However long this process had to wait since. */
	progress.next_us = UINT64_MAX;
	report_progress(&progress, 6);
	progress.next_us = progress.started_us;
	report_progress(&progress, 4294967297);
	report_erase(&progress);
	report_erase(&progress);
	return 0;
}

static int end_what_is_drawn(const void *unused)
{
	struct progress progress;

	(void)unused;
	report_start(&progress, false);
	progress.drawn = true;
	report_summary(&progress, 0, "end of file");
	return 0;
}

/* Not asked for; or asked for where standard error is no terminal. */
static int draw_where_it_is_not_live(const void *unused)
{
	struct progress progress;

	(void)unused;
	for (int live = 0; live < 2; live++) {
		report_start(&progress, live);
		progress.next_us = 0;
		report_progress(&progress, 5);
		report_erase(&progress);
	}
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
	double seconds, rate, unit, off;
	char name[8];

	assert_int_equal(sscanf(summary,
				"server: %*u bytes in %lf s, %lf %7[^,]",
				&seconds, &rate, name),
			 3);
	unit = fitting_unit(name, rate);
	off = rate * unit * seconds - (double)bytes;
	assert_true(off < 0.051 * unit * seconds);
	assert_true(-off < 0.051 * unit * seconds);
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
		assert_like(result.err, "server: [0-9]* bytes in [0-9]."
					"[0-9][0-9][0-9][0-9][0-9][0-9] s, "
					"[0-9]*.[0-9] *B/s, ended by limit\n");
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

static void test_report_progress_draws_over_itself(void **state)
{
	(void)state;
	assert_like(
		run(draw_twice, NULL).err,
		"\r\033\\[Kserver: 5 bytes in "
		"[0-9].[0-9][0-9][0-9][0-9][0-9][0-9] s, [0-9].[0-9] B/s"
		"\r\033\\[Kserver: 4294967297 bytes in "
		"[0-9].[0-9][0-9][0-9][0-9][0-9][0-9] s, [0-9]*.[0-9] [GM]B/s"
		"\r\033\\[K");
}

static void test_report_progress_is_silent_if_it_is_not_live(void **state)
{
	(void)state;
	assert_string_equal(run(draw_where_it_is_not_live, NULL).err, "");
}

static void test_report_summary_erases_what_is_drawn(void **state)
{
	(void)state;
	assert_like(run(end_what_is_drawn, NULL).err,
		    "\r\033\\[Kserver: 0 bytes in [0-9].* s, 0.0 B/s, ended by "
		    "end of file\n");
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
			test_report_summary_has_the_rate_in_a_fitting_unit),
		cmocka_unit_test(test_report_summary_ends_with_gigabytes),
		cmocka_unit_test(test_report_summary_erases_what_is_drawn),
		cmocka_unit_test(test_report_progress_draws_over_itself),
		cmocka_unit_test(
			test_report_progress_is_silent_if_it_is_not_live),
		cmocka_unit_test(
			test_report_progress_tries_once_if_stderr_fails),
		cmocka_unit_test(test_report_erase_tries_once_if_stderr_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
