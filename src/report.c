#include "report.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_BYTES = 256,
	SECOND_US = 1000000,
	NANOSECONDS = 1000,
};

static const char *const errno_names[] = {
#include "errno_names.h"
};

/* What to do about the failures that people meet. */
static const char *const hints[] = {
	[EACCES] = "ports below 1024 are for root, -p takes another",
	[EADDRINUSE] = "ss -ltnp shows who holds it, -p takes another",
	[EADDRNOTAVAIL] = "ip addr shows which ones -b can take",
	[EAFNOSUPPORT] = "-b takes an address of the other family",
	[EBADF] = "it is closed or only for reading, >FILE opens it",
	[ECONNRESET] = "its sender gave up, have it sent again",
	[ENOSPC] = "make room, and run it again",
	[EPIPE] = "its reader has ended, run both again",
};

/* What a list of `size` bytes has for an errno, NULL if that is nothing. */
static const char *entry(const char *const list[], size_t size, int reason)
{
	return (size_t)reason < size / sizeof(list[0]) ? list[reason] : NULL;
}

static double to_seconds(double us)
{
	return us / (double)SECOND_US;
}

/* One line, which a control character in what was typed can't break. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;
	size_t len;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	len = strlen(line);
	for (size_t i = 0; i < len; i++)
		if (iscntrl((unsigned char)line[i]))
			line[i] = '?';
	line[len] = '\n';
	if (write(STDERR_FILENO, line, len + 1) == -1)
		return;
}

void report_error(const char *call, const char *object)
{
	const char *hint = entry(hints, sizeof(hints), errno);
	const char *reason = strerror(errno);

	/* Standard output may be a socket, which its reader has reset. */
	if (errno == ECONNRESET && strcmp(call, "write") == 0)
		hint = hints[EPIPE];
	if (hint == NULL)
		say("server: %s %s: %s; man 2 %s has more", call, object,
		    reason, call);
	else
		say("server: %s %s: %s; %s", call, object, reason, hint);
}

static const char *missing(const char *call, uint64_t delivered)
{
	if (strcmp(call, "accept") == 0)
		return "no sender came";
	if (strcmp(call, "write") == 0)
		return "it took no more";
	return delivered == 0 ? "nothing came" : "the message did not end";
}

void report_deadline(const char *call, const char *object, uint64_t timeout_us,
		     uint64_t delivered)
{
	const bool begun = strcmp(call, "recv") == 0 && delivered > 0;

	say("server: %s %s: %s within %.15g s, %ju bytes delivered; %s", call,
	    object, missing(call, delivered), to_seconds((double)timeout_us),
	    (uintmax_t)delivered,
	    begun ? "-t gives more time, if its sender ends it, as nc -N does"
		  : "-t gives more time");
}

void report_usage(const char *option, const char *value, const char *problem,
		  const char *usage)
{
	say("server: %.64s%s%.64s: %s", option, value[0] == '\0' ? "" : " ",
	    value, problem);
	say("server: usage: %s; -h explains it", usage);
}

void report_no_listener(int fd)
{
	say("server: LISTEN_FDS: descriptor %d is not a listening stream "
	    "socket; pass the listener, not a connection",
	    fd);
}

void report_nothing_sent(void)
{
	say("server: recv connection: closed by its sender, nothing sent; "
	    "-z waits for the next");
}

void report_rest_left(uint64_t taken, const char *hint)
{
	say("server: recv connection: more than %ju bytes, the rest was left; "
	    "%s",
	    (uintmax_t)taken, hint);
}

/* " EIO" or, where no name is known, " errno 5". */
static void format_errno(char *text, size_t size, int reason)
{
	const char *name = entry(errno_names, sizeof(errno_names), reason);

	if (name == NULL)
		snprintf(text, size, " errno %d", reason);
	else
		snprintf(text, size, " %s", name);
}

void report_step(const char *call, long result, const char *format,
		 va_list arguments)
{
	const int reason = errno;
	char text[LINE_BYTES / 2], name[32] = "";

	if (result == -1)
		format_errno(name, sizeof(name), reason);
	vsnprintf(text, sizeof(text), format, arguments);
	/* What has no fixed width is last, and can't push a column away. */
	say("server: man 2 %-11s %6ld = %s(%s)%s", call, result, call, text,
	    name);
	errno = reason;
}

void report_exit(int status)
{
	say("server: man 3 %-21sexit(%d)", "exit", status);
}

void report_listening(const char *address, unsigned int port)
{
	say("Listening on %s %u", address, port);
}

void report_received(const char *address, unsigned int port)
{
	say("Connection received on %s %u", address, port);
}

void report_skipped(void)
{
	say("server: recv connection: ended before its first byte, "
	    "waiting for the next");
}

static uint64_t now_us(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_US +
	       (uint64_t)now.tv_nsec / NANOSECONDS;
}

/* "3 bytes in 0.001000 s, 3.0 kB/s" */
static void format_rate(char *text, size_t size, uint64_t bytes, uint64_t us)
{
	static const char *const units[] = { "B/s", "kB/s", "MB/s", "GB/s" };
	double seconds = to_seconds((double)us + 1);
	double rate = (double)bytes / seconds;
	size_t unit = 0;

	for (; rate >= 1000 && unit < 3; unit++)
		rate /= 1000;
	snprintf(text, size, "%ju bytes in %.6f s, %.1f %s", (uintmax_t)bytes,
		 seconds, rate, units[unit]);
}

void report_start(struct progress *progress, bool live)
{
	progress->started_us = now_us();
	progress->next_us = progress->started_us + SECOND_US;
	progress->live = live && isatty(STDERR_FILENO);
	progress->drawn = false;
}

void report_progress(struct progress *progress, uint64_t bytes)
{
	char rate[LINE_BYTES / 2], line[LINE_BYTES];
	uint64_t now;

	if (!progress->live)
		return;
	now = now_us();
	if (now < progress->next_us)
		return;
	progress->next_us = now + SECOND_US;
	progress->drawn = true;
	format_rate(rate, sizeof(rate), bytes, now - progress->started_us);
	snprintf(line, sizeof(line), "\r\033[Kserver: %s", rate);
	if (write(STDERR_FILENO, line, strlen(line)) == -1)
		return;
}

void report_erase(struct progress *progress)
{
	static const char erase[] = { '\r', '\033', '[', 'K' };

	if (!progress->drawn)
		return;
	progress->drawn = false;
	if (write(STDERR_FILENO, erase, sizeof(erase)) == -1)
		return;
}

void report_summary(struct progress *progress, uint64_t bytes,
		    const char *ending)
{
	char rate[LINE_BYTES / 2];

	report_erase(progress);
	format_rate(rate, sizeof(rate), bytes, now_us() - progress->started_us);
	say("server: %s, ended by %s", rate, ending);
}
