/*
 * The line that grows on a terminal while a stream is received. It takes a
 * second to be drawn: the runs are all started at first, and wait together.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"

enum {
	SHOWN_BYTES = 2 * CAUGHT_BYTES,
};

/* What is a terminal. */
enum terminal {
	NONE = 0,
	OUTPUT = 1,
	ERRORS = 2,
	BOTH = 3,
};

enum name {
	SUMMARY,
	REST,
	RESET,
	GONE,
	DRIP,
	DEADLINE,
	/* Those that draw nothing. */
	MESSAGE,
	LINE,
	TRACED,
	SILENT,
	INTO_SAME,
	INTO_OTHER,
	INTO_PIPE,
	RUNS
};

static struct run {
	const char *options;
	enum terminal terminal;
	const char *sent;
	struct process server;
	int client;
	int pty[2];
	char shown[SHOWN_BYTES]; /* what the terminal was sent */
	size_t shown_len;
} runs[RUNS] = {
	[SUMMARY] = { .options = "-ve", .terminal = ERRORS, .sent = "abc" },
	[REST] = { .options = "-ven3", .terminal = ERRORS, .sent = "ab" },
	[RESET] = { .options = "-ve", .terminal = ERRORS, .sent = "" },
	[GONE] = { .options = "-ve", .terminal = ERRORS, .sent = "abc" },
	[DRIP] = { .options = "-vet2.3", .terminal = ERRORS, .sent = "" },
	[DEADLINE] = { .options = "-vet2", .terminal = ERRORS, .sent = "" },
	[MESSAGE] = { .options = "-vt1.3", .terminal = ERRORS, .sent = "" },
	[LINE] = { .options = "-vlt1.3", .terminal = ERRORS, .sent = "abc" },
	[TRACED] = { .options = "-xvet1.3", .terminal = ERRORS, .sent = "abc" },
	[SILENT] = { .options = "-et1.3", .terminal = ERRORS, .sent = "abc" },
	[INTO_SAME] = { .options = "-vet1.3", .terminal = BOTH, .sent = "abc" },
	[INTO_OTHER] = { .options = "-vet1.3",
			 .terminal = OUTPUT,
			 .sent = "abc" },
	[INTO_PIPE] = { .options = "-vet1.3", .terminal = NONE, .sent = "abc" },
};

/* How each goes on a terminal, and what it starts with, as a pattern. */
#define ERASED "\r\033[K"
#define DRAWN ERASED "server: "
#define STARTED                                                                \
	"Listening on 0.0.0.0 [0-9]*\n"                                        \
	"Connection received on 127.0.0.1 [0-9]*\n"

/* How often text has part. */
static int count(const char *text, const char *part)
{
	int times = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		times++;
	return times;
}

/* A byte each few milliseconds, as long as somebody takes them. */
static int drip(const void *argument)
{
	const struct run *run = argument;
	struct pollfd end = { run->client, POLLIN, 0 };

	while (send(run->client, ".", 1, MSG_NOSIGNAL) == 1 &&
	       poll(&end, 1, 5) == 0)
		continue;
	return 0;
}

static void start(struct run *run)
{
	char script[64];
	uint16_t port;

	if (run->terminal != NONE) {
		open_terminal(run->pty);
		redirect_next(run->pty[1], run->terminal == ERRORS
						   ? STDERR_FILENO
						   : STDOUT_FILENO);
	}
	snprintf(script, sizeof(script), "exec \"$SERVER\" %s -p 0 -r 3%s",
		 run->options, run->terminal == BOTH ? " 2>&1" : "");
	run->server = shell_listen(&port, script);
	run->client = client_connect(port);
	client_send(run->client, run->sent, strlen(run->sent));
}

static struct process dripping;

static int start_all(void **state)
{
	if (own_network(state) == -1)
		return -1;
	/* No line is redrawn on a terminal that is not known to erase. */
	setenv("TERM", "xterm", 1);
	for (size_t i = 0; i < RUNS; i++) {
		start(&runs[i]);
		if (i == DRIP)
			dripping = process_start(drip, &runs[i]);
	}
	return 0;
}

/* Reads what the terminal was sent until text is there. */
static void await_shown(struct run *run, const char *text)
{
	while (strstr(run->shown, text) == NULL) {
		assert_between(run->shown_len, 0, SHOWN_BYTES - 2);
		run->shown_len +=
			read_some(run->pty[0], run->shown + run->shown_len,
				  SHOWN_BYTES - 1 - run->shown_len, text);
		run->shown[run->shown_len] = '\0';
	}
}

/* Reads the rest of it, once the server has ended. */
static struct result end(struct run *run)
{
	struct result result = process_end(&run->server);

	close(run->client);
	if (run->terminal == NONE)
		return result;
	run->shown_len += read_screen(run->pty, run->shown + run->shown_len,
				      SHOWN_BYTES - run->shown_len);
	close_terminal(run->pty);
	return result;
}

/* What is to be seen at the end: \r goes back, ESC [ K erases from there. */
static void assert_seen(const struct run *run, const char *pattern)
{
	static char seen[SHOWN_BYTES];
	size_t line = 0, at = 0, len = 0;

	for (const char *next = run->shown; *next != '\0'; next++) {
		if (*next == '\r') {
			at = line;
		} else if (strncmp(next, "\033[K", 3) == 0) {
			len = at;
			next += 2;
		} else {
			seen[at++] = *next;
			len = at > len ? at : len;
		}
		if (*next == '\n')
			line = at = len;
	}
	seen[len] = '\0';
	assert_like(seen, pattern);
	/* A * stands for no more than a part of a line. */
	assert_int_equal(count(seen, "\n"), count(pattern, "\n"));
	assert_int_equal(count(seen, "server: "), count(pattern, "server: "));
}

/* Its errors are a terminal's, and the line was drawn and left no trace. */
static void assert_drawn(const struct run *run, const char *bytes,
			 const char *pattern)
{
	char line[64];

	snprintf(line, sizeof(line), DRAWN "%s bytes in 1.", bytes);
	if (strstr(run->shown, line) == NULL)
		fail_msg("not drawn: %s", run->shown);
	/* Not before a second. */
	assert_null(strstr(run->shown, " bytes in 0."));
	assert_seen(run, pattern);
}

static void assert_not_drawn(const struct run *run, const char *pattern)
{
	assert_int_equal(count(run->shown, "\r"), 0);
	assert_int_equal(count(run->shown, "\033"), 0);
	assert_seen(run, pattern);
}

static void test_progress_is_drawn_and_gone_before_the_summary(void **state)
{
	struct run *run = &runs[SUMMARY];
	struct result result;

	(void)state;
	/* Nothing more comes, and the line is drawn all the same. */
	await_shown(run, DRAWN "3 bytes in 1.");
	shutdown(run->client, SHUT_WR);
	result = end(run);
	assert_string_equal(result.out, "abc");
	assert_int_equal(result.status, 0);
	assert_drawn(run, "3",
		     STARTED "server: 3 bytes in * s, *B/s, ended by end of "
			     "file\n");
}

static void test_progress_goes_before_a_rest_is_told_of(void **state)
{
	struct run *run = &runs[REST];
	struct result result;

	(void)state;
	await_shown(run, DRAWN "2 bytes in 1.");
	client_send(run->client, "cd", 2);
	result = end(run);
	assert_string_equal(result.out, "abc");
	assert_int_equal(result.status, 0);
	assert_drawn(run, "2",
		     STARTED "server: warning: the message was cut after 3 "
			     "bytes; a larger -n takes more\n"
			     "server: 3 bytes in * s, *B/s, ended by limit\n");
}

static void test_progress_goes_before_an_error(void **state)
{
	struct run *run = &runs[RESET];
	struct result result;

	(void)state;
	await_shown(run, DRAWN "0 bytes in 1.");
	client_reset(run->client);
	run->client = -1;
	result = end(run);
	assert_int_equal(result.status, 1);
	assert_drawn(
		run, "0",
		STARTED
		"server: recv connection: Connection reset by "
		"peer; the sender aborted, send again; -z passes over a probe\n"
		"server: 0 bytes in * s, *B/s, ended by an "
		"error\n");
}

static void test_progress_goes_before_the_deadline_is_told_of(void **state)
{
	struct run *run = &runs[DEADLINE];
	struct result result;

	(void)state;
	await_shown(run, DRAWN "0 bytes in 1.");
	result = end(run);
	assert_int_equal(result.status, 124);
	assert_drawn(run, "0",
		     STARTED "server: recv connection: nothing came within 2 "
			     "s; -t sets a longer time\n"
			     "server: 0 bytes in * s, *B/s, ended by an "
			     "error\n");
}

static void test_progress_is_drawn_once_a_second_while_bytes_come(void **state)
{
	struct run *run = &runs[DRIP];
	struct result result;

	(void)state;
	await_shown(run, DRAWN);
	result = end(run);
	assert_int_equal(process_end(&dripping).status, 0);
	assert_int_equal(result.status, 124);
	/* The last time it is only erased. */
	assert_between(count(run->shown, ERASED) - 1, 1, 2);
	assert_between(result.out_len, 1, CAUGHT_BYTES);
	assert_seen(run, STARTED "server: recv connection: the sender did not "
				 "close within 2.3 s (* bytes delivered); *\n"
				 "server: * bytes in 2.* s, *B/s, ended by an "
				 "error\n");
}

static void test_progress_that_is_gone_leaves_the_status_alone(void **state)
{
	struct run *run = &runs[GONE];
	struct result result;

	(void)state;
	await_shown(run, DRAWN "3 bytes in 1.");
	close_terminal(run->pty);
	close(run->client);
	result = process_end(&run->server);
	assert_string_equal(result.out, "abc");
	assert_int_equal(result.status, 0);
}

static void test_progress_is_not_drawn_of_one_message(void **state)
{
	struct run *run = &runs[MESSAGE];

	(void)state;
	assert_int_equal(end(run).status, 124);
	assert_not_drawn(run,
			 STARTED "server: recv connection: nothing came *\n"
				 "server: 0 bytes in * s, *B/s, ended by an "
				 "error\n");
}

static void test_progress_is_not_drawn_of_a_line(void **state)
{
	struct run *run = &runs[LINE];

	(void)state;
	assert_int_equal(end(run).status, 124);
	assert_not_drawn(run, STARTED
			 "server: recv connection: no newline came within *\n"
			 "server: 3 bytes in * s, *B/s, ended by an "
			 "error\n");
}

static void test_progress_is_not_drawn_among_traced_steps(void **state)
{
	struct run *run = &runs[TRACED];

	(void)state;
	assert_int_equal(end(run).status, 124);
	assert_int_equal(count(run->shown, "\r"), 0);
	assert_int_equal(count(run->shown, "SO_RCVTIMEO"), 0);
	assert_int_equal(count(run->shown, " exit(124)"), 1);
}

static void test_progress_is_not_drawn_if_nobody_asked(void **state)
{
	struct run *run = &runs[SILENT];

	(void)state;
	assert_int_equal(end(run).status, 124);
	assert_not_drawn(
		run, "server: recv connection: the sender did not close *\n");
}

static void test_progress_is_not_drawn_over_the_message(void **state)
{
	struct run *run = &runs[INTO_SAME];

	(void)state;
	assert_int_equal(end(run).status, 124);
	assert_not_drawn(
		run, STARTED
		"abcserver: recv connection: the sender did not close *\n"
		"server: 3 bytes in * s, *B/s, ended by an "
		"error\n");
}

static void test_progress_is_not_drawn_if_errors_are_no_terminal(void **state)
{
	static const char *const shown[] = {
		[INTO_OTHER] = "abc", [INTO_PIPE] = ""
	};

	(void)state;
	for (int i = INTO_OTHER; i <= INTO_PIPE; i++) {
		struct result result = end(&runs[i]);

		assert_string_equal(runs[i].shown, shown[i]);
		assert_like(
			result.err, STARTED
			"server: recv connection: the sender did not close *\n"
			"server: 3 bytes in * s, *B/s, ended by an "
			"error\n");
		assert_null(strchr(result.err, '\r'));
		assert_int_equal(result.status, 124);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_progress_is_drawn_and_gone_before_the_summary),
		cmocka_unit_test(test_progress_goes_before_a_rest_is_told_of),
		cmocka_unit_test(test_progress_goes_before_an_error),
		cmocka_unit_test(
			test_progress_goes_before_the_deadline_is_told_of),
		cmocka_unit_test(
			test_progress_is_drawn_once_a_second_while_bytes_come),
		cmocka_unit_test(
			test_progress_that_is_gone_leaves_the_status_alone),
		cmocka_unit_test(test_progress_is_not_drawn_of_one_message),
		cmocka_unit_test(test_progress_is_not_drawn_of_a_line),
		cmocka_unit_test(test_progress_is_not_drawn_among_traced_steps),
		cmocka_unit_test(test_progress_is_not_drawn_if_nobody_asked),
		cmocka_unit_test(test_progress_is_not_drawn_over_the_message),
		cmocka_unit_test(
			test_progress_is_not_drawn_if_errors_are_no_terminal),
	};

	return cmocka_run_group_tests(tests, start_all, NULL);
}
