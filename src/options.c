#include "options.h"

#include <getopt.h>
#include <limits.h>
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

/* set_... return NULL, or what is wrong with value. */
static const char *set_bind(struct options *options, const char *value)
{
	const uint16_t port = address_port(&options->address);
	const char *problem = address_parse(value, port, &options->address);

	if (problem == NULL && address_lacks_zone(&options->address))
		return "a link-local address needs its interface, as in "
		       "fe80::1%eth0";
	return problem;
}

static const char *set_port(struct options *options, const char *value)
{
	uint64_t port;

	if (!number_parse(value, 0, UINT16_MAX, &port))
		return "not a port from 0 to 65535";
	address_set_port(&options->address, (uint16_t)port);
	return NULL;
}

static const char *set_ready(struct options *options, const char *value)
{
	uint64_t fd;

	if (!number_parse(value, STDERR_FILENO + 1, INT_MAX, &fd))
		return "not a descriptor above 2";
	if (!output_accepts((int)fd))
		return "not open for writing; in a shell, 3>FILE opens 3";
	options->ready = (int)fd;
	return NULL;
}

static const char *set_seconds(const char *value, uint64_t *us)
{
	return number_parse_seconds(value, us)
		       ? NULL
		       : "not a number of seconds from 0.000001 to "
			 "999999999.999999";
}

/* Returns what is wrong with the option that getopt_long rejected. */
static const char *explain(void)
{
	if (optopt == 0)
		return "unknown or ambiguous option";
	if (optopt != ':' && strchr(letters, optopt) != NULL)
		return "takes no value";
	return "unknown option";
}

/*
 * Handles what getopt_long returned: the letter of an option, or ':' or '?'.
 * Returns NULL, or what is wrong.
 */
static const char *set_option(struct options *options, int letter)
{
	switch (letter) {
	case 'a':
		options->allows_some = true;
		return network_parse(optarg, &options->allow);
	case 'b':
		return set_bind(options, optarg);
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
		options->limit_given = true;
		return number_parse(optarg, 1, INT64_MAX, &options->limit)
			       ? NULL
			       : "not a number of bytes from 1 to "
				 "9223372036854775807";
	case 'p':
		return set_port(options, optarg);
	case 'r':
		return set_ready(options, optarg);
	case 't':
		return set_seconds(optarg, &options->timeout_us);
	case 'V':
		options->print = usage_version;
		break;
	case 'v':
		options->verbose = true;
		break;
	case 'w':
		return set_seconds(optarg, &options->idle_us);
	case 'x':
		options->trace = true;
		break;
	case 'z':
		options->skip_empty = true;
		break;
	case ':':
		return "needs a value";
	default:
		return explain();
	}
	return NULL;
}

/*
 * Refuses the option that getopt_long took from argument. If it rejected that,
 * optarg is NULL and optopt has the letter, or 0 for an unknown or ambiguous
 * long name.
 */
static int refuse(int letter, const char *argument, const char *problem)
{
	const int option = letter == ':' || letter == '?' ? optopt : letter;
	/* A byte that is not ASCII is only part of a character. */
	const char name[] = { '-', (char)(option & ~0x7f ? '?' : option),
			      '\0' };

	return usage_refuse(option == 0 ? argument : name, optarg, problem);
}

/* Checks options against each other, and sets the limit of the message. */
static int check_together(struct options *options)
{
	const bool whole = options->line || options->eof;

	if (options->line && options->eof)
		return usage_refuse("-l", "-e",
				    "only one of them can end the message");
	if (!options->limit_given)
		options->limit = whole ? UINT64_MAX : DEFAULT_BYTES;
	else if (!whole && options->limit > MOST_OF_ONE_RECV)
		return usage_refuse("-n", NULL,
				    "one recv takes at most 131072 bytes; add "
				    "-e to take more");
	return inherit_listener(options);
}

int options_parse(struct options *options, int argc, char *argv[])
{
	int letter;

	*options = (struct options){ .ready = -1, .inherited = -1 };
	address_parse("0.0.0.0", DEFAULT_PORT, &options->address);
	while ((letter = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		const char *problem = set_option(options, letter);

		if (problem != NULL)
			return refuse(letter, argv[optind - 1], problem);
		if (options->print != NULL)
			return 0;
	}
	if (optind < argc)
		return usage_refuse(argv[optind], NULL,
				    "unexpected argument; -b takes the "
				    "address, -p the port");
	return check_together(options);
}
