/*
 * How long a run takes that the deadline ends, whatever it waits for: never
 * less than it was given, and little more.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "mode.h"
#include "receiver.h"
#include "support.h"

enum {
	STREAM_BYTES = 32 << 20, /* more than all that is between them holds */
	FIRST_US = 50000,	 /* doubled, as a busy machine needs more ... */
	LAST_US = 8000000,	 /* ... to come to the call that waits */
	TRIES = 10,
	LATE_MS = 300,
	PART = 1024,
	PERIOD = 26 * 251, /* of the stream */
};

enum kind {
	INTO_PIPE,
	INTO_FILE,
	INTO_TERMINAL,
	INTO_SOCKET,
	KINDS
};

/* What a run is given, and waits for. */
struct wait {
	const char *mode;
	enum kind kind;
	size_t sent;
	bool full;	  /* the output takes nothing from the start */
	bool full_ready;  /* nor does the descriptor of -r */
	const char *line; /* with %g for the time, %s for what was delivered */
};

static const char stuck[] = "server: write standard output: it did not take "
			    "all within %g s%s; -t sets "
			    "a longer time\n";
static const char stuck_ready[] =
	"server: write ready descriptor: it did not take all within %g s%s; -t "
	"sets a longer time\n";
static const char silent[] =
	"server: recv connection: the sender did not close within %g s%s; nc "
	"needs -N to close, -t sets a longer time\n";
static const char silent_line[] =
	"server: recv connection: no newline came within %g s%s; -t sets a "
	"longer time\n";

static char stream[STREAM_BYTES];
static struct options options;

static int run(const void *unused)
{
	enum status status;

	(void)unused;
	signal(SIGPIPE, SIG_IGN);
	status = receiver_run(&options);
	/* What a sanitizer does at the end is not to be interrupted. */
	alarm(0);
	return (int)status;
}

struct sender {
	int client;
	size_t len;
};

/* Sends, and waits until the server closes or resets the connection. */
static int send_some(const void *argument)
{
	const struct sender *sender = argument;
	char byte;

	/* Where nobody accepts, its end ends the connection. */
	close(options.inherited);
	for (size_t sent = 0; sent < sender->len;) {
		ssize_t n = send(sender->client, stream + sent,
				 sender->len - sent, MSG_NOSIGNAL);

		if (n == -1)
			return 0;
		sent += (size_t)n;
	}
	return recv(sender->client, &byte, 1, 0) == 1;
}

/* ends[0] is where it can be read. */
static void open_output(enum kind kind, int ends[2])
{
	switch (kind) {
	case INTO_PIPE:
		assert_int_equal(pipe(ends), 0);
		break;
	case INTO_FILE:
		ends[1] = temporary_file(0);
		ends[0] = dup(ends[1]);
		break;
	case INTO_TERMINAL:
		open_terminal(ends);
		break;
	default:
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	}
}

/*
 * Writes as much of the stream as fits. Returns how much. A terminal makes room
 * by and by: it is stopped, as by Ctrl-S.
 */
static size_t fill(int fd)
{
	const int flags = fcntl(fd, F_GETFL);
	size_t filled = 0;
	ssize_t n;

	if (tcflow(fd, TCOOFF) == 0)
		return 0;

	assert_int_equal(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
	/* As wide as the run would make it. */
	fcntl(fd, F_SETPIPE_SZ, 1 << 20);
	for (size_t piece = 4096; piece > 0; piece /= 64)
		while ((n = write(fd, stream + filled, piece)) > 0)
			filled += (size_t)n;
	assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
	return filled;
}

/*
 * Asserts that fd goes on with len bytes, and with no more; but a terminal may
 * have taken a part of the next that it is sent at once.
 */
static void assert_holds(int fd, enum kind kind, size_t len)
{
	const size_t more = kind == INTO_TERMINAL ? PART : 0;
	struct process reader = { .out = fd };
	char got[PART + 1];
	size_t rest = 0;
	ssize_t n;

	if (kind == INTO_FILE)
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	expect_output(&reader, stream, len);
	while ((n = read(fd, got + rest, sizeof(got) - rest)) > 0)
		rest += (size_t)n;
	assert_between(rest, 0, more);
	assert_memory_equal(got, stream + len, rest);
}

/* What a run is given. */
struct given {
	int output[2];
	int ready[2];
	int client;
	size_t filled; /* of the output, before */
	struct process sending;
};

static void give(struct given *given, const struct wait *wait)
{
	struct sender sender = { .len = wait->sent };

	options.inherited = listener_on_loopback();
	open_output(wait->kind, given->output);
	assert_int_equal(pipe(given->ready), 0);
	given->filled = wait->full ? fill(given->output[1]) : 0;
	if (wait->full_ready) {
		options.ready = given->ready[1];
		fill(options.ready);
	}
	given->client = client_connect(bound_port(options.inherited));
	sender.client = given->client;
	given->sending = process_start(send_some, &sender);
}

/* Asserts that the output has that of the stream, and no more. */
static void take_back(struct given *given, enum kind kind, size_t delivered)
{
	struct process reader = { .out = given->output[0] };

	close(given->client);
	close(options.inherited);
	assert_int_equal(process_end(&given->sending).status, 0);
	expect_output(&reader, stream, given->filled);
	assert_holds(reader.out, kind, delivered);
	close(reader.out);
	close(given->ready[0]);
	close(given->ready[1]);
}

/* The number in front of " bytes delivered", or 0. */
static size_t read_delivered(const char *line)
{
	const char *at = strstr(line, " bytes delivered");

	while (at != NULL && at > line && at[-1] != '(')
		at--;
	return at == NULL ? 0 : strtoul(at, NULL, 10);
}

/* One run. Returns by how many milliseconds it was late; -1: not to be told. */
static long long measure(const struct wait *wait, uint64_t timeout_us)
{
	const long long timeout_ms = (long long)timeout_us / 1000;
	struct given given;
	struct process server;
	struct result result;
	long long took;
	size_t delivered;
	char line[256], told[64] = "";

	options = options_of(mode_of(wait->mode));
	options.timeout_us = timeout_us;
	give(&given, wait);
	redirect_next(given.output[1], STDOUT_FILENO);
	took = -now_ms();
	server = process_start(run, NULL);
	close(given.output[1]);
	result = process_end(&server);
	took += now_ms();
	delivered = read_delivered(result.err);
	take_back(&given, wait->kind, delivered);
	assert_int_equal(result.status, STATUS_DEADLINE);
	assert_between(took, timeout_ms, WAIT_MS);
	if (delivered > 0)
		snprintf(told, sizeof(told), " (%zu bytes delivered)",
			 delivered);
	snprintf(line, sizeof(line), wait->line, (double)timeout_us / 1e6,
		 told);
	if (strcmp(result.err, line) == 0)
		return took - timeout_ms;
	/* It had not come to that by then. */
	if (timeout_us * 2 > LAST_US)
		fail_msg("%s%s", result.err, line);
	return -1;
}

/* The best of some: a busy machine is often late. */
static void assert_ends_in_time(const struct wait *wait)
{
	uint64_t timeout_us = FIRST_US;
	long long late, best = WAIT_MS;

	for (int i = 0; i < TRIES && best > LATE_MS; i++) {
		while ((late = measure(wait, timeout_us)) == -1)
			timeout_us *= 2;
		best = late < best ? late : best;
	}
	if (!under_valgrind())
		assert_between(best, 0, LATE_MS);
}

/* What has room for some, and what has none from the start. */
static void assert_stuck_ends_in_time(enum kind kind)
{
	static const char *const modes_of_many[] = { "line", "eof_into_pipe" };
	static const char *const modes_of_few[] = { "plain", "line",
						    "eof_into_pipe" };

	for (size_t i = 0; i < 2; i++)
		assert_ends_in_time(&(struct wait){ .mode = modes_of_many[i],
						    .kind = kind,
						    .sent = STREAM_BYTES,
						    .line = stuck });
	for (size_t i = 0; i < 3; i++)
		assert_ends_in_time(&(struct wait){ .mode = modes_of_few[i],
						    .kind = kind,
						    .sent = 100,
						    .full = true,
						    .line = stuck });
}

static void test_receiver_run_ends_in_time_if_a_pipe_is_stuck(void **state)
{
	(void)state;
	assert_stuck_ends_in_time(INTO_PIPE);
}

static void test_receiver_run_ends_in_time_if_a_terminal_is_stuck(void **state)
{
	(void)state;
	assert_stuck_ends_in_time(INTO_TERMINAL);
}

static void test_receiver_run_ends_in_time_if_a_socket_is_stuck(void **state)
{
	(void)state;
	assert_stuck_ends_in_time(INTO_SOCKET);
}

static void test_receiver_run_ends_in_time_if_ready_is_stuck(void **state)
{
	(void)state;
	assert_ends_in_time(&(struct wait){ .mode = "plain",
					    .sent = 1,
					    .full_ready = true,
					    .line = stuck_ready });
}

static void test_receiver_run_ends_in_time_if_the_sender_pauses(void **state)
{
	static const struct wait waits[] = {
		{ .mode = "line", .sent = 5000, .line = silent_line },
		{ .mode = "eof_into_pipe", .sent = 5000, .line = silent },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (enum kind kind = INTO_PIPE; kind < KINDS; kind++) {
			struct wait wait = waits[i];

			wait.kind = kind;
			assert_ends_in_time(&wait);
		}
}

/* Without a newline, so that it is one line too. */
static int set_up(void **state)
{
	size_t len = PERIOD;

	for (size_t i = 0; i < len; i++)
		stream[i] = (char)('a' + (i * 7 + i / 251) % 26);
	for (size_t next; len < STREAM_BYTES; len += next) {
		next = len < STREAM_BYTES - len ? len : STREAM_BYTES - len;
		memcpy(stream + len, stream, next);
	}
	return own_network(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_receiver_run_ends_in_time_if_a_pipe_is_stuck),
		cmocka_unit_test(
			test_receiver_run_ends_in_time_if_a_terminal_is_stuck),
		cmocka_unit_test(
			test_receiver_run_ends_in_time_if_a_socket_is_stuck),
		cmocka_unit_test(
			test_receiver_run_ends_in_time_if_ready_is_stuck),
		cmocka_unit_test(
			test_receiver_run_ends_in_time_if_the_sender_pauses),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
