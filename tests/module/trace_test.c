/* The lines of -x: each call as strace(1) shows it, to the letter. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "address.h"
#include "fault.h"
#include "support.h"
#include "trace.h"

/* The highest errno of the headers, old or new. */
enum {
#ifdef EFTYPE
	HIGHEST = EFTYPE
#else
	HIGHEST = EHWPOISON
#endif
};

enum {
	LONGEST = 64,
};

__attribute__((format(printf, 3, 4))) static void
say(const char *call, long result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	trace(call, result, format, arguments);
	va_end(arguments);
}

static int say_nothing_before_the_start(const void *unused)
{
	struct address address = { .len = ADDRESS_LEN };
	char text[TRACE_BYTES] = "x";

	(void)unused;
	errno = EIO;
	say("close", -1, "3");
	say("close", 0, "3");
	trace_buffer("recv", 1, 4, "x", 1, 1, ", 0");
	trace_exit(0);
	if (trace_address(&address, true, text) != text || text[0] != '\0')
		return 1;
	return errno == EIO ? 0 : 2;
}

static int say_results(const void *unused)
{
	(void)unused;
	trace_start();
	say("socket", 3, "AF_INET, SOCK_STREAM, IPPROTO_IP");
	say("close", 0, "%d", 3);
	say("recv", 2147483647, "%s", "");
	trace_exit(0);
	trace_exit(124);
	return 0;
}

static int say_failure(const void *reason)
{
	trace_start();
	errno = *(const int *)reason;
	say("close", -1, "3");
	return errno == *(const int *)reason ? 0 : 1;
}

/* Whatever report does to it, the reason is for who called. */
static int keep_errno(const void *unused)
{
	(void)unused;
	trace_start();
	for (int reason = 1; reason < 3; reason++) {
		struct address address = { .len = ADDRESS_LEN };
		char text[TRACE_BYTES];

		errno = reason;
		fault_fail("write", 1, EPIPE);
		say("close", -1, "3");
		trace_address(&address, true, text);
		if (errno != reason || fault_calls() != 1)
			return reason;
		fault_fail("write", 1, EPIPE);
		trace_buffer("recv", 1, 4, "x", 1, 1, ", 0");
		if (errno != reason || fault_calls() != 1)
			return 10 + reason;
	}
	return 0;
}

struct buffer {
	const char *bytes;
	long used;
	const char *shown;
};

static int say_buffer(const void *argument)
{
	const struct buffer *buffer = argument;

	trace_start();
	trace_buffer("recv", buffer->used, 4, buffer->bytes, buffer->used, 128,
		     ", MSG_PEEK");
	return 0;
}

static int say_buffers_of_failures(const void *place)
{
	trace_start();
	errno = ECONNRESET;
	trace_buffer("recv", -1, 4, place, -1, 128, ", 0");
	errno = ENOSPC;
	trace_buffer("write", -1, 1, "hi\n", 3, 3, "");
	trace_buffer("write", 1, 1, "hi\n", 3, 3, "");
	return 0;
}

struct shown {
	struct address address;
	bool filled;
};

static int say_address(const void *argument)
{
	const struct shown *shown = argument;
	char text[TRACE_BYTES];

	trace_start();
	say("bind", 0, "%s",
	    trace_address(&shown->address, shown->filled, text));
	return 0;
}

struct polled {
	struct pollfd fds[2];
	int count, result;
};

static int say_poll(const void *argument)
{
	const struct polled *polled = argument;

	trace_start();
	errno = EINVAL;
	trace_poll(polled->fds, polled->count, polled->result);
	return errno == EINVAL ? 0 : 1;
}

static void assert_said(int (*body)(const void *), const void *argument,
			const char *expected)
{
	struct process child = process_start(body, argument);
	struct result result = process_end(&child);

	assert_string_equal(result.err, expected);
	assert_int_equal(result.status, 0);
	assert_int_equal(result.out_len, 0);
}

static void test_trace_is_silent_before_its_start(void **state)
{
	(void)state;
	assert_said(say_nothing_before_the_start, NULL, "");
}

static void test_trace_has_call_result_and_page(void **state)
{
	(void)state;
	assert_said(say_results, NULL,
		    "server: socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3    "
		    "man 2 socket\n"
		    "server: close(3) = 0    man 2 close\n"
		    "server: recv() = 2147483647    man 2 recv\n"
		    "server: exit(0) = ?    man 3 exit\n"
		    "server: exit(124) = ?    man 3 exit\n");
}

static void test_trace_names_the_errno(void **state)
{
	static const struct {
		int reason;
		const char *name;
	} cases[] = {
		{ EPERM, "EPERM" },
		{ EINTR, "EINTR" },
		/* The last of Linux. */
		{ EHWPOISON, "EHWPOISON" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[128];

		snprintf(line, sizeof(line),
			 "server: close(3) = -1 %s (%s)    man 2 close\n",
			 cases[i].name, strerror(cases[i].reason));
		assert_said(say_failure, &cases[i].reason, line);
	}
}

static void test_trace_has_the_number_of_an_errno_without_a_name(void **state)
{
	/* One that Linux has left out, and what is none. */
	static const int reasons[] = { 41, HIGHEST + 1, 99999 };

	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		char line[128];

		snprintf(line, sizeof(line),
			 "server: close(3) = -1 errno %d    man 2 close\n",
			 reasons[i]);
		assert_said(say_failure, &reasons[i], line);
	}
}

static void test_trace_leaves_errno_alone(void **state)
{
	(void)state;
	assert_said(keep_errno, NULL, "");
}

static void assert_shown(const struct buffer *buffer)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "server: recv(4, %s, 128, MSG_PEEK) = %ld    man 2 recv\n",
		 buffer->shown, buffer->used);
	assert_said(say_buffer, buffer, line);
}

static void test_trace_buffer_quotes_as_strace_does(void **state)
{
	static const struct buffer buffers[] = {
		{ "", 0, "\"\"" },
		{ "hi\n", 3, "\"hi\\n\"" },
		{ "\t\n\v\f\r", 5, "\"\\t\\n\\v\\f\\r\"" },
		{ "\"\\'?", 4, "\"\\\"\\\\'?\"" },
		{ " ~", 2, "\" ~\"" },
		{ "\a\b\033\177", 4, "\"\\7\\10\\33\\177\"" },
		{ "\x80\xff", 2, "\"\\200\\377\"" },
		{ "\0", 1, "\"\\0\"" },
		{ "\0\0", 2, "\"\\0\\0\"" },
		{ "%s%n", 4, "\"%s%n\"" },
		/* A digit after an octal number would be one more of it. */
		{ "\0"
		  "0\1"
		  "7\33"
		  "5",
		  6, "\"\\0000\\0017\\0335\"" },
		{ "\0"
		  "8\0"
		  "9\0/\0:",
		  8, "\"\\08\\09\\0/\\0:\"" },
		{ "\377"
		  "1",
		  2, "\"\\3771\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
		assert_shown(&buffers[i]);
}

static void test_trace_buffer_shows_32_bytes(void **state)
{
	static const struct buffer buffers[] = {
		{ "0123456789012345678901234567890", 31,
		  "\"0123456789012345678901234567890\"" },
		{ "01234567890123456789012345678901", 32,
		  "\"01234567890123456789012345678901\"" },
		{ "012345678901234567890123456789012", 33,
		  "\"01234567890123456789012345678901\"..." },
		/* What is not shown does not count as a digit after it. */
		{ "0123456789012345678901234567890\0"
		  "5",
		  33, "\"0123456789012345678901234567890\\0\"..." },
	};
	char longest[LONGEST], shown[4 * 32 + 8] = "\"";
	const struct buffer all = { longest, LONGEST, shown };

	(void)state;
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
		assert_shown(&buffers[i]);
	memset(longest, '\xff', sizeof(longest));
	for (int i = 0; i < 32; i++)
		strcat(shown, "\\377");
	strcat(shown, "\"...");
	assert_shown(&all);
}

/* What was to be written is shown; where nothing was received, its place. */
static void test_trace_buffer_shows_failures(void **state)
{
	static const char place[1];
	char lines[512];

	(void)state;
	snprintf(lines, sizeof(lines),
		 "server: recv(4, %p, 128, 0) = -1 ECONNRESET (%s)    man 2 "
		 "recv\n"
		 "server: write(1, \"hi\\n\", 3) = -1 ENOSPC (%s)    man 2 "
		 "write\n"
		 "server: write(1, \"hi\\n\", 3) = 1    man 2 write\n",
		 (const void *)place, strerror(ECONNRESET), strerror(ENOSPC));
	assert_said(say_buffers_of_failures, place, lines);
}

static void assert_address(const struct shown *shown, const char *arguments)
{
	char line[512];

	snprintf(line, sizeof(line), "server: bind(%s) = 0    man 2 bind\n",
		 arguments);
	assert_said(say_address, shown, line);
}

static void test_trace_address_shows_ip4(void **state)
{
	struct shown shown = { .filled = false };

	(void)state;
	assert_null(address_parse("127.0.0.1", 8080, &shown.address));
	assert_address(&shown, "{sa_family=AF_INET, sin_port=htons(8080), "
			       "sin_addr=inet_addr(\"127.0.0.1\")}, 16");
	shown.filled = true;
	assert_address(&shown,
		       "{sa_family=AF_INET, sin_port=htons(8080), "
		       "sin_addr=inet_addr(\"127.0.0.1\")}, [28 => 16]");
}

static void test_trace_address_shows_ip6(void **state)
{
	static const char longest[] = "2001:db8:1111:2222:3333:4444:5555:6666";
	struct shown shown = { .filled = false };

	(void)state;
	assert_null(address_parse(longest, 65535, &shown.address));
	shown.address.ip6.sin6_scope_id = UINT32_MAX;
	assert_address(&shown, "{sa_family=AF_INET6, sin6_port=htons(65535), "
			       "sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "
			       "\"2001:db8:1111:2222:3333:4444:5555:6666\", "
			       "&sin6_addr), sin6_scope_id=4294967295}, 28");
	assert_null(address_parse("::", 0, &shown.address));
	shown.filled = true;
	assert_address(&shown, "{sa_family=AF_INET6, sin6_port=htons(0), "
			       "sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "
			       "\"::\", &sin6_addr), sin6_scope_id=0}, [28]");
}

/* strace names the interface of a link; of another zone it has the number. */
static void test_trace_address_shows_a_zone(void **state)
{
	struct shown shown = { .filled = false };

	(void)state;
	skip_without(if_nametoindex("lo") != 0, "an interface lo");
	assert_null(address_parse("fe80::1%lo", 80, &shown.address));
	assert_address(&shown, "{sa_family=AF_INET6, sin6_port=htons(80), "
			       "sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "
			       "\"fe80::1\", &sin6_addr), "
			       "sin6_scope_id=if_nametoindex(\"lo\")}, 28");
	shown.address.ip6.sin6_scope_id = 77777;
	assert_address(&shown,
		       "{sa_family=AF_INET6, sin6_port=htons(80), "
		       "sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "
		       "\"fe80::1\", &sin6_addr), sin6_scope_id=77777}, "
		       "28");
}

/* Such as that of a local socket; where it is in memory stays the same. */
static void test_trace_address_shows_the_place_of_another_family(void **state)
{
	struct shown shown = { .filled = false };
	char arguments[128];

	(void)state;
	shown.address.any.sa_family = AF_UNIX;
	shown.address.len = 2;
	snprintf(arguments, sizeof(arguments), "%p, 2",
		 (const void *)&shown.address);
	assert_address(&shown, arguments);
	shown.filled = true;
	snprintf(arguments, sizeof(arguments), "%p, [28 => 2]",
		 (const void *)&shown.address);
	assert_address(&shown, arguments);
}

static void test_trace_poll_shows_what_is_asked_and_answered(void **state)
{
	static const struct {
		struct polled polled;
		const char *says;
	} cases[] = {
		{ { { { 3, POLLIN, POLLIN }, { 1, 0, 0 } }, 2, 1 },
		  "[{fd=3, events=POLLIN}, {fd=1, events=0}], 2, -1) = 1 "
		  "([{fd=3, revents=POLLIN}])" },
		{ { { { 4, POLLIN, 0 }, { 1, 0, POLLERR } }, 2, 1 },
		  "[{fd=4, events=POLLIN}, {fd=1, events=0}], 2, -1) = 1 "
		  "([{fd=1, revents=POLLERR}])" },
		{ { { { 4, POLLIN, POLLIN | POLLERR | POLLHUP },
		      { 1, 0, POLLHUP } },
		    2,
		    2 },
		  "[{fd=4, events=POLLIN}, {fd=1, events=0}], 2, -1) = 2 "
		  "([{fd=4, revents=POLLIN|POLLERR|POLLHUP}, {fd=1, "
		  "revents=POLLHUP}])" },
		{ { { { 1, POLLOUT, POLLOUT | POLLNVAL } }, 1, 1 },
		  "[{fd=1, events=POLLOUT}], 1, -1) = 1 ([{fd=1, "
		  "revents=POLLOUT|POLLNVAL}])" },
		{ { { { 1, POLLOUT, 0 } }, 1, -1 },
		  "[{fd=1, events=POLLOUT}], 1, -1) = -1 EINVAL (Invalid "
		  "argument)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[256];

		snprintf(line, sizeof(line), "server: poll(%s    man 2 poll\n",
			 cases[i].says);
		assert_said(say_poll, &cases[i].polled, line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trace_is_silent_before_its_start),
		cmocka_unit_test(test_trace_has_call_result_and_page),
		cmocka_unit_test(test_trace_names_the_errno),
		cmocka_unit_test(
			test_trace_has_the_number_of_an_errno_without_a_name),
		cmocka_unit_test(test_trace_leaves_errno_alone),
		cmocka_unit_test(test_trace_buffer_quotes_as_strace_does),
		cmocka_unit_test(test_trace_buffer_shows_32_bytes),
		cmocka_unit_test(test_trace_buffer_shows_failures),
		cmocka_unit_test(
			test_trace_poll_shows_what_is_asked_and_answered),
		cmocka_unit_test(test_trace_address_shows_ip4),
		cmocka_unit_test(test_trace_address_shows_ip6),
		cmocka_unit_test(test_trace_address_shows_a_zone),
		cmocka_unit_test(
			test_trace_address_shows_the_place_of_another_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
