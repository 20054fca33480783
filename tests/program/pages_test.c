/*
 * What the READMEs say: their tables against the one source of pages.c, their
 * numbers against the system's headers. Their links are followed by links_test,
 * and what they show is run by readme_test.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mode.h"
#include "output.h"
#include "pages.h"
#include "support.h"

enum {
	LINE_BYTES = 1024,
	MESSAGE_BYTES = 128,
	MOST_WORDS = 1200,
};

/* All of them, one after the other. */
static char *pages;

/* Asserts that what printf(3) makes of it stands in the pages after *at. */
__attribute__((format(printf, 2, 3))) static void
assert_next(const char **at, const char *format, ...)
{
	char text[LINE_BYTES];
	const char *found;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	found = strstr(*at, text);
	if (found == NULL)
		fail_msg("the pages do not have, here: %s", text);
	else
		*at = found + strlen(text);
}

/* The line at which text begins, without backquotes. */
static void take_line(char line[LINE_BYTES], const char *text)
{
	size_t len = 0;

	for (; *text != '\n' && *text != '\0'; text++)
		if (*text != '`' && len < LINE_BYTES - 1)
			line[len++] = *text;
	line[len] = '\0';
}

/* The row of whatever table whose first cell begins so. */
static void find_row(char row[LINE_BYTES], const char *begin)
{
	char start[64];
	const char *at;

	snprintf(start, sizeof(start), "\n| %s", begin);
	at = strstr(pages, start);
	if (at == NULL)
		fail_msg("no table has a row that begins: %s", begin);
	take_line(row, at + 1);
}

static void assert_says(const char *text, const char *words)
{
	if (strcasestr(text, words) == NULL)
		fail_msg("this does not say \"%s\": %s", words, text);
}

static void find_option(char row[LINE_BYTES], const struct option_fact *option)
{
	char begin[16];

	snprintf(begin, sizeof(begin), "`-%c`", option->letter);
	find_row(row, begin);
}

static void test_readme_names_each_option_as_the_help_does(void **state)
{
	(void)state;
	for (size_t i = 0; option_facts[i].letter != 0; i++) {
		const struct option_fact *option = &option_facts[i];
		char row[LINE_BYTES], begin[64];

		find_option(row, option);
		snprintf(begin, sizeof(begin), "| -%c, --%s%s%s |",
			 option->letter, option->name,
			 option->argument == NULL ? "" : " ",
			 option->argument == NULL ? "" : option->argument);
		assert_memory_equal(row, begin, strlen(begin));
		assert_says(row, option->says);
	}
}

static void test_readme_has_the_defaults_of_the_help(void **state)
{
	(void)state;
	for (size_t i = 0; option_facts[i].letter != 0; i++) {
		char row[LINE_BYTES], fallback[64];

		if (option_facts[i].fallback == NULL)
			continue;
		find_option(row, &option_facts[i]);
		snprintf(fallback, sizeof(fallback), "(default %s)",
			 option_facts[i].fallback);
		assert_says(row, fallback);
	}
}

static void test_readme_lists_no_option_that_there_is_not(void **state)
{
	(void)state;
	for (const char *at = pages; (at = strstr(at, "\n| `-")) != NULL;
	     at++) {
		const char letter = at[strlen("\n| `-")];
		const struct option_fact *option = option_facts;

		while (option->letter != 0 && option->letter != letter)
			option++;
		if (option->letter == 0)
			fail_msg("there is no option -%c", letter);
	}
}

static void test_readme_lists_each_status_with_its_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; status_facts[i].help != NULL; i++) {
		char row[LINE_BYTES], begin[16];

		snprintf(begin, sizeof(begin), "%d |", status_facts[i].status);
		find_row(row, begin);
		assert_says(row, status_facts[i].says);
		assert_says(row, status_facts[i].also);
	}
}

static bool is_status(int number)
{
	const struct status_fact *status = status_facts;

	while (status->help != NULL && status->status != number)
		status++;
	return status->help != NULL;
}

static void test_readme_names_no_status_that_there_is_not(void **state)
{
	int number;

	(void)state;
	for (const char *at = pages; (at = strstr(at, "status ")) != NULL; at++)
		if (sscanf(at, "status %d", &number) == 1 && !is_status(number))
			fail_msg("there is no status %d", number);
	for (const char *at = pages; (at = strstr(at, "\n| ")) != NULL; at++)
		if (sscanf(at, " | %d", &number) == 1 &&
		    strncmp(at + 3 + strspn(at + 3, "0123456789"), " |", 2) ==
			    0 &&
		    !is_status(number))
			fail_msg("there is no status %d", number);
}

static void test_status_h_has_the_statuses_of_the_pages(void **state)
{
	char *text = read_whole("include/status.h");
	const struct status_fact *status = status_facts;
	int number;

	(void)state;
	for (const char *at = text; (at = strstr(at, " = ")) != NULL; at++) {
		assert_int_equal(sscanf(at, " = %d", &number), 1);
		assert_non_null(status->help);
		assert_int_equal(number, status++->status);
	}
	assert_null(status->help);
	free(text);
}

/* The words of a page may be broken over two lines. */
static void test_readme_names_the_statuses_of_signals(void **state)
{
	char text[64], *flat = strdup(pages);

	(void)state;
	for (char *at = flat; *at != '\0'; at++)
		if (*at == '\n')
			*at = ' ';
	snprintf(text, sizeof(text), "%d after Ctrl-C, %d after `kill`",
		 128 + SIGINT, 128 + SIGTERM);
	if (strstr(flat, text) == NULL)
		fail_msg("no page says: %s", text);
	free(flat);
}

static void test_readme_has_each_module(void **state)
{
	glob_t sources;

	(void)state;
	assert_int_equal(glob("src/*.c", 0, NULL, &sources), 0);
	for (size_t i = 0; i < sources.gl_pathc; i++) {
		const char *file = sources.gl_pathv[i] + strlen("src/");
		char begin[64], row[LINE_BYTES];

		snprintf(begin, sizeof(begin), "[%.*s](",
			 (int)strcspn(file, "."), file);
		find_row(row, begin);
		snprintf(begin, sizeof(begin), "%s) |", file);
		assert_says(row, begin);
	}
	globfree(&sources);
}

/* Whether a source calls a function of the module: its name, or its name_x. */
static bool calls_module(const char *text, const char *module)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	const size_t len = strlen(module);

	for (const char *at = text; (at = strstr(at, module)) != NULL; at++) {
		const char *end = at + len;

		if (strchr(word, at[-1]) != NULL)
			continue;
		if (*end == '_')
			end += strspn(end, word);
		if (*end == '(')
			return true;
	}
	return false;
}

static void test_readme_has_each_module_above_those_it_calls(void **state)
{
	const char *at = strstr(pages, "\n| module | ");
	char names[32][32], path[64];
	size_t modules = 0;

	(void)state;
	assert_non_null(at);
	at = strchr(strchr(at + 1, '\n') + 1, '\n');
	for (; strncmp(at, "\n| ", 3) == 0; at = strchr(at + 1, '\n')) {
		char *text;

		assert_between(modules, 0, 31);
		sscanf(at, " | [%31[a-z]", names[modules]);
		snprintf(path, sizeof(path), "src/%s.c", names[modules]);
		text = read_whole(path);
		assert_non_null(text);
		for (size_t i = 0; i < modules; i++)
			if (calls_module(text, names[i]))
				fail_msg("%s calls %s", path, names[i]);
		free(text);
		modules++;
	}
	assert_between(modules, 1, 32);
}

#ifndef SYS_accept /* i386 */
enum {
	SYS_accept = SYS_accept4
};
#endif

/* The calls of the run, in its order. */
static const struct {
	const char *name;
	const char *function;
	long number;
} calls[] = {
	{ "socket", "net_socket", SYS_socket },
	{ "setsockopt", "net_reuse_address", SYS_setsockopt },
	{ "bind", "net_bind", SYS_bind },
	{ "listen", "net_listen", SYS_listen },
	{ "accept", "net_accept", SYS_accept },
	{ "recvfrom", "net_recv", SYS_recvfrom },
	{ "write", "output_write", SYS_write },
	{ "close", "net_close", SYS_close },
	{ "close", "net_close", SYS_close },
	{ "exit_group", "main", SYS_exit_group },
};

enum {
	CALLS = sizeof(calls) / sizeof(calls[0])
};

static void test_readme_has_the_numbers_of_the_calls(void **state)
{
	const char *at = pages;

	(void)state;
#ifndef __x86_64__
	skip_without(false, "the numbers of x86-64");
#endif
	for (size_t i = 0; i < CALLS; i++) {
		assert_next(&at, "\n| ");
		assert_next(&at, "[%s](", calls[i].function);
		assert_between(strcspn(at, "|"), 1, strcspn(at, "\n"));
		at = strchr(at, '|');
		assert_memory_equal(at, "| `", 3);
		assert_int_equal(strtol(strchr(at + 3, '`') + 1, NULL, 10),
				 calls[i].number);
		assert_next(&at, "`%s` %ld |", calls[i].name, calls[i].number);
	}
	assert_next(&at, "`exit`, %d,", SYS_exit);
	assert_next(&at, "`exit_group`, %d,", SYS_exit_group);
}

static void test_readme_has_the_constants_of_the_calls(void **state)
{
	const uint16_t port = htons(PORT);
	const unsigned char *bytes = (const unsigned char *)&port;
	const char *at = pages;

	(void)state;
	assert_next(&at, "`AF_INET` is %d,", AF_INET);
	assert_next(&at, "`SOCK_STREAM` is %d,", SOCK_STREAM);
	assert_next(&at, "`SOL_SOCKET` is %d;", SOL_SOCKET);
	assert_next(&at, "`SO_REUSEADDR` is %d;", SO_REUSEADDR);
	assert_next(&at, "its %zu bytes", sizeof(int));
	assert_next(&at, "`sockaddr_in` is %zu bytes",
		    sizeof(struct sockaddr_in));
	assert_next(&at, "port %d is the bytes `%02x %02x`", PORT, bytes[0],
		    bytes[1]);
	assert_next(&at, "%zu of padding",
		    sizeof(((struct sockaddr_in *)NULL)->sin_zero));
	assert_next(&at, "%d is standard output", STDOUT_FILENO);
	assert_next(&at, "returns -%d,\n`ECONNRESET`", ECONNRESET);
}

static void test_readme_draws_the_calls_in_their_order(void **state)
{
	const char *at = pages;

	(void)state;
	assert_next(&at, "```mermaid\nsequenceDiagram\n");
	for (size_t i = 0; i < CALLS; i++) {
		assert_next(&at, "    server->>kernel: ");
		assert_memory_equal(at, calls[i].name, strlen(calls[i].name));
	}
	assert_next(&at, "\n```\n");
}

/* The number that stands before the words in a row. */
static int number_before(const char *row, const char *words)
{
	const char *at = strstr(row, words);

	if (at == NULL)
		fail_msg("this does not say \"%s\": %s", words, row);
	while (at > row && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return atoi(at);
}

/* What its text says is what its session shows, which readme_test runs. */
static void test_readme_has_the_limits_of_the_run(void **state)
{
	const char *listening = strstr(pages, "server: listen(3, ");
	const char *receiving = strstr(pages, "server: recv(4, ");
	int backlog, bytes, number;
	char row[LINE_BYTES];

	(void)state;
	assert_non_null(listening);
	assert_non_null(receiving);
	assert_int_equal(sscanf(listening, "server: listen(3, %d)", &backlog),
			 1);
	assert_int_equal(
		sscanf(receiving, "server: recv(4, \"%*[^\"]\", %d,", &bytes),
		1);
	assert_int_equal(bytes, MESSAGE_BYTES);
	for (const char *at = pages; (at = strstr(at, "up to ")) != NULL; at++)
		if (sscanf(at, "up to %d bytes", &number) == 1 &&
		    strncmp(strchr(at + 6, ' '), " bytes", 6) == 0)
			assert_int_equal(number, bytes);
	find_row(row, "open for senders");
	assert_int_equal(number_before(row, " connections may wait"), backlog);
	find_row(row, "take the message");
	assert_int_equal(number_before(row, " bytes"), bytes);
	find_row(row, "if a call fails");
	assert_int_equal(number_before(row, " modes"), MODES);
}

static int show_colour(const void *unused)
{
	static const char colour[] = { '\033', '[', '3', '1', 'm' };
	struct output output;

	(void)unused;
	output_prepare(&output, STDOUT_FILENO);
	output.is_terminal = true;
	return output_deliver(&output, colour, sizeof(colour));
}

static void test_readme_shows_an_escape_as_a_terminal_does(void **state)
{
	struct process child = process_start(show_colour, NULL);
	struct result result = process_end(&child);
	const char *at = pages;

	(void)state;
	assert_int_equal(result.status, 0);
	assert_next(&at, "`ESC [ 31 m` is shown as `%s`", result.out);
}

/* Counts as wc(1) does. */
static void test_readme_is_read_in_five_minutes(void **state)
{
	char *text = read_whole("README.md");
	int words = 0;

	(void)state;
	for (char *at = text; (at = strtok(at, " \t\n")) != NULL; at = NULL)
		words++;
	assert_between(words, 1, MOST_WORDS);
	free(text);
}

static int read_pages(void **state)
{
	size_t size;
	FILE *all = open_memstream(&pages, &size);

	(void)state;
	for (size_t i = 0; markdown_pages[i] != NULL; i++) {
		char *text = read_whole(markdown_pages[i]);

		fputs(text == NULL ? "" : text, all);
		free(text);
	}
	fclose(all);
	return size > 0 ? 0 : -1;
}

static int forget_pages(void **state)
{
	(void)state;
	free(pages);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_readme_names_each_option_as_the_help_does),
		cmocka_unit_test(test_readme_has_the_defaults_of_the_help),
		cmocka_unit_test(test_readme_lists_no_option_that_there_is_not),
		cmocka_unit_test(
			test_readme_lists_each_status_with_its_meaning),
		cmocka_unit_test(test_readme_names_no_status_that_there_is_not),
		cmocka_unit_test(test_status_h_has_the_statuses_of_the_pages),
		cmocka_unit_test(test_readme_names_the_statuses_of_signals),
		cmocka_unit_test(test_readme_has_each_module),
		cmocka_unit_test(
			test_readme_has_each_module_above_those_it_calls),
		cmocka_unit_test(test_readme_has_the_numbers_of_the_calls),
		cmocka_unit_test(test_readme_has_the_constants_of_the_calls),
		cmocka_unit_test(test_readme_draws_the_calls_in_their_order),
		cmocka_unit_test(test_readme_has_the_limits_of_the_run),
		cmocka_unit_test(
			test_readme_shows_an_escape_as_a_terminal_does),
		cmocka_unit_test(test_readme_is_read_in_five_minutes),
	};

	return cmocka_run_group_tests(tests, read_pages, forget_pages);
}
