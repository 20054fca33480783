/* All of what -x shows of each mode, to the letter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "play.h"

/* The notation of the trace is in these, in the scenes and in shown_write. */
#define CALL(name, arguments, result)                                          \
	"server: " name "(" arguments ") = " result "    man 2 " name "\n"
#define IP4(port, host)                                                        \
	"{sa_family=AF_INET, sin_port=htons(" port                             \
	"), sin_addr=inet_addr(\"" host "\")}"
#define IP6(port, host)                                                        \
	"{sa_family=AF_INET6, sin6_port=htons(" port                           \
	"), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, \"" host               \
	"\", &sin6_addr), sin6_scope_id=0}"
#define SOCKET(family, fd)                                                     \
	CALL("socket", family ", SOCK_STREAM, IPPROTO_IP", fd)                 \
	CALL("setsockopt", fd ", SOL_SOCKET, SO_REUSEADDR, [1], 4", "0")
#define BIND(fd, name) CALL("bind", fd ", " name, "0")
#define LISTEN(fd) CALL("listen", fd ", 5", "0")
#define OPEN_AS(fd)                                                            \
	SOCKET("AF_INET", fd)                                                  \
	BIND(fd, IP4("8080", "0.0.0.0") ", 16") LISTEN(fd)
#define OPEN OPEN_AS("3")
#define OPEN6(address)                                                         \
	SOCKET("AF_INET6", "3")                                                \
	BIND("3", IP6("8080", address) ", 28") LISTEN("3")
#define NAME(fd)                                                               \
	CALL("getsockname", fd ", " IP4("8080", "0.0.0.0") ", [28 => 16]", "0")
#define ACCEPT CALL("accept", "3, NULL, NULL", "4")
#define ACCEPT_V(n)                                                            \
	CALL("accept", "3, " IP4("$" n, "127.0.0.1") ", [28 => 16]", "4")
#define TAKE(bytes, got, most, flags)                                          \
	CALL("recv", "4, \"" bytes "\", " most ", " flags, got)
#define RECV(bytes, got, most) TAKE(bytes, got, most, "0")
#define PEEK(bytes, got, most) TAKE(bytes, got, most, "MSG_PEEK")
/* Where in memory the buffer is that nothing came to differs: $P. */
#define FAILED(reason, words) "-1 " reason " (" words ")"
#define RECV_RESET(most, flags)                                                \
	CALL("recv", "4, $P, " most ", " flags,                                \
	     FAILED("ECONNRESET", "Connection reset by peer"))
#define RECV_LATE(most, flags)                                                 \
	CALL("recv", "4, $P, " most ", " flags,                                \
	     FAILED("EINTR", "Interrupted system call"))
#define ACCEPT_LATE                                                            \
	CALL("accept", "3, NULL, NULL",                                        \
	     FAILED("EINTR", "Interrupted system call"))
/* Standard output is looked at too, as its reader may leave. */
#define POLL_AS(fd, events)                                                    \
	CALL("poll", "[{fd=" fd ", events=POLLIN}, {fd=1, events=0}], 2, -1",  \
	     "1 ([{fd=" fd ", revents=" events "}])")
#define POLL3_LATE                                                             \
	CALL("poll", "[{fd=3, events=POLLIN}, {fd=1, events=0}], 2, -1",       \
	     FAILED("EINTR", "Interrupted system call"))
#define POLL3 POLL_AS("3", "POLLIN")
#define POLL POLL_AS("4", "POLLIN")
#define POLL_RESET POLL_AS("4", "POLLIN|POLLERR|POLLHUP")
#define WRITE(bytes, len) CALL("write", "1, \"" bytes "\", " len, len)
#define LOOK(byte)                                                             \
	CALL("recv", "4, \"" byte "\", 1, MSG_PEEK|MSG_DONTWAIT", "1")
#define LOOK_IN_VAIN                                                           \
	CALL("recv", "4, $P, 1, MSG_PEEK|MSG_DONTWAIT",                        \
	     FAILED("EAGAIN", "Resource temporarily unavailable"))
#define CLOSE(fd) CALL("close", fd, "0")
#define EXIT(status) "server: exit(" status ") = ?    man 3 exit\n"
#define END(status) CLOSE("4") CLOSE("3") EXIT(status)
#define TIMER(seconds, us)                                                     \
	CALL("setitimer",                                                      \
	     "ITIMER_REAL, {it_interval={tv_sec=0, tv_usec=10000}, "           \
	     "it_value={tv_sec=" seconds ", tv_usec=" us "}}, NULL",           \
	     "0")
#define NO_SPACE FAILED("ENOSPC", "No space left on device")
/* The first 32 bytes of the stream. */
#define STREAM_SHOWN                                                           \
	"\\0\\7\\16\\25\\34#*18?FMT[bipw~"                                     \
	"\\205\\214\\223\\232\\241\\250\\257\\266\\275\\304\\313\\322\\331"

static const struct scene scenes[] = {
	{ "plain", "-x", play_hi, 0, "hi\n",
	  .err = { OPEN, ACCEPT, RECV("hi\\n", "3", "128"), WRITE("hi\\n", "3"),
		   END("0") } },
	{ "plain_over_128", "-x >/dev/null", play_129, 0, "",
	  .err = { OPEN, ACCEPT,
		   CALL("recv", "4, \"" STREAM_SHOWN "\"..., 128, 0", "128"),
		   CALL("write", "1, \"" STREAM_SHOWN "\"..., 128", "128"),
		   LOOK("\\200"), REST("128", "-e takes all, -l a line"),
		   END("0") } },
	{ "plain_without_bytes", "-x", play_empty, 3, "",
	  .err = { OPEN, ACCEPT, RECV("", "0", "128"), NOTHING, END("3") } },
	{ "plain_and_reset", "-x", play_reset, 1, "",
	  .err = { OPEN, ACCEPT, RECV_RESET("128", "0"), RESET, END("1") } },
	{ "plain_into_a_full_device", "-x >/dev/full", play_hi, 1, "",
	  .err = { OPEN, ACCEPT, RECV("hi\\n", "3", "128"),
		   CALL("write", "1, \"hi\\n\", 3", NO_SPACE), FULL,
		   END("1") } },
	{ "limit", "-x -n 2", play_hi, 0, "hi",
	  .err = { OPEN, ACCEPT, RECV("hi", "2", "2"), WRITE("hi", "2"),
		   LOOK("\\n"), REST("2", "-e takes all, -l a line"),
		   END("0") } },
	{ "limit_that_is_met", "-x -n 3", play_hi, 0, "hi\n",
	  .err = { OPEN, ACCEPT, RECV("hi\\n", "3", "3"), WRITE("hi\\n", "3"),
		   LOOK_IN_VAIN, END("0") } },
	{ "line", "-xl", play_two_lines, 0, "hi\n",
	  .err = { OPEN, POLL3, ACCEPT, POLL,
		   PEEK("hi\\nrest\\n", "8", "131072"), RECV("hi\\n", "3", "3"),
		   WRITE("hi\\n", "3"), END("0") } },
	{ "line_in_two", "-xl", play_hi_in_two, 0, "i\n",
	  .err = { OPEN, POLL3, ACCEPT, POLL, PEEK("h", "1", "131072"),
		   RECV("h", "1", "1"), WRITE("h", "1"), POLL,
		   PEEK("i\\n", "2", "131072"), RECV("i\\n", "2", "2"),
		   WRITE("i\\n", "2"), END("0") } },
	{ "line_over_its_limit", "-xl -n 2", play_hi, 0, "hi",
	  .err = { OPEN, POLL3, ACCEPT, POLL, PEEK("hi", "2", "2"),
		   RECV("hi", "2", "2"), WRITE("hi", "2"), LOOK("\\n"),
		   REST("2", "a larger -n takes more"), END("0") } },
	{ "line_without_bytes", "-xl", play_empty, 3, "",
	  .err = { OPEN, POLL3, ACCEPT, POLL, PEEK("", "0", "131072"), NOTHING,
		   END("3") } },
	{ "line_and_reset", "-xl", play_part_then_reset, 1, "",
	  .err = { OPEN, POLL3, ACCEPT, POLL, PEEK("part", "4", "131072"),
		   RECV("part", "4", "4"), WRITE("part", "4"), POLL_RESET,
		   RECV_RESET("131072", "MSG_PEEK"), RESET_LATER, END("1") } },
	{ "line_reset_at_once", "-xl", play_reset, 1, "",
	  .err = { OPEN, POLL3, ACCEPT, POLL_RESET,
		   RECV_RESET("131072", "MSG_PEEK"), RESET, END("1") } },
	/* What is spliced would not be shown: it is copied. */
	{ "eof", "-xe", play_hi_to_its_end, 0, "hi\n",
	  .err = { OPEN, POLL3, ACCEPT, CLOSE("3"), POLL,
		   RECV("hi\\n", "3", "131072"), WRITE("hi\\n", "3"), POLL,
		   RECV("", "0", "131072"), CLOSE("4"), EXIT("0") } },
	{ "eof_without_bytes", "-xe", play_empty, 0, "",
	  .err = { OPEN, POLL3, ACCEPT, CLOSE("3"), POLL,
		   RECV("", "0", "131072"), CLOSE("4"), EXIT("0") } },
	{ "eof_and_reset", "-xe", play_part_then_reset, 1, "",
	  .err = { OPEN, POLL3, ACCEPT, CLOSE("3"), POLL,
		   RECV("part", "4", "131072"), WRITE("part", "4"), POLL_RESET,
		   RECV_RESET("131072", "0"), RESET_LATER, CLOSE("4"),
		   EXIT("1") } },
	{ "eof_over_its_limit", "-xe -n 2", play_hi, 0, "hi",
	  .err = { OPEN, POLL3, ACCEPT, CLOSE("3"), POLL, RECV("hi", "2", "2"),
		   WRITE("hi", "2"), LOOK("\\n"),
		   REST("2", "a larger -n takes more"), CLOSE("4"),
		   EXIT("0") } },
	{ "skip_empty", "-xz", play_probes, 0, "hi\n",
	  .err = { OPEN, ACCEPT, PEEK("", "0", "1"), CLOSE("4"), ACCEPT,
		   RECV_RESET("1", "MSG_PEEK"), CLOSE("4"), ACCEPT,
		   PEEK("h", "1", "1"), RECV("hi\\n", "3", "128"),
		   WRITE("hi\\n", "3"), END("0") } },
	{ "skip_empty_and_line", "-xzl", play_probes, 0, "hi\n",
	  .err = { OPEN,
		   POLL3,
		   ACCEPT,
		   POLL,
		   PEEK("", "0", "1"),
		   CLOSE("4"),
		   POLL3,
		   ACCEPT,
		   POLL_RESET,
		   RECV_RESET("1", "MSG_PEEK"),
		   CLOSE("4"),
		   POLL3,
		   ACCEPT,
		   POLL,
		   PEEK("h", "1", "1"),
		   POLL,
		   PEEK("hi\\n", "3", "131072"),
		   RECV("hi\\n", "3", "3"),
		   WRITE("hi\\n", "3"),
		   END("0") } },
	{ "skip_empty_and_eof", "-xze", play_probes, 0, "hi\n",
	  .err = { OPEN,
		   POLL3,
		   ACCEPT,
		   POLL,
		   PEEK("", "0", "1"),
		   CLOSE("4"),
		   POLL3,
		   ACCEPT,
		   POLL_RESET,
		   RECV_RESET("1", "MSG_PEEK"),
		   CLOSE("4"),
		   POLL3,
		   ACCEPT,
		   POLL,
		   PEEK("h", "1", "1"),
		   CLOSE("3"),
		   POLL,
		   RECV("hi\\n", "3", "131072"),
		   WRITE("hi\\n", "3"),
		   POLL,
		   RECV("", "0", "131072"),
		   CLOSE("4"),
		   EXIT("0") } },
	{ "ready", "-x -r 3 3>&1", play_hi, 0, "8080\nhi\n",
	  .err = { OPEN_AS("4"), NAME("4"),
		   CALL("write", "3, \"8080\\n\", 5", "5"), CLOSE("3"),
		   CALL("accept", "4, NULL, NULL", "3"),
		   CALL("recv", "3, \"hi\\n\", 128, 0", "3"),
		   WRITE("hi\\n", "3"), CLOSE("3"), CLOSE("4"), EXIT("0") } },
	{ "ready_on_a_full_device", "-x -r 3 3>/dev/full", play_nobody, 1, "",
	  .err = { OPEN_AS("4"), NAME("4"),
		   CALL("write", "3, \"8080\\n\", 5", NO_SPACE),
		   "server: write ready descriptor: No space left on device; "
		   "free some space, and run it again\n",
		   CLOSE("4"), CLOSE("3"), EXIT("1") } },
	{ "timeout", "-x -t 5", play_hi, 0, "hi\n",
	  .err = { TIMER("5", "0"), OPEN, ACCEPT, RECV("hi\\n", "3", "128"),
		   WRITE("hi\\n", "3"), END("0") } },
	{ "timeout_without_a_sender", "-x -t 0.0625", play_nobody, 124, "",
	  .err = { TIMER("0", "62500"), OPEN, ACCEPT_LATE,
		   "server: accept 0.0.0.0:8080: nobody connected within "
		   "0.0625 s; -t sets a longer time\n",
		   CLOSE("3"), EXIT("124") } },
	{ "timeout_and_eof_without_a_sender", "-xe -t 0.0625", play_nobody, 124,
	  "",
	  .err = { TIMER("0", "62500"), OPEN, POLL3_LATE,
		   "server: accept 0.0.0.0:8080: nobody connected within "
		   "0.0625 s; -t sets a longer time\n",
		   CLOSE("3"), EXIT("124") } },
	{ "idle_without_a_sender", "-x -w 0.0625", play_nobody, 124, "",
	  .err = { TIMER("0", "62500"), OPEN, POLL3_LATE,
		   "server: accept 0.0.0.0:8080: nobody connected for "
		   "0.0625 s; -w sets a longer time\n",
		   CLOSE("3"), EXIT("124") } },
	{ "timeout_without_a_byte", "-x -t 2", play_silence, 124, "",
	  .err = { TIMER("2", "0"), OPEN, ACCEPT, RECV_LATE("128", "0"),
		   "server: recv connection: nothing came "
		   "within 2 s; -t sets a longer time\n",
		   END("124") } },
	{ "longest_timeout", "-x -t 999999999.999999", play_hi, 0, "hi\n",
	  .err = { TIMER("999999999", "999999"), OPEN, ACCEPT,
		   RECV("hi\\n", "3", "128"), WRITE("hi\\n", "3"), END("0") } },
	{ "bind_to_ip6", "-x -b ::1", play_hi6, 0, "hi\n",
	  .err = { OPEN6("::1"), ACCEPT, RECV("hi\\n", "3", "128"),
		   WRITE("hi\\n", "3"), END("0") },
	  .ip6 = true },
	{ "bind_to_all_of_ip6", "-x -b ::", play_hi, 0, "hi\n",
	  .err = { OPEN6("::"), ACCEPT, RECV("hi\\n", "3", "128"),
		   WRITE("hi\\n", "3"), END("0") },
	  .both = true },
	{ "bind_to_ip4", "-x -b 127.0.0.1", play_hi, 0, "hi\n",
	  .err = { SOCKET("AF_INET", "3"),
		   BIND("3", IP4("8080", "127.0.0.1") ", 16"), LISTEN("3"),
		   ACCEPT, RECV("hi\\n", "3", "128"), WRITE("hi\\n", "3"),
		   END("0") } },
	{ "inherited", "-x", play_hi, 0, "hi\n",
	  .err = { ACCEPT, RECV("hi\\n", "3", "128"), WRITE("hi\\n", "3"),
		   END("0") },
	  .inherited = true },
	{ "inherited_and_eof", "-xe", play_hi_to_its_end, 0, "hi\n",
	  .err = { POLL3, ACCEPT, CLOSE("3"), POLL,
		   RECV("hi\\n", "3", "131072"), WRITE("hi\\n", "3"), POLL,
		   RECV("", "0", "131072"), CLOSE("4"), EXIT("0") },
	  .inherited = true },
	{ "inherited_without_a_sender", "-x -t .0625", play_nobody, 124, "",
	  .err = { TIMER("0", "62500"), ACCEPT_LATE,
		   "server: accept descriptor 3: nobody connected within "
		   "0.0625 s; -t sets a longer time\n",
		   CLOSE("3"), EXIT("124") },
	  .inherited = true },
	{ "verbose", "-xv", play_hi, 0, "hi\n",
	  .err = { OPEN, NAME("3"), LISTENING, ACCEPT_V("1"), RECEIVED("1"),
		   RECV("hi\\n", "3", "128"), WRITE("hi\\n", "3"),
		   SUMMARY("3", "one recv"), END("0") } },
	{ "verbose_line", "-xvl", play_hi, 0, "hi\n",
	  .err = { OPEN, NAME("3"), LISTENING, POLL3, ACCEPT_V("1"),
		   RECEIVED("1"), POLL, PEEK("hi\\n", "3", "131072"),
		   RECV("hi\\n", "3", "3"), WRITE("hi\\n", "3"),
		   SUMMARY("3", "newline"), END("0") } },
	{ "verbose_eof", "-xve", play_hi_to_its_end, 0, "hi\n",
	  .err = { OPEN, NAME("3"), LISTENING, POLL3, ACCEPT_V("1"),
		   RECEIVED("1"), CLOSE("3"), POLL,
		   RECV("hi\\n", "3", "131072"), WRITE("hi\\n", "3"), POLL,
		   RECV("", "0", "131072"), SUMMARY("3", "end of file"),
		   CLOSE("4"), EXIT("0") } },
	{ "verbose_without_bytes", "-xv", play_empty, 3, "",
	  .err = { OPEN, NAME("3"), LISTENING, ACCEPT_V("1"), RECEIVED("1"),
		   RECV("", "0", "128"), NOTHING, SUMMARY("0", "end of file"),
		   END("3") } },
	{ "verbose_skip_empty", "-xvz", play_probes, 0, "hi\n",
	  .err = { OPEN,
		   NAME("3"),
		   LISTENING,
		   ACCEPT_V("1"),
		   RECEIVED("1"),
		   PEEK("", "0", "1"),
		   SKIPPED,
		   CLOSE("4"),
		   ACCEPT_V("2"),
		   RECEIVED("2"),
		   RECV_RESET("1", "MSG_PEEK"),
		   SKIPPED,
		   CLOSE("4"),
		   ACCEPT_V("3"),
		   RECEIVED("3"),
		   PEEK("h", "1", "1"),
		   RECV("hi\\n", "3", "128"),
		   WRITE("hi\\n", "3"),
		   SUMMARY("3", "one recv"),
		   END("0") } },
};

enum {
	SCENES = sizeof(scenes) / sizeof(scenes[0]),
};

/* Takes a line of the trace for a write to standard output: its bytes. */
static size_t shown_write(const char *line)
{
	const char *result = strstr(line, ") = ");

	if (strncmp(line, "server: write(1, ", 17) != 0 || result == NULL)
		return 0;
	return strtoul(result + 4, NULL, 10);
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

static void assert_bind_fails(const char *arguments, const char *socket,
			      const char *name, const char *where)
{
	char script[128], lines[CAUGHT_BYTES];
	struct process server;
	struct result result;
	const char *words;

	snprintf(script, sizeof(script), "exec \"$SERVER\" -x %s", arguments);
	server = shell_start(script);
	result = process_end(&server);
	words = no_such_address(result.err);
	snprintf(lines, sizeof(lines),
		 "%sserver: bind(3, %s) = -1 EADDRNOTAVAIL (%s)    man 2 bind\n"
		 "server: bind %s: %s; ip addr shows which ones -b can take\n"
		 "%s",
		 socket, name, words, where, words, CLOSE("3") EXIT("1"));
	assert_string_equal(result.err, lines);
	assert_int_equal(result.status, 1);
}

static void test_trace_names_the_reason_of_a_failure(void **state)
{
	(void)state;
	assert_bind_fails("-b 192.0.2.1 -p 258", SOCKET("AF_INET", "3"),
			  IP4("258", "192.0.2.1") ", 16", "192.0.2.1:258");
}

static void test_trace_has_the_longest_address_in_whole(void **state)
{
	(void)state;
	needs_ip6();
	assert_bind_fails(
		"-b 2001:db8:1111:2222:3333:4444:5555:6666 -p 65535",
		SOCKET("AF_INET6", "3"),
		IP6("65535", "2001:db8:1111:2222:3333:4444:5555:6666") ", 28",
		"[2001:db8:1111:2222:3333:4444:5555:6666]:65535");
}

int main(void)
{
	struct CMUnitTest tests[MOST_TESTS] = {
		cmocka_unit_test(test_trace_shows_each_write_of_a_stream),
		cmocka_unit_test(test_trace_names_the_reason_of_a_failure),
		cmocka_unit_test(test_trace_has_the_longest_address_in_whole),
	};
	char names[SCENES][NAME_BYTES];

	name_scenes(tests, names, "test_trace_is_whole_of_", scenes, SCENES);
	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
