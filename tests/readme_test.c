/*
 * What the README says: its commands are run, its numbers compared with the
 * system's headers, its links followed.
 *
 * Its blocks are run, each in a copy of the project of its own, whose ./server
 * is the program under test. One of ```sh is a script that has to succeed;
 * where the line below it "prints" or "shows" something, that is its last line.
 * One of
 * ```console is a session: commands after "$ ", and all that they print, where
 * "..." is what may differ. In it a line that begins with a bar begins another
 * block. A block with "another" in the line above it is run while the one
 * before it waits for a sender.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support.h"

enum {
	README_BYTES = 65536,
	BLOCK_BYTES = 4096,
	MOST_BLOCKS = 64,
	MOST_SENDERS = 8,
	LINE_BYTES = 1024
};

struct block {
	char name[32]; /* of the test: its line */
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

static char readme[README_BYTES];
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

static struct block *begin_block(int line, bool session, const char *above)
{
	struct block *block = &blocks[count++];

	assert_between(count, 1, MOST_BLOCKS);
	snprintf(block->name, sizeof(block->name), "test_readme_line_%d", line);
	block->session = session;
	block->beside = strstr(above, "nother") != NULL;
	return block;
}

static bool is_bar(const char *line)
{
	return strncmp(line, "──", strlen("──")) == 0;
}

/* above is the last line of text that is not empty, or "" below a block. */
static void find_blocks(void)
{
	char line[LINE_BYTES], above[LINE_BYTES] = "";
	struct block *block = NULL;
	bool fenced = false;
	int number = 0;

	for (const char *at = readme; *at != '\0'; at += strlen(line)) {
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
				block = begin_block(number, false, above);
			else if (strcmp(line, "```console\n") == 0)
				block = begin_block(number, true, above);
		} else if (fenced && block != NULL && is_bar(line)) {
			if (block->script[0] != '\0')
				block = begin_block(number, true, line);
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
	if (strstr(script, "./server") != NULL &&
	    strstr(script, "-p 0") == NULL)
		needs_port();
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

	/* Here "..." may be lines: ss tells of earlier connections too. */
	if (block->session) {
		if (fnmatch(block->shown, result.out, 0) != 0)
			fail_msg("%s is not like: %s", result.out,
				 block->shown);
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
	needs_port();
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

/* Asserts that what printf(3) makes of it stands in the README behind *at. */
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
		fail_msg("the README does not have, here: %s", text);
	else
		*at = found + strlen(text);
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
	const char *at = readme;

	(void)state;
#ifndef __x86_64__
	skip_without(false, "the numbers of x86-64");
#endif
	for (size_t i = 0; i < CALLS; i++) {
		assert_next(&at, "\n| ");
		assert_next(&at, "[%s](src/", calls[i].function);
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
	const char *at = readme;

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
	const char *at = readme;

	(void)state;
	assert_next(&at, "```mermaid\nsequenceDiagram\n");
	for (size_t i = 0; i < CALLS; i++) {
		assert_next(&at, "    server->>kernel: ");
		assert_memory_equal(at, calls[i].name, strlen(calls[i].name));
	}
	assert_next(&at, "\n```\n");
}

/* Where the link is to a line, the name that it is of has to be there. */
static void assert_resolves(const char *name, const char *path, int line)
{
	FILE *file = fopen(path, "r");
	char text[LINE_BYTES], start[LINE_BYTES];
	int found = 0;

	if (file == NULL)
		fail_msg("the README links to %s, which is not there", path);
	snprintf(start, sizeof(start), "%s(", name);
	for (int n = 1; fgets(text, sizeof(text), file) != NULL; n++)
		if (text[0] != '\t' && strstr(text, start) != NULL)
			found = n;
	fclose(file);
	if (line != 0 && found != line)
		fail_msg("%s is at %s#L%d, not at %d", name, path, found, line);
}

static void test_readme_links_to_what_is_there(void **state)
{
	int links = 0;

	(void)state;
	for (const char *at = strstr(readme, "]("); at != NULL;
	     at = strstr(at + 1, "](")) {
		const char *begin = at;
		char name[64] = "", path[128] = "";
		int line = 0;

		while (begin[-1] != '[')
			begin--;
		snprintf(name, sizeof(name), "%.*s", (int)(at - begin), begin);
		assert_between(sscanf(at, "](%100[^)#]#L%d)", path, &line), 1,
			       2);
		assert_resolves(name, path, line);
		links++;
	}
	assert_between(links, CALLS, 99);
}

/* Nothing that was added to the project is left out. */
static void test_readme_has_each_room_and_option(void **state)
{
	(void)state;
	assert_succeeds(shell_start(
		"for s in src/*.c; do grep -q \"^| \\[.*]($s) | \" README.md "
		"|| echo \"$s\" >&2; done; "
		"\"$SERVER\" -h | sed -n 's/^  -., \\(--[a-z-]*\\).*/\\1/p' |"
		"while read -r o; do grep -q \"^| \\`-.\\`, \\`$o[ \\`]\" "
		"README.md || echo \"$o\" >&2; done"));
}

static int copy_with_a_file(void **state)
{
	if (copy_project(state) == -1)
		return -1;
	return system("cp README.md \"$FOLDER/file\"");
}

static struct CMUnitTest
with_a_copy(const char *name, CMUnitTestFunction function, void *argument)
{
	return (struct CMUnitTest){ name, function, copy_with_a_file,
				    remove_folder, argument };
}

static bool read_readme(void)
{
	FILE *file = fopen("README.md", "r");
	bool whole;

	if (file == NULL) {
		perror("README.md");
		return false;
	}
	whole = fread(readme, 1, sizeof(readme) - 1, file) > 0 && feof(file);
	fclose(file);
	return whole;
}

int main(void)
{
	struct CMUnitTest tests[MOST_BLOCKS + MOST_SENDERS + 8] = {
		cmocka_unit_test(test_readme_names_four_more_senders_of_a_file),
		cmocka_unit_test(test_readme_names_targets_of_make),
		cmocka_unit_test(test_readme_has_the_numbers_of_the_calls),
		cmocka_unit_test(test_readme_has_the_constants_of_the_calls),
		cmocka_unit_test(test_readme_draws_the_calls_in_their_order),
		cmocka_unit_test(test_readme_links_to_what_is_there),
		cmocka_unit_test(test_readme_has_each_room_and_option),
	};
	size_t used = 0;

	if (!read_readme())
		return 1;
	find_blocks();
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
