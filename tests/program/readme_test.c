/*
 * What the READMEs show is run. What they say is in pages_test.
 *
 * Their blocks are run, each in a copy of the project of its own, whose
 * ./server is the program under test. One of ```sh is a script that has to
 * succeed; where the line below it "prints" or "shows" something, that is its
 * last line. One of ```console is a session: commands after "$ ", and all that
 * they print, where "..." is what may differ. In it a line that begins with a
 * bar begins another block. A block with "another" in the line above it is run
 * while the one before it waits for a sender.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pages.h"
#include "support.h"

enum {
	BLOCK_BYTES = 4096,
	MOST_BLOCKS = 64,
	MOST_SENDERS = 8,
	LINE_BYTES = 1024
};

struct block {
	char name[64]; /* of the test: its page and line */
	bool session;
	bool beside;
	char script[BLOCK_BYTES];
	char shown[BLOCK_BYTES];  /* of a session, as a pattern of glob(7) */
	char printed[LINE_BYTES]; /* of a script, "" where nothing is said */
};

/* A client that is named in the text and not in a block. */
struct sender {
	char name[128]; /* of the test */
	char script[BLOCK_BYTES];
};

/* All of them, one after the other. */
static char *readme;
static struct block blocks[MOST_BLOCKS];
static size_t count;
static struct sender senders[MOST_SENDERS];
static size_t sender_count;

static void add(char *to, const char *text, size_t len)
{
	size_t used = strlen(to);

	assert_between(used + len, 0, BLOCK_BYTES - 1);
	memcpy(to + used, text, len);
	to[used + len] = '\0';
}

/* Adds a line of a session's output, as a pattern. */
static void add_shown(char *to, const char *line)
{
	for (; *line != '\0'; line++) {
		if (strncmp(line, "...", 3) == 0) {
			add(to, "*", 1);
			line += 2;
			continue;
		}
		/* musl says only "Address in use". */
		if (strncmp(line, "already in use", 14) == 0) {
			add(to, "*in use", 7);
			line += 13;
			continue;
		}
		add(to, "\\", strchr("*?[\\", *line) != NULL);
		add(to, line, 1);
	}
}

static void add_line(struct block *block, const char *line)
{
	if (!block->session)
		add(block->script, line, strlen(line));
	else if (strncmp(line, "$ ", 2) == 0)
		add(block->script, line + 2, strlen(line + 2));
	else
		add_shown(block->shown, line);
}

/* What stands between backquotes after "prints " or "shows ". */
static void find_printed(char *to, const char *line)
{
	const char *said = strstr(line, "prints `");

	if (said == NULL)
		said = strstr(line, "shows `");
	if (said != NULL)
		sscanf(said, "%*[^`]`%1000[^`]", to);
}

static struct block *begin_block(const char *page, int line, bool session,
				 const char *above)
{
	struct block *block = &blocks[count++];

	assert_between(count, 1, MOST_BLOCKS);
	snprintf(block->name, sizeof(block->name), "test_%s_line_%d", page,
		 line);
	block->session = session;
	block->beside = strstr(above, "nother") != NULL;
	return block;
}

static bool is_bar(const char *line)
{
	return strncmp(line, "──", strlen("──")) == 0;
}

/* above is the last line of text that is not empty, or "" below a block. */
static void find_blocks(const char *page, const char *text)
{
	char line[LINE_BYTES], above[LINE_BYTES] = "";
	struct block *block = NULL;
	bool fenced = false;
	int number = 0;

	for (const char *at = text; *at != '\0'; at += strlen(line)) {
		const char *end = strchr(at, '\n') + 1;

		number++;
		assert_between(end - at, 1, sizeof(line) - 1);
		memcpy(line, at, (size_t)(end - at));
		line[end - at] = '\0';
		if (strcmp(line, "```\n") == 0) {
			fenced = false;
			above[0] = '\0';
		} else if (strncmp(line, "```", 3) == 0) {
			fenced = true;
			block = NULL;
			if (strcmp(line, "```sh\n") == 0)
				block = begin_block(page, number, false, above);
			else if (strcmp(line, "```console\n") == 0)
				block = begin_block(page, number, true, above);
		} else if (fenced && block != NULL && is_bar(line)) {
			if (block->script[0] != '\0')
				block = begin_block(page, number, true, line);
		} else if (fenced && block != NULL) {
			add_line(block, line);
		} else if (!fenced && line[0] != '\n') {
			if (block != NULL && above[0] == '\0')
				find_printed(block->printed, line);
			memcpy(above, line, sizeof(above));
		}
	}
}

/* Starts it in the copy of the project. */
static struct process start_there(const char *before, const char *script)
{
	char whole[BLOCK_BYTES + LINE_BYTES];

	snprintf(whole, sizeof(whole), "cd \"$FOLDER\" && %s\n%s", before,
		 script);
	return shell_start(whole);
}

static void assert_succeeds(struct process child)
{
	struct result result = process_end(&child);

	assert_string_equal(result.err, "");
	assert_int_equal(result.status, 0);
}

/* Skips the test where what the script needs is not there. */
static void needs_what_it_runs(const char *script)
{
	static const char *const programs[] = { "make", "nc", "socat", "ss" };

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		char word[16];

		snprintf(word, sizeof(word), "%s ", programs[i]);
		if (strstr(script, word) != NULL)
			needs_program(programs[i]);
	}
	if (strstr(script, "make ") != NULL)
		needs_compiler("");
	skip_without(strstr(script, "nc ") == NULL ||
			     system("nc -h 2>&1 | grep -q OpenBSD") == 0,
		     "OpenBSD's nc");
	if (strstr(script, "strace ") != NULL)
		needs_strace();
	if (strstr(script, "./server") != NULL &&
	    strstr(script, "-p 0") == NULL)
		needs_port(PORT);
	skip_without(strstr(script, "build/assembly") == NULL ||
			     access(ASSEMBLY, X_OK) == 0,
		     "the assembly version, which is for x86-64");
	/* The tests before may have left TIME-WAIT in the machine's. */
	if (strstr(script, "build/assembly") != NULL ||
	    strstr(script, "time-wait") != NULL)
		needs_own_network();
}

/* This machine in the place of the one in the example, in as many letters. */
static void stay_here(char *script)
{
	char *there;

	while ((there = strstr(script, "192.0.2.1")) != NULL)
		memcpy(there, "127.0.0.1", strlen("127.0.0.1"));
}

static struct process start_block(struct block *block)
{
	if (!block->session)
		stay_here(block->script);
	return start_there(block->session ? "exec 2>&1" : "set -e",
			   block->script);
}

static void assert_ends(const struct block *block, struct process child,
			const char *printed)
{
	struct result result = process_end(&child);
	size_t len = strlen(printed);

	if (block->session) {
		assert_like(result.out, block->shown);
		return;
	}
	assert_string_equal(result.err, "");
	assert_int_equal(result.status, 0);
	if (len > 0) {
		assert_between(result.out_len, len + 1, CAUGHT_BYTES);
		assert_memory_equal(result.out + result.out_len - len - 1,
				    printed, len);
	}
}

static void test_readme_shows_what_its_commands_do(void **state)
{
	struct block *first = *state, *end = first + 1;
	struct process child;

	while (end < blocks + count && end->beside)
		end++;
	for (struct block *block = first; block < end; block++) {
		needs_what_it_runs(block->script);
		/* The name is valgrind's there. */
		skip_without(strstr(block->shown, "users:") == NULL ||
				     !under_valgrind(),
			     "a server that ss names");
	}
	child = start_block(first);
	for (struct block *block = first + 1; block < end; block++) {
		wait_for_listener(PORT);
		assert_ends(block, start_block(block), "");
	}
	/* The text says it below the last of them. */
	assert_ends(first, child, end[-1].printed);
}

static void find_senders(void)
{
	const char *at = readme;

	while ((at = strstr(at, "192.0.2.1")) != NULL) {
		struct sender *sender = &senders[sender_count];
		const char *begin = at;
		char program[64];

		while (*begin != '`' && *begin != '\n')
			begin--;
		at += strcspn(at, "`\n");
		if (*begin != '`' || *at != '`')
			continue;
		assert_between(++sender_count, 1, MOST_SENDERS);
		add(sender->script, begin + 1, (size_t)(at - begin) - 1);
		sscanf(sender->script, "%60s", program);
		snprintf(sender->name, sizeof(sender->name),
			 "test_readme_sends_a_file_with_%s", program);
	}
}

static void test_readme_sends_a_file(void **state)
{
	struct sender *sender = *state;
	char program[64];
	struct process server;

	sscanf(sender->script, "%60s", program);
	needs_program(program);
	needs_port(PORT);
	stay_here(sender->script);
	server = start_there("exec ./server -e >copy", "");
	wait_for_listener(PORT);
	assert_succeeds(start_there("", sender->script));
	assert_succeeds(server);
	assert_succeeds(start_there("cmp copy file", ""));
}

static void test_readme_names_four_more_senders_of_a_file(void **state)
{
	(void)state;
	assert_int_equal(sender_count, 4);
}

static void test_readme_names_targets_of_make(void **state)
{
	static const char end[] = " 2>&1) || echo \"$said\" >&2";
	char script[BLOCK_BYTES] = "said=$(make -n";
	const char *at = readme;
	int targets = 0;

	(void)state;
	needs_program("make");
	while ((at = strstr(at, "`make ")) != NULL) {
		at += strlen("`make");
		add(script, at, strcspn(at, "`"));
		targets++;
	}
	/* What a tool that is not there has it say is of no interest. */
	add(script, end, strlen(end));
	assert_succeeds(shell_start(script));
	assert_between(targets, 9, 99);
}

/* In a network of its own: what another test left there is not to be seen. */
static int copy_with_a_file(void **state)
{
	if (own_network(state) != 0 || copy_project(state) == -1)
		return -1;
	setenv("ASSEMBLY", ASSEMBLY, 1);
	return system("cp README.md \"$FOLDER/file\" && "
		      "mkdir \"$FOLDER/build\" && "
		      "{ [ ! -e \"$ASSEMBLY\" ] || "
		      "cp \"$ASSEMBLY\" \"$FOLDER/build/assembly\"; }");
}

static struct CMUnitTest
with_a_copy(const char *name, CMUnitTestFunction function, void *argument)
{
	return (struct CMUnitTest){ name, function, copy_with_a_file,
				    remove_folder, argument };
}

/* Names tests of README.md readme, of src/README.md src_readme. */
static void name_page(char name[32], const char *path)
{
	size_t len = 0;

	for (; *path != '\0' && strcmp(path, ".md") != 0 && len < 31; path++)
		name[len++] = *path == '/' ? '_' : (char)tolower(*path);
	name[len] = '\0';
}

static bool read_pages(void)
{
	size_t size;
	FILE *all = open_memstream(&readme, &size);

	for (size_t i = 0; markdown_pages[i] != NULL; i++) {
		char *text = read_whole(markdown_pages[i]), name[32];

		if (text == NULL)
			continue;
		name_page(name, markdown_pages[i]);
		find_blocks(name, text);
		fputs(text, all);
		free(text);
	}
	fclose(all);
	return size > 0;
}

int main(void)
{
	struct CMUnitTest tests[MOST_BLOCKS + MOST_SENDERS + 8] = {
		cmocka_unit_test(test_readme_names_four_more_senders_of_a_file),
		cmocka_unit_test(test_readme_names_targets_of_make),
	};
	size_t used = 0;

	if (!read_pages())
		return 1;
	find_senders();
	while (tests[used].test_func != NULL)
		used++;
	for (size_t i = 0; i < count; i++)
		if (!blocks[i].beside)
			tests[used++] = with_a_copy(
				blocks[i].name,
				test_readme_shows_what_its_commands_do,
				&blocks[i]);
	for (size_t i = 0; i < sender_count; i++)
		tests[used++] = with_a_copy(
			senders[i].name, test_readme_sends_a_file, &senders[i]);
	forget_make();
	return _cmocka_run_group_tests("readme", tests, used, own_network,
				       NULL);
}
