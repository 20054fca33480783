#include "options.h"

#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net.h"
#include "report.h"
#include "value.h"

#define USAGE                                                                  \
	"server [-ehlVvxz] [-b ADDRESS] [-n BYTES] [-p PORT] [-r FD] "         \
	"[-t SECONDS]"

enum {
	DEFAULT_PORT = 8080,
	DEFAULT_BYTES = 128,
	FIRST_INHERITED = 3, /* SD_LISTEN_FDS_START */
};

static const char help[] =
	"usage: " USAGE "\n"
	"Takes one TCP connection and writes the message that it sends to "
	"standard output.\n"
	"\n"
	"  -b, --bind ADDRESS     listen there, IPv4 or IPv6 (0.0.0.0)\n"
	"  -e, --eof              the message ends when its sender closes\n"
	"  -h, --help             print this\n"
	"  -l, --line             the message ends with its first newline\n"
	"  -n, --bytes BYTES      take no more (128; with -e or -l no limit)\n"
	"  -p, --port PORT        listen there; 0 is any free port (8080)\n"
	"  -r, --ready FD         write the port to FD once listening\n"
	"  -t, --timeout SECONDS  end after that time, with status 124\n"
	"  -V, --version          print the version\n"
	"  -v, --verbose          tell who connects, and what came\n"
	"  -x, --trace            show each call, and its man page\n"
	"  -z, --skip-empty       pass over who connects and sends nothing\n"
	"\n"
	"Exit status: 0 delivered, 1 failed, 2 usage, 3 nothing sent, "
	"124 time is up.\n";

static const char version[] = "server " VERSION "\n";

static const char letters[] = ":b:ehln:p:r:t:Vvxz";

static const struct option names[] = {
	{ "bind", required_argument, NULL, 'b' },
	{ "eof", no_argument, NULL, 'e' },
	{ "help", no_argument, NULL, 'h' },
	{ "line", no_argument, NULL, 'l' },
	{ "bytes", required_argument, NULL, 'n' },
	{ "port", required_argument, NULL, 'p' },
	{ "ready", required_argument, NULL, 'r' },
	{ "timeout", required_argument, NULL, 't' },
	{ "version", no_argument, NULL, 'V' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "trace", no_argument, NULL, 'x' },
	{ "skip-empty", no_argument, NULL, 'z' },
	{ NULL, 0, NULL, 0 },
};

static int refuse(const char *option, const char *value, const char *problem)
{
	report_usage(option, value, problem, USAGE);
	return -1;
}

static bool is_open_for_writing(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags != -1 && (flags & O_ACCMODE) != O_RDONLY;
}

/* One option, with its value if it takes one. */
static int set_option(struct options *options, int letter, const char *value)
{
	uint64_t n;

	switch (letter) {
	case 'b':
		if (!net_is_address(value))
			return refuse(
				"-b", value,
				"not an IP address such as 127.0.0.1 or ::1");
		options->address = value;
		break;
	case 'e':
		options->eof = true;
		break;
	case 'h':
		options->print = help;
		break;
	case 'l':
		options->line = true;
		break;
	case 'n':
		if (!value_number(value, 1, INT64_MAX, &options->limit))
			return refuse("-n", value,
				      "not from 1 to 9223372036854775807");
		break;
	case 'p':
		if (!value_number(value, 0, UINT16_MAX, &n))
			return refuse("-p", value, "not from 0 to 65535");
		options->port = (uint16_t)n;
		break;
	case 'r':
		if (!value_number(value, STDERR_FILENO + 1, INT_MAX, &n))
			return refuse("-r", value, "not from 3 to 2147483647");
		if (!is_open_for_writing((int)n))
			return refuse("-r", value,
				      "not open for writing, as 3>FILE is");
		options->ready = (int)n;
		break;
	case 't':
		if (!value_seconds(value, &options->timeout_us))
			return refuse("-t", value,
				      "not seconds from 0.000001 to 999999999");
		break;
	case 'V':
		options->print = version;
		break;
	case 'v':
		options->verbose = true;
		break;
	case 'x':
		options->trace = true;
		break;
	default:
		options->skip_empty = true;
		break;
	}
	return 0;
}

/*
 * What getopt_long did not take. A long name that it does not know, or that is
 * the begin of several, leaves optopt 0, and argument is that name.
 */
static int refuse_option(int answer, const char *argument)
{
	const char letter[] = { '-', (char)optopt, '\0' };

	if (answer == ':')
		return refuse(letter, "", "needs a value");
	if (optopt == 0)
		return refuse(argument, "",
			      "no such option, or short for several");
	if (optopt != ':' && strchr(letters, optopt) != NULL)
		return refuse(letter, "", "takes no value");
	return refuse(letter, "", "no such option");
}

/* Whether a supervisor passed one listener to this very process. */
static int find_inherited(struct options *options)
{
	const char *pid = getenv("LISTEN_PID");
	const char *fds = getenv("LISTEN_FDS");
	uint64_t n;

	if (pid == NULL || !value_number(pid, 1, INT_MAX, &n) ||
	    n != (uint64_t)getpid() || fds == NULL)
		return 0;
	if (!value_number(fds, 1, 9, &n) || n != 1)
		return refuse("LISTEN_FDS", fds,
			      "only one listener can be inherited");
	options->inherited = FIRST_INHERITED;
	if (options->ready == options->inherited)
		return refuse("-r", "3",
			      "that is the inherited listener, take another");
	return 0;
}

int options_parse(struct options *options, int argc, char *argv[])
{
	int letter;

	*options = (struct options){ .address = "0.0.0.0",
				     .port = DEFAULT_PORT,
				     .ready = -1,
				     .inherited = -1 };
	while (options->print == NULL &&
	       (letter = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		if (letter == ':' || letter == '?')
			return refuse_option(letter, argv[optind - 1]);
		if (set_option(options, letter, optarg) == -1)
			return -1;
	}
	if (options->print != NULL)
		return 0;
	if (optind < argc)
		return refuse(argv[optind], "",
			      "not an option; the port goes with -p");
	if (options->line && options->eof)
		return refuse("-l", "-e",
			      "only one of them can end the message");
	if (options->limit == 0)
		options->limit = options->line || options->eof ? UINT64_MAX
							       : DEFAULT_BYTES;
	return find_inherited(options);
}
