#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "hint.h"
#include "options.h"
#include "output.h"
#include "receiver.h"
#include "report.h"
#include "signals.h"

static enum status print(const char *text)
{
	const size_t len = strlen(text);
	const char *call = "write";

	if (output_write(STDOUT_FILENO, text, len) == len) {
		call = "close";
		if (close(STDOUT_FILENO) == 0)
			return STATUS_OK;
	}
	report_error(call, "standard output", hint(call, errno, 0, false));
	return STATUS_FAILED;
}

int main(int argc, char *argv[])
{
	struct options options;

	signals_prepare();
	if (options_parse(&options, argc, argv) == -1)
		return STATUS_USAGE;
	if (options.print != NULL)
		return (int)print(options.print);
	return (int)receiver_run(&options);
}
