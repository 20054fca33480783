/* The lines on standard error, to the letter. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "report.h"
#include "support.h"

static int say_error(const void *object)
{
	errno = EADDRINUSE;
	report_error("bind", object);
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
			    "Address already in use\n");
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
			    "nothing sent\n");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_report_error_names_call_object_and_reason),
		cmocka_unit_test(
			test_report_error_ends_the_line_if_it_is_too_long),
		cmocka_unit_test(test_report_nothing_sent_says_so),
		cmocka_unit_test(test_report_rest_left_says_how_much_was_taken),
		cmocka_unit_test(test_report_tries_once_if_stderr_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
