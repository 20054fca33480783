#include "mode.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"

const struct mode modes[MODES] = {
	{ "plain", SHORT, SHORT, .limit = 128 },
	{ "plain_into_file", SHORT, SHORT, .target = PLAIN_FILE, .limit = 128 },
	{ "plain_cut", MESSAGE, 128, .limit = 128,
	  .said = "server: warning: the message was cut after 128 bytes; -e "
		  "takes all, -l a line\n" },
	{ "line", MESSAGE, TEXT, .line = true },
	{ "line_into_terminal", MESSAGE, TEXT, .line = true,
	  .target = TERMINAL },
	{ "line_cut", MESSAGE, PIECE + 1, .line = true, .limit = PIECE + 1,
	  .said = "server: warning: the message was cut after 4097 bytes; a "
		  "larger -n takes more\n" },
	{ "eof_into_pipe", MESSAGE, MESSAGE, .eof = true },
	{ "eof_into_file", MESSAGE, MESSAGE, .eof = true,
	  .target = PLAIN_FILE },
	{ "eof_into_end_of_file", MESSAGE, MESSAGE, .eof = true,
	  .target = END_OF_FILE },
	{ "eof_into_terminal", MESSAGE, SHOWN, .eof = true,
	  .target = TERMINAL },
	{ "eof_cut", MESSAGE, 2 * PIECE + 1, .eof = true,
	  .limit = 2 * PIECE + 1,
	  .said = "server: warning: the message was cut after 8193 bytes; a "
		  "larger -n takes more\n" },
	{ "skip_empty", SHORT, SHORT, .limit = 128, .skip_empty = true },
	{ "skip_empty_and_line", MESSAGE, TEXT, .line = true,
	  .skip_empty = true },
	{ "skip_empty_and_eof", MESSAGE, MESSAGE, .eof = true,
	  .skip_empty = true },
	{ "timeout", SHORT, SHORT, .limit = 128, .timeout_us = 1000000000 },
	{ "timeout_and_eof", MESSAGE, MESSAGE, .eof = true,
	  .timeout_us = 1000000000 },
	{ "ready", SHORT, SHORT, .limit = 128, .ready = true },
	{ "ready_and_eof", MESSAGE, MESSAGE, .eof = true, .ready = true },
	{ "verbose", SHORT, SHORT, .limit = 128, .verbose = true },
	{ "verbose_and_eof", MESSAGE, MESSAGE, .eof = true, .verbose = true },
	{ "progress", MESSAGE, MESSAGE, .eof = true, .verbose = true,
	  .live = true },
	{ "inherited", SHORT, SHORT, .limit = 128, .inherited = true },
	{ "inherited_and_ready", MESSAGE, MESSAGE, .eof = true,
	  .inherited = true, .ready = true },
	{ "stdin_closed", SHORT, SHORT, .limit = 128, .stdin_closed = true },
	{ "stdin_closed_and_eof_into_file", MESSAGE, MESSAGE, .eof = true,
	  .target = PLAIN_FILE, .stdin_closed = true },
};

const struct mode *mode_of(const char *name)
{
	for (size_t i = 0; i < MODES; i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	fail_msg("no mode %s", name);
	return NULL;
}

/*
 * Port 0 would be announced, and 8080 may be another program's. The kernel
 * picks ports for others from a higher range. A second test program that looks
 * for a port finds this one taken; a server, which sets SO_REUSEADDR, does not.
 */
uint16_t mode_port(void)
{
	static uint16_t port;
	struct sockaddr_in name = { .sin_family = AF_INET };
	const int on = 1;
	int fd;

	if (port != 0)
		return port;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_not_equal(fd, -1);
	port = (uint16_t)(10000 + getpid() % 20000);
	name.sin_port = htons(++port);
	while (bind(fd, (const struct sockaddr *)&name, sizeof(name)) == -1) {
		assert_int_equal(errno, EADDRINUSE);
		name.sin_port = htons(++port);
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return port;
}

struct options options_of(const struct mode *mode)
{
	struct options options = {
		.line = mode->line,
		.eof = mode->eof,
		.limit = mode->limit == 0 ? UINT64_MAX : mode->limit,
		.timeout_us = mode->timeout_us,
		.ready = -1,
		.inherited = -1,
		.skip_empty = mode->skip_empty,
		.verbose = mode->verbose,
	};

	assert_null(address_parse("127.0.0.1", mode_port(), &options.address));
	return options;
}
