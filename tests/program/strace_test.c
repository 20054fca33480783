/* What the kernel is asked for, to the letter, as strace(1) sees it. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pages.h"
#include "support.h"

/* Where the kernel has a call recv, as that of i386, it is made. */
static const char *recv_of(const char *calls)
{
	return strstr(calls, "recv(") != NULL
		       ? "recv(4, \"hi\\n\", 128, 0)"
		       : "recvfrom(4, \"hi\\n\", 128, 0, NULL, NULL)";
}

/* How a run ends that is sent this, started by argv. */
static struct result send_to(const char *const argv[], const char *sent)
{
	struct process server = process_spawn(argv);
	struct result result;
	int client;

	wait_for_listener(PORT);
	client = client_connect(PORT);
	client_send(client, sent, strlen(sent));
	result = process_end(&server);
	close(client);
	assert_int_equal(result.status, 0);
	return result;
}

/* How it ends that is sent "hi", under strace with this option. */
static struct result take_hi(const char *option)
{
	const char *const argv[] = { "strace",	       "-qq", "-a", "1", option,
				     getenv("SERVER"), NULL };
	struct result result;

	needs_strace();
	needs_port(PORT);
	result = send_to(argv, "hi\n");
	assert_string_equal(result.out, "hi\n");
	return result;
}

static void test_server_makes_the_calls_of_the_run_and_no_others(void **state)
{
	const struct result result = take_hi("-etrace=all");
	const char *calls = strstr(result.err, "socket(");
	char expected[1024];

	(void)state;
	assert_non_null(calls);
	snprintf(expected, sizeof(expected),
		 "socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3\n"
		 "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0\n"
		 "bind(3, {sa_family=AF_INET, sin_port=htons(8080), "
		 "sin_addr=inet_addr(\"0.0.0.0\")}, 16) = 0\n"
		 "listen(3, 5) = 0\n"
		 "accept(3, NULL, NULL) = 4\n"
		 "%s = 3\n"
		 "write(1, \"hi\\n\", 3) = 3\n"
		 "close(4) = 0\n"
		 "close(3) = 0\n"
		 "exit_group(0) = ?\n",
		 recv_of(calls));
	assert_string_equal(calls, expected);
}

#ifdef __x86_64__
static const char *name_call(long number)
{
	switch (number) {
	case SYS_socket:
		return "socket";
	case SYS_setsockopt:
		return "setsockopt";
	case SYS_bind:
		return "bind";
	case SYS_listen:
		return "listen";
	case SYS_accept:
		return "accept";
	case SYS_recvfrom:
		return "recvfrom";
	case SYS_write:
		return "write";
	case SYS_close:
		return "close";
	case SYS_exit_group:
		return "exit_group";
	default:
		return "no call of the run";
	}
}

/* Writes what a cell stands for, as strace shows a register. */
static void put_register(FILE *to, const char *cell)
{
	static const char *const names[][2] = {
		{ "listener ", "0x3" },	  { "connection ", "0x4" },
		{ "length ", "0x3" },	  { "status ", "0" },
		{ "address of ", "0x*" },
	};
	size_t i = 0;

	while (i < 5 && strncmp(cell, names[i][0], strlen(names[i][0])) != 0)
		i++;
	if (i < 5)
		fputs(names[i][1], to);
	else
		fprintf(to, "%#lx", strtol(cell, NULL, 10));
}

/* Makes of the table of registers what strace shows of it, a call a line. */
static void put_table(FILE *to, char *row)
{
	char *line, *cell;

	while ((line = strsep(&row, "\n")) != NULL && line[0] == '|') {
		const char *comma = "";

		strsep(&line, "|");
		strsep(&line, "|");
		fprintf(to, "%s(",
			name_call(strtol(strsep(&line, "|"), NULL, 10)));
		while ((cell = strsep(&line, "|")) != NULL) {
			cell += strspn(cell, " ");
			if (*cell == '\0')
				continue;
			fputs(comma, to);
			put_register(to, cell);
			comma = ", ";
		}
		fputs(") = *\n", to);
	}
	fclose(to);
}
#endif

static void test_readme_has_what_the_registers_hold(void **state)
{
	(void)state;
#ifndef __x86_64__
	skip_without(false, "the registers of x86-64");
#else
	char *page = read_whole("src/README.md"), expected[1024];
	char *table = strstr(page, "\n| `socket(");
	struct result result;

	assert_non_null(table);
	put_table(fmemopen(expected, sizeof(expected), "w"), table + 1);
	result = take_hi("-eraw=all");
	table = strstr(result.err, "socket(");
	assert_non_null(table);
	assert_like(table, expected);
	free(page);
#endif
}

enum {
	PIECE = 100000,
	STREAM_BYTES = 10 * PIECE,
};

static char stream[STREAM_BYTES];

/* The bytes that calls have moved to standard output, and between pipes. */
struct moved {
	long spliced;
	long between;
	long written;
	long longest; /* of one write */
};

/* Counts a line of strace, such as write(1, ""..., 3) = 3. */
static void count_call(struct moved *moved, const char *line)
{
	const char *end = strstr(line, ") = ");
	long n = end == NULL ? 0 : strtol(end + 4, NULL, 10);
	int to = -1;

	if (n < 1)
		return;
	if (strncmp(line, "write(1, ", 9) == 0) {
		moved->written += n;
		moved->longest = n > moved->longest ? n : moved->longest;
	} else if (sscanf(line, "splice(%*d, NULL, %d, ", &to) == 1) {
		*(to == STDOUT_FILENO ? &moved->spliced : &moved->between) += n;
	}
}

/*
 * Has a stream received, in pieces that a pipe takes at once, and counts how it
 * comes to standard output: to file or, where that is -1, to a pipe.
 */
static struct moved receive_stream(int file)
{
	static const char calls[] = "trace=splice,write";
	const char *const argv[] = { "strace", "-a", "1",   "-s",
				     "0",      "-e", calls, getenv("SERVER"),
				     "-e",     NULL };
	struct moved moved = { 0 };
	struct process server;
	struct result result;
	int client;

	needs_strace();
	needs_port(PORT);
	redirect_next(file, STDOUT_FILENO);
	server = process_spawn(argv);
	wait_for_listener(PORT);
	client = client_connect(PORT);
	for (char *next = stream; next < stream + STREAM_BYTES; next += PIECE) {
		client_send(client, next, PIECE);
		if (file == -1)
			expect_output(&server, next, PIECE);
	}
	close(client);
	result = process_end(&server);
	assert_int_equal(result.status, 0);
	for (char *line = strtok(result.err, "\n"); line != NULL;
	     line = strtok(NULL, "\n"))
		count_call(&moved, line);
	assert_int_equal(moved.spliced + moved.written, STREAM_BYTES);
	return moved;
}

/* Asserts that file has the stream from its first byte on, and closes it. */
static void assert_file_has_stream(int file)
{
	static char got[STREAM_BYTES + 1];

	assert_int_equal(pread(file, got, sizeof(got), 0), STREAM_BYTES);
	assert_memory_equal(got, stream, STREAM_BYTES);
	close(file);
}

/* What is less than that is copied, however it comes to be cut. */
static void assert_spliced(const struct moved *moved)
{
	assert_between(moved->spliced, 1, STREAM_BYTES);
	assert_between(moved->longest, 0, PIPE_BUF - 1);
}

static void test_server_splices_a_stream_into_a_pipe(void **state)
{
	const struct moved moved = receive_stream(-1);

	(void)state;
	assert_spliced(&moved);
	assert_int_equal(moved.between, 0);
}

static void test_server_splices_a_stream_through_a_pipe_to_a_file(void **state)
{
	const int file = temporary_file(0);
	const struct moved moved = receive_stream(file);

	(void)state;
	assert_spliced(&moved);
	assert_int_equal(moved.between, moved.spliced);
	assert_file_has_stream(file);
}

static void test_server_writes_a_stream_after_what_a_file_has(void **state)
{
	const int file = temporary_file(O_APPEND);
	const struct moved moved = receive_stream(file);

	(void)state;
	assert_int_equal(moved.written, STREAM_BYTES);
	assert_file_has_stream(file);
}

/*
 * What -x says of a run, against what strace says of the same. This is all
 * that differs: -x has the program's name in front and the page after; it does
 * not show what it writes to standard error itself; and C has another name for
 * two calls of the kernel.
 */
static const struct traced {
	const char *name;
	const char *arguments; /* for sh(1) */
	const char *sent;      /* NULL: nobody comes */
	bool probed;	       /* somebody comes before, and sends nothing */
	const char *refused;   /* who comes before, or NULL */
	bool ip6;
} traced[] = {
	{ "plain", "", .sent = "hi\n" },
	{ "verbose", "-v", .sent = "hi\n" },
	{ "line", "-l", .sent = "hi\nrest" },
	{ "line_without_end", "-l", .sent = "hi" },
	{ "eof", "-e", .sent = "hi\n" },
	{ "eof_of_any_bytes", "-e", .sent = "\a\033[1m\"\\\377\0018\0017\t\r" },
	{ "eof_of_more_than_is_shown", "-e",
	  .sent = "0123456789012345678901234567890\0015" },
	{ "nothing_sent", "-v", .sent = "" },
	{ "skip_empty", "-z -v", .sent = "hi\n", .probed = true },
	/* The second accept has the whole of the address to fill again. */
	{ "allow", "-a 127.0.0.1", .sent = "hi\n", .refused = "127.0.0.2" },
	{ "limit_that_cuts", "-n 5", .sent = "hello world" },
	{ "limit_that_is_not_met", "-n 5", .sent = "hi" },
	{ "timeout_and_line", "-t 100.25 -l", .sent = "hi\n" },
	{ "idle", "-w 100.25", .sent = "hi\n" },
	{ "timeout_without_a_sender", "-t .1", .sent = NULL },
	{ "ready", "-v -r 3 3>&1", .sent = "hi\n" },
	{ "ip6", "-b :: -v", .sent = "hi\n", .ip6 = true },
	{ "full_device", ">/dev/full", .sent = "hi\n" },
	{ "bind_that_fails", "-b 192.0.2.1", .sent = NULL },
};

enum {
	TRACED = sizeof(traced) / sizeof(traced[0]),
	LINE_BYTES = 512,
};

/* Puts one text in the place of another that stands in the line. */
static void replace(char *line, const char *text, const char *with)
{
	char *at = strstr(line, text), rest[LINE_BYTES];

	if (at == NULL)
		return;
	snprintf(rest, sizeof(rest), "%s", at + strlen(text));
	snprintf(at, LINE_BYTES - (size_t)(at - line), "%s%s", with, rest);
}

/* The line of -x as strace has it; false if it is not of a call. */
static bool take_shown(char *line)
{
	static const char name[] = "server: ";
	char *page = strstr(line, "    man ");

	if (strncmp(line, name, strlen(name)) != 0 || page == NULL)
		return false;
	*page = '\0';
	memmove(line, line + strlen(name), strlen(line + strlen(name)) + 1);
	/* musl has words of its own, strace those of glibc. */
	replace(line, "(Address not available)",
		"(Cannot assign requested address)");
	return true;
}

/* The line of strace as -x has it; false if -x does not show it. */
static bool take_seen(char *line)
{
	if (strncmp(line, "write(2, ", 9) == 0)
		return false;
	/* The memory of the C library, which strerror(3) may take. */
	if (strncmp(line, "brk(", 4) == 0 || strncmp(line, "mmap(", 5) == 0 ||
	    strncmp(line, "munmap(", 7) == 0 ||
	    strncmp(line, "getrandom(", 10) == 0)
		return false;
	/* How -t makes the kernel interrupt a call. */
	if (strncmp(line, "--- SIGALRM ", 12) == 0 ||
	    strncmp(line, "rt_sig", 6) == 0)
		return false;
	if (strncmp(line, "recvfrom(", 9) == 0) {
		replace(line, "recvfrom(", "recv(");
		replace(line, ", NULL, NULL)", ")");
	}
	if (strncmp(line, "exit_group(", 11) == 0)
		replace(line, "exit_group(", "exit(");
	/* In the kernel's words, which are those of accept and recv. */
	replace(line, "= ? ERESTARTSYS (To be restarted if SA_RESTART is set)",
		"= -1 EINTR (Interrupted system call)");
	return true;
}

/* Adds what take leaves of each line to `to`, from the call that is first. */
static void take_lines(FILE *to, char *text, const char *first,
		       bool (*take)(char *line))
{
	for (char *next, *at = strstr(text, first); at != NULL; at = next) {
		char line[LINE_BYTES];

		next = strchr(at, '\n');
		if (next == NULL)
			break;
		snprintf(line, sizeof(line), "%.*s", (int)(next - at), at);
		if (take(line))
			fprintf(to, "%s\n", line);
		next++;
	}
	fclose(to);
}

static void send_traced(const struct traced *run)
{
	int client;

	if (run->sent == NULL)
		return;
	wait_for_listener(PORT);
	if (run->probed)
		close(client_connect(PORT));
	if (run->refused != NULL)
		close(client_connect_from(run->refused, PORT));
	client = run->ip6 ? client_connect6(PORT) : client_connect(PORT);
	client_send(client, run->sent, strlen(run->sent));
	shutdown(client, SHUT_WR);
	client_wait_end(client);
	close(client);
}

static void test_trace_shows_what_strace_sees(void **state)
{
	static char seen[CAUGHT_BYTES], shown[CAUGHT_BYTES];
	static char calls[CAUGHT_BYTES];
	const struct traced *run = *state;
	const bool timed = strstr(run->arguments, "-t ") != NULL ||
			   strstr(run->arguments, "-w ") != NULL;
	const char *first = timed ? "setitimer(" : "socket(";
	struct process server;
	struct result result;
	char script[256];
	FILE *file;

	needs_strace();
	needs_port(PORT);
	if (run->ip6)
		needs_ip6();
	snprintf(script, sizeof(script),
		 "exec strace -qq -a 1 -o \"$FOLDER/calls\" \"$SERVER\" -x %s",
		 run->arguments);
	server = shell_start(script);
	send_traced(run);
	result = process_end(&server);
	snprintf(script, sizeof(script), "%s/calls", getenv("FOLDER"));
	file = fopen(script, "r");
	assert_non_null(file);
	calls[fread(calls, 1, sizeof(calls) - 1, file)] = '\0';
	fclose(file);
	take_lines(fmemopen(seen, sizeof(seen), "w"), calls, first, take_seen);
	take_lines(fmemopen(shown, sizeof(shown), "w"), result.err,
		   "server: ", take_shown);
	assert_string_equal(shown, seen);
	assert_non_null(strstr(shown, "exit("));
}

/* As where a policy of the system refuses: it may be a terminal. */
static void test_terminal_that_may_not_be_asked_is_safe(void **state)
{
	const char *const argv[] = { "strace",
				     "-qq",
				     "-o",
				     "/dev/null",
				     "-etrace=ioctl",
				     "-einject=ioctl:error=EACCES",
				     getenv("SERVER"),
				     NULL };
	char screen[64];
	int pty[2];

	(void)state;
	needs_strace();
	needs_port(PORT);
	open_terminal(pty);
	redirect_next(pty[1], STDOUT_FILENO);
	send_to(argv, "\033[2J");
	read_screen(pty, screen, sizeof(screen));
	assert_string_equal(screen, "^[[2J");
	close_terminal(pty);
}

static int fill_stream(void **state)
{
	for (size_t i = 0; i < sizeof(stream); i++)
		stream[i] = (char)(i * 7 + i / 251);
	return own_network(state);
}

int main(void)
{
	struct CMUnitTest tests[MOST_TESTS] = {
		cmocka_unit_test(
			test_server_makes_the_calls_of_the_run_and_no_others),
		cmocka_unit_test(test_readme_has_what_the_registers_hold),
		cmocka_unit_test(test_server_splices_a_stream_into_a_pipe),
		cmocka_unit_test(
			test_server_splices_a_stream_through_a_pipe_to_a_file),
		cmocka_unit_test(
			test_server_writes_a_stream_after_what_a_file_has),
		cmocka_unit_test(test_terminal_that_may_not_be_asked_is_safe),
	};
	char names[TRACED][64];

	for (size_t i = 0; i < TRACED; i++) {
		snprintf(names[i], sizeof(names[i]),
			 "test_trace_shows_what_strace_sees_of_%s",
			 traced[i].name);
		*free_test(tests) = (struct CMUnitTest){
			names[i],
			test_trace_shows_what_strace_sees,
			make_folder,
			remove_folder,
			(void *)(uintptr_t)&traced[i],
		};
	}
	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
