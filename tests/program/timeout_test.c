/*
 * That -t ends the run on time, in whatever call it waits, with bytes there or
 * not. What a terminal takes is in terminal_test.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "play.h"

enum {
	DEADLINE_MS = 250,
	LATE_MS = 300,
	TRIES = 10,
	PROBE_MS = 20,
	PROBES = 100, /* more than fit, and not for ever if they get through */
	DRIP_MS = 10,
	DRIPS = 200, /* the same of bytes */
	TOO_LATE = 2,
};

/* Where standard output goes, if the arguments say nothing of it. */
enum out {
	PIPE,
	FULL_PIPE,
	SOCKET
};

/*
 * It has a deadline of 0.25 s; err is a pattern, in which the star is how many
 * bytes came out.
 */
struct wait {
	const char *name;
	const char *arguments;
	/* Returns false if it came too late, as it may on a busy machine. */
	bool (*play)(void);
	enum out out;
	const char *err;
	const char *silent; /* with -w; NULL if something happens all along */
};

#define TIME_UP(what, hint)                                                    \
	"server: " what " within 0.25 s" hint "-t sets a longer time\n"
#define SILENT(what, bytes)                                                    \
	"server: " what " for 0.25 s" bytes "; -w sets a longer time\n"
#define NO_BYTE SILENT("recv connection: nothing came", "")
#define NO_ROOM SILENT("write standard output: it took no more", "*")
#define NO_SENDER TIME_UP("accept 0.0.0.0:[0-9]*: nobody connected", "; ")
#define NOTHING_CAME TIME_UP("recv connection: nothing came", "; ")
#define NO_NEWLINE TIME_UP("recv connection: no newline came", "*; ")
#define NO_END                                                                 \
	TIME_UP("recv connection: the sender did not close",                   \
		" (* bytes delivered); nc needs -N to close, ")
#define STUCK TIME_UP("write standard output: it did not take all", "*; ")
/* Where it may be in any of two calls. */
#define ANY "server: *: * within 0.25 s*; *-t sets a longer time\n"

/* As client_connect, or -1 where nobody listens any more. */
static int try_connect(void)
{
	const struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int client = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_not_equal(client, -1);
	if (connect(client, (const struct sockaddr *)&name, sizeof(name)) == 0)
		return client;
	close(client);
	return -1;
}

static bool stay_away(void)
{
	return true;
}

static bool stay_silent(void)
{
	int client = try_connect();

	if (client == -1)
		return false;
	client_wait_end(client);
	close(client);
	return true;
}

/* Whether something came from fd, or it was ended, within a time. */
static bool comes_within(int fd, int ms)
{
	struct pollfd ready = { fd, POLLIN, 0 };

	return poll(&ready, 1, ms) != 0;
}

static bool drip(void)
{
	int client = try_connect();

	if (client == -1)
		return false;
	for (int i = 0; i < DRIPS && send(client, ".", 1, MSG_NOSIGNAL) == 1;
	     i++)
		if (comes_within(client, DRIP_MS))
			break;
	close(client);
	return true;
}

static bool send_and_stay(void)
{
	int client = try_connect();

	if (client == -1)
		return false;
	client_send(client, "hi\n", 3);
	client_wait_end(client);
	close(client);
	return true;
}

/* A line without an end, as fast as it can, until the server turns it away. */
static int send_for_ever(const void *unused)
{
	static const char zeros[1 << 20];
	int client = try_connect();

	(void)unused;
	if (client == -1)
		return TOO_LATE;
	while (send(client, zeros, sizeof(zeros), MSG_NOSIGNAL) != -1)
		continue;
	return 0;
}

static bool flood(void)
{
	struct process sender = process_start(send_for_ever, NULL);
	const int status = process_end(&sender).status;

	assert_true(status == 0 || status == TOO_LATE);
	return status == 0;
}

/* Again and again, until nobody takes it any more. */
static bool probe(void)
{
	struct pollfd pause = { -1, 0, 0 };

	for (int i = 0; i < PROBES; i++) {
		int client = try_connect();

		if (client == -1)
			break;
		close(client);
		poll(&pause, 1, PROBE_MS);
	}
	return true;
}

static const struct wait waits[] = {
	{ "accept", "", stay_away, PIPE, NO_SENDER,
	  SILENT("accept 0.0.0.0:[0-9]*: nobody connected", "") },
	{ "accept_while_probes_come", "-z", probe, PIPE, ANY, NULL },
	{ "accept_while_probes_come_with_line", "-lz", probe, PIPE, ANY, NULL },
	{ "accept_while_probes_come_with_eof", "-ez", probe, PIPE, ANY, NULL },
	/* What starts the time of -w again is nothing to -t. */
	{ "accept_while_probes_come_with_idle", "-z -w 9", probe, PIPE, ANY,
	  NULL },
	{ "recv_of_a_stream_that_drips_with_idle", "-e -w 9", drip, PIPE,
	  NO_END, NULL },
	{ "recv", "", stay_silent, PIPE, NOTHING_CAME, NO_BYTE },
	{ "recv_with_line", "-l", stay_silent, PIPE, NO_NEWLINE, NO_BYTE },
	{ "recv_with_eof", "-e", stay_silent, PIPE, NOTHING_CAME, NO_BYTE },
	{ "recv_with_skip_empty", "-z", stay_silent, PIPE, NOTHING_CAME,
	  NO_BYTE },
	{ "recv_of_a_line_that_drips", "-l", drip, PIPE, NO_NEWLINE, NULL },
	{ "recv_of_a_stream_that_drips", "-e", drip, PIPE, NO_END, NULL },
	{ "recv_of_a_stream_that_drips_into_a_file", "-e >\"$FOLDER/file\"",
	  drip, PIPE, NO_END, NULL },
	{ "recv_of_a_line_that_pours", "-l >/dev/null", flood, PIPE, NO_NEWLINE,
	  NULL },
	{ "recv_of_a_stream_that_pours", "-e >/dev/null", flood, PIPE, ANY,
	  NULL },
	{ "recv_of_a_stream_that_pours_with_verbose", "-ev >/dev/null", flood,
	  PIPE,
	  "Listening on 0.0.0.0 [0-9]*\n"
	  "Connection received on 127.0.0.1 [0-9]*\n" ANY
	  "server: * bytes in *, ended by an error\n",
	  NULL },
	{ "write_of_a_message_to_a_full_pipe", "", send_and_stay, FULL_PIPE,
	  STUCK, NO_ROOM },
	{ "write_of_a_line_to_a_full_pipe", "-l", send_and_stay, FULL_PIPE,
	  STUCK, NO_ROOM },
	{ "write_of_a_stream_to_a_full_pipe", "-e", send_and_stay, FULL_PIPE,
	  STUCK, NO_ROOM },
	{ "write_of_a_line_to_a_socket", "-l", flood, SOCKET, STUCK, NO_ROOM },
	{ "splice_to_a_full_pipe", "-e", flood, FULL_PIPE, STUCK, NO_ROOM },
	{ "splice_to_a_pipe", "-e", flood, PIPE, STUCK, NO_ROOM },
	{ "splice_to_a_socket", "-e", flood, SOCKET, STUCK, NO_ROOM },
};

enum {
	WAITS = sizeof(waits) / sizeof(waits[0]),
};

/* Leaves no room in a pipe that this is an end of. */
static void fill_pipe(int fd)
{
	/* As much as the program would have it hold, to find room. */
	assert_int_not_equal(fcntl(fd, F_SETPIPE_SZ, 1 << 20), -1);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (write(fd, stream, sizeof(stream)) > 0)
		continue;
	while (write(fd, stream, 1) > 0)
		continue;
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
}

/* What is written to the second can be read from the first. */
static void open_out(enum out out, int ends[2])
{
	if (out == SOCKET) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		return;
	}
	assert_int_equal(pipe(ends), 0);
	if (out == FULL_PIPE)
		fill_pipe(ends[1]);
}

/* What comes from fd until its end, of what it was not filled with before. */
static size_t count_bytes(int fd)
{
	static char bytes[1 << 20];
	size_t count = 0, n;

	while ((n = read_some(fd, bytes, sizeof(bytes), "end of output")) > 0)
		count += n;
	return count;
}

static int waiting_in(int fd)
{
	int waiting = 0;

	assert_int_equal(ioctl(fd, FIONREAD, &waiting), 0);
	return waiting;
}

/*
 * Whether it tells of that call, which a busy machine may not have come to. The
 * star is how many bytes came out, where that can be known.
 */
static bool tells(const struct wait *wait, const char *line, const char *err,
		  size_t came)
{
	const char *told = strstr(err, " bytes delivered");
	size_t bytes = 0;

	if (!is_like(err, line))
		return false;
	while (told != NULL && told[-1] != '(')
		told--;
	if (told != NULL)
		bytes = strtoul(told, NULL, 10);
	if (strchr(wait->arguments, '>') == NULL)
		assert_int_equal(bytes, came);
	return true;
}

/* Runs it once: how long it took, or WAIT_MS if it was too late. */
static long long end_once(const struct wait *wait, char option)
{
	const long long before = now_ms();
	struct process server;
	struct result result;
	long long after;
	char script[128];
	int ends[2], held;
	bool played;

	snprintf(script, sizeof(script),
		 "exec \"$SERVER\" -p 0 -r 3 -%c .25 %s", option,
		 wait->arguments);
	open_out(wait->out, ends);
	held = wait->out == FULL_PIPE ? waiting_in(ends[0]) : 0;
	redirect_next(ends[1], STDOUT_FILENO);
	server = shell_listen(&port, script);
	close(ends[1]);
	played = wait->play();
	result = process_end(&server);
	after = now_ms();
	played = played &&
		 tells(wait, option == 't' ? wait->err : wait->silent,
		       result.err, count_bytes(ends[0]) - (size_t)held);
	close(ends[0]);
	/* Whatever call it was in. */
	assert_null(strstr(result.err, "ended by end of file"));
	assert_int_equal(result.status, 124);
	assert_between(after - before, DEADLINE_MS, WAIT_MS - 1);
	return played ? after - before : WAIT_MS;
}

/*
 * It must never end before its deadline; that it ends within a tenth of a
 * second of it may fail where the machine is busy, so that the best of some
 * runs counts. Under valgrind none is so short. A write that took a part before
 * it was interrupted may have done so just then: silence is up to twice as
 * long.
 */
static void assert_ends_in_time(const struct wait *wait, char option)
{
	const int most = DEADLINE_MS * (option == 'w' ? 2 : 1) + LATE_MS;
	long long best = WAIT_MS;

	for (int i = 0; i < TRIES && best > most; i++) {
		long long took = end_once(wait, option);

		if (took < best)
			best = took;
		if (best < WAIT_MS && under_valgrind())
			return;
	}
	assert_between(best, DEADLINE_MS, most);
}

static void test_timeout(void **state)
{
	assert_ends_in_time(*state, 't');
}

static void test_silence(void **state)
{
	assert_ends_in_time(*state, 'w');
}

static void test_timeout_ends_the_write_of_the_ready_line(void **state)
{
	struct process server;
	int ends[2];

	(void)state;
	open_out(FULL_PIPE, ends);
	redirect_next(ends[1], 3);
	server = shell_start("exec \"$SERVER\" -p 0 -t .25 -r 3");
	close(ends[1]);
	assert_ended(
		&server, 124, "",
		"server: write ready descriptor: it did not take all within "
		"0.25 s; -t sets a longer time\n");
	close(ends[0]);
}

/* What the trace has, up to its line of that call. */
static void read_trace(int fd, const char *call)
{
	char trace[CAUGHT_BYTES] = "";
	size_t len = 0;

	while (strstr(trace, call) == NULL) {
		assert_between(len, 0, sizeof(trace) - 2);
		len += read_some(fd, trace + len, sizeof(trace) - 1 - len,
				 call);
	}
}

/*
 * Its trace has no room, and holds it up until its time is up, between the look
 * at a line and the recv that would take it at once.
 */
static void test_timeout_ends_recv_though_bytes_wait(void **state)
{
	struct process server;
	int client, ends[2];

	(void)state;
	open_out(PIPE, ends);
	redirect_next(ends[1], STDERR_FILENO);
	server = server_listen(&port, "-xlt.5", NULL);
	client = client_connect(port);
	read_trace(ends[0], " accept(");
	fill_pipe(ends[1]);
	client_send(client, "hi\n", 3);
	assert_ended(&server, 124, "", "");
	close(client);
	close(ends[0]);
	close(ends[1]);
}

static void test_timeout_does_not_disturb_a_run_in_time(void **state)
{
	/* The second has little left if it is cut to 32 bits. */
	static const char *const times[] = { "100", "4295.000001",
					     "999999999.999999" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct process server =
			server_listen(&port, "-e", "-t", times[i], NULL);
		struct process sender = process_start(send_stream, NULL);

		expect_output(&server, stream, sizeof(stream));
		assert_ended(&server, 0, "", "");
		assert_int_equal(process_end(&sender).status, 0);
	}
}

/* A timer of 0 would never end it. */
static void test_timeout_is_the_shortest(void **state)
{
	static const char *const times[] = { "0.000001", ".0005" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct process server =
			server_start("-p", "0", "-t", times[i], NULL);
		struct result result = process_end(&server);

		assert_like(result.err, "Listening on 0.0.0.0 [0-9]*\n"
					"server: accept 0.0.0.0:[0-9]*: nobody "
					"connected within "
					"* s; -t sets a longer time\n");
		assert_int_equal(result.status, 124);
	}
}

/* 0 was asked for, and somebody will look for a listener there. */
static void test_timeout_names_the_port_that_was_picked(void **state)
{
	char expected[128];
	struct process server = server_listen(&port, "-t", "0.25", NULL);

	(void)state;
	snprintf(expected, sizeof(expected),
		 "server: accept 0.0.0.0:%u: nobody connected within 0.25 s; "
		 "-t sets a longer time\n",
		 port);
	assert_ended(&server, 124, "", expected);
}

int main(void)
{
	struct CMUnitTest tests[MOST_TESTS] = {
		cmocka_unit_test(test_timeout_ends_the_write_of_the_ready_line),
		cmocka_unit_test(test_timeout_ends_recv_though_bytes_wait),
		cmocka_unit_test(test_timeout_does_not_disturb_a_run_in_time),
		cmocka_unit_test(test_timeout_is_the_shortest),
		cmocka_unit_test(test_timeout_names_the_port_that_was_picked),
	};
	char names[2 * WAITS][NAME_BYTES];

	for (size_t i = 0; i < 2 * WAITS; i++) {
		const struct wait *wait = &waits[i / 2];
		const bool idle = i % 2 == 1;

		if (idle && wait->silent == NULL)
			continue;
		snprintf(names[i], NAME_BYTES, "test_%s_ends_%s",
			 idle ? "idle" : "timeout", wait->name);
		*free_test(tests) = (struct CMUnitTest){
			names[i],
			idle ? test_silence : test_timeout,
			make_folder,
			remove_folder,
			(void *)(uintptr_t)wait,
		};
	}
	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
