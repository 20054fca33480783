/* A stream on its way by splice(2): how far it can go so, and all of it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault.h"
#include "output.h"
#include "support.h"

static const char text[] = "one\0two\n\xff three";

static void assert_written(int from)
{
	char got[sizeof(text) + 1];

	assert_int_equal(read(from, got, sizeof(got)), sizeof(text));
	assert_memory_equal(got, text, sizeof(text));
}

static struct output output_to(int fd)
{
	struct output output;

	assert_int_not_equal(fd, -1);
	output_prepare(&output, fd);
	signal(SIGPIPE, SIG_DFL);
	return output;
}

/* Asks output_widen whether output_splice can serve, and closes fd. */
static bool can_splice(int fd)
{
	struct output output = output_to(fd);
	const int before = open_descriptors();
	bool splices;

	output_widen(&output);
	splices = output.splices;
	assert_int_equal(output_finish(&output), 0);
	assert_int_equal(open_descriptors(), before);
	close(fd);
	return splices;
}

static void test_output_widen_widens_a_pipe(void **state)
{
	struct output output;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	output = output_to(ends[1]);
	output_widen(&output);
	assert_true(output.splices);
	assert_int_equal(fcntl(ends[0], F_GETPIPE_SZ), 1 << 20);
	close(ends[0]);
	close(ends[1]);
}

static void test_output_widen_copies_if_there_is_no_pipe(void **state)
{
	struct output output = output_to(open("/dev/null", O_WRONLY));
	struct rlimit before, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)output.fd;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	output_widen(&output);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_false(output.splices);
	close(output.fd);
}

static void test_output_widen_tells_what_can_be_spliced_to(void **state)
{
	(void)state;
	assert_true(can_splice(open("/dev/null", O_WRONLY)));
	assert_true(can_splice(temporary_file(0)));
	assert_false(can_splice(temporary_file(O_APPEND)));
	assert_false(can_splice(open("/dev/full", O_WRONLY)));
	assert_false(can_splice(open("/dev/null", O_RDONLY)));
	assert_false(can_splice(posix_openpt(O_RDWR | O_NOCTTY)));
}

static void test_output_widen_leaves_closed_descriptors_alone(void **state)
{
	static const int closed[] = { STDIN_FILENO, STDERR_FILENO };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct output output = output_to(open("/dev/null", O_WRONLY));
		const int saved = fcntl(closed[i], F_DUPFD, 3);
		int taken;

		close(closed[i]);
		output_widen(&output);
		taken = fcntl(closed[i], F_GETFD);
		assert_int_equal(dup2(saved, closed[i]), closed[i]);
		assert_int_equal(taken, -1);
		assert_false(output.splices);
		close(output.fd);
		close(saved);
	}
}

/* A socket in which text waits. */
static int socket_with_text(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(write(ends[0], text, sizeof(text)), sizeof(text));
	close(ends[0]);
	return ends[1];
}

static void test_output_splice_says_so_if_it_can_not(void **state)
{
	struct output output = output_to(open("/dev/null", O_WRONLY));
	const int from = socket_with_text();

	(void)state;
	output.splices = true;
	assert_int_equal(output_splice(&output, from, 100), 0);
	assert_false(output.splices);
	output.splices = true;
	fault_fail("splice", 1, 0);
	assert_int_equal(output_splice(&output, from, 100), 0);
	assert_false(output.splices);
	assert_int_equal(output.delivered, 0);
	fault_reset();
	close(output.fd);
	close(from);
}

static void test_output_splice_moves_what_waits_into_a_pipe(void **state)
{
	const int from = socket_with_text();
	struct output output;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	output = output_to(ends[1]);
	output_widen(&output);
	assert_int_equal(output_splice(&output, from, 1), 1);
	assert_int_equal(output.delivered, 1);
	assert_int_equal(output_splice(&output, from, 100), sizeof(text) - 1);
	assert_true(output.splices);
	assert_int_equal(output.delivered, sizeof(text));
	assert_written(ends[0]);
	/* The end of file is left to a copy, which can tell it. */
	assert_int_equal(output_splice(&output, from, 100), 0);
	assert_false(output.splices);
	assert_int_equal(output.delivered, sizeof(text));
	close(ends[0]);
	close(ends[1]);
	close(from);
}

static void test_output_splice_moves_what_waits_into_a_file(void **state)
{
	const int fd = temporary_file(0);
	struct output output = output_to(fd);
	const int from = socket_with_text();

	(void)state;
	output_widen(&output);
	assert_int_equal(output_splice(&output, from, 1), 1);
	assert_int_equal(output_splice(&output, from, 100), sizeof(text) - 1);
	assert_int_equal(output.delivered, sizeof(text));
	assert_int_equal(output_finish(&output), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_written(fd);
	close(fd);
	close(from);
}

static void test_output_splice_fails_if_the_file_takes_no_more(void **state)
{
	const struct rlimit four = { .rlim_cur = 4, .rlim_max = RLIM_INFINITY };
	struct rlimit before;
	struct output output = output_to(temporary_file(0));
	const int from = socket_with_text();
	ssize_t spliced;
	int reason;

	(void)state;
	output_widen(&output);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &four), 0);
	spliced = output_splice(&output, from, 100);
	reason = errno;
	/* Before an assert, whose words could meet the limit too. */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(spliced, -1);
	assert_int_equal(reason, EFBIG);
	assert_int_equal(output.delivered, 4);
	assert_int_equal(output_finish(&output), 0);
	close(output.fd);
	close(from);
}

static void test_output_splice_fails_if_the_file_takes_nothing(void **state)
{
	struct output output = output_to(open("/dev/null", O_WRONLY));
	const int from = socket_with_text();

	(void)state;
	output_widen(&output);
	/* The second is the one that goes on from between. */
	fault_fail("splice", 2, 0);
	assert_int_equal(output_splice(&output, from, 100), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(output.delivered, 0);
	fault_reset();
	assert_int_equal(output_finish(&output), 0);
	close(output.fd);
	close(from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_widen_widens_a_pipe),
		cmocka_unit_test(test_output_widen_copies_if_there_is_no_pipe),
		cmocka_unit_test(
			test_output_widen_tells_what_can_be_spliced_to),
		cmocka_unit_test(
			test_output_widen_leaves_closed_descriptors_alone),
		cmocka_unit_test(test_output_splice_says_so_if_it_can_not),
		cmocka_unit_test(
			test_output_splice_moves_what_waits_into_a_pipe),
		cmocka_unit_test(
			test_output_splice_moves_what_waits_into_a_file),
		cmocka_unit_test(
			test_output_splice_fails_if_the_file_takes_no_more),
		cmocka_unit_test(
			test_output_splice_fails_if_the_file_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
