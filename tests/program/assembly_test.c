/*
 * What goes wrong where no result is looked at: each fault of the assembly
 * version in tests/assembly, and that the server does not have it.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

enum {
	ACCEPT = 43, /* the numbers of x86-64 */
	RECVFROM = 45,
	BUFFER_BYTES = 128,
	TRIES = 10,
};

static const char message[2 * BUFFER_BYTES] = "hi\n";

static void needs_assembly(void)
{
	skip_without(access(ASSEMBLY, X_OK) == 0,
		     "the assembly version, which is for x86-64");
	needs_own_network();
	needs_port(PORT);
}

static struct process start(const char *program)
{
	const char *const argv[] = { program, NULL };

	return process_spawn(argv);
}

static struct process start_server(void)
{
	needs_port(PORT);
	return start(getenv("SERVER"));
}

static struct process start_assembly(void)
{
	needs_assembly();
	return start(ASSEMBLY);
}

static int connect_to_port(void)
{
	wait_for_listener(PORT);
	return client_connect(PORT);
}

/* After it the program's port is in TIME-WAIT. */
static void assert_takes_hi(struct process program, int client)
{
	struct result result;

	client_send(client, "hi\n", 3);
	result = process_end(&program);
	assert_string_equal(result.out, "hi\n");
	assert_string_equal(result.err, "");
	assert_int_equal(result.status, 0);
	close(client);
}

/* How a program ends that is sent so many bytes; its port is free after it. */
static struct result take(struct process program, size_t len)
{
	const int client = connect_to_port();
	struct result result;

	client_send(client, message, len);
	result = process_end(&program);
	client_reset(client);
	return result;
}

/* The same for a sender that resets its connection. */
static struct result take_reset(struct process program)
{
	client_reset(connect_to_port());
	return process_end(&program);
}

static void assert_result(const struct result *result, int status,
			  const char *err)
{
	assert_string_equal(result->out, "");
	assert_like(result->err, err);
	assert_int_equal(result->status, status);
}

/* Of a socket of this network. */
struct state {
	unsigned int port, of; /* such as TCP_LISTEN */
};

/* Looks for a socket on PORT that does not listen, or one elsewhere that does.
 */
static struct state find_socket(bool on_port)
{
	FILE *table = fopen("/proc/net/tcp", "r");
	struct state state, found = { 0, 0 };
	char line[512];

	assert_non_null(table);
	while (fgets(line, sizeof(line), table) != NULL)
		if (sscanf(line, "%*d: %*[^:]:%x %*[^:]:%*x %x", &state.port,
			   &state.of) == 2 &&
		    (state.port == PORT) == on_port &&
		    (state.of == TCP_LISTEN) != on_port)
			found = state;
	fclose(table);
	return found;
}

/* It waits elsewhere than where its sender looks for it, and says nothing. */
static void assert_listens_elsewhere(void)
{
	struct process assembly = start(ASSEMBLY);
	unsigned int port;

	wait_for_call(assembly.pid, ACCEPT);
	port = find_socket(false).port;
	assert_int_not_equal(port, 0);
	assert_takes_hi(assembly, client_connect((uint16_t)port));
}

/* Whether the connection that has ended is remembered. */
static bool is_in_time_wait(void)
{
	const long long bound = now_ms() + WAIT_MS;
	struct state state;

	/* On a busy machine its last segments may still be under way. */
	while ((state = find_socket(true)).port != 0 &&
	       state.of != TCP_TIME_WAIT)
		assert_true(now_ms() < bound);
	return state.port != 0;
}

/* Runs it until its port is left in TIME-WAIT, which Linux omits at times. */
static void leave_time_wait(struct process (*start_one)(void))
{
	int tries = 0;

	do {
		struct process program = start_one();

		assert_between(tries++, 0, TRIES);
		assert_takes_hi(program, connect_to_port());
	} while (!is_in_time_wait());
}

static void test_assembly_listens_elsewhere_in_a_rerun(void **state)
{
	(void)state;
	leave_time_wait(start_assembly);
	assert_int_equal(count_listeners(PORT), 0);
	assert_listens_elsewhere();
}

static void test_server_listens_again_in_a_rerun(void **state)
{
	struct process server;

	(void)state;
	leave_time_wait(start_server);
	server = start(getenv("SERVER"));
	assert_takes_hi(server, connect_to_port());
}

static void test_assembly_listens_elsewhere_if_port_busy(void **state)
{
	struct process first = start_assembly();
	const int client = connect_to_port();

	(void)state;
	assert_listens_elsewhere();
	assert_takes_hi(first, client);
}

static void test_server_fails_if_its_port_is_busy(void **state)
{
	struct process first = start_server(), second;
	const int client = connect_to_port();
	struct result result;

	(void)state;
	second = start(getenv("SERVER"));
	result = process_end(&second);
	assert_result(&result, 1, "server: bind 0.0.0.0:8080: *\n");
	assert_takes_hi(first, client);
}

/* The program will run under strace. */
static struct process start_traced(const char *program)
{
	const char *const argv[] = {
		"strace", "-qq", "-a", "1", program, NULL
	};

	needs_strace();
	return process_spawn(argv);
}

/* A program's calls, from the first of a socket on. */
static void trace(const char *program, size_t sent, char calls[CAUGHT_BYTES])
{
	struct result result = take(start_traced(program), sent);
	const char *first = strstr(result.err, "socket(");

	assert_int_equal(result.out_len,
			 sent < BUFFER_BYTES ? sent : BUFFER_BYTES);
	assert_int_equal(result.status, 0);
	if (first == NULL)
		fail_msg("strace shows no socket: %s", result.err);
	snprintf(calls, CAUGHT_BYTES, "%s", first);
}

static void assert_contains(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("this has no %s: %s", part, text);
}

/* Asserts what a program closes, and how it ends, after so many bytes. */
static void assert_closes(const char *program, size_t sent, const char *last)
{
	char calls[CAUGHT_BYTES];

	trace(program, sent, calls);
	assert_contains(calls, last);
}

static void test_assembly_closes_listener_below_128_bytes(void **state)
{
	(void)state;
	needs_assembly();
	assert_closes(ASSEMBLY, BUFFER_BYTES - 1,
		      "\nclose(4) = 0\nclose(3) = 0\nexit(0) = ?\n");
}

static void test_assembly_closes_another_after_128_bytes(void **state)
{
	static const char last[] =
		"\nclose(4) = 0\nclose(0) = 0\nexit(0) = ?\n";

	(void)state;
	needs_assembly();
	assert_closes(ASSEMBLY, BUFFER_BYTES, last);
	assert_closes(ASSEMBLY, 2 * BUFFER_BYTES, last);
}

static void test_server_closes_listener_after_128_bytes(void **state)
{
	static const char last[] =
		"\nclose(4) = 0\nclose(3) = 0\nexit_group(0) = ?\n";

	(void)state;
	needs_port(PORT);
	assert_closes(getenv("SERVER"), BUFFER_BYTES, last);
	assert_closes(getenv("SERVER"), 2 * BUFFER_BYTES, last);
}

/* Where the buffer is of a program that waits in recvfrom. */
static off_t buffer_of(pid_t pid)
{
	char path[64];
	FILE *file;
	long buffer;

	wait_for_call(pid, RECVFROM);
	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d %*x %lx", &buffer), 1);
	fclose(file);
	return buffer;
}

/* From now on it stops before it exits, while its memory is still there. */
static int open_memory(pid_t pid)
{
	char path[64];
	int memory;

	skip_without(ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT) == 0,
		     "the right to trace");
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	memory = open(path, O_RDWR | O_CLOEXEC);
	assert_int_not_equal(memory, -1);
	return memory;
}

static void test_assembly_stores_before_buffer_if_reset(void **state)
{
	struct process assembly = start_assembly();
	const int client = connect_to_port();
	const off_t place = buffer_of(assembly.pid) - BUFFER_BYTES;
	const int memory = open_memory(assembly.pid);
	char before[BUFFER_BYTES], expected[BUFFER_BYTES];
	struct result result;

	(void)state;
	memset(before, 'x', sizeof(before));
	memcpy(expected, before, sizeof(before));
	expected[BUFFER_BYTES - ECONNRESET] = '\0';
	assert_int_equal(pwrite(memory, before, sizeof(before), place),
			 sizeof(before));
	client_reset(client);
	assert_int_equal(wait_change(assembly.pid, 0) >> 16, PTRACE_EVENT_EXIT);
	assert_int_equal(pread(memory, before, sizeof(before), place),
			 sizeof(before));
	assert_memory_equal(before, expected, sizeof(before));
	close(memory);
	assert_int_equal(ptrace(PTRACE_CONT, assembly.pid, NULL, NULL), 0);
	result = process_end(&assembly);
	assert_result(&result, 0, "");
}

static void test_assembly_writes_negative_length_if_reset(void **state)
{
	struct result result;
	char length[64];

	(void)state;
	needs_assembly();
	result = take_reset(start_traced(ASSEMBLY));
	assert_contains(result.err, ", 128, 0, NULL, NULL) = -1 ECONNRESET (");
	snprintf(length, sizeof(length), ", %zu) = -1 EFAULT (",
		 (size_t)-ECONNRESET);
	assert_contains(result.err, length);
	assert_string_equal(result.out, "");
	assert_int_equal(result.status, 0);
}

static void test_server_fails_after_a_reset(void **state)
{
	const struct result result = take_reset(start_server());

	(void)state;
	assert_result(&result, 1,
		      "server: recv connection: Connection reset *\n");
}

/* The next program has a full disk as standard output. */
static void fill_disk(void)
{
	const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_int_not_equal(full, -1);
	redirect_next(full, STDOUT_FILENO);
}

static void test_assembly_ends_with_0_on_a_full_disk(void **state)
{
	struct result result;

	(void)state;
	needs_assembly();
	fill_disk();
	result = take(start(ASSEMBLY), 3);
	assert_result(&result, 0, "");
}

static void test_server_fails_on_a_full_disk(void **state)
{
	struct result result;

	(void)state;
	needs_port(PORT);
	fill_disk();
	result = take(start(getenv("SERVER")), 3);
	assert_result(&result, 1,
		      "server: write standard output: No space *\n");
}

static void test_assembly_answers_sender_if_stdio_closed(void **state)
{
	struct process assembly;
	struct result result;
	char answer[8];
	int client;

	(void)state;
	needs_assembly();
	assembly = shell_start("exec \"$ASSEMBLY\" <&- >&-");
	client = connect_to_port();
	client_send(client, "hi\n", 3);
	assert_int_equal(read_some(client, answer, sizeof(answer), "answer"),
			 3);
	assert_memory_equal(answer, "hi\n", 3);
	result = process_end(&assembly);
	assert_result(&result, 0, "");
	client_reset(client);
}

/* Then standard output is the listener, which takes no bytes. */
static void test_assembly_is_killed_if_output_is_closed(void **state)
{
	struct result result;

	(void)state;
	needs_assembly();
	result = take(shell_start("exec \"$ASSEMBLY\" >&-"), 3);
	assert_result(&result, 128 + SIGPIPE, "");
}

/* Waits until it listens, or has ended without. */
static bool comes_to_listen(pid_t pid)
{
	const long long bound = now_ms() + WAIT_MS;
	siginfo_t ended = { 0 };

	while (count_listeners(PORT) == 0 && ended.si_pid == 0) {
		assert_true(now_ms() < bound);
		waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT);
	}
	return ended.si_pid == 0;
}

static void test_server_never_answers_if_stdio_is_closed(void **state)
{
	struct process server;
	struct result result;
	int client = -1;

	(void)state;
	needs_port(PORT);
	server = shell_start("exec \"$SERVER\" <&- >&-");
	if (comes_to_listen(server.pid)) {
		client = client_connect(PORT);
		client_send(client, "hi\n", 3);
		assert_int_equal(client_wait_end(client), 0);
	}
	result = process_end(&server);
	assert_result(&result, 1, "server: * standard output: *\n");
	close(client);
}

/* Takes out the line that starts like that. */
static void take_out(char *calls, const char *call)
{
	char *line = strstr(calls, call), *next;

	if (line == NULL)
		fail_msg("no line is %s in: %s", call, calls);
	next = strchr(line, '\n') + 1;
	memmove(line, next, strlen(next) + 1);
}

static void test_strace_of_both_differs_in_two_calls(void **state)
{
	char assembly[CAUGHT_BYTES], server[CAUGHT_BYTES];

	(void)state;
	needs_assembly();
	trace(ASSEMBLY, 3, assembly);
	trace(getenv("SERVER"), 3, server);
	take_out(server, "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0");
	take_out(server, "exit_group(0) = ?");
	take_out(assembly, "exit(0) = ?");
	assert_string_equal(assembly, server);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_assembly_listens_elsewhere_in_a_rerun),
		cmocka_unit_test(test_server_listens_again_in_a_rerun),
		cmocka_unit_test(test_assembly_listens_elsewhere_if_port_busy),
		cmocka_unit_test(test_server_fails_if_its_port_is_busy),
		cmocka_unit_test(test_assembly_closes_listener_below_128_bytes),
		cmocka_unit_test(test_assembly_closes_another_after_128_bytes),
		cmocka_unit_test(test_server_closes_listener_after_128_bytes),
		cmocka_unit_test(test_assembly_stores_before_buffer_if_reset),
		cmocka_unit_test(test_assembly_writes_negative_length_if_reset),
		cmocka_unit_test(test_server_fails_after_a_reset),
		cmocka_unit_test(test_assembly_ends_with_0_on_a_full_disk),
		cmocka_unit_test(test_server_fails_on_a_full_disk),
		cmocka_unit_test(test_assembly_answers_sender_if_stdio_closed),
		cmocka_unit_test(test_assembly_is_killed_if_output_is_closed),
		cmocka_unit_test(test_server_never_answers_if_stdio_is_closed),
		cmocka_unit_test(test_strace_of_both_differs_in_two_calls),
	};

	/* Each in a network of its own, so that it is the first on its port. */
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tests[i].setup_func = own_network;
	setenv("ASSEMBLY", ASSEMBLY, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
