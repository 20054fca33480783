/* The clock of -v: its summary, and the live line, to the letter. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "report.h"
#include "support.h"

enum {
	SECOND_US = 1000000,
	START_US = 5 * SECOND_US,
	/* The time that is told is a microsecond more, so that it is not 0. */
	TWO_SECONDS_US = 2 * SECOND_US - 1,
};

/* The clock that report sees; 0 is that of the system. */
static uint64_t clock_us;

/* The reserved names are what the linker's --wrap asks for. */
int __real_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now);

int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	if (clock_us == 0 || id != CLOCK_MONOTONIC)
		return __real_clock_gettime(id, now);
	now->tv_sec = (time_t)(clock_us / SECOND_US);
	now->tv_nsec = (long)(clock_us % SECOND_US) * 1000;
	return 0;
}

/* Of the terminal; NULL for none. One letter is enough for a name. */
static const char *term = "x";

static bool start(bool live)
{
	clock_us = START_US;
	if (term == NULL)
		unsetenv("TERM");
	else
		setenv("TERM", term, 1);
	report_start(live);
	return report_progress(0);
}

static bool draw_at(uint64_t us, uint64_t bytes)
{
	clock_us = START_US + us;
	return report_progress(bytes);
}

static int say_summary_at_once(const void *bytes)
{
	start(false);
	report_summary(*(const uint64_t *)bytes, "limit");
	return 0;
}

static int say_summary_of_two_seconds(const void *bytes)
{
	start(false);
	clock_us += TWO_SECONDS_US;
	report_summary(*(const uint64_t *)bytes, "limit");
	return 0;
}

/* Once a second, counted from the line before: the others draw nothing. */
static int draw_once_a_second(const void *unused)
{
	(void)unused;
	if (!start(true))
		return 1;
	if (!draw_at(0, 1) || !draw_at(999999, 2) || !draw_at(1000000, 3) ||
	    !draw_at(1000001, 4) || !draw_at(1999999, 5) ||
	    !draw_at(2499999, 5000) || !draw_at(3499998, 6) ||
	    !draw_at(3499999, 7000000000))
		return 2;
	return 0;
}

/* The live line goes once; what is said without one stays as it is. */
static int say_over_what_is_drawn(const void *unused)
{
	(void)unused;
	if (!start(true))
		return 1;
	report("before");
	draw_at(1000000, 0);
	report("over\nit");
	report("after");
	draw_at(TWO_SECONDS_US + 1, 8);
	clock_us--;
	report_summary(8, "end of file");
	report_summary(8, "limit");
	return 0;
}

/* The longest line has its newline where a live one is erased before it. */
static int say_too_much_over_what_is_drawn(const void *text)
{
	start(true);
	draw_at(1000000, 0);
	report("%s", (const char *)text);
	return 0;
}

/* Not asked for; or asked for where standard error is not a terminal. */
static int draw_where_it_is_not_live(const void *live)
{
	if (start(*(const bool *)live))
		return 1;
	if (draw_at(0, 5) || draw_at(10 * SECOND_US, 5))
		return 2;
	report("line");
	return 0;
}

/* A terminal that fails once is tried again a second later, not at once. */
static int draw_into_failing_stderr(const void *unused)
{
	(void)unused;
	if (!start(true))
		return 1;
	fault_fail("write", 1, EIO);
	if (!draw_at(1000000, 5) || !draw_at(1999999, 6))
		return 2;
	if (fault_calls() != 1)
		return 3;
	draw_at(2000000, 7);
	return fault_calls() == 2 ? 0 : 4;
}

static int erase_into_failing_stderr(const void *unused)
{
	(void)unused;
	if (!start(true))
		return 1;
	draw_at(1000000, 5);
	fault_fail("write", 1, EIO);
	report("lost");
	if (fault_calls() != 1)
		return 2;
	report("line");
	return fault_calls() == 2 ? 0 : 3;
}

static struct result run(int (*body)(const void *), const void *argument)
{
	struct process child = process_start(body, argument);
	struct result result = process_end(&child);

	assert_int_equal(result.status, 0);
	assert_int_equal(result.out_len, 0);
	return result;
}

/* The same on a terminal; asserts what it has been sent. */
static void assert_screen(int (*body)(const void *), const void *argument,
			  const char *expected)
{
	char text[4096];
	int pty[2];

	open_terminal(pty);
	redirect_next(pty[1], STDERR_FILENO);
	run(body, argument);
	read_screen(pty, text, sizeof(text));
	assert_string_equal(text, expected);
	close_terminal(pty);
}

static void test_report_summary_has_the_rate_in_a_fitting_unit(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *rate;
	} cases[] = {
		{ 0, "0.0 B/s" },
		{ 3, "1.5 B/s" },
		{ 1999, "999.5 B/s" },
		{ 2000, "1.0 kB/s" },
		{ 3000, "1.5 kB/s" },
		{ 1999000, "999.5 kB/s" },
		{ 2000000, "1.0 MB/s" },
		{ 1999000000, "999.5 MB/s" },
		{ 2000000000, "1.0 GB/s" },
		{ 1999000000000, "999.5 GB/s" },
		{ 2000000000000, "1000.0 GB/s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[128];

		snprintf(line, sizeof(line),
			 "server: %ju bytes in 2.000000 s, %s, ended by "
			 "limit\n",
			 (uintmax_t)cases[i].bytes, cases[i].rate);
		assert_string_equal(
			run(say_summary_of_two_seconds, &cases[i].bytes).err,
			line);
	}
}

static void test_report_summary_ends_with_gigabytes(void **state)
{
	const uint64_t bytes = UINT64_MAX;

	(void)state;
	assert_like(run(say_summary_at_once, &bytes).err,
		    "server: 18446744073709551615 bytes in 0.000001 s, "
		    "1844674407370955*.[0-9] GB/s, ended by limit\n");
}

static void test_report_progress_draws_over_itself_once_a_second(void **state)
{
	(void)state;
	assert_screen(draw_once_a_second, NULL,
		      "\r\033[Kserver: 3 bytes in 1.000001 s, 3.0 B/s"
		      "\r\033[Kserver: 5000 bytes in 2.500000 s, 2.0 kB/s"
		      "\r\033[Kserver: 7000000000 bytes in 3.500000 s, "
		      "2.0 GB/s");
}

static void test_report_erases_what_is_drawn_once(void **state)
{
	(void)state;
	assert_screen(say_over_what_is_drawn, NULL,
		      "before\n"
		      "\r\033[Kserver: 0 bytes in 1.000001 s, 0.0 B/s"
		      "\r\033[Kover?it\n"
		      "after\n"
		      "\r\033[Kserver: 8 bytes in 2.000001 s, 4.0 B/s"
		      "\r\033[Kserver: 8 bytes in 2.000000 s, 4.0 B/s, "
		      "ended by end of file\n"
		      "server: 8 bytes in 2.000000 s, 4.0 B/s, "
		      "ended by limit\n");
}

static void
test_report_ends_a_line_that_is_too_long_over_a_live_one(void **state)
{
	char text[1024], expected[1024];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	snprintf(expected, sizeof(expected),
		 "\r\033[Kserver: 0 bytes in 1.000001 s, 0.0 B/s"
		 "\r\033[K%.506s\n",
		 text);
	assert_screen(say_too_much_over_what_is_drawn, text, expected);
}

static void test_report_progress_is_silent_if_it_is_not_live(void **state)
{
	const bool asked = true, not_asked = false;

	(void)state;
	assert_string_equal(run(draw_where_it_is_not_live, &asked).err,
			    "line\n");
	assert_screen(draw_where_it_is_not_live, &not_asked, "line\n");
}

/* It could not erase the line. */
static void test_report_progress_is_silent_on_a_dumb_terminal(void **state)
{
	static const char *const dumb[] = { NULL, "", "dumb" };
	const bool asked = true;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		term = dumb[i];
		assert_screen(draw_where_it_is_not_live, &asked, "line\n");
	}
	term = "x";
}

static void test_report_progress_tries_once_if_stderr_fails(void **state)
{
	(void)state;
	assert_screen(draw_into_failing_stderr, NULL,
		      "\r\033[Kserver: 7 bytes in 2.000001 s, 3.5 B/s");
}

static void test_report_tries_to_erase_once_if_stderr_fails(void **state)
{
	(void)state;
	assert_screen(erase_into_failing_stderr, NULL,
		      "\r\033[Kserver: 5 bytes in 1.000001 s, 5.0 B/s"
		      "line\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_report_summary_has_the_rate_in_a_fitting_unit),
		cmocka_unit_test(test_report_summary_ends_with_gigabytes),
		cmocka_unit_test(
			test_report_progress_draws_over_itself_once_a_second),
		cmocka_unit_test(test_report_erases_what_is_drawn_once),
		cmocka_unit_test(
			test_report_ends_a_line_that_is_too_long_over_a_live_one),
		cmocka_unit_test(
			test_report_progress_is_silent_if_it_is_not_live),
		cmocka_unit_test(
			test_report_progress_is_silent_on_a_dumb_terminal),
		cmocka_unit_test(
			test_report_progress_tries_once_if_stderr_fails),
		cmocka_unit_test(
			test_report_tries_to_erase_once_if_stderr_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
