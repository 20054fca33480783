#include "step.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "net.h"
#include "report.h"
#include "trace.h"

bool step_check(struct run *run, const char *call, const char *object,
		long result)
{
	if (result != -1)
		return true;
	if (run->status != STATUS_OK)
		return false;
	if (errno == EINTR) {
		run->status = STATUS_DEADLINE;
		report_deadline(call, object, run->options->timeout_us,
				run->output.delivered +
					run->output.terminal.len);
	} else {
		run->status = STATUS_FAILED;
		report_error(call, object);
	}
	return false;
}

bool step(struct run *run, const char *call, const char *object, long result,
	  const char *format, ...)
{
	const int reason = errno;
	char arguments[TRACE_BYTES];
	va_list list;

	va_start(list, format);
	vsnprintf(arguments, sizeof(arguments), format, list);
	va_end(list);
	errno = reason;
	trace(call, result, arguments);
	return step_check(run, call, object, result);
}

bool step_close(struct run *run, const char *object, int *fd)
{
	const int closing = *fd;

	if (closing == -1)
		return true;
	*fd = -1;
	return step(run, "close", object, net_close(closing), "%d", closing);
}
