/* Writing: all of the bytes, or the reason why not. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
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

static void test_output_deliver_fails_if_the_terminal_fails(void **state)
{
	struct output output = { .fd = -1, .terminal = true };

	(void)state;
	assert_int_equal(output_deliver(&output, "abc", 3), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(output.delivered, 0);
}

static void test_output_finish_fails_if_the_terminal_fails(void **state)
{
	struct output output = { .fd = -1, .terminal = true };

	(void)state;
	output.pending[0] = '\xe2';
	output.pending_len = 1;
	assert_int_equal(output_finish(&output), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(output.delivered, 0);
}

static void test_output_widen_tells_a_pipe_from_other_things(void **state)
{
	struct output output = { .fd = open("/dev/null", O_WRONLY) };
	int ends[2];

	(void)state;
	output_widen(&output);
	assert_false(output.splices);
	close(output.fd);
	assert_int_equal(pipe(ends), 0);
	output.fd = ends[1];
	output_widen(&output);
	assert_true(output.splices);
	assert_int_equal(fcntl(ends[0], F_GETPIPE_SZ), 1 << 20);
	close(ends[0]);
	close(ends[1]);
}

static void test_output_splice_says_so_if_it_can_not(void **state)
{
	struct output output = { .fd = open("/dev/null", O_WRONLY),
				 .splices = true };
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(write(ends[0], text, sizeof(text)), sizeof(text));
	assert_int_equal(output_splice(&output, ends[1], 100), 0);
	assert_false(output.splices);
	assert_int_equal(output.delivered, 0);
	close(output.fd);
	close(ends[0]);
	close(ends[1]);
}

static void test_output_splice_moves_what_waits(void **state)
{
	struct output output = { .splices = true };
	int ends[2], sockets[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	output.fd = ends[1];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	assert_int_equal(write(sockets[0], text, sizeof(text)), sizeof(text));
	assert_int_equal(output_splice(&output, sockets[1], 100), sizeof(text));
	assert_true(output.splices);
	assert_int_equal(output.delivered, sizeof(text));
	assert_written(ends[0]);
	close(ends[0]);
	close(ends[1]);
	close(sockets[0]);
	close(sockets[1]);
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
		cmocka_unit_test(
			test_output_deliver_fails_if_the_terminal_fails),
		cmocka_unit_test(
			test_output_finish_fails_if_the_terminal_fails),
		cmocka_unit_test(
			test_output_widen_tells_a_pipe_from_other_things),
		cmocka_unit_test(test_output_splice_says_so_if_it_can_not),
		cmocka_unit_test(test_output_splice_moves_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
