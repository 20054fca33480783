#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The command line, and what the environment says of an inherited listener.
 */

struct options {
	const char *address; /* numeric, IPv4 or IPv6 */
	uint16_t port;
	bool line;	/* the message ends with its first newline */
	bool eof;	/* the message ends when its sender closes */
	uint64_t limit; /* the most bytes to take; UINT64_MAX is no limit */
	uint64_t timeout_us; /* 0 for no deadline */
	int ready;	     /* the descriptor to write the port to, or -1 */
	int inherited;	     /* the listener that a supervisor passed, or -1 */
	bool skip_empty;
	bool verbose;
	bool trace;
	const char *print; /* help or version: print it and end; or NULL */
};

/*
 * getopt(3), sd_listen_fds(3). Fills options, whose pointers point into argv
 * or to constants. Returns 0, or -1 where the command line or the environment
 * is not exactly right: the reason and the usage are then on standard error.
 */
int options_parse(struct options *options, int argc, char *argv[]);

#endif
