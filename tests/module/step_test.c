/* How a step ends: the line of what was late, to the letter, and the status. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deadline.h"
#include "step.h"
#include "support.h"

struct late {
	const char *call, *object;
	bool line;	    /* -l */
	bool idle;	    /* -w, and not -t */
	bool skip_empty;    /* -z */
	bool allows_some;   /* -a */
	uint64_t us;	    /* of the limit */
	uint64_t delivered; /* bytes */
	size_t pending;	    /* of a character that is kept */
	const char *says;   /* after the object */
};

/* The other limit is of no matter. */
static int end_late(const void *argument)
{
	const struct late *late = argument;
	const bool idle = late->idle;
	struct options options = { .line = late->line,
				   .skip_empty = late->skip_empty,
				   .allows_some = late->allows_some,
				   .timeout_us = idle ? 77 : late->us,
				   .idle_us = idle ? late->us : 77 };
	struct run run = { .options = &options,
			   .output.delivered = late->delivered,
			   .output.terminal.len = late->pending };

	deadline_start(idle ? 0 : 1, idle ? 1 : 0);
	do
		errno = EINTR;
	while (!deadline_ended(-1));
	if (step_check(&run, late->call, late->object, -1))
		return 1;
	/* What goes wrong after it is not told. */
	errno = EIO;
	if (step_check(&run, "close", "listener", -1))
		return 2;
	return run.status == STATUS_DEADLINE ? 0 : 3;
}

static int pass(const void *unused)
{
	struct options options = { 0 };
	struct run run = { .options = &options };

	(void)unused;
	errno = EINTR;
	if (!step_check(&run, "recv", "connection", 0) ||
	    !step_check(&run, "recv", "connection", 7))
		return 1;
	return run.status == STATUS_OK ? 0 : 2;
}

/* Limits that are not over, or not there, end no call. */
static int end_in_time(const void *unused)
{
	struct options options = { .timeout_us = 99000000,
				   .idle_us = 99000000 };
	struct run run = { .options = &options };

	(void)unused;
	for (int i = 0; i < 2; i++) {
		run.status = STATUS_OK;
		errno = EINTR;
		if (step_check(&run, "close", "standard output", -1) ||
		    run.status != STATUS_FAILED)
			return 1;
		deadline_start(options.timeout_us, options.idle_us);
	}
	return 0;
}

struct begun {
	uint64_t delivered;
	bool skip_empty; /* -z */
};

/* The hint goes by whether a byte has come, as it has once -z is content. */
static int end_reset(const void *argument)
{
	const struct begun *begun = argument;
	struct options options = { .skip_empty = begun->skip_empty };
	struct run run = { .options = &options,
			   .output.delivered = begun->delivered };

	errno = ECONNRESET;
	step_check(&run, "recv", "connection", -1);
	return run.status == STATUS_FAILED ? 0 : 1;
}

/* Waits for a byte that never comes, with file as standard output. */
static int wait_with_file(const void *file)
{
	struct options options = { .timeout_us = SECOND_US / 5 };
	struct run run = { .options = &options };
	int ends[2];

	if (pipe(ends) == -1)
		return 1;
	output_prepare(&run.output, *(const int *)file);
	deadline_start(options.timeout_us, 0);
	if (step_wait(&run, "recv", "connection", ends[0]))
		return 2;
	return run.status == STATUS_DEADLINE ? 0 : 3;
}

/* To name the listener asks for its interface, which is gone. */
static int fail_to_bind(const void *unused)
{
	struct options options = { .inherited = -1 };
	struct run run = { .options = &options };

	(void)unused;
	address_parse("fe80::1", 8080, &options.address);
	options.address.ip6.sin6_scope_id = 2147483647;
	errno = EMFILE;
	step_check(&run, "socket", run.where, -1);
	return 0;
}

static struct result run_in_child(int (*body)(const void *),
				  const void *argument)
{
	struct process child = process_start(body, argument);
	struct result result = process_end(&child);

	assert_int_equal(result.status, 0);
	return result;
}

static void assert_late(const struct late *late)
{
	char line[256];

	snprintf(line, sizeof(line), "server: %s %s: %s\n", late->call,
		 late->object, late->says);
	assert_string_equal(run_in_child(end_late, late).err, line);
}

static void test_step_check_says_what_was_missing_in_the_run(void **state)
{
	static const struct late cases[] = {
		{ "accept", "0.0.0.0:8080", false, false, false, false, 5000000,
		  0, 0, "nobody connected within 5 s; -t sets a longer time" },
		{ "recv", "connection", false, false, false, false, 250000, 0,
		  0, "nothing came within 0.25 s; -t sets a longer time" },
		{ "recv", "connection", true, false, false, false, 250000, 0, 0,
		  "no newline came within 0.25 s; -t sets a longer time" },
		{ "recv", "connection", true, false, false, false, 250000, 3, 0,
		  "no newline came within 0.25 s (3 bytes delivered); "
		  "-t sets a longer time" },
		{ "recv", "connection", false, false, false, false, 5000000, 1,
		  2,
		  "the sender did not close within 5 s (3 bytes delivered); "
		  "nc needs -N to close, -t sets a longer time" },
		{ "write", "standard output", false, false, false, false,
		  5000000, 0, 0,
		  "it did not take all within 5 s; -t sets a longer time" },
		{ "write", "standard output", true, false, false, false,
		  5000000, 65536, 0,
		  "it did not take all within 5 s (65536 bytes delivered); "
		  "-t sets a longer time" },
		{ "write", "standard output", false, false, false, false,
		  5000000, UINT64_MAX, 0,
		  "it did not take all within 5 s (18446744073709551615 bytes "
		  "delivered); -t sets a longer time" },
		{ "write", "ready descriptor", false, false, false, false,
		  300000, 0, 0,
		  "it did not take all within 0.3 s; -t sets a longer time" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_late(&cases[i]);
}

static void test_step_check_says_what_was_missing_in_a_silence(void **state)
{
	static const struct late cases[] = {
		{ "accept", "0.0.0.0:8080", false, true, false, false, 5000000,
		  0, 0, "nobody connected for 5 s; -w sets a longer time" },
		{ "recv", "connection", false, true, false, false, 250000, 0, 0,
		  "nothing came for 0.25 s; -w sets a longer time" },
		{ "recv", "connection", true, true, false, false, 250000, 3, 0,
		  "nothing came for 0.25 s (3 bytes delivered); "
		  "-w sets a longer time" },
		{ "recv", "connection", false, true, false, false, 5000000, 1,
		  0,
		  "nothing came for 5 s (1 bytes delivered); "
		  "-w sets a longer time" },
		{ "write", "standard output", false, true, false, false,
		  5000000, 9, 0,
		  "it took no more for 5 s (9 bytes delivered); "
		  "-w sets a longer time" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_late(&cases[i]);
}

static void test_step_check_tells_the_time_as_it_was_typed(void **state)
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
		struct late late = { "accept", "x", .us = times[i].us };
		char says[128];

		snprintf(says, sizeof(says),
			 "nobody connected within %s s; -t sets a longer time",
			 times[i].text);
		late.says = says;
		assert_late(&late);
	}
}

static void test_step_check_takes_no_errno_for_a_limit(void **state)
{
	static const char line[] = "server: close standard output: Interrupted "
				   "system call; man 2 close has more\n";
	char lines[256];

	(void)state;
	snprintf(lines, sizeof(lines), "%s%s", line, line);
	assert_string_equal(run_in_child(end_in_time, NULL).err, lines);
}

static void test_step_check_is_silent_if_the_step_did_not_fail(void **state)
{
	(void)state;
	assert_string_equal(run_in_child(pass, NULL).err, "");
}

static void test_step_check_gives_the_hint_of_what_has_come(void **state)
{
	static const struct begun none = { 0, false },
				  some[] = { { 1, false }, { 0, true } };

	(void)state;
	assert_string_equal(run_in_child(end_reset, &none).err,
			    "server: recv connection: Connection reset by "
			    "peer; the sender aborted, send again; -z "
			    "passes over a probe\n");
	for (size_t i = 0; i < 2; i++)
		assert_string_equal(run_in_child(end_reset, &some[i]).err,
				    "server: recv connection: Connection reset "
				    "by peer; the sender aborted, send "
				    "again\n");
}

/* poll(2) tells of an error of each file of sysfs, until it is read. */
static void test_step_wait_takes_no_file_for_a_reader_that_is_gone(void **state)
{
	const int file = open("/sys/kernel/uevent_seqnum", O_RDONLY);
	struct pollfd asked = { .fd = file };

	(void)state;
	skip_without(file != -1 && poll(&asked, 1, 0) == 1,
		     "/sys/kernel/uevent_seqnum");
	assert_string_equal(run_in_child(wait_with_file, &file).err,
			    "server: recv connection: nothing came within 0.2 "
			    "s; -t sets a longer time\n");
	close(file);
}

static void test_step_check_keeps_the_reason(void **state)
{
	(void)state;
	assert_like(run_in_child(fail_to_bind, NULL).err,
		    "server: socket [[]fe80::1%2147483647[]]:8080: Too many "
		    "open files; *\n");
}

static void test_step_check_does_not_forget_who_was_skipped(void **state)
{
	static const struct late cases[] = {
		{ "accept", "x", .us = 5000000, .skip_empty = true,
		  .says = "nobody sent anything within 5 s; -t sets a longer "
			  "time" },
		{ "accept", "x", .us = 5000000, .skip_empty = true,
		  .idle = true,
		  .says = "nobody sent anything for 5 s; -w sets a longer "
			  "time" },
		{ "accept", "x", .us = 5000000, .allows_some = true,
		  .says = "nobody that -a allows connected within 5 s; -t sets "
			  "a longer time" },
		{ "accept", "x", .us = 5000000, .skip_empty = true,
		  .allows_some = true,
		  .says = "nobody that -a allows sent anything within 5 s; -t "
			  "sets a longer time" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_late(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_step_check_says_what_was_missing_in_the_run),
		cmocka_unit_test(
			test_step_check_says_what_was_missing_in_a_silence),
		cmocka_unit_test(
			test_step_check_tells_the_time_as_it_was_typed),
		cmocka_unit_test(test_step_check_takes_no_errno_for_a_limit),
		cmocka_unit_test(
			test_step_check_is_silent_if_the_step_did_not_fail),
		cmocka_unit_test(
			test_step_check_gives_the_hint_of_what_has_come),
		cmocka_unit_test(test_step_check_keeps_the_reason),
		cmocka_unit_test(
			test_step_check_does_not_forget_who_was_skipped),
		cmocka_unit_test(
			test_step_wait_takes_no_file_for_a_reader_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
