/*
 * What the manual says: its options, defaults, ranges, statuses and messages,
 * against the one source of pages.c, against what report prints, and against
 * the README. Its examples are run by example_test.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "pages.h"
#include "play.h"
#include "step.h"

enum {
	HEAD_BYTES = 256,
	HIGHEST_ERRNO = 200,
	MESSAGE_BYTES = 128,
};

/* Asserts that text has the words, in capitals or not. */
static void assert_says(const char *where, const char *text, const char *words)
{
	if (strcasestr(text, words) == NULL)
		fail_msg("%s does not say \"%s\": %s", where, words, text);
}

static void test_manual_has_the_usage_for_a_synopsis(void **state)
{
	char *synopsis = manual_part(".Sh SYNOPSIS");
	char expected[512];

	(void)state;
	snprintf(expected, sizeof(expected), "%s ", usage_text());
	assert_string_equal(synopsis, expected);
	free(synopsis);
}

static void name_item(char head[HEAD_BYTES], const struct option_fact *option)
{
	if (option->argument == NULL)
		snprintf(head, HEAD_BYTES, ".It -%c, --%s", option->letter,
			 option->name);
	else
		snprintf(head, HEAD_BYTES, ".It -%c %s, --%s %s",
			 option->letter, option->argument, option->name,
			 option->argument);
}

static void test_manual_lists_the_options_of_the_help_in_its_order(void **state)
{
	const char *at = manual_text();
	const struct option_fact *option = option_facts;

	(void)state;
	for (; (at = strstr(at, "\n.It -")) != NULL; option++) {
		char head[HEAD_BYTES], found[HEAD_BYTES];

		at++;
		snprintf(found, sizeof(found), "%.*s", (int)strcspn(at, "\n"),
			 at);
		name_item(head, option);
		assert_string_equal(found, head);
	}
	assert_int_equal(option->letter, 0);
}

static void test_manual_says_what_each_option_does(void **state)
{
	(void)state;
	for (size_t i = 0; option_facts[i].letter != 0; i++) {
		char head[HEAD_BYTES], *text;

		name_item(head, &option_facts[i]);
		text = manual_part(head);
		assert_says(head, text, option_facts[i].says);
		free(text);
	}
}

/* What the help has in brackets, up to a remark. */
static void test_manual_has_the_defaults_of_the_help(void **state)
{
	static const char is[] = "The default is ";

	(void)state;
	for (size_t i = 0; option_facts[i].letter != 0; i++) {
		const char *fallback = option_facts[i].fallback, *found;
		char head[HEAD_BYTES], *text;

		name_item(head, &option_facts[i]);
		text = manual_part(head);
		found = strstr(text, is);
		if (fallback != NULL) {
			const size_t len = strcspn(fallback, "; ");

			assert_says(head, text, is);
			found += strlen(is);
			assert_memory_equal(found, fallback, len);
			assert_non_null(strchr(",.; ", found[len]));
		}
		free(text);
	}
}

static void test_manual_has_the_range_of_each_value(void **state)
{
	(void)state;
	for (size_t i = 0; option_facts[i].letter != 0; i++) {
		char head[HEAD_BYTES], *text;

		if (option_facts[i].range == NULL)
			continue;
		name_item(head, &option_facts[i]);
		text = manual_part(head);
		assert_says(head, text, option_facts[i].range);
		free(text);
	}
}

static void test_manual_describes_the_run_with_its_defaults(void **state)
{
	char *text = manual_part(".Sh DESCRIPTION"), words[64];
	unsigned int number;

	(void)state;
	for (const char *at = strstr(text, " port "); at != NULL;
	     at = strstr(at + 1, " port "))
		if (sscanf(at, " port %u", &number) == 1 && number != 0)
			assert_int_equal(number, PORT);
	snprintf(words, sizeof(words), "up to %d bytes", MESSAGE_BYTES);
	assert_says("DESCRIPTION", text, words);
	free(text);
}

static void test_manual_lists_each_status_with_its_meaning(void **state)
{
	const struct status_fact *status = status_facts;
	char *part = manual_part(".Sh EXIT STATUS");
	const char *at = part;

	(void)state;
	for (; (at = strstr(at, ".It ")) != NULL; status++) {
		char head[HEAD_BYTES], *text;

		at += strlen(".It ");
		assert_non_null(status->help);
		assert_int_equal(atoi(at), status->status);
		snprintf(head, sizeof(head), ".It %d", status->status);
		text = manual_part(head);
		assert_says(head, text, status->says);
		assert_says(head, text, status->also);
		free(text);
	}
	assert_null(status->help);
	free(part);
}

static void test_manual_names_the_statuses_of_signals(void **state)
{
	char words[64];

	(void)state;
	snprintf(words, sizeof(words), "%d after SIGINT", 128 + SIGINT);
	assert_says("it", manual_text(), words);
	snprintf(words, sizeof(words), "%d after SIGTERM", 128 + SIGTERM);
	assert_says("it", manual_text(), words);
}

/* Wherever it stands: "status 124", or "124 if nothing came". */
static void test_manual_names_no_status_that_there_is_not(void **state)
{
	(void)state;
	for (const char *at = manual_text();
	     (at = strcasestr(at, "status ")) != NULL; at++) {
		const struct status_fact *status = status_facts;
		int number;

		if (sscanf(at, "%*s %d", &number) != 1)
			continue;
		while (status->help != NULL && status->status != number)
			status++;
		if (status->help == NULL)
			fail_msg("there is no status %d", number);
	}
}

static void test_manual_names_what_of_the_environment_counts(void **state)
{
	char *text = manual_part(".It LISTEN_FDS");

	(void)state;
	assert_says("LISTEN_FDS", text, "Anything but 1 is a usage error");
	assert_says("LISTEN_FDS", text, "descriptor 3");
	free(text);
	text = manual_part(".It LISTEN_PID");
	assert_says("LISTEN_PID", text, "ignored");
	free(text);
	/* In the order in which setlocale(3) asks them. */
	free(manual_part(".It LC_ALL, LC_CTYPE, LANG"));
}

/* The errno that has the reason which begins a text. */
static int find_errno(const char *text)
{
	for (int i = 1; i < HIGHEST_ERRNO; i++) {
		const char *reason = strerror(i);
		const size_t len = strlen(reason);

		if (strncmp(text, reason, len) == 0 && text[len] == ';')
			return i;
	}
	return 0;
}

/* The text that stands before `end` in *at, and *at after it. */
static char *take(const char **at, const char *end)
{
	const char *found = strstr(*at, end);
	char *taken;

	if (found == NULL)
		return strdup("");
	taken = strndup(*at, (size_t)(found - *at));
	*at = found + strlen(end);
	return taken;
}

static void say_error_again(const char *call, const char *object,
			    const char *rest)
{
	const char *within = strstr(rest, " within ");
	const char *colon;
	unsigned long long delivered = 0;
	double seconds = 0;
	struct options options = { .line = strstr(rest, "newline") != NULL };
	struct run run = { .options = &options };

	if (within != NULL && sscanf(within, " within %lf s (%llu bytes",
				     &seconds, &delivered) < 1)
		within = NULL;
	colon = strrchr(object, ':');
	if (colon != NULL)
		address_parse("0.0.0.0", (uint16_t)atoi(colon + 1),
			      &options.address);
	options.timeout_us = (uint64_t)(seconds * SECOND_US);
	run.output.delivered = delivered;
	if (within != NULL)
		deadline_start(1, 0);
	do
		errno = within != NULL ? EINTR : find_errno(rest);
	while (within != NULL && !deadline_ended(-1));
	step_check(&run, call, object, -1);
}

/* Has report say what the manual quotes, from the facts that are in it. */
static int say_again(const void *quoted)
{
	const char *at = quoted;
	char *call = take(&at, " "), *object = take(&at, ": ");

	say_error_again(call, object, at);
	free(call);
	free(object);
	return 0;
}

/* What report only prints: tests of the whole program compare it. */
static bool is_of_the_program(const char *line)
{
	static const char *const lines[] = {
		NO_LISTENER, NOTHING, REST("128", "-e takes all, -l a line")
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (strcmp(lines[i], line) == 0)
			return true;
	return false;
}

static void assert_is_printed(const char *quoted)
{
	char expected[HEAD_BYTES + 16];
	struct process child;
	struct result result;

	snprintf(expected, sizeof(expected), "server: %s\n", quoted);
	if (is_of_the_program(expected))
		return;
	child = process_start(say_again, quoted);
	result = process_end(&child);
	assert_string_equal(result.err, expected);
}

static void test_manual_quotes_messages_that_are_printed(void **state)
{
	char *part = manual_part(".Sh DIAGNOSTICS"), *at = part;
	int count = 0;

	(void)state;
	assert_says("DIAGNOSTICS", part, "starts with \"server:\"");
	while ((at = strstr(at, "\n.It ")) != NULL) {
		char quoted[HEAD_BYTES];

		at += strlen("\n.It ");
		snprintf(quoted, sizeof(quoted), "%.*s", (int)strcspn(at, "\n"),
			 at);
		assert_is_printed(quoted);
		count++;
	}
	assert_between(count, 1, 99);
	free(part);
}

/* The block of README.md that has the line, as if server were installed. */
static char *readme_example(const char *line)
{
	char *readme = read_whole("README.md"), *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	const char *at = strstr(readme, line);

	assert_non_null(at);
	while (strncmp(at, "\n```sh\n", 7) != 0)
		assert_true(--at > readme);
	for (at += 7; strncmp(at, "```", 3) != 0; at++) {
		if (strncmp(at, "./server", 8) == 0)
			at += 2;
		fputc(*at, to);
	}
	fclose(to);
	free(readme);
	return text;
}

/* readme_test runs those, example_test these. */
static void test_manual_has_the_scripts_of_the_readme(void **state)
{
	static const char *const lines[] = { "mkfifo ready\n", "port=$(" };
	char *examples = manual_part(".Sh EXAMPLES");

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *expected = readme_example(lines[i]);

		assert_says("EXAMPLES", examples, expected);
		free(expected);
	}
	free(examples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manual_has_the_usage_for_a_synopsis),
		cmocka_unit_test(
			test_manual_lists_the_options_of_the_help_in_its_order),
		cmocka_unit_test(test_manual_says_what_each_option_does),
		cmocka_unit_test(test_manual_has_the_defaults_of_the_help),
		cmocka_unit_test(test_manual_has_the_range_of_each_value),
		cmocka_unit_test(
			test_manual_describes_the_run_with_its_defaults),
		cmocka_unit_test(
			test_manual_lists_each_status_with_its_meaning),
		cmocka_unit_test(test_manual_names_the_statuses_of_signals),
		cmocka_unit_test(test_manual_names_no_status_that_there_is_not),
		cmocka_unit_test(
			test_manual_names_what_of_the_environment_counts),
		cmocka_unit_test(test_manual_quotes_messages_that_are_printed),
		cmocka_unit_test(test_manual_has_the_scripts_of_the_readme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
