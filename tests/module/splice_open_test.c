/* Where splice(2) can be tried, and the pipe of our own that a file needs. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fault.h"
#include "splice.h"
#include "support.h"

static struct splice open_onto(int fd)
{
	struct splice splice = { .ends = { -1, -1 } };
	struct output output;

	assert_int_not_equal(fd, -1);
	output_prepare(&output, fd);
	splice_open(&splice, &output);
	return splice;
}

/* Whether it has splice_move tried, and closes fd. */
static bool may_splice(int fd)
{
	const int before = open_descriptors();
	struct splice splice = open_onto(fd);
	const bool possible = splice.possible;

	fault_reset();
	splice_close(&splice);
	assert_int_equal(open_descriptors(), before);
	close(fd);
	return possible;
}

static void test_splice_open_widens_a_pipe(void **state)
{
	struct splice splice;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	splice = open_onto(ends[1]);
	assert_true(splice.possible);
	assert_int_equal(splice.ends[0], -1);
	assert_int_equal(splice.ends[1], -1);
	assert_int_equal(fcntl(ends[0], F_GETPIPE_SZ), SPLICE_BYTES);
	splice_close(&splice);
	close(ends[0]);
	close(ends[1]);
}

static void test_splice_open_puts_a_wide_pipe_before_a_file(void **state)
{
	const int fd = temporary_file(0);
	struct splice splice = open_onto(fd);

	(void)state;
	assert_true(splice.possible);
	assert_int_equal(fcntl(splice.ends[0], F_GETPIPE_SZ), SPLICE_BYTES);
	splice_close(&splice);
	close(fd);
}

static void test_splice_open_leaves_a_pipe_that_stays_small(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fault_fail("fcntl", 1, EPERM);
	assert_true(may_splice(ends[1]));
	fault_fail("fcntl", 3, EPERM);
	assert_true(may_splice(temporary_file(0)));
	close(ends[0]);
}

static void test_splice_open_has_a_terminal_copied(void **state)
{
	const int before = open_descriptors();
	int pty[2];

	(void)state;
	open_terminal(pty);
	assert_false(may_splice(dup(pty[1])));
	close_terminal(pty);
	assert_int_equal(open_descriptors(), before);
}

static void test_splice_open_has_all_copied_if_there_is_no_pipe(void **state)
{
	const int fd = open("/dev/null", O_WRONLY);
	struct splice splice;
	struct rlimit before, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)fd;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	splice = open_onto(fd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_false(splice.possible);
	splice_close(&splice);
	close(fd);
}

static void test_splice_open_takes_no_closed_descriptor(void **state)
{
	static const int closed[] = { STDIN_FILENO, STDERR_FILENO };

	(void)state;
	for (int i = 0; i < 2; i++) {
		const int fd = open("/dev/null", O_WRONLY);
		const int saved = fcntl(closed[i], F_DUPFD, 3);
		struct splice splice;
		int taken;

		close(closed[i]);
		splice = open_onto(fd);
		taken = fcntl(closed[i], F_GETFD);
		assert_int_equal(dup2(saved, closed[i]), closed[i]);
		assert_int_equal(taken, -1);
		assert_false(splice.possible);
		/* Else it would be closed again at the end. */
		assert_int_equal(splice.ends[0], -1);
		assert_int_equal(splice.ends[1], -1);
		close(fd);
		close(saved);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splice_open_widens_a_pipe),
		cmocka_unit_test(
			test_splice_open_puts_a_wide_pipe_before_a_file),
		cmocka_unit_test(
			test_splice_open_leaves_a_pipe_that_stays_small),
		cmocka_unit_test(test_splice_open_has_a_terminal_copied),
		cmocka_unit_test(
			test_splice_open_has_all_copied_if_there_is_no_pipe),
		cmocka_unit_test(test_splice_open_takes_no_closed_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
