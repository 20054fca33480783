#include "options.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "net.h"
#include "number.h"
#include "output.h"
#include "report.h"

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
	"standard output.\n\n"
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
	"  -z, --skip-empty       pass over who connects and sends nothing\n\n"
	"Exit status: 0 delivered, 1 failed, 2 usage, 3 nothing sent, "
	"124 time is up.\n";

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
	{ 0 },
};

/* Says what is wrong with the value, "" for none, of an option. */
static int refuse(const char *option, const char *value, const char *problem)
{
	report("server: %.64s%s%.64s: %s", option, value[0] == '\0' ? "" : " ",
	       value, problem);
	report("server: usage: %s; -h explains it", USAGE);
	return -1;
}

/*
 * Refuses what getopt_long did: argument is its text. For an unknown or
 * ambiguous long option optopt is 0.
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

/* Handles one option; argument is what getopt_long looked at last. */
static int set_option(struct options *options, int letter, const char *argument)
{
	const char *value = optarg;
	uint64_t n = address_port(&options->address);

	switch (letter) {
	case 'b':
		if (!address_parse(value, (uint16_t)n, &options->address))
			return refuse(
				"-b", value,
				"not an IP address such as 127.0.0.1 or ::1");
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
		if (!number_parse(value, 1, INT64_MAX, &options->limit))
			return refuse("-n", value,
				      "not from 1 to 9223372036854775807");
		break;
	case 'p':
		if (!number_parse(value, 0, UINT16_MAX, &n))
			return refuse("-p", value, "not from 0 to 65535");
		address_set_port(&options->address, (uint16_t)n);
		break;
	case 'r':
		if (!number_parse(value, STDERR_FILENO + 1, INT_MAX, &n))
			return refuse("-r", value, "not from 3 to 2147483647");
		if (!output_accepts((int)n))
			return refuse("-r", value,
				      "not open for writing, as 3>FILE is");
		options->ready = (int)n;
		break;
	case 't':
		if (!number_parse_seconds(value, &options->timeout_us))
			return refuse("-t", value,
				      "not seconds from 0.000001 to 999999999");
		break;
	case 'V':
		options->print = "server " VERSION "\n";
		break;
	case 'v':
		options->verbose = true;
		break;
	case 'x':
		options->trace = true;
		break;
	case 'z':
		options->skip_empty = true;
		break;
	default:
		return refuse_option(letter, argument);
	}
	return 0;
}

/* Takes the listener that a supervisor passed to this process, if any. */
static int find_inherited(struct options *options)
{
	const char *pid = getenv("LISTEN_PID");
	const char *fds = getenv("LISTEN_FDS");
	uint64_t n;

	if (pid == NULL || !number_parse(pid, 1, INT_MAX, &n) ||
	    n != (uint64_t)getpid() || fds == NULL)
		return 0;
	if (!number_parse(fds, 1, 1, &n))
		return refuse("LISTEN_FDS", fds,
			      "only one listener can be inherited");
	if (options->ready == FIRST_INHERITED)
		return refuse("-r", "3",
			      "that is the inherited listener, take another");
	if (net_check_listener(FIRST_INHERITED) == -1)
		return refuse("LISTEN_FDS", "",
			      "descriptor 3 is not a listening stream socket; "
			      "pass the listener, not a connection");
	options->inherited = FIRST_INHERITED;
	return 0;
}

int options_parse(struct options *options, int argc, char *argv[])
{
	int letter;

	*options = (struct options){ .ready = -1, .inherited = -1 };
	address_parse("0.0.0.0", DEFAULT_PORT, &options->address);
	while (options->print == NULL &&
	       (letter = getopt_long(argc, argv, letters, names, NULL)) != -1)
		if (set_option(options, letter, argv[optind - 1]) == -1)
			return -1;
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
