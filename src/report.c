#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 256
};

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	if ((size_t)length >= sizeof(line)) {
		length = sizeof(line) - 1;
		line[length - 1] = '\n';
	}
	if (write(STDERR_FILENO, line, (size_t)length) == -1)
		return;
}

void report_error(const char *call, const char *object)
{
	say("server: %s %s: %s\n", call, object, strerror(errno));
}

void report_nothing_sent(void)
{
	say("server: recv connection: closed by its sender, nothing sent\n");
}

void report_rest_left(size_t taken)
{
	say("server: recv connection: more than %zu bytes, the rest was left\n",
	    taken);
}
