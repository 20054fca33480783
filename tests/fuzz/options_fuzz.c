/*
 * Command lines: what is accepted is in range and means the same when it is
 * written back; what is refused says why, in one line, and the usage.
 *
 * An input is the arguments, each ended by a NUL. LISTEN_FDS= goes before
 * them, as in a shell, and makes this process the one that it is for.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "options.h"

enum {
	MOST_ARGUMENTS = 16,
	LINE_BYTES = 384,
	MOST_LINES = 4,
	FIRST_INHERITED = 3,
};

static const char assignment[] = "LISTEN_FDS=";
static const char usage[] =
	"server: usage: server [-ehlVvxz] [-a ADDRESS[/BITS]] [-b ADDRESS] "
	"[-n BYTES] [-p PORT] [-r FD] [-t SECONDS] [-w SECONDS]; -h explains "
	"it\n";

struct arguments {
	int argc;
	char *argv[MOST_ARGUMENTS + 1];
};

/* What was written to standard error, a string per write. */
static char lines[MOST_LINES][LINE_BYTES + 1];
static size_t line_count;
static bool catches;

/* The reserved names are what the linker's --wrap asks for. */
ssize_t __real_write(int fd, const void *buf, size_t len);
ssize_t __wrap_write(int fd, const void *buf, size_t len);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	if (!catches)
		return __real_write(fd, buf, len);
	catches = false;
	assert(fd == STDERR_FILENO);
	assert(len <= LINE_BYTES);
	assert(line_count < MOST_LINES);
	memcpy(lines[line_count], buf, len);
	lines[line_count++][len] = '\0';
	catches = true;
	return (ssize_t)len;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char pid[32];
	const struct sockaddr_in loopback = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)argc;
	(void)argv;
	assert(bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)) ==
	       0);
	assert(listen(fd, 1) == 0);
	assert(dup2(fd, FIRST_INHERITED) != -1);
	/* For -r: one that can be written to, and one that can not. */
	fd = open("/dev/null", O_WRONLY);
	assert(dup2(fd, 20) == 20);
	fd = open("/dev/null", O_RDONLY);
	assert(dup2(fd, 21) == 21);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("LISTEN_PID", pid, 1);
	return 0;
}

/* A copy of its own for each, so that a byte read past its end is noticed. */
static void take_arguments(struct arguments *to, const uint8_t *data,
			   size_t size)
{
	unsetenv("LISTEN_FDS");
	*to = (struct arguments){ .argc = 1, .argv = { strdup("server") } };
	while (size > 0 && to->argc < MOST_ARGUMENTS) {
		char *argument = strndup((const char *)data, size);
		size_t len = strlen(argument);

		len += len < size;
		data += len;
		size -= len;
		if (to->argc == 1 && strncmp(argument, assignment,
					     sizeof(assignment) - 1) == 0) {
			setenv("LISTEN_FDS", argument + sizeof(assignment) - 1,
			       1);
			free(argument);
			continue;
		}
		to->argv[to->argc++] = argument;
	}
}

static void free_arguments(struct arguments *arguments)
{
	for (int i = 0; i < arguments->argc; i++)
		free(arguments->argv[i]);
}

static int parse(struct options *options, struct arguments *arguments)
{
	int parsed;

	line_count = 0;
	optind = 0; /* has getopt_long start afresh */
	catches = true;
	parsed = options_parse(options, arguments->argc, arguments->argv);
	catches = false;
	assert(arguments->argv[arguments->argc] == NULL);
	return parsed;
}

static bool ends_with(const char *line, const char *end)
{
	const size_t len = strlen(line), end_len = strlen(end);

	return len >= end_len && strcmp(line + len - end_len, end) == 0;
}

static void check_reason(const char *line)
{
	static const char *const reasons[] = {
		": needs a value\n",
		": unknown or ambiguous option\n",
		": takes no value\n",
		": unknown option\n",
		": not an IP address such as 127.0.0.1 or ::1\n",
		": write it without brackets\n",
		": no such interface\n",
		": only a link-local address, fe80::/10, has an interface\n",
		": a link-local address needs its interface, as in "
		"fe80::1%eth0\n",
		": not from /0 to /32\n",
		": not from /0 to /128\n",
		": not a number of bytes from 1 to 9223372036854775807\n",
		"server: -n: one recv takes at most 131072 bytes; add -e to "
		"take more\n",
		": not a port from 0 to 65535\n",
		": not a descriptor above 2\n",
		": not open for writing; in a shell, 3>FILE opens 3\n",
		": not a number of seconds from 0.000001 to 999999999.999999\n",
		": unexpected argument; -b takes the address, -p the port\n",
		"server: -l -e: only one of them can end the message\n",
		": must be 1: only one listener can be inherited\n",
		"server: -r 3: that is the inherited listener, take another\n",
	};
	size_t found = 0;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		found += ends_with(line, reasons[i]);
	/* After that is the network that was probably meant. */
	found += strstr(line, ": bits after the prefix are set, the network "
			      "is ") != NULL;
	assert(found >= 1);
}

static bool is_control(char byte)
{
	return (byte >= 0 && byte < ' ') || byte == 0x7f;
}

static void check_refusal(void)
{
	const char *end = strchr(lines[0], '\n');

	assert(line_count == 2);
	assert(strncmp(lines[0], "server: ", 8) == 0);
	assert(end != NULL && end[1] == '\0');
	for (const char *next = lines[0]; next < end; next++)
		assert(!is_control(*next));
	check_reason(lines[0]);
	assert(strcmp(lines[1], usage) == 0);
}

static void check_ranges(const struct options *options)
{
	const struct address *address = &options->address;
	const int flags = fcntl(options->ready, F_GETFL);

	assert(address->any.sa_family == AF_INET
		       ? address->len == sizeof(address->ip4)
		       : address->any.sa_family == AF_INET6 &&
				 address->len == sizeof(address->ip6));
	assert(!options->line || !options->eof);
	assert(options->limit >= 1);
	assert(options->line || options->eof || options->limit <= 131072);
	assert(options->idle_us <= UINT64_C(999999999999999));
	assert(!address_lacks_zone(address));
	assert(!options->allows_some || options->allow.bits <= 128);
	assert(options->limit <= INT64_MAX ||
	       (options->limit == UINT64_MAX &&
		(options->line || options->eof)));
	assert(options->timeout_us <= UINT64_C(999999999999999));
	assert(options->ready == -1 ||
	       (options->ready > STDERR_FILENO && flags != -1 &&
		(flags & O_ACCMODE) != O_RDONLY));
	assert(options->inherited ==
	       (getenv("LISTEN_FDS") == NULL ? -1 : FIRST_INHERITED));
	assert(options->inherited == -1 ||
	       options->ready != options->inherited);
}

__attribute__((format(printf, 2, 3))) static void add(struct arguments *to,
						      const char *format, ...)
{
	va_list values;

	va_start(values, format);
	assert(to->argc < MOST_ARGUMENTS);
	assert(vasprintf(&to->argv[to->argc++], format, values) != -1);
	va_end(values);
}

/* As somebody would write it who knows one way only. */
static void write_back(const struct options *options, struct arguments *to)
{
	char text[ADDRESS_BYTES];

	*to = (struct arguments){ .argc = 1, .argv = { strdup("server") } };
	add(to, "--bind=%s", address_text(&options->address, text));
	add(to, "-p%u", address_port(&options->address));
	if (options->limit != UINT64_MAX)
		add(to, "-n%" PRIu64, options->limit);
	if (options->timeout_us > 0)
		add(to, "-t%" PRIu64 ".%06" PRIu64,
		    options->timeout_us / 1000000,
		    options->timeout_us % 1000000);
	if (options->idle_us > 0)
		add(to, "--idle=%" PRIu64 ".%06" PRIu64,
		    options->idle_us / 1000000, options->idle_us % 1000000);
	if (options->allows_some)
		add(to, "-a%s/%" PRIu64,
		    address_text(&options->allow.base, text),
		    options->allow.bits);
	if (options->ready != -1)
		add(to, "-r%d", options->ready);
	if (options->line)
		add(to, "-l");
	if (options->eof)
		add(to, "-e");
	if (options->skip_empty)
		add(to, "-z");
	if (options->verbose)
		add(to, "-v");
	if (options->trace)
		add(to, "-x");
}

static void check_written_back(const struct options *options)
{
	struct arguments arguments;
	struct options again;

	write_back(options, &arguments);
	assert(parse(&again, &arguments) == 0);
	assert(line_count == 0);
	assert(again.address.len == options->address.len);
	assert(memcmp(&again.address.any, &options->address.any,
		      options->address.len) == 0);
	assert(again.line == options->line);
	assert(again.eof == options->eof);
	assert(again.limit == options->limit);
	assert(again.timeout_us == options->timeout_us);
	assert(again.idle_us == options->idle_us);
	assert(again.allows_some == options->allows_some);
	assert(again.allow.bits == options->allow.bits);
	assert(again.ready == options->ready);
	assert(again.inherited == options->inherited);
	assert(again.skip_empty == options->skip_empty);
	assert(again.verbose == options->verbose);
	assert(again.trace == options->trace);
	assert(again.print == NULL);
	free_arguments(&arguments);
}

static void check_acceptance(const struct options *options)
{
	if (options->print != NULL) {
		assert(strncmp(options->print, "usage: server ", 14) == 0 ||
		       strstr(options->print, "server " VERSION " (") ==
			       options->print);
		return;
	}
	check_ranges(options);
	check_written_back(options);
}

static void check(const uint8_t *data, size_t size)
{
	struct arguments arguments;
	struct options options;
	int parsed;

	take_arguments(&arguments, data, size);
	parsed = parse(&options, &arguments);
	if (parsed == -1) {
		check_refusal();
	} else {
		assert(parsed == 0);
		assert(line_count == 0);
		check_acceptance(&options);
	}
	free_arguments(&arguments);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const locales[] = { "C", "C.UTF-8" };

	for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]); i++) {
		assert(setlocale(LC_ALL, locales[i]) != NULL);
		check(data, size);
	}
	return 0;
}
