#include "run.h"

#include <errno.h>
#include <stdarg.h>

#include "net.h"

static void show(const struct run *run, const char *call, long result,
		 const char *format, va_list arguments)
{
	if (run->options->trace)
		report_step(call, result, format, arguments);
}

void run_show(const struct run *run, const char *call, long result,
	      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	show(run, call, result, format, arguments);
	va_end(arguments);
}

bool run_check(struct run *run, const char *call, const char *object,
	       long result)
{
	const int reason = errno;

	if (result != -1)
		return true;
	if (run->status != STATUS_OK)
		return false;
	report_erase(&run->progress);
	errno = reason;
	if (errno == EINTR) {
		run->status = STATUS_DEADLINE;
		report_deadline(call, object, run->options->timeout_us,
				run->output.delivered +
					run->output.pending_len);
	} else {
		run->status = STATUS_FAILED;
		report_error(call, object);
	}
	return false;
}

bool run_step(struct run *run, const char *call, const char *object,
	      long result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	show(run, call, result, format, arguments);
	va_end(arguments);
	return run_check(run, call, object, result);
}

bool run_close(struct run *run, const char *object, int *fd)
{
	const int closing = *fd;

	if (closing == -1)
		return true;
	*fd = -1;
	return run_step(run, "close", object, net_close(closing), "%d",
			closing);
}
