/* Writing: all of the bytes, or the reason why not. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "output.h"
#include "support.h"

static uint64_t written;
static const char text[] = "one\0two\n\xff three";

static void assert_written(int from)
{
	char got[sizeof(text) + 1];

	assert_int_equal(read(from, got, sizeof(got)), sizeof(text));
	assert_memory_equal(got, text, sizeof(text));
}

static void test_output_write_writes_every_byte(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(output_write(ends[1], text, sizeof(text), &written),
			 0);
	assert_written(ends[0]);
	close(ends[0]);
	close(ends[1]);
}

static void test_output_write_writes_nothing_if_len_is_0(void **state)
{
	(void)state;
	fault_fail("write", 1, EIO);
	assert_int_equal(output_write(-1, text, 0, &written), 0);
	assert_int_equal(fault_calls(), 0);
	fault_reset();
}

static void test_output_write_completes_short_writes(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	for (size_t most = 1; most <= sizeof(text); most++) {
		fault_shorten_writes(most);
		assert_int_equal(
			output_write(ends[1], text, sizeof(text), &written), 0);
		fault_reset();
		assert_written(ends[0]);
	}
	close(ends[0]);
	close(ends[1]);
}

static void test_output_write_is_repeated_if_interrupted(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fault_fail("write", 1, EINTR);
	assert_int_equal(output_write(ends[1], text, sizeof(text), &written),
			 0);
	assert_int_equal(fault_calls(), 2);
	fault_reset();
	assert_written(ends[0]);
	close(ends[0]);
	close(ends[1]);
}

static void test_output_write_fails_if_write_fails(void **state)
{
	(void)state;
	for (const int *reason = fault_reasons("write"); *reason; reason++) {
		fault_fail("write", 1, *reason);
		assert_int_equal(output_write(-1, text, sizeof(text), &written),
				 -1);
		assert_int_equal(errno, *reason);
		assert_int_equal(fault_calls(), 1);
	}
	fault_reset();
}

static void test_output_write_fails_if_write_takes_nothing(void **state)
{
	(void)state;
	fault_fail("write", 1, 0);
	assert_int_equal(output_write(-1, text, sizeof(text), &written), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(fault_calls(), 1);
	fault_reset();
}

static void test_output_write_fails_if_the_disk_is_full(void **state)
{
	int full = open("/dev/full", O_WRONLY);

	(void)state;
	assert_int_equal(output_write(full, text, sizeof(text), &written), -1);
	assert_int_equal(errno, ENOSPC);
	close(full);
}

static void test_output_write_fails_if_the_reader_is_gone(void **state)
{
	struct output output;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	output_prepare(&output, ends[1]);
	assert_int_equal(output_write(ends[1], text, sizeof(text), &written),
			 -1);
	assert_int_equal(errno, EPIPE);
	close(ends[1]);
	signal(SIGPIPE, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_write_writes_every_byte),
		cmocka_unit_test(test_output_write_writes_nothing_if_len_is_0),
		cmocka_unit_test(test_output_write_completes_short_writes),
		cmocka_unit_test(test_output_write_is_repeated_if_interrupted),
		cmocka_unit_test(test_output_write_fails_if_write_fails),
		cmocka_unit_test(
			test_output_write_fails_if_write_takes_nothing),
		cmocka_unit_test(test_output_write_fails_if_the_disk_is_full),
		cmocka_unit_test(test_output_write_fails_if_the_reader_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
