#include "report.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deadline.h"

enum {
	ATTEMPTS = 3,
	LINE_BYTES = 512,
	RATE_BYTES = 128,
};

/* The clock of -v and its live line. There is one standard error. */
static struct {
	uint64_t started_us;
	uint64_t next_us;
	bool live;
	bool drawn;
} progress;

/*
 * Writes text in one write(2), so that no other line gets in between. Retries
 * if a signal interrupts it, but not for ever, as the limits of time hold.
 */
static void put(const char *text, size_t len)
{
	for (int i = 0; i < ATTEMPTS; i++)
		if (write(STDERR_FILENO, text, len) != -1 || errno != EINTR)
			return;
}

void report(const char *format, ...)
{
	/* Go to the left edge of a live line, and erase to its end. */
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

void report_error(const char *call, const char *object, const char *hint)
{
	const char *text = strerror(errno);

	if (hint != NULL)
		report("server: %s %s: %s; %s", call, object, text, hint);
	else
		report("server: %s %s: %s; man 2 %s has more", call, object,
		       text, call);
}

void report_start(bool live)
{
	const char *term = getenv("TERM");

	progress.started_us = deadline_now_us();
	progress.next_us = progress.started_us + SECOND_US;
	/* A terminal that is dumb, or of unknown kind, can't erase a line. */
	progress.live = live && isatty(STDERR_FILENO) && term != NULL &&
			term[0] != '\0' && strcmp(term, "dumb") != 0;
}

/* "3 bytes in 0.001000 s, 3.0 kB/s" */
static const char *describe(char text[RATE_BYTES], uint64_t bytes)
{
	static const char *const units[] = { "B/s", "kB/s", "MB/s", "GB/s" };
	const double us = (double)(deadline_now_us() - progress.started_us) + 1;
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

	if (!progress.live || deadline_now_us() < progress.next_us)
		return progress.live;
	progress.next_us = deadline_now_us() + SECOND_US;
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
