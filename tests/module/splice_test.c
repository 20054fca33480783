/* A stream on its way by splice(2): whatever that refuses, all of it comes. */
#include "splice.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "deadline.h"
#include "fault.h"
#include "support.h"

enum {
	MANY = 3 * 4096 + 100, /* more than what is copied at a time */
};

static const char text[] = "one\0two\n\xff three";
static char many[MANY];

/* Where a stream comes from, and goes to. */
struct stream {
	int socket;
	struct output output;
	struct splice splice;
};

static struct output output_to(int fd)
{
	struct output output;

	assert_int_not_equal(fd, -1);
	output_prepare(&output, fd);
	return output;
}

/* A socket in which len bytes wait. */
static int socket_with(const char *bytes, size_t len)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(write(ends[0], bytes, len), len);
	close(ends[0]);
	return ends[1];
}

static struct stream stream_of(const char *bytes, size_t len, int fd)
{
	struct stream stream = { .output = output_to(fd),
				 .splice.ends = { -1, -1 } };

	stream.socket = socket_with(bytes, len);
	splice_open(&stream.splice, &stream.output);
	return stream;
}

static ssize_t move(struct stream *stream, size_t len)
{
	return splice_move(&stream->splice, stream->socket, &stream->output,
			   len);
}

/* Closes all but the output. */
static void end(struct stream *stream)
{
	fault_reset();
	splice_close(&stream->splice);
	close(stream->socket);
}

/* Asserts that from goes on with these bytes, and ends there. */
static void assert_holds(int from, const char *bytes, size_t len)
{
	struct process reader = { .out = from };
	char byte;

	expect_output(&reader, bytes, len);
	assert_int_equal(read(from, &byte, 1), 0);
}

static void assert_file_holds(int fd, const char *bytes, size_t len)
{
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_holds(fd, bytes, len);
}

static void test_splice_move_moves_what_waits_into_a_pipe(void **state)
{
	struct stream stream;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	stream = stream_of(text, sizeof(text), ends[1]);
	assert_int_equal(move(&stream, 1), 1);
	assert_true(stream.splice.possible);
	assert_int_equal(stream.output.delivered, 1);
	assert_int_equal(move(&stream, 100), sizeof(text) - 1);
	assert_true(stream.splice.possible);
	assert_int_equal(stream.output.delivered, sizeof(text));
	/* The end of file is left to a copy, which can tell it. */
	assert_int_equal(move(&stream, 100), 0);
	assert_false(stream.splice.possible);
	assert_int_equal(stream.output.delivered, sizeof(text));
	end(&stream);
	close(ends[1]);
	assert_holds(ends[0], text, sizeof(text));
	close(ends[0]);
}

static void test_splice_move_moves_what_waits_into_a_file(void **state)
{
	const int fd = temporary_file(0);
	struct stream stream = stream_of(text, sizeof(text), fd);

	(void)state;
	assert_int_equal(move(&stream, 1), 1);
	assert_true(stream.splice.possible);
	assert_int_equal(stream.output.delivered, 1);
	assert_int_equal(move(&stream, 100), sizeof(text) - 1);
	assert_true(stream.splice.possible);
	assert_int_equal(stream.output.delivered, sizeof(text));
	end(&stream);
	assert_file_holds(fd, text, sizeof(text));
	close(fd);
}

/* Each errno, and 0 where the pipe took or had nothing. */
static void for_each_refusal(void (*body)(int reason))
{
	for (const int *reason = fault_reasons("splice"); *reason; reason++)
		body(*reason);
	body(0);
}

/* Asserts that the next of stream can't be spliced, and is left. */
static void assert_left(struct stream *stream, int reason, uint64_t delivered)
{
	fault_fail("splice", 1, reason);
	assert_int_equal(move(stream, 100), 0);
	assert_int_equal(fault_calls(), 1);
	assert_false(stream->splice.possible);
	assert_int_equal(stream->output.delivered, delivered);
	assert_int_equal(recv(stream->socket, many, MANY, MSG_PEEK),
			 sizeof(text) - delivered);
	assert_memory_equal(many, text + delivered, sizeof(text) - delivered);
	fault_reset();
}

/* At first, and after a byte. */
static void assert_refused_by_a_pipe(int reason)
{
	for (size_t moved = 0; moved < 2; moved++) {
		struct stream stream;
		int ends[2];

		assert_int_equal(pipe(ends), 0);
		stream = stream_of(text, sizeof(text), ends[1]);
		if (moved > 0)
			assert_int_equal(move(&stream, moved), moved);
		assert_left(&stream, reason, moved);
		end(&stream);
		close(ends[1]);
		assert_holds(ends[0], text, moved);
		close(ends[0]);
	}
}

static void test_splice_move_takes_nothing_if_a_pipe_refuses(void **state)
{
	(void)state;
	for_each_refusal(assert_refused_by_a_pipe);
}

static void assert_refused_by_own_pipe(int reason)
{
	for (size_t moved = 0; moved < 2; moved++) {
		const int fd = temporary_file(0);
		struct stream stream = stream_of(text, sizeof(text), fd);

		if (moved > 0)
			assert_int_equal(move(&stream, moved), moved);
		assert_left(&stream, reason, moved);
		end(&stream);
		assert_file_holds(fd, text, moved);
		close(fd);
	}
}

static void test_splice_move_takes_nothing_if_its_pipe_refuses(void **state)
{
	(void)state;
	for_each_refusal(assert_refused_by_own_pipe);
}

static void fill_many(void)
{
	for (size_t i = 0; i < MANY; i++)
		many[i] = (char)(i * 7 + i / 251);
}

/* At first, and after a byte: what has left the socket already is copied. */
static void assert_refused_by_a_file(int reason)
{
	for (int moved = 0; moved < 2; moved++) {
		const int fd = temporary_file(0);
		struct stream stream;

		fill_many();
		stream = stream_of(many, MANY, fd);
		if (moved > 0)
			assert_int_equal(move(&stream, 1), 1);
		fault_fail("splice", 2, reason);
		assert_int_equal(move(&stream, MANY), MANY - moved);
		assert_int_equal(fault_calls(), 2);
		assert_false(stream.splice.possible);
		assert_int_equal(stream.output.delivered, MANY);
		end(&stream);
		assert_file_holds(fd, many, MANY);
		close(fd);
	}
}

static void test_splice_move_copies_what_a_file_refuses(void **state)
{
	(void)state;
	for_each_refusal(assert_refused_by_a_file);
}

/* Linux splices to no file that is open for appending. */
static void test_splice_move_copies_to_the_end_of_a_file(void **state)
{
	const int fd = temporary_file(O_APPEND);
	struct stream stream = stream_of(text, sizeof(text), fd);

	(void)state;
	assert_int_equal(write(fd, ">", 1), 1);
	assert_int_equal(move(&stream, 100), sizeof(text));
	assert_false(stream.splice.possible);
	assert_int_equal(stream.output.delivered, sizeof(text));
	end(&stream);
	assert_int_equal(lseek(fd, 1, SEEK_SET), 1);
	assert_holds(fd, text, sizeof(text));
	close(fd);
}

/* Neither the splice nor the copy of what it left can write there. */
static void assert_fails(int fd, int reason)
{
	struct stream stream = stream_of(text, sizeof(text), fd);

	assert_int_equal(move(&stream, 100), -1);
	assert_int_equal(errno, reason);
	assert_int_equal(stream.output.delivered, 0);
	end(&stream);
	close(fd);
}

static void test_splice_move_fails_if_the_file_takes_nothing(void **state)
{
	(void)state;
	assert_fails(open("/dev/full", O_WRONLY), ENOSPC);
	assert_fails(open("/dev/null", O_RDONLY), EBADF);
}

/* The signal, which ends a program, is ignored by then. */
static void test_splice_move_fails_if_the_file_takes_no_more(void **state)
{
	const struct rlimit four = { .rlim_cur = 4, .rlim_max = RLIM_INFINITY };
	const int fd = temporary_file(0);
	struct stream stream;
	struct rlimit before;
	ssize_t moved;
	int reason;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	stream = stream_of(text, sizeof(text), fd);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &four), 0);
	moved = move(&stream, 100);
	reason = errno;
	/* Before an assert, whose words could meet the limit too. */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(moved, -1);
	assert_int_equal(reason, EFBIG);
	assert_int_equal(stream.output.delivered, 4);
	end(&stream);
	assert_file_holds(fd, text, 4);
	close(fd);
}

/* What the pipe held is lost then: nothing else may be said of it. */
static void test_splice_move_fails_if_its_pipe_can_not_be_read(void **state)
{
	const int fd = temporary_file(0);
	struct stream stream = stream_of(text, sizeof(text), fd);
	const int readable = stream.splice.ends[0];

	(void)state;
	stream.splice.ends[0] = open("/dev/null", O_WRONLY);
	assert_int_equal(move(&stream, 100), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(stream.output.delivered, 0);
	end(&stream);
	close(readable);
	close(fd);
}

/* After a silence that was too long, bytes come, one by one. */
static int move_after_a_silence(const void *unused)
{
	const int fd = open("/dev/null", O_WRONLY);
	struct stream stream = stream_of(text, sizeof(text), fd);

	(void)unused;
	if (deadline_start(0, SECOND_US) == -1)
		return 1;
	do
		errno = EINTR;
	while (!deadline_ended(-1));
	if (move(&stream, 1) != 1 || !stream.splice.possible)
		return 2;
	errno = EINTR;
	return deadline_ended(-1) ? 3 : 0;
}

static void test_splice_move_ends_a_silence(void **state)
{
	struct process child = process_start(move_after_a_silence, NULL);

	(void)state;
	assert_int_equal(process_end(&child).status, 0);
}

/* A pipe that takes nothing, as its reader does not read. */
static int move_into_a_full_pipe(const void *unused)
{
	struct stream stream;
	int ends[2];

	(void)unused;
	if (pipe(ends) == -1 || fcntl(ends[1], F_SETFL, O_NONBLOCK) == -1)
		return 1;
	stream = stream_of(text, sizeof(text), ends[1]);
	while (write(ends[1], many, MANY) != -1)
		continue;
	if (fcntl(ends[1], F_SETFL, 0) == -1 ||
	    deadline_start(0, SECOND_US / 10) == -1)
		return 2;
	if (move(&stream, 100) != -1)
		return 3;
	return deadline_ended(-1) ? 0 : 4;
}

static void test_splice_move_fails_after_a_silence(void **state)
{
	struct process child = process_start(move_into_a_full_pipe, NULL);

	(void)state;
	assert_int_equal(process_end(&child).status, 0);
}

static void test_splice_move_is_repeated_if_interrupted(void **state)
{
	(void)state;
	for (int nth = 1; nth <= 2; nth++) {
		const int fd = temporary_file(0);
		struct stream stream = stream_of(text, sizeof(text), fd);

		fault_fail("splice", nth, EINTR);
		assert_int_equal(move(&stream, 100), sizeof(text));
		assert_int_equal(fault_calls(), 3);
		assert_true(stream.splice.possible);
		assert_int_equal(stream.output.delivered, sizeof(text));
		end(&stream);
		assert_file_holds(fd, text, sizeof(text));
		close(fd);
	}
}

static void let_time_run_out(void)
{
	sigset_t none;

	sigemptyset(&none);
	assert_int_equal(deadline_start(1, 0), 0);
	while (deadline_check() == 0)
		sigsuspend(&none);
}

static void run_out_of_time(const char *call, int fd, bool fails)
{
	(void)call;
	(void)fd;
	if (fails)
		let_time_run_out();
}

/* The time is up at the nth splice, which it interrupts. */
static int move_too_late(const void *argument)
{
	const int nth = *(const int *)argument;
	const int fd = temporary_file(0);
	struct stream stream = stream_of(text, sizeof(text), fd);

	fault_watch(run_out_of_time);
	fault_fail("splice", nth, EINTR);
	errno = 0;
	if (move(&stream, 100) != -1 || errno != EINTR)
		return 2;
	if (fault_calls() != nth || stream.output.delivered != 0)
		return 3;
	end(&stream);
	/* Nor is anything copied after it. */
	return lseek(fd, 0, SEEK_END) == 0 ? 0 : 4;
}

static void test_splice_move_fails_once_the_time_is_up(void **state)
{
	(void)state;
	for (int nth = 1; nth <= 2; nth++) {
		struct process child = process_start(move_too_late, &nth);

		assert_int_equal(process_end(&child).status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splice_move_moves_what_waits_into_a_pipe),
		cmocka_unit_test(test_splice_move_moves_what_waits_into_a_file),
		cmocka_unit_test(
			test_splice_move_takes_nothing_if_a_pipe_refuses),
		cmocka_unit_test(
			test_splice_move_takes_nothing_if_its_pipe_refuses),
		cmocka_unit_test(test_splice_move_copies_what_a_file_refuses),
		cmocka_unit_test(test_splice_move_copies_to_the_end_of_a_file),
		cmocka_unit_test(
			test_splice_move_fails_if_the_file_takes_nothing),
		cmocka_unit_test(
			test_splice_move_fails_if_the_file_takes_no_more),
		cmocka_unit_test(
			test_splice_move_fails_if_its_pipe_can_not_be_read),
		cmocka_unit_test(test_splice_move_ends_a_silence),
		cmocka_unit_test(test_splice_move_fails_after_a_silence),
		cmocka_unit_test(test_splice_move_is_repeated_if_interrupted),
		cmocka_unit_test(test_splice_move_fails_once_the_time_is_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
