/*
 * The examples of the manual are run as they stand there, with `server` in
 * PATH. One that sends is run while another listens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"
#include "support.h"

enum {
	SCRIPT_BYTES = 512,
	MOST_EXAMPLES = 16,
};

static char examples[MOST_EXAMPLES][SCRIPT_BYTES];
static size_t count;

static const struct trial {
	const char *name;
	const char *begins;  /* the first words of the example */
	const char *sends;   /* of the one that sends, or NULL */
	const char *program; /* that it needs besides nc */
	const char *out;
	const char *then; /* a script that succeeds afterwards */
} trials[] = {
	{ "test_example_prints_a_line", "server -l", "echo hello", "sh",
	  "hello\n", "true" },
	{ "test_example_checks_a_program_in_ci", "set -e", NULL, "mkfifo",
	  "hi\n", "true" },
	{ "test_example_gets_a_free_port", "port=", NULL, "sh", "hi\n",
	  "true" },
	{ "test_example_receives_a_file", "server -e", "nc -N", "cmp", "",
	  "cmp \"$FOLDER/copy\" \"$FOLDER/file\"" },
	{ "test_example_is_started_by_a_supervisor", "systemd", "echo hello",
	  "systemd-socket-activate", "hello\n", "true" },
};

enum {
	TRIALS = sizeof(trials) / sizeof(trials[0])
};

static void begin_example(void)
{
	assert_between(++count, 1, MOST_EXAMPLES);
	examples[count - 1][0] = '\0';
}

static void add_line(const char *line)
{
	char *example = examples[count - 1];

	assert_between(strlen(example) + strlen(line), 0, SCRIPT_BYTES - 2);
	strcat(strcat(example, line), "\n");
}

/* A line of .Dl is one, and what stands between .Bd and .Ed. */
static int find_examples(void **state)
{
	char *part = manual_part(".Sh EXAMPLES"), *rest = part, *line;
	bool inside = false;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (strncmp(line, ".Dl $ ", 6) == 0) {
			begin_example();
			add_line(line + 6);
		} else if (strncmp(line, ".Bd ", 4) == 0) {
			begin_example();
			inside = true;
		} else if (strncmp(line, ".Ed", 3) == 0) {
			inside = false;
		} else if (inside) {
			add_line(line);
		}
	}
	free(part);
	return own_network(state);
}

static struct process start_example(const char *begins)
{
	char script[2 * SCRIPT_BYTES] = "cd \"$FOLDER\" && PATH=$PWD:$PATH\n";
	char *there;
	size_t i = 0;

	while (i < count && strncmp(examples[i], begins, strlen(begins)) != 0)
		i++;
	if (i == count)
		fail_msg("the manual has no example that begins: %s", begins);
	strcat(script, examples[i]);
	/* This machine in the place of another, in as many letters. */
	there = strstr(script, "192.0.2.1");
	if (there != NULL)
		memcpy(there, "127.0.0.1", strlen("127.0.0.1"));
	return shell_start(script);
}

static void send_beside(const char *begins)
{
	struct process sends;
	struct result result;

	wait_for_listener(PORT);
	sends = start_example(begins);
	result = process_end(&sends);
	assert_string_equal(result.err, "");
	assert_int_equal(result.status, 0);
}

static void test_example_does_what_the_manual_says(void **state)
{
	const struct trial *trial = *state;
	struct process child;
	struct result result;

	needs_program(trial->program);
	needs_program("nc");
	skip_without(system("nc -h 2>&1 | grep -q OpenBSD") == 0,
		     "OpenBSD's nc");
	if (trial->sends != NULL)
		needs_port(PORT);
	child = start_example(trial->begins);
	if (trial->sends != NULL)
		send_beside(trial->sends);
	result = process_end(&child);
	assert_string_equal(result.out, trial->out);
	assert_int_equal(result.status, 0);
	assert_int_equal(system(trial->then), 0);
}

/* One sender serves two of them. */
static void test_examples_are_all_run(void **state)
{
	size_t senders = 0;

	(void)state;
	for (size_t i = 0; i < TRIALS; i++)
		senders += trials[i].sends != NULL;
	assert_int_equal(count, TRIALS + senders - 1);
}

/* A supervisor does not pass $SERVER on. */
static int make_server_and_file(void **state)
{
	if (make_folder(state) == -1)
		return -1;
	return system("printf '#!/bin/sh\\nexec \"%s\" \"$@\"\\n' "
		      "\"$(realpath \"$SERVER\")\" >\"$FOLDER/server\" && "
		      "chmod +x \"$FOLDER/server\" && "
		      "cp README.md \"$FOLDER/file\"");
}

int main(void)
{
	struct CMUnitTest tests[MOST_TESTS] = {
		cmocka_unit_test(test_examples_are_all_run),
	};

	for (size_t i = 0; i < TRIALS; i++)
		*free_test(tests) = (struct CMUnitTest){
			trials[i].name, test_example_does_what_the_manual_says,
			make_server_and_file, remove_folder, (void *)&trials[i]
		};
	return cmocka_run_group_tests(tests, find_examples, NULL);
}
