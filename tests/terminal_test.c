/* What a terminal is sent: a pseudo-terminal in place of stdout or stderr. */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "support.h"

static uint16_t port;

/* Has the programs that are started use a locale, which has to be there. */
static void use_locale(const char *name)
{
	skip_without(setlocale(LC_CTYPE, name) != NULL, name);
	setlocale(LC_CTYPE, "C");
	setenv("LC_ALL", name, 1);
}

static void expect_shown(const int pty[2], const char *text)
{
	struct process screen = { .out = pty[0] };

	expect_output(&screen, text, strlen(text));
}

static void assert_shown(const char *locale, const char *mode, const char *sent,
			 size_t len, const char *shown)
{
	struct process server;
	struct result result;
	int pty[2], client;

	use_locale(locale);
	open_terminal(pty);
	redirect_next(pty[1], STDOUT_FILENO);
	server = server_listen(&port, mode, NULL);
	client = client_connect(port);
	client_send(client, sent, len);
	close(client);
	result = process_end(&server);
	assert_string_equal(result.err, "");
	assert_int_equal(result.status, 0);
	expect_shown(pty, shown);
	/* And nothing after it. */
	assert_int_equal(write(pty[1], "$", 1), 1);
	expect_shown(pty, "$");
	close_terminal(pty);
}

static void test_terminal_is_shown_control_bytes(void **state)
{
	(void)state;
	assert_shown("C.UTF-8", "-e", "a\tb\n", 4, "a\tb\n");
	assert_shown("C.UTF-8", "-e", "\033[2J\a\b\r\n", 8, "^[[2J^G^H^M\n");
	assert_shown("C.UTF-8", "-e", "\0\001\037\177 ~", 6, "^@^A^_^? ~");
	assert_shown("C.UTF-8", "-n9", "\033c", 2, "^[c");
	assert_shown("C.UTF-8", "-l", "\033c\n", 3, "^[c\n");
}

static void test_terminal_is_shown_characters_of_its_locale(void **state)
{
	(void)state;
	assert_shown("C.UTF-8", "-e", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9,
		     "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	assert_shown("C", "-e", "\xc3\xa9", 2, "\\xc3\\xa9");
}

static void test_terminal_is_shown_bytes_that_are_no_characters(void **state)
{
	(void)state;
	assert_shown("C.UTF-8", "-e",
		     "\x9b"
		     "2J\xff",
		     4, "\\x9b2J\\xff");
	/* U+009B, the control character in two bytes. */
	assert_shown("C.UTF-8", "-e", "\xc2\x9b", 2, "\\xc2\\x9b");
	/* One that breaks off, one that another follows, and an overlong. */
	assert_shown("C.UTF-8", "-e", "\xe2\x82", 2, "\\xe2\\x82");
	assert_shown("C.UTF-8", "-e",
		     "\xe2\x82"
		     "a",
		     3, "\\xe2\\x82a");
	assert_shown("C.UTF-8", "-e", "\xe2\xc3\xa9", 3, "\\xe2\xc3\xa9");
	assert_shown("C.UTF-8", "-e", "\xc0\x9b", 2, "\\xc0\\x9b");
}

static void test_terminal_is_shown_a_character_of_two_segments(void **state)
{
	static const char euro[] = "\xe2\x82\xac";
	struct process server;
	int pty[2], client;

	(void)state;
	use_locale("C.UTF-8");
	open_terminal(pty);
	redirect_next(pty[1], STDOUT_FILENO);
	server = server_listen(&port, "-e", NULL);
	client = client_connect(port);
	for (int cut = 1; cut < 3; cut++) {
		client_send(client, ".", 1);
		expect_shown(pty, ".");
		client_send(client, euro, (size_t)cut);
		client_send(client, euro + cut, (size_t)(3 - cut));
		expect_shown(pty, euro);
	}
	close(client);
	assert_int_equal(process_end(&server).status, 0);
	close_terminal(pty);
}

static void test_terminal_is_shown_a_stream(void **state)
{
	enum {
		ESCAPES = 100000
	};
	static char sent[ESCAPES], shown[2 * ESCAPES];
	struct process server;
	int pty[2], client;

	(void)state;
	memset(sent, '\033', sizeof(sent));
	for (size_t i = 0; i < sizeof(shown); i++)
		shown[i] = i % 2 == 0 ? '^' : '[';
	open_terminal(pty);
	redirect_next(pty[1], STDOUT_FILENO);
	server = server_listen(&port, "-ve", NULL);
	client = client_connect(port);
	client_send(client, sent, sizeof(sent));
	close(client);
	server.out = dup2(pty[0], server.out);
	expect_output(&server, shown, sizeof(shown));
	close(pty[0]);
	close(pty[1]);
	assert_int_equal(wait_status(server.pid), 0);
	close(server.in);
	close(server.out);
	close(server.err);
}

/* The begin of a character is kept, and shown only when no more comes. */
static void test_terminal_fails_if_it_is_gone_at_the_end(void **state)
{
	struct process server;
	struct result result;
	int pty[2], client;

	(void)state;
	use_locale("C.UTF-8");
	open_terminal(pty);
	redirect_next(pty[1], STDOUT_FILENO);
	server = server_listen(&port, "-ve", NULL);
	client = client_connect(port);
	client_send(client, "\xe2", 1);
	close_terminal(pty);
	close(client);
	result = process_end(&server);
	assert_like(result.err,
		    "Listening on 0.0.0.0 *\n"
		    "Connection received on 127.0.0.1 *\n"
		    "server: write standard output: I*/[Oo]* error; "
		    "man 2 write has more\n"
		    "server: 0 bytes in * s, 0.0 B/s, ended by an error\n");
	assert_int_equal(result.status, 1);
}

/* The sender goes on, and the message is cut in the midst of a character. */
static void assert_cut(const char *mode, const char *sent, const char *shown,
		       const char *err, int status)
{
	struct process server;
	struct result result;
	int pty[2], client;

	use_locale("C.UTF-8");
	open_terminal(pty);
	redirect_next(pty[1], STDOUT_FILENO);
	server = server_listen(&port, mode, NULL);
	client = client_connect(port);
	client_send(client, sent, strlen(sent));
	result = process_end(&server);
	expect_shown(pty, shown);
	assert_like(result.err, err);
	assert_int_equal(result.status, status);
	close_terminal(pty);
	close(client);
}

static void test_terminal_is_shown_a_character_that_is_cut(void **state)
{
	(void)state;
	assert_cut("-n2", "a\xe2\x82\xac", "a\\xe2",
		   "*: more than 2 bytes, *\n", 0);
	assert_cut("-et.3", "\xe2", "\\xe2",
		   "*within 0.3 s, 1 bytes delivered; *\n", 124);
}

static void test_pipe_is_sent_every_byte_as_it_came(void **state)
{
	struct process server = server_listen(&port, "-e", NULL);
	int client = client_connect(port);

	(void)state;
	client_send(client, "\033[2J\x9b\xff", 6);
	close(client);
	expect_output(&server, "\033[2J\x9b\xff", 6);
	assert_int_equal(process_end(&server).status, 0);
}

/* What terminal says up to the end of a line. */
static void read_line(int terminal, char *line, size_t size)
{
	size_t len = 0;

	do {
		assert_between(len, 0, size - 2);
		assert_int_equal(read_some(terminal, line + len, 1, "line"), 1);
		line[++len] = '\0';
	} while (line[len - 1] != '\n');
}

static void test_progress_that_is_gone_leaves_the_status_alone(void **state)
{
	struct process server;
	char line[1024];
	int pty[2], client;

	(void)state;
	open_terminal(pty);
	redirect_next(pty[1], STDERR_FILENO);
	server = server_listen(&port, "-vet1.5", NULL);
	client = client_connect(port);
	client_send(client, "abc", 3);
	expect_output(&server, "abc", 3);
	read_line(pty[0], line, sizeof(line));
	read_line(pty[0], line, sizeof(line));
	expect_shown(pty, "\r\033[Kserver: 3 bytes in 1.");
	close_terminal(pty);
	assert_int_equal(process_end(&server).status, 124);
	close(client);
}

static void test_progress_is_drawn_and_erased_on_a_terminal(void **state)
{
	struct process server;
	char line[1024];
	int pty[2], client;

	(void)state;
	open_terminal(pty);
	redirect_next(pty[1], STDERR_FILENO);
	server = server_listen(&port, "-ve", NULL);
	client = client_connect(port);
	read_line(pty[0], line, sizeof(line));
	assert_like(line, "Listening on 0.0.0.0 *\n");
	read_line(pty[0], line, sizeof(line));
	assert_like(line, "Connection received on 127.0.0.1 *\n");
	client_send(client, "abc", 3);
	expect_output(&server, "abc", 3);
	/* Nothing more comes, and the line is drawn all the same. */
	expect_shown(pty, "\r\033[Kserver: 3 bytes in 1.");
	close(client);
	assert_int_equal(process_end(&server).status, 0);
	read_line(pty[0], line, sizeof(line));
	assert_like(line, "*[0-9] s, [0-9]*.[0-9] B/s"
			  "\r\033[[]Kserver: 3 bytes in 1.* s, *, ended by "
			  "end of file\n");
	close_terminal(pty);
}

static void test_progress_is_not_drawn_among_traced_steps(void **state)
{
	struct process server;
	char line[1024];
	int pty[2], client;

	(void)state;
	open_terminal(pty);
	redirect_next(pty[1], STDERR_FILENO);
	server = server_listen(&port, "-xve", NULL);
	client = client_connect(port);
	client_send(client, "abc", 3);
	close(client);
	do {
		read_line(pty[0], line, sizeof(line));
		assert_null(strchr(line, '\r'));
		assert_null(strstr(line, "SO_RCVTIMEO"));
	} while (strstr(line, " exit(0)") == NULL);
	assert_int_equal(process_end(&server).status, 0);
	close_terminal(pty);
}

static void test_progress_goes_before_a_rest_is_told_of(void **state)
{
	struct process server;
	char line[1024];
	int pty[2], client;

	(void)state;
	open_terminal(pty);
	redirect_next(pty[1], STDERR_FILENO);
	server = server_listen(&port, "-ven3", NULL);
	client = client_connect(port);
	client_send(client, "ab", 2);
	expect_output(&server, "ab", 2);
	read_line(pty[0], line, sizeof(line));
	read_line(pty[0], line, sizeof(line));
	expect_shown(pty, "\r\033[Kserver: 2 bytes in 1.");
	client_send(client, "cd", 2);
	expect_output(&server, "c", 1);
	assert_int_equal(process_end(&server).status, 0);
	read_line(pty[0], line, sizeof(line));
	assert_like(line, "*[0-9] s, [0-9]*.[0-9] B/s\r\033[[]K"
			  "server: recv connection: more than 3 bytes, *\n");
	close_terminal(pty);
	close(client);
}

static void test_progress_goes_before_an_error(void **state)
{
	struct process server;
	char line[1024];
	int pty[2], client;

	(void)state;
	open_terminal(pty);
	redirect_next(pty[1], STDERR_FILENO);
	server = server_listen(&port, "-vet1.2", NULL);
	client = client_connect(port);
	read_line(pty[0], line, sizeof(line));
	read_line(pty[0], line, sizeof(line));
	assert_int_equal(process_end(&server).status, 124);
	read_line(pty[0], line, sizeof(line));
	assert_like(line,
		    "\r\033[[]Kserver: 0 bytes in 1.* s, *B/s"
		    "\r\033[[]Kserver: recv connection: nothing came "
		    "within 1.2 s, 0 bytes delivered; -t gives more time\n");
	close(client);
	close_terminal(pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terminal_is_shown_control_bytes),
		cmocka_unit_test(
			test_terminal_is_shown_characters_of_its_locale),
		cmocka_unit_test(
			test_terminal_is_shown_bytes_that_are_no_characters),
		cmocka_unit_test(
			test_terminal_is_shown_a_character_of_two_segments),
		cmocka_unit_test(test_terminal_is_shown_a_stream),
		cmocka_unit_test(test_terminal_fails_if_it_is_gone_at_the_end),
		cmocka_unit_test(
			test_terminal_is_shown_a_character_that_is_cut),
		cmocka_unit_test(
			test_progress_that_is_gone_leaves_the_status_alone),
		cmocka_unit_test(test_pipe_is_sent_every_byte_as_it_came),
		cmocka_unit_test(
			test_progress_is_drawn_and_erased_on_a_terminal),
		cmocka_unit_test(test_progress_is_not_drawn_among_traced_steps),
		cmocka_unit_test(test_progress_goes_before_a_rest_is_told_of),
		cmocka_unit_test(test_progress_goes_before_an_error),
	};

	return cmocka_run_group_tests(tests, own_network, NULL);
}
