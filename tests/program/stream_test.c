/* A stream: among signals, with a reader that is slow, stuck or gone. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "receiver.h"
#include "trial.h"

enum {
	STREAM_BYTES = 10000000,
};

/* A stream that is sent meanwhile, by a process of its own. */
static char stream[STREAM_BYTES];
static int listener;

static int fill_stream(void **state)
{
	for (size_t i = 0; i < STREAM_BYTES; i++)
		stream[i] = (char)('a' + (i * 7 + i / 251) % 26);
	stream[STREAM_BYTES - 1] = '\n';
	if (prepare_trials(state) == -1)
		return -1;
	listener = listener_on_loopback();
	return 0;
}

static int free_stream(void **state)
{
	close(listener);
	return end_trials(state);
}

static int send_stream(const void *unused)
{
	(void)unused;
	return client_send_stream(client_connect(bound_port(listener)), stream,
				  STREAM_BYTES);
}

static void note_signal(int number)
{
	(void)number;
	seen->signals++;
}

/* Has signals interrupt this process's calls, until the timer is deleted. */
static timer_t disturb(void)
{
	const struct sigaction action = { .sa_handler = note_signal };
	const long ns = under_valgrind() ? 10000000 : 100000;
	const struct itimerspec often = { { 0, ns }, { 0, ns } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = SIGUSR1 };
	timer_t timer;

	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	assert_int_equal(timer_settime(timer, 0, &often, NULL), 0);
	return timer;
}

static int run_stream(const void *argument)
{
	struct options options = options_of(argument);
	enum status status;

	options.inherited = listener;
	signal(SIGPIPE, SIG_IGN);
	status = receiver_run(&options);
	/* What a sanitizer does at the end is not to be interrupted. */
	alarm(0);
	return (int)status;
}

static int run_disturbed(const void *argument)
{
	const timer_t timer = disturb();
	const int status = run_stream(argument);

	timer_delete(timer);
	return status;
}

static void assert_ended(struct process *server, struct process *sender,
			 int status, const char *err)
{
	struct result result = process_end(server);

	assert_string_equal(result.err, err);
	assert_int_equal(result.out_len, 0);
	assert_int_equal(result.status, status);
	assert_int_equal(process_end(sender).status, 0);
}

static void assert_file_has_stream(int target)
{
	static char got[65536];
	size_t len = 0;
	ssize_t n;

	while ((n = pread(target, got, sizeof(got), (off_t)len)) > 0) {
		assert_between(n, 1, STREAM_BYTES - len);
		assert_memory_equal(got, stream + len, (size_t)n);
		len += (size_t)n;
	}
	assert_int_equal(len, STREAM_BYTES);
}

static void test_receiver_run_delivers_a_stream_among_signals(void **state)
{
	static const char *const names[] = { "line", "eof_into_pipe",
					     "eof_into_file",
					     "eof_into_end_of_file" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct mode *mode = mode_of(names[i]);
		struct process sender = process_start(send_stream, NULL);
		struct process server;
		int target;

		seen->signals = 0;
		target = open_target(mode);
		if (target != -1)
			redirect_next(target, STDOUT_FILENO);
		server = process_start(run_disturbed, mode);
		if (target == -1)
			expect_output(&server, stream, STREAM_BYTES);
		assert_ended(&server, &sender, STATUS_OK, "");
		if (target != -1)
			assert_file_has_stream(target);
		close_target();
		assert_int_not_equal(seen->signals, 0);
	}
}

static void await_signals(int count)
{
	const int until = seen->signals + count;
	const long long bound = now_ms() + WAIT_MS;

	while (seen->signals < until) {
		assert_true(now_ms() < bound);
		sched_yield();
	}
}

/*
 * It takes more only when the server waits for it and has been interrupted in
 * that, for half of the stream.
 */
static void
test_receiver_run_waits_for_a_slow_reader_among_signals(void **state)
{
	static const char *const names[] = { "line", "eof_into_pipe" };
	const size_t some = 250000;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct process sender = process_start(send_stream, NULL);
		struct process server =
			process_start(run_disturbed, mode_of(names[i]));
		size_t taken = 0;

		for (; taken < STREAM_BYTES / 2; taken += some) {
			wait_for_output(server.pid);
			await_signals(3);
			expect_output(&server, stream + taken, some);
		}
		expect_output(&server, stream + taken, STREAM_BYTES - taken);
		assert_ended(&server, &sender, STATUS_OK, "");
	}
}

/* Around the ends of the buffer, and of the longest piece that is spliced. */
static void test_receiver_run_keeps_its_limit_in_a_stream(void **state)
{
	static const char *const names[] = { "line", "eof_into_pipe" };
	static const size_t limits[] = { 131071,  131072,  131073, 262144,
					 1048575, 1048576, 1048577 };
	char err[128];

	(void)state;
	for (size_t i = 0; i < 14; i++) {
		struct mode mode = *mode_of(names[i % 2]);
		struct process server;
		struct result result;
		int sender = client_connect(bound_port(listener));

		mode.limit = limits[i / 2];
		/* All that the kernel keeps, so that more waits at the end. */
		assert_between(send(sender, stream, STREAM_BYTES, MSG_DONTWAIT),
			       mode.limit + 1, STREAM_BYTES);
		server = process_start(run_stream, &mode);
		expect_output(&server, stream, limits[i / 2]);
		snprintf(err, sizeof(err),
			 "server: warning: the message was cut after %zu "
			 "bytes; a larger -n takes more\n",
			 limits[i / 2]);
		result = process_end(&server);
		close(sender);
		assert_string_equal(result.err, err);
		assert_int_equal(result.out_len, 0);
		assert_int_equal(result.status, STATUS_OK);
	}
}

static void test_receiver_run_fails_if_the_reader_of_a_line_leaves(void **state)
{
	struct process sender = process_start(send_stream, NULL);
	struct process server = process_start(run_stream, mode_of("line"));

	(void)state;
	expect_output(&server, stream, 100000);
	leave_output(&server);
	assert_ended(&server, &sender, STATUS_FAILED,
		     "server: write standard output: Broken pipe; its reader "
		     "exited, run both again\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_receiver_run_delivers_a_stream_among_signals),
		cmocka_unit_test(
			test_receiver_run_waits_for_a_slow_reader_among_signals),
		cmocka_unit_test(test_receiver_run_keeps_its_limit_in_a_stream),
		cmocka_unit_test(
			test_receiver_run_fails_if_the_reader_of_a_line_leaves),
	};

	return cmocka_run_group_tests(tests, fill_stream, free_stream);
}
