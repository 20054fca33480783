#include "options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "inherit.h"
#include "number.h"
#include "output.h"
#include "usage.h"

enum {
	DEFAULT_PORT = 8080,
	DEFAULT_BYTES = 128,
};

static const char letters[] = ":a:b:ehln:p:r:t:Vvw:xz";

static const struct option names[] = {
	{ "allow", required_argument, NULL, 'a' },
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
	{ "idle", required_argument, NULL, 'w' },
	{ "trace", no_argument, NULL, 'x' },
	{ "skip-empty", no_argument, NULL, 'z' },
	{ 0 },
};

/* Refuses the value of an option, which is set by then, if it is not valid. */
static int check(const char *option, const char *value, bool valid,
		 const char *problem)
{
	return valid ? 0 : usage_refuse(option, value, problem);
}

static int set_allow(struct options *options, const char *value)
{
	const char *problem = network_parse(value, &options->allow);

	options->allows_some = true;
	return problem == NULL ? 0 : usage_refuse("-a", value, problem);
}

static int set_bind(struct options *options, const char *value)
{
	const uint16_t port = address_port(&options->address);
	const char *problem = address_parse(value, port, &options->address);

	if (problem == NULL && address_lacks_zone(&options->address))
		problem = "a link-local address needs its interface, as in "
			  "fe80::1%eth0";
	return problem == NULL ? 0 : usage_refuse("-b", value, problem);
}

static int set_port(struct options *options, const char *value)
{
	uint64_t port = 0;
	bool valid = number_parse(value, 0, UINT16_MAX, &port);

	address_set_port(&options->address, (uint16_t)port);
	return check("-p", value, valid, "not a port from 0 to 65535");
}

static int set_ready(struct options *options, const char *value)
{
	uint64_t fd;

	if (!number_parse(value, STDERR_FILENO + 1, INT_MAX, &fd))
		return usage_refuse("-r", value, "not a descriptor above 2");
	options->ready = (int)fd;
	return check("-r", value, output_accepts((int)fd),
		     "not open for writing; in a shell, 3>FILE opens 3");
}

static int set_seconds(const char *option, const char *value, uint64_t *us)
{
	return check(option, value, number_parse_seconds(value, us),
		     "not seconds from 0.000001 to 999999999.999999");
}

/*
 * Refuses what getopt_long did: argument is its text. For an unknown or
 * ambiguous long option optopt is 0.
 */
static int refuse_option(int answer, const char *argument)
{
	/* One that is not ASCII is but a part of a character. */
	const char letter[] = { '-', (char)(optopt & ~0x7f ? '?' : optopt),
				'\0' };

	if (answer == ':')
		return usage_refuse(letter, NULL, "needs a value");
	if (optopt == 0)
		return usage_refuse(argument, NULL,
				    "unknown or ambiguous option");
	if (optopt != ':' && strchr(letters, optopt) != NULL)
		return usage_refuse(letter, NULL, "takes no value");
	return usage_refuse(letter, NULL, "unknown option");
}

/* Handles one option; argument is what getopt_long looked at last. */
static int set_option(struct options *options, int letter, const char *argument)
{
	const char *value = optarg;

	switch (letter) {
	case 'a':
		return set_allow(options, value);
	case 'b':
		return set_bind(options, value);
	case 'e':
		options->eof = true;
		break;
	case 'h':
		options->print = usage_help;
		break;
	case 'l':
		options->line = true;
		break;
	case 'n':
		options->limited = true;
		return check("-n", value,
			     number_parse(value, 1, INT64_MAX, &options->limit),
			     "not a number of bytes from 1 up, in digits");
	case 'p':
		return set_port(options, value);
	case 'r':
		return set_ready(options, value);
	case 't':
		return set_seconds("-t", value, &options->timeout_us);
	case 'V':
		options->print = usage_version;
		break;
	case 'v':
		options->verbose = true;
		break;
	case 'w':
		return set_seconds("-w", value, &options->idle_us);
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
		return usage_refuse(argv[optind], NULL,
				    "unexpected argument; -b takes the "
				    "address, -p the port");
	if (options->line && options->eof)
		return usage_refuse("-l", "-e",
				    "only one of them can end the message");
	if (options->line || options->eof)
		options->limit = options->limited ? options->limit : UINT64_MAX;
	else if (!options->limited)
		options->limit = DEFAULT_BYTES;
	else if (options->limit > MOST_OF_ONE_RECV)
		return usage_refuse("-n", NULL,
				    "one recv takes at most 131072 bytes; add "
				    "-e to take more");
	return inherit_listener(options);
}
