/* All of what -x shows of each mode, to the letter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "play.h"

/* The notation of the trace is in these, in the scenes and in shown_write. */
#define CALL(columns) "server: man 2 " columns "\n"
#define SOCKET(family)                                                         \
	CALL("socket           3 = socket(" family ", SOCK_STREAM, 0)")        \
	CALL("setsockopt       0 = setsockopt(3, SOL_SOCKET, "                 \
	     "SO_REUSEADDR, 1)")
#define BIND(name) CALL("bind             0 = bind(3, {" name ")")
#define LISTEN CALL("listen           0 = listen(3, 5)")
#define OPEN                                                                   \
	SOCKET("AF_INET")                                                      \
	BIND("AF_INET, 8080 = 1f 90, 0.0.0.0}, 16") LISTEN
#define OPEN6(address)                                                         \
	SOCKET("AF_INET6")                                                     \
	BIND("AF_INET6, 8080 = 1f 90, " address "}, 28") LISTEN
#define NAME CALL("getsockname      0 = getsockname(3, &name, &len)")
#define READY                                                                  \
	SOCKET_4 NAME_4 CALL("write            5 = write(3, \"8080\\n\", 5)")  \
		CALL("close            0 = close(3)")
#define SOCKET_4                                                               \
	CALL("socket           4 = socket(AF_INET, SOCK_STREAM, 0)")           \
	CALL("setsockopt       0 = setsockopt(4, SOL_SOCKET, "                 \
	     "SO_REUSEADDR, 1)")                                               \
	CALL("bind             0 = bind(4, {AF_INET, 8080 = 1f 90, "           \
	     "0.0.0.0}, 16)")                                                  \
	CALL("listen           0 = listen(4, 5)")
#define NAME_4 CALL("getsockname      0 = getsockname(4, &name, &len)")
#define ACCEPT CALL("accept           4 = accept(3, NULL, NULL)")
#define ACCEPT_V CALL("accept           4 = accept(3, &peer, &len)")
#define RECV(got, most)                                                        \
	CALL("recv             " got " = recv(4, message, " most ", 0)")
#define PEEK(got, most)                                                        \
	CALL("recv             " got " = recv(4, message, " most ", "          \
	     "MSG_PEEK)")
#define RECV_RESET(flags)                                                      \
	CALL("recv            -1 = recv(4, message, " flags ") ECONNRESET")
#define WRITE(len) CALL("write            " len " = write(1, message, " len ")")
#define CLOSE(fd) CALL("close            0 = close(" fd ")")
#define EXIT(status) "server: man 3 exit                 exit(" status ")\n"
#define END(status) CLOSE("4") CLOSE("3") EXIT(status)
#define TIMER(us) CALL("setitimer        0 = setitimer(ITIMER_REAL, " us " us)")

static const struct scene scenes[] = {
	{ "plain", "-x", play_hi, 0, "hi\n",
	  .err = { OPEN, ACCEPT, RECV("3", "128"), WRITE("3"), END("0") } },
	{ "plain_over_128", "-x >/dev/null", play_129, 0, "",
	  .err = { OPEN, ACCEPT,
		   CALL("recv           128 = recv(4, message, 128, 0)"),
		   CALL("write          128 = write(1, message, 128)"),
		   REST("128", "-n takes more, -l a line, -e all"),
		   END("0") } },
	{ "plain_without_bytes", "-x", play_empty, 3, "",
	  .err = { OPEN, ACCEPT, RECV("0", "128"), NOTHING, END("3") } },
	{ "plain_and_reset", "-x", play_reset, 1, "",
	  .err = { OPEN, ACCEPT, RECV_RESET("128, 0"), RESET, END("1") } },
	{ "plain_into_a_full_device", "-x >/dev/full", play_hi, 1, "",
	  .err = { OPEN, ACCEPT, RECV("3", "128"),
		   CALL("write           -1 = write(1, message, 3) ENOSPC"),
		   FULL, END("1") } },
	{ "limit", "-x -n 2", play_hi, 0, "hi",
	  .err = { OPEN, ACCEPT, RECV("2", "2"), WRITE("2"),
		   REST("2", "-n takes more, -l a line, -e all"), END("0") } },
	{ "line", "-xl", play_two_lines, 0, "hi\n",
	  .err = { OPEN, ACCEPT, PEEK("8", "131072"), RECV("3", "3"),
		   WRITE("3"), END("0") } },
	{ "line_in_two", "-xl", play_hi_in_two, 0, "i\n",
	  .err = { OPEN, ACCEPT, PEEK("1", "131072"), RECV("1", "1"),
		   WRITE("1"), PEEK("2", "131072"), RECV("2", "2"), WRITE("2"),
		   END("0") } },
	{ "line_over_its_limit", "-xl -n 2", play_hi, 0, "hi",
	  .err = { OPEN, ACCEPT, PEEK("2", "2"), RECV("2", "2"), WRITE("2"),
		   REST("2", "-n takes more"), END("0") } },
	{ "line_without_bytes", "-xl", play_empty, 3, "",
	  .err = { OPEN, ACCEPT, PEEK("0", "131072"), NOTHING, END("3") } },
	{ "line_and_reset", "-xl", play_part_then_reset, 1, "",
	  .err = { OPEN, ACCEPT, PEEK("4", "131072"), RECV("4", "4"),
		   WRITE("4"), RECV_RESET("131072, MSG_PEEK"), RESET,
		   END("1") } },
	{ "line_reset_at_once", "-xl", play_reset, 1, "",
	  .err = { OPEN, ACCEPT, RECV_RESET("131072, MSG_PEEK"), RESET,
		   END("1") } },
	/* What is spliced would not be shown: it is copied. */
	{ "eof", "-xe", play_hi_to_its_end, 0, "hi\n",
	  .err = { OPEN, ACCEPT, CLOSE("3"), RECV("3", "131072"), WRITE("3"),
		   RECV("0", "131072"), CLOSE("4"), EXIT("0") } },
	{ "eof_without_bytes", "-xe", play_empty, 0, "",
	  .err = { OPEN, ACCEPT, CLOSE("3"), RECV("0", "131072"), CLOSE("4"),
		   EXIT("0") } },
	{ "eof_and_reset", "-xe", play_part_then_reset, 1, "",
	  .err = { OPEN, ACCEPT, CLOSE("3"), RECV("4", "131072"), WRITE("4"),
		   RECV_RESET("131072, 0"), RESET, CLOSE("4"), EXIT("1") } },
	{ "eof_over_its_limit", "-xe -n 2", play_hi, 0, "hi",
	  .err = { OPEN, ACCEPT, CLOSE("3"), RECV("2", "2"), WRITE("2"),
		   REST("2", "-n takes more"), CLOSE("4"), EXIT("0") } },
	{ "skip_empty", "-xz", play_probes, 0, "hi\n",
	  .err = { OPEN, ACCEPT, PEEK("0", "1"), CLOSE("4"), ACCEPT,
		   RECV_RESET("1, MSG_PEEK"), CLOSE("4"), ACCEPT,
		   PEEK("1", "1"), RECV("3", "128"), WRITE("3"), END("0") } },
	{ "skip_empty_and_line", "-xzl", play_probes, 0, "hi\n",
	  .err = { OPEN, ACCEPT, PEEK("0", "1"), CLOSE("4"), ACCEPT,
		   RECV_RESET("1, MSG_PEEK"), CLOSE("4"), ACCEPT,
		   PEEK("1", "1"), PEEK("3", "131072"), RECV("3", "3"),
		   WRITE("3"), END("0") } },
	{ "skip_empty_and_eof", "-xze", play_probes, 0, "hi\n",
	  .err = { OPEN, ACCEPT, PEEK("0", "1"), CLOSE("4"), ACCEPT,
		   RECV_RESET("1, MSG_PEEK"), CLOSE("4"), ACCEPT,
		   PEEK("1", "1"), CLOSE("3"), RECV("3", "131072"), WRITE("3"),
		   RECV("0", "131072"), CLOSE("4"), EXIT("0") } },
	{ "ready", "-x -r 3 3>&1", play_hi, 0, "8080\nhi\n",
	  .err = { READY, CALL("accept           3 = accept(4, NULL, NULL)"),
		   CALL("recv             3 = recv(3, message, 128, 0)"),
		   WRITE("3"), CLOSE("3"), CLOSE("4"), EXIT("0") } },
	{ "ready_on_a_full_device", "-x -r 3 3>/dev/full", play_nobody, 1, "",
	  .err = { SOCKET_4, NAME_4,
		   CALL("write           -1 = write(3, \"8080\\n\", 5) ENOSPC"),
		   "server: write ready descriptor: No "
		   "space left on device; make room, "
		   "and run it again\n",
		   CLOSE("4"), CLOSE("3"), EXIT("1") } },
	{ "timeout", "-x -t 5", play_hi, 0, "hi\n",
	  .err = { TIMER("5000000"), OPEN, ACCEPT, RECV("3", "128"), WRITE("3"),
		   END("0") } },
	{ "timeout_without_a_sender", "-x -t 0.0625", play_nobody, 124, "",
	  .err = { TIMER("62500"), OPEN,
		   CALL("accept          -1 = accept(3, NULL, NULL) EINTR"),
		   "server: accept 0.0.0.0:8080: no "
		   "sender came within 0.0625 s, 0 "
		   "bytes delivered; -t gives more "
		   "time\n",
		   CLOSE("3"), EXIT("124") } },
	{ "timeout_without_a_byte", "-x -t .5", play_silence, 124, "",
	  .err = { TIMER("500000"), OPEN, ACCEPT,
		   CALL("recv            -1 = recv(4, message, 128, 0) EINTR"),
		   "server: recv connection: nothing came "
		   "within 0.5 s, 0 bytes "
		   "delivered; -t gives more time\n",
		   END("124") } },
	{ "longest_timeout", "-x -t 999999999.999999", play_hi, 0, "hi\n",
	  .err = { TIMER("999999999999999"), OPEN, ACCEPT, RECV("3", "128"),
		   WRITE("3"), END("0") } },
	{ "bind_to_ip6", "-x -b ::1", play_hi6, 0, "hi\n",
	  .err = { OPEN6("::1"), ACCEPT, RECV("3", "128"), WRITE("3"),
		   END("0") },
	  .ip6 = true },
	{ "bind_to_all_of_ip6", "-x -b ::", play_hi, 0, "hi\n",
	  .err = { OPEN6("::"), ACCEPT, RECV("3", "128"), WRITE("3"),
		   END("0") },
	  .both = true },
	{ "bind_to_ip4", "-x -b 127.0.0.1", play_hi, 0, "hi\n",
	  .err = { SOCKET("AF_INET"),
		   BIND("AF_INET, 8080 = 1f 90, 127.0.0.1}, 16"), LISTEN,
		   ACCEPT, RECV("3", "128"), WRITE("3"), END("0") } },
	{ "inherited", "-x", play_hi, 0, "hi\n",
	  .err = { ACCEPT, RECV("3", "128"), WRITE("3"), END("0") },
	  .inherited = true },
	{ "inherited_and_eof", "-xe", play_hi_to_its_end, 0, "hi\n",
	  .err = { ACCEPT, CLOSE("3"), RECV("3", "131072"), WRITE("3"),
		   RECV("0", "131072"), CLOSE("4"), EXIT("0") },
	  .inherited = true },
	{ "inherited_without_a_sender", "-x -t .0625", play_nobody, 124, "",
	  .err = { TIMER("62500"),
		   CALL("accept          -1 = accept(3, NULL, NULL) EINTR"),
		   "server: accept descriptor 3: no sender came within "
		   "0.0625 s, 0 "
		   "bytes delivered; -t gives more time\n",
		   CLOSE("3"), EXIT("124") },
	  .inherited = true },
	{ "verbose", "-xv", play_hi, 0, "hi\n",
	  .err = { OPEN, NAME, LISTENING, ACCEPT_V, RECEIVED("1"),
		   RECV("3", "128"), WRITE("3"), SUMMARY("3", "recv"),
		   END("0") } },
	{ "verbose_line", "-xvl", play_hi, 0, "hi\n",
	  .err = { OPEN, NAME, LISTENING, ACCEPT_V, RECEIVED("1"),
		   PEEK("3", "131072"), RECV("3", "3"), WRITE("3"),
		   SUMMARY("3", "newline"), END("0") } },
	{ "verbose_eof", "-xve", play_hi_to_its_end, 0, "hi\n",
	  .err = { OPEN, NAME, LISTENING, ACCEPT_V, RECEIVED("1"), CLOSE("3"),
		   RECV("3", "131072"), WRITE("3"), RECV("0", "131072"),
		   SUMMARY("3", "end of file"), CLOSE("4"), EXIT("0") } },
	{ "verbose_without_bytes", "-xv", play_empty, 3, "",
	  .err = { OPEN, NAME, LISTENING, ACCEPT_V, RECEIVED("1"),
		   RECV("0", "128"), NOTHING, SUMMARY("0", "end of file"),
		   END("3") } },
	{ "verbose_skip_empty", "-xvz", play_probes, 0, "hi\n",
	  .err = { OPEN,
		   NAME,
		   LISTENING,
		   ACCEPT_V,
		   RECEIVED("1"),
		   PEEK("0", "1"),
		   SKIPPED,
		   CLOSE("4"),
		   ACCEPT_V,
		   RECEIVED("2"),
		   RECV_RESET("1, MSG_PEEK"),
		   SKIPPED,
		   CLOSE("4"),
		   ACCEPT_V,
		   RECEIVED("3"),
		   PEEK("1", "1"),
		   RECV("3", "128"),
		   WRITE("3"),
		   SUMMARY("3", "recv"),
		   END("0") } },
};

enum {
	SCENES = sizeof(scenes) / sizeof(scenes[0]),
};

/* Takes a line of the trace for a write to standard output: its bytes. */
static size_t shown_write(const char *line)
{
	size_t n = 0;

	return sscanf(line, CALL("write %*u = write(1, message, %zu)"), &n) == 1
		       ? n
		       : 0;
}

/* Long enough to be spliced if it were not traced. */
static void test_trace_shows_each_write_of_a_stream(void **state)
{
	struct process server = server_listen(&port, "-xe", NULL);
	const char *line, *end;
	struct result result;
	size_t shown = 0;
	int client = client_connect(port);

	(void)state;
	client_send(client, stream, 100000);
	close(client);
	expect_output(&server, stream, 100000);
	result = process_end(&server);
	for (line = result.err; (end = strchr(line, '\n')) != NULL;
	     line = end + 1)
		shown += shown_write(line);
	assert_int_equal(shown, 100000);
	assert_int_equal(result.status, 0);
}

static void assert_bind_fails(const char *arguments, const char *name,
			      const char *where, const char *socket)
{
	char script[128], lines[CAUGHT_BYTES];
	struct process server;
	struct result result;

	snprintf(script, sizeof(script), "exec \"$SERVER\" -x %s", arguments);
	server = shell_start(script);
	result = process_end(&server);
	snprintf(
		lines, sizeof(lines),
		"%s" CALL(
			"bind            -1 = bind(3, {%s) EADDRNOTAVAIL") "ser"
									   "ver"
									   ": "
									   "bin"
									   "d "
									   "%s:"
									   " %"
									   "s; "
									   "ip "
									   "add"
									   "r "
									   "sho"
									   "ws "
									   "whi"
									   "ch "
									   "one"
									   "s "
									   "-b "
									   "can"
									   " ta"
									   "ke"
									   "\n" CLOSE(
										   "3")
										   EXIT("1"),
		socket, name, where, no_such_address(result.err));
	assert_string_equal(result.err, lines);
	assert_int_equal(result.status, 1);
}

static void test_trace_names_the_reason_of_a_failure(void **state)
{
	(void)state;
	assert_bind_fails("-b 192.0.2.1 -p 258",
			  "AF_INET, 258 = 01 02, 192.0.2.1}, 16",
			  "192.0.2.1:258", SOCKET("AF_INET"));
}

static void test_trace_has_the_longest_address_in_whole(void **state)
{
	(void)state;
	needs_ip6();
	assert_bind_fails(
		"-b 2001:db8:1111:2222:3333:4444:255.255.255.255 -p 65535",
		"AF_INET6, 65535 = ff ff, "
		"2001:db8:1111:2222:3333:4444:255.255.255.255}, 28",
		"[2001:db8:1111:2222:3333:4444:255.255.255.255]:65535",
		SOCKET("AF_INET6"));
}

int main(void)
{
	struct CMUnitTest tests[3 + SCENES] = {
		cmocka_unit_test(test_trace_shows_each_write_of_a_stream),
		cmocka_unit_test(test_trace_names_the_reason_of_a_failure),
		cmocka_unit_test(test_trace_has_the_longest_address_in_whole),
	};
	char names[SCENES][NAME_BYTES];

	name_scenes(tests + 3, names, "test_trace_is_whole_of_", scenes,
		    SCENES);
	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
