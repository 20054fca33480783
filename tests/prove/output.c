/*
 * Eva relates no pointer to the length that is left from there. So where the
 * rest of buf is written, its index is checked, which comes to the same: the
 * texts of the arguments are compared to what that takes for granted. That len
 * is above done follows where prove_count is called, from their difference.
 * The rest that is traced is the same; of trace_buffer, which start.c runs with
 * a rest of any length, there is here what it does last.
 */

#include "__fc_builtin.h"

#include <stdarg.h>

#include "trace.h"

static void prove_trace(const char *call, long result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	trace(call, result, format, arguments);
	va_end(arguments);
}

static void prove_trace_any(const char *call, long result)
{
	char text[TRACE_BYTES];

	Frama_C_make_unknown(text, sizeof(text));
	text[sizeof(text) - 1] = '\0';
	prove_trace(call, result, "%s", text);
}

#undef write
#define write(fd, from, count)                                                 \
	prove_rest(#from, #count, buf, done, len, prove_count(count))
#define trace_buffer(call, result, fd, from, used, count, flags)               \
	(prove_same(#used, "(long)(" #count ")"),                              \
	 prove_rest(#from, #count, buf, done, len, result),                    \
	 prove_trace_any(call, result))

#include "../../src/output.c"
