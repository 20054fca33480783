#include <string.h>
#include <unistd.h>

#include "options.h"
#include "output.h"
#include "receiver.h"
#include "report.h"

static enum status print(const char *text)
{
	struct output output;

	output_prepare(&output, STDOUT_FILENO);
	if (output_deliver(&output, text, strlen(text)) == 0)
		return STATUS_OK;
	report_error("write", "standard output");
	return STATUS_FAILED;
}

int main(int argc, char *argv[])
{
	struct options options;

	if (options_parse(&options, argc, argv) == -1)
		return STATUS_USAGE;
	if (options.print != NULL)
		return (int)print(options.print);
	return (int)receiver_run(&options);
}
