#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "network.h"

/*
 * The command line, and what the environment says about an inherited listener.
 */

enum {
	MOST_OF_ONE_RECV = 131072, /* bytes */
};

struct options {
	struct address address; /* to listen on, with the port */
	bool line;		/* the message ends with its first newline */
	bool eof;		/* the message ends when its sender closes */
	uint64_t limit; /* the most bytes to take; UINT64_MAX is no limit */
	uint64_t timeout_us;  /* 0 for no deadline */
	int ready;	      /* the descriptor to write the port to, or -1 */
	int inherited;	      /* the listener that a supervisor passed, or -1 */
	uint64_t idle_us;     /* 0 for no limit of silence */
	struct network allow; /* of the senders, if allows_some */
	bool allows_some;
	bool limit_given;
	bool skip_empty;
	bool verbose;
	bool trace;
	const char *print; /* help or version: print it and end; or NULL */
};

/*
 * getopt_long(3), sd_listen_fds(3). Fills options; its pointers are static.
 * Returns 0, or -1 if the command line, the environment or the inherited
 * listener is invalid; the reason and the usage have then been printed.
 */
int options_parse(struct options *options, int argc, char *argv[]);

#endif
