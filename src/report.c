#include "report.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_BYTES = 512,
	RATE_BYTES = 128,
	SECOND_US = 1000000,
	NANOSECONDS = 1000,
};

/* The clock of -v and its live line: there is one, as one standard error is. */
static struct {
	uint64_t started_us;
	uint64_t next_us;
	bool live;
	bool drawn;
} progress;

/* What to do about the failures that people meet. */
static const struct {
	const char *call;
	int reason;
	const char *hint;
} hints[] = {
	{ "socket", EAFNOSUPPORT, "-b takes an address of the other family" },
	{ "bind", EACCES, "ports below 1024 are for root, -p takes another" },
	{ "bind", EADDRINUSE, "ss -ltnp shows who holds it, -p takes another" },
	{ "bind", EADDRNOTAVAIL, "ip addr shows which ones -b can take" },
	{ "listen", EADDRINUSE,
	  "ss -ltnp shows who holds it, -p takes another" },
	{ "recv", ECONNRESET, "its sender gave up, have it sent again" },
	{ "write", EBADF, "it is closed or only for reading, >FILE opens it" },
	{ "write", ENOSPC, "make room, and run it again" },
	{ "write", EPIPE, "its reader has ended, run both again" },
	/* Standard output may be a socket, which its reader has reset. */
	{ "write", ECONNRESET, "its reader has ended, run both again" },
};

/* One write(2): if it fails, the exit status still says what happened. */
static void put(const char *text, size_t len)
{
	if (write(STDERR_FILENO, text, len) == -1)
		return;
}

void report(const char *format, ...)
{
	/* A live line is erased first: to the left edge, and to its end. */
	char line[LINE_BYTES] = "\r\033[K";
	char *text = progress.drawn ? line + strlen(line) : line, *end;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(line) - 5, format, arguments);
	va_end(arguments);
	end = line + strlen(line);
	for (char *next = text; next < end; next++)
		if (iscntrl((unsigned char)*next))
			*next = '?';
	*end = '\n';
	progress.drawn = false;
	put(line, (size_t)(end + 1 - line));
}

void report_error(const char *call, const char *object)
{
	const int reason = errno;
	const char *text = strerror(reason);

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (hints[i].reason != reason ||
		    strcmp(hints[i].call, call) != 0)
			continue;
		report("server: %s %s: %s; %s", call, object, text,
		       hints[i].hint);
		return;
	}
	report("server: %s %s: %s; man 2 %s has more", call, object, text,
	       call);
}

void report_deadline(const char *call, const char *object, uint64_t timeout_us,
		     uint64_t delivered)
{
	const char *missing = "nothing came", *hint = "";

	if (strcmp(call, "accept") == 0) {
		missing = "no sender came";
	} else if (strcmp(call, "write") == 0) {
		missing = "it took no more";
	} else if (delivered > 0) {
		missing = "the message did not end";
		hint = ", if its sender ends it, as nc -N does";
	}
	report("server: %s %s: %s within %.15g s, %ju bytes delivered; "
	       "-t gives more time%s",
	       call, object, missing, (double)timeout_us / (double)SECOND_US,
	       (uintmax_t)delivered, hint);
}

static uint64_t now_us(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_US +
	       (uint64_t)now.tv_nsec / NANOSECONDS;
}

bool report_start(bool live)
{
	progress.started_us = now_us();
	progress.next_us = progress.started_us + SECOND_US;
	progress.live = live && isatty(STDERR_FILENO);
	return progress.live;
}

/* "3 bytes in 0.001000 s, 3.0 kB/s" */
static const char *describe(char text[RATE_BYTES], uint64_t bytes)
{
	static const char *const units[] = { "B/s", "kB/s", "MB/s", "GB/s" };
	const double us = (double)(now_us() - progress.started_us) + 1;
	const double seconds = us / (double)SECOND_US;
	double rate = (double)bytes / seconds;
	size_t unit = 0;

	for (; rate >= 1000 && unit < 3; unit++)
		rate /= 1000;
	snprintf(text, RATE_BYTES, "%ju bytes in %.6f s, %.1f %s",
		 (uintmax_t)bytes, seconds, rate, units[unit]);
	return text;
}

bool report_progress(uint64_t bytes)
{
	char text[RATE_BYTES], line[LINE_BYTES];

	if (!progress.live || now_us() < progress.next_us)
		return progress.live;
	progress.next_us = now_us() + SECOND_US;
	progress.drawn = true;
	snprintf(line, sizeof(line), "\r\033[Kserver: %s",
		 describe(text, bytes));
	put(line, strlen(line));
	return true;
}

void report_summary(uint64_t bytes, const char *ending)
{
	char text[RATE_BYTES];

	report("server: %s, ended by %s", describe(text, bytes), ending);
}
