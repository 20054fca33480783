/* Writing: all of the bytes, or the reason why not. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "deadline.h"
#include "fault.h"
#include "output.h"
#include "support.h"
#include "trace.h"

static const char text[] = "one\0two\n\xff three";

static void assert_written(int from)
{
	char got[sizeof(text) + 1];

	assert_int_equal(read_some(from, got, sizeof(got), "what was written"),
			 sizeof(text));
	assert_memory_equal(got, text, sizeof(text));
}

static void test_output_write_writes_every_byte(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(output_write(ends[1], text, sizeof(text)),
			 sizeof(text));
	assert_written(ends[0]);
	close(ends[0]);
	close(ends[1]);
}

static void test_output_write_writes_nothing_if_len_is_0(void **state)
{
	(void)state;
	fault_fail("write", 1, EIO);
	assert_int_equal(output_write(-1, text, 0), 0);
	assert_int_equal(fault_calls(), 0);
	fault_reset();
}

static void test_output_write_completes_short_writes(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	for (size_t most = 1; most <= sizeof(text); most++) {
		fault_shorten("write", most);
		assert_int_equal(output_write(ends[1], text, sizeof(text)),
				 sizeof(text));
		fault_reset();
		assert_written(ends[0]);
	}
	close(ends[0]);
	close(ends[1]);
}

/* More than a pipe of one page takes at once. */
static int write_in_two(const void *unused)
{
	char buf[PIPE_BUF + 3];

	(void)unused;
	memset(buf, 'a', PIPE_BUF);
	memcpy(buf + PIPE_BUF, "xyz", 3);
	if (fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE_BUF) == -1 ||
	    fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK) == -1)
		return 1;
	trace_start();
	return output_write(STDOUT_FILENO, buf, sizeof(buf)) == sizeof(buf) ? 0
									    : 2;
}

static void test_output_write_traces_what_is_left_of_a_short_one(void **state)
{
	static const char first[] =
		"server: write(1, \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"..., "
		"4099) "
		"= 4096    man 2 write\n";
	static const char last[] =
		"server: write(1, \"xyz\", 3) = 3    man 2 write\n";
	struct process child;
	struct result result;
	size_t len;

	(void)state;
	skip_without(sysconf(_SC_PAGESIZE) == PIPE_BUF, "pages of 4096 bytes");
	child = process_start(write_in_two, NULL);
	result = process_end(&child);
	len = strlen(result.err);
	assert_int_equal(result.status, 0);
	assert_between(len, sizeof(first) + sizeof(last) - 2, CAUGHT_BYTES);
	assert_memory_equal(result.err, first, sizeof(first) - 1);
	assert_string_equal(result.err + len - (sizeof(last) - 1), last);
}

static void test_output_write_is_repeated_if_interrupted(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fault_fail("write", 1, EINTR);
	assert_int_equal(output_write(ends[1], text, sizeof(text)),
			 sizeof(text));
	assert_int_equal(fault_calls(), 2);
	fault_reset();
	assert_written(ends[0]);
	close(ends[0]);
	close(ends[1]);
}

/* A full pipe: poll waits, and where it fails, that is the error. */
static void test_output_write_fails_if_poll_fails(void **state)
{
	static char filled[4096];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	while (write(ends[1], filled, sizeof(filled)) > 0)
		continue;
	for (const int *reason = fault_reasons("poll"); *reason; reason++) {
		fault_fail("poll", 1, *reason);
		assert_int_equal(output_write(ends[1], text, sizeof(text)), 0);
		assert_int_equal(errno, *reason);
		assert_int_equal(fault_calls(), 1);
	}
	fault_reset();
	close(ends[0]);
	close(ends[1]);
}

/* The first write finds no room, and poll, which is interrupted, some. */
static void test_output_write_goes_on_if_poll_is_interrupted(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fault_fail("write", 1, EAGAIN);
	assert_int_equal(output_write(ends[1], text, sizeof(text)),
			 sizeof(text));
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
		assert_int_equal(output_write(-1, text, sizeof(text)), 0);
		assert_int_equal(errno, *reason);
		assert_int_equal(fault_calls(), 1);
	}
	fault_reset();
}

static void test_output_write_fails_if_write_takes_nothing(void **state)
{
	(void)state;
	fault_fail("write", 1, 0);
	assert_int_equal(output_write(-1, text, sizeof(text)), 0);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(fault_calls(), 1);
	fault_reset();
}

static void test_output_write_fails_if_the_disk_is_full(void **state)
{
	int full = open("/dev/full", O_WRONLY);

	(void)state;
	assert_int_equal(output_write(full, text, sizeof(text)), 0);
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
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(output_write(ends[1], text, sizeof(text)), 0);
	assert_int_equal(errno, EPIPE);
	close(ends[1]);
	signal(SIGPIPE, SIG_DFL);
}

/* Waits until the time is up, and writes what came before. */
static int write_too_late(const void *unused)
{
	sigset_t none;

	(void)unused;
	sigemptyset(&none);
	if (deadline_start(1, 0) == -1)
		return 1;
	while (deadline_check() == 0)
		sigsuspend(&none);
	errno = 0;
	fault_shorten("write", 4);
	if (output_write(STDOUT_FILENO, text, sizeof(text)) != 4)
		return 2;
	if (errno != EINTR)
		return 3;
	fault_reset();
	return output_write(STDOUT_FILENO, text + 4, sizeof(text) - 4) ==
			       sizeof(text) - 4
		       ? 0
		       : 4;
}

static void test_output_write_tries_once_after_the_deadline(void **state)
{
	struct process child;
	struct result result;

	(void)state;
	child = process_start(write_too_late, NULL);
	result = process_end(&child);
	assert_int_equal(result.status, 0);
	assert_int_equal(result.out_len, sizeof(text));
	assert_memory_equal(result.out, text, sizeof(text));
}

static void test_output_deliver_fails_if_the_terminal_fails(void **state)
{
	struct output output = { .fd = -1, .is_terminal = true };

	(void)state;
	assert_int_equal(output_deliver(&output, "abc", 3), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(output.delivered, 0);
}

/* The reserved names are what the linker's --wrap asks for. */
size_t __real_mbrtowc(wchar_t *wide, const char *from, size_t len,
		      mbstate_t *state);
size_t __wrap_mbrtowc(wchar_t *wide, const char *from, size_t len,
		      mbstate_t *state);

/* A locale in which no character ever ends, as none is known to be. */
static bool endless;

size_t __wrap_mbrtowc(wchar_t *wide, const char *from, size_t len,
		      mbstate_t *state)
{
	return endless ? (size_t)-2 : __real_mbrtowc(wide, from, len, state);
}

int __real_tcgetattr(int fd, struct termios *terminal);
int __wrap_tcgetattr(int fd, struct termios *terminal);

/* Why it may not be asked, or 0. */
static int refusal;

int __wrap_tcgetattr(int fd, struct termios *terminal)
{
	if (refusal == 0)
		return __real_tcgetattr(fd, terminal);
	errno = refusal;
	return -1;
}

static struct output prepare_refused(int fd, int reason)
{
	struct output output;

	refusal = reason;
	output_prepare(&output, fd);
	refusal = 0;
	return output;
}

static void test_output_prepare_takes_a_device_for_a_terminal(void **state)
{
	const int device = open("/dev/null", O_WRONLY);
	const int file = temporary_file(0);

	(void)state;
	assert_true(prepare_refused(device, EACCES).is_terminal);
	assert_true(prepare_refused(device, EPERM).is_terminal);
	assert_false(prepare_refused(device, ENOTTY).is_terminal);
	assert_false(prepare_refused(device, EINVAL).is_terminal);
	assert_false(prepare_refused(file, EACCES).is_terminal);
	assert_false(prepare_refused(file, EPERM).is_terminal);
	close(device);
	close(file);
}

static void test_output_deliver_ends_a_character_that_does_not(void **state)
{
	enum {
		BYTES = 3 * MB_LEN_MAX
	};
	struct output output = { .is_terminal = true };
	char shown[4 * BYTES + 1];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	output.fd = ends[1];
	endless = true;
	for (size_t i = 1; i <= BYTES; i++) {
		assert_int_equal(output_deliver(&output, "a", 1), 0);
		assert_int_equal(output.delivered + output.terminal.len, i);
		assert_between(output.terminal.len, 0, MB_LEN_MAX - 1);
	}
	assert_int_equal(output_finish(&output), 0);
	endless = false;
	assert_int_equal(output.delivered, BYTES);
	assert_int_equal(
		read_some(ends[0], shown, sizeof(shown), "what was written"),
		4 * BYTES);
	for (size_t i = 0; i < BYTES; i++)
		assert_memory_equal(shown + 4 * i, "\\x61", 4);
	close(ends[0]);
	close(ends[1]);
}

static void test_output_finish_shows_what_is_pending(void **state)
{
	struct output output = { .is_terminal = true };
	char shown[8] = "";
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	output.fd = ends[1];
	output.terminal.pending[0] = '\xe2';
	output.terminal.len = 1;
	assert_int_equal(output_finish(&output), 0);
	assert_int_equal(read_some(ends[0], shown, sizeof(shown) - 1,
				   "what was written"),
			 4);
	assert_string_equal(shown, "\\xe2");
	assert_int_equal(output.delivered, 1);
	assert_int_equal(output.terminal.len, 0);
	close(ends[0]);
	close(ends[1]);
}

static void test_output_finish_fails_if_the_terminal_fails(void **state)
{
	struct output output = { .fd = -1, .is_terminal = true };

	(void)state;
	output.terminal.pending[0] = '\xe2';
	output.terminal.len = 1;
	assert_int_equal(output_finish(&output), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(output.delivered, 0);
}

static void test_output_finish_shows_nothing_after_a_failure(void **state)
{
	struct output output = { .fd = -1, .is_terminal = true };

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	fault_fail("write", 1, EIO);
	assert_int_equal(output_deliver(&output, "abc\xe2", 4), -1);
	assert_int_equal(output_finish(&output), 0);
	assert_int_equal(fault_calls(), 1);
	fault_reset();
	setlocale(LC_CTYPE, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_write_fails_if_poll_fails),
		cmocka_unit_test(
			test_output_write_goes_on_if_poll_is_interrupted),
		cmocka_unit_test(test_output_write_writes_every_byte),
		cmocka_unit_test(test_output_write_writes_nothing_if_len_is_0),
		cmocka_unit_test(test_output_write_completes_short_writes),
		cmocka_unit_test(
			test_output_write_traces_what_is_left_of_a_short_one),
		cmocka_unit_test(test_output_write_is_repeated_if_interrupted),
		cmocka_unit_test(test_output_write_fails_if_write_fails),
		cmocka_unit_test(
			test_output_write_fails_if_write_takes_nothing),
		cmocka_unit_test(test_output_write_fails_if_the_disk_is_full),
		cmocka_unit_test(test_output_write_fails_if_the_reader_is_gone),
		cmocka_unit_test(
			test_output_write_tries_once_after_the_deadline),
		cmocka_unit_test(
			test_output_deliver_fails_if_the_terminal_fails),
		cmocka_unit_test(
			test_output_prepare_takes_a_device_for_a_terminal),
		cmocka_unit_test(
			test_output_deliver_ends_a_character_that_does_not),
		cmocka_unit_test(test_output_finish_shows_what_is_pending),
		cmocka_unit_test(
			test_output_finish_fails_if_the_terminal_fails),
		cmocka_unit_test(
			test_output_finish_shows_nothing_after_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
