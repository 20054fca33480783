/* What a terminal is sent: a pseudo-terminal in place of standard output. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "play.h"

/* Has the programs that are started use a locale, which has to be there. */
static void use_locale(const char *name)
{
	skip_without(setlocale(LC_CTYPE, name) != NULL, name);
	setlocale(LC_CTYPE, "C");
	setenv("LC_ALL", name, 1);
}

/* Before each test: it says what it needs. */
static int forget_locale(void **state)
{
	(void)state;
	setenv("LC_ALL", "C", 1);
	unsetenv("LC_CTYPE");
	unsetenv("LANG");
	unsetenv("LOCPATH");
	return 0;
}

static void assert_screen(const int pty[2], const char *text)
{
	char screen[CAUGHT_BYTES];

	read_screen(pty, screen, sizeof(screen));
	assert_string_equal(screen, text);
}

/* Until text is there; what comes after it is left. */
static void expect_shown(const int pty[2], const char *text)
{
	struct process screen = { .out = pty[0] };

	expect_output(&screen, text, strlen(text));
}

/* Starts a server whose standard output is a terminal. */
static struct process listen_on(int pty[2], const char *mode)
{
	open_terminal(pty);
	redirect_next(pty[1], STDOUT_FILENO);
	return server_listen(&port, mode, NULL);
}

static void assert_shown(const char *mode, const char *sent, size_t len,
			 const char *shown)
{
	struct result result;
	struct process server;
	int pty[2], client;

	server = listen_on(pty, mode);
	client = client_connect(port);
	client_send(client, sent, len);
	close(client);
	result = process_end(&server);
	assert_string_equal(result.err,
			    strcmp(mode, "-l") == 0 && sent[len - 1] != '\n'
				    ? UNENDED
				    : "");
	assert_int_equal(result.status, 0);
	assert_screen(pty, shown);
	close_terminal(pty);
}

static void test_terminal_is_shown_control_bytes(void **state)
{
	(void)state;
	use_locale("C.UTF-8");
	assert_shown("-e", "a\tb\n", 4, "a\tb\n");
	assert_shown("-e", "\033[2J\a\b\r\n", 8, "^[[2J^G^H^M\n");
	assert_shown("-e", "\0\001\037\177 ~", 6, "^@^A^_^? ~");
	assert_shown("-n9", "\033c", 2, "^[c");
	assert_shown("-l", "\033c\n", 3, "^[c\n");
	assert_shown("-e", "\xc2\x9b\x9b", 3, "\\xc2\\x9b\\x9b");
}

/* setlocale(3) has the order: LC_ALL, then LC_CTYPE, then LANG. */
static void test_terminal_is_shown_characters_of_its_locale(void **state)
{
	static const char e[] = "\xc3\xa9", hex[] = "\\xc3\\xa9";

	(void)state;
	use_locale("C.UTF-8");
	assert_shown("-e", e, 2, e);
	setenv("LC_ALL", "C", 1);
	setenv("LC_CTYPE", "C.UTF-8", 1);
	assert_shown("-e", e, 2, hex);
	unsetenv("LC_ALL");
	assert_shown("-e", e, 2, e);
	setenv("LC_CTYPE", "C", 1);
	setenv("LANG", "C.UTF-8", 1);
	assert_shown("-e", e, 2, hex);
	unsetenv("LC_CTYPE");
	assert_shown("-e", e, 2, e);
}

/* A part that nothing follows is a message all the same. */
static void test_terminal_is_shown_a_part_of_a_character_alone(void **state)
{
	static const char *const modes[] = { "-n9", "-l", "-e" };

	(void)state;
	use_locale("C.UTF-8");
	for (size_t i = 0; i < 3; i++) {
		assert_shown(modes[i], "\xe2", 1, "\\xe2");
		assert_shown(modes[i], "\xf0\x9f\x98", 3, "\\xf0\\x9f\\x98");
	}
}

static void test_terminal_is_shown_a_character_of_two_segments(void **state)
{
	static const char euro[] = "\xe2\x82\xac";
	struct process server;
	int pty[2], client;

	(void)state;
	use_locale("C.UTF-8");
	server = listen_on(pty, "-e");
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
	assert_screen(pty, "");
	close_terminal(pty);
}

/* In order, as nothing turns the text, wherever its bytes are cut. */
static void test_terminal_is_shown_no_text_that_turns(void **state)
{
	static const char *const turns[] = {
		"\xd8\x9c",	"\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xaa",
		"\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae",
		"\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9",
	};
	struct process server;
	int pty[2], client;

	(void)state;
	use_locale("C.UTF-8");
	server = listen_on(pty, "-e");
	client = client_connect(port);
	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		const size_t len = strlen(turns[i]);
		char shown[16] = "", first[4] = ".";

		for (size_t j = 0; j < len; j++)
			sprintf(shown + 4 * j, "\\x%02x",
				(unsigned char)turns[i][j]);
		for (size_t cut = 0; cut < len; cut++) {
			/* Once the dot is shown, what is after it was taken.
			 */
			memcpy(first + 1, turns[i], cut);
			client_send(client, first, 1 + cut);
			expect_shown(pty, ".");
			client_send(client, turns[i] + cut, len - cut);
			expect_shown(pty, shown);
		}
	}
	close(client);
	assert_int_equal(process_end(&server).status, 0);
	assert_screen(pty, "");
	close_terminal(pty);
}

/*
 * Broken characters, some kB of them, after 0 to 4 bytes, so that one meets
 * the end of whatever buffer they come through.
 */
static void test_terminal_is_shown_many_broken_characters(void **state)
{
	enum {
		BROKEN = 1000,
		DOTS = 4
	};
	static char sent[DOTS + 3 * BROKEN + 1], shown[DOTS + 12 * BROKEN + 1];

	(void)state;
	use_locale("C.UTF-8");
	memset(sent, '.', DOTS);
	memset(shown, '.', DOTS);
	for (size_t i = 0; i < BROKEN; i++) {
		strcpy(sent + DOTS + 3 * i, "\xf0\x9f\x98");
		strcpy(shown + DOTS + 12 * i, "\\xf0\\x9f\\x98");
	}
	for (size_t dots = 0; dots <= DOTS; dots++) {
		struct process server;
		struct result result;
		int pty[2], client;

		server = listen_on(pty, "-e");
		client = client_connect(port);
		client_send(client, sent + DOTS - dots, dots + 3 * BROKEN);
		close(client);
		expect_shown(pty, shown + DOTS - dots);
		result = process_end(&server);
		assert_string_equal(result.err, "");
		assert_int_equal(result.status, 0);
		assert_screen(pty, "");
		close_terminal(pty);
	}
}

/* Of nine bytes each, so that no buffer ends where one of them does. */
static void test_terminal_is_shown_a_stream(void **state)
{
	static const char unit[] = "\033\xe2\x82\xac\xf0\x9f\x98\xc3\xa9";
	static const char unit_shown[] =
		"^[\xe2\x82\xac\\xf0\\x9f\\x98\xc3\xa9";
	enum {
		UNITS = 30000,
		UNIT = sizeof(unit) - 1,
		UNIT_SHOWN = sizeof(unit_shown) - 1,
	};
	static char sent[UNITS * UNIT + 1], shown[UNITS * UNIT_SHOWN + 1];
	struct process server;
	struct result result;
	int pty[2], client;

	(void)state;
	use_locale("C.UTF-8");
	for (size_t i = 0; i < UNITS; i++) {
		memcpy(sent + i * UNIT, unit, UNIT);
		memcpy(shown + i * UNIT_SHOWN, unit_shown, UNIT_SHOWN);
	}
	server = listen_on(pty, "-ve");
	client = client_connect(port);
	client_send(client, sent, UNITS * UNIT);
	close(client);
	expect_shown(pty, shown);
	result = process_end(&server);
	assert_screen(pty, "");
	assert_like(
		result.err,
		"Listening on 0.0.0.0 *\n"
		"Connection received on 127.0.0.1 *\n"
		"server: 270000 bytes in * s, *B/s, ended by end of file\n");
	assert_int_equal(result.status, 0);
	close_terminal(pty);
}

/* A part of a character is kept, and shown only when no more comes. */
static void test_terminal_fails_if_it_is_gone_at_the_end(void **state)
{
	struct process server;
	struct result result;
	int pty[2], client;

	(void)state;
	use_locale("C.UTF-8");
	server = listen_on(pty, "-ve");
	client = client_connect(port);
	client_send(client, "\xe2", 1);
	close_terminal(pty);
	close(client);
	result = process_end(&server);
	assert_like(result.err,
		    "Listening on 0.0.0.0 *\n"
		    "Connection received on 127.0.0.1 *\n"
		    /* An error of input and output, unless poll sees it. */
		    "server: write standard output: [IB]*[re]; *\n"
		    "server: 0 bytes in * s, 0.0 B/s, ended by an error\n");
	assert_int_equal(result.status, 1);
}

/* The sender goes on, and the message is cut in the middle of a character. */
static void assert_cut(const char *mode, const char *sent, const char *shown,
		       const char *err, int status)
{
	struct process server;
	struct result result;
	int pty[2], client;

	server = listen_on(pty, mode);
	client = client_connect(port);
	client_send(client, sent, strlen(sent));
	result = process_end(&server);
	assert_screen(pty, shown);
	assert_string_equal(result.err, err);
	assert_int_equal(result.status, status);
	close_terminal(pty);
	close(client);
}

static void test_terminal_is_shown_a_character_that_is_cut(void **state)
{
	(void)state;
	use_locale("C.UTF-8");
	assert_cut("-n2", "a\xe2\x82\xac", "a\\xe2",
		   "server: warning: the message was cut after 2 bytes; -e "
		   "takes all, -l a line\n",
		   0);
	/* What is shown at the end counts, too. */
	assert_cut("-et.3", "\xe2", "\\xe2",
		   "server: recv connection: the sender did not close within "
		   "0.3 s (1 bytes delivered); nc needs -N to close, -t sets a "
		   "longer time\n",
		   124);
}

/* The terminal's locale is that of its characters, not that of numbers. */
static void test_verbose_has_a_decimal_point_in_every_locale(void **state)
{
	struct process server;
	struct result result;
	int pty[2], client;

	(void)state;
	needs_locale("de_DE", "ISO-8859-1");
	setenv("LC_ALL", "de_DE.ISO-8859-1", 1);
	server = listen_on(pty, "-v");
	client = client_connect(port);
	client_send(client, "hi", 2);
	result = process_end(&server);
	assert_like(result.err,
		    "Listening on 0.0.0.0 *\n"
		    "Connection received on 127.0.0.1 *\n"
		    "server: 2 bytes in [0-9]*.[0-9][0-9][0-9][0-9][0-9][0-9] "
		    "s, [0-9]*.[0-9] *B/s, ended by one recv\n");
	assert_screen(pty, "hi");
	close(client);
	close_terminal(pty);
}

static void test_pipe_is_sent_every_byte_as_it_came(void **state)
{
	static const char *const modes[] = { "-n256", "-e", "-l" };
	struct process server;
	char bytes[256];
	int client;

	(void)state;
	/* The newline is last, for -l. */
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)('\n' - 1 - i);
	for (size_t i = 0; i < 3; i++) {
		server = server_listen(&port, modes[i], NULL);
		client = client_connect(port);
		client_send(client, bytes, sizeof(bytes));
		close(client);
		expect_output(&server, bytes, sizeof(bytes));
		assert_int_equal(process_end(&server).status, 0);
	}
}

static int set_up(void **state)
{
	return own_network(state) == -1 ? -1 : make_folder(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_terminal_is_shown_control_bytes,
				       forget_locale),
		cmocka_unit_test_setup(
			test_terminal_is_shown_characters_of_its_locale,
			forget_locale),
		cmocka_unit_test_setup(
			test_terminal_is_shown_a_part_of_a_character_alone,
			forget_locale),
		cmocka_unit_test_setup(
			test_terminal_is_shown_a_character_of_two_segments,
			forget_locale),
		cmocka_unit_test_setup(
			test_terminal_is_shown_no_text_that_turns,
			forget_locale),
		cmocka_unit_test_setup(
			test_terminal_is_shown_many_broken_characters,
			forget_locale),
		cmocka_unit_test_setup(test_terminal_is_shown_a_stream,
				       forget_locale),
		cmocka_unit_test_setup(
			test_terminal_fails_if_it_is_gone_at_the_end,
			forget_locale),
		cmocka_unit_test_setup(
			test_terminal_is_shown_a_character_that_is_cut,
			forget_locale),
		cmocka_unit_test_setup(
			test_verbose_has_a_decimal_point_in_every_locale,
			forget_locale),
		cmocka_unit_test_setup(test_pipe_is_sent_every_byte_as_it_came,
				       forget_locale),
	};

	return cmocka_run_group_tests(tests, set_up, remove_folder);
}
