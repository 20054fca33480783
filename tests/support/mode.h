#ifndef MODE_H
#define MODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"

/* What a run is told to do, with which message: the rows that tests walk. */

enum {
	PIECE = 4096, /* of recv and splice: the least that is spliced */
	SHORT = 100,
	TEXT = 3 * PIECE + SHORT,
	BROKEN = 2, /* bytes of a character that the message breaks off in */
	MESSAGE = TEXT + BROKEN,
	SHOWN = TEXT + 4 * BROKEN, /* as a terminal sees it */
	MODES = 25,
};

enum target {
	PIPE,
	PLAIN_FILE,
	END_OF_FILE,
	TERMINAL,
};

struct mode {
	const char *name;
	size_t sent;
	size_t whole;	  /* what standard output gets of it */
	const char *said; /* in a run without fault */
	enum target target;
	bool line;
	bool eof;
	uint64_t limit; /* 0 for none */
	uint64_t timeout_us;
	bool skip_empty;
	bool verbose;
	bool live; /* standard error is a terminal */
	bool ready;
	bool inherited;
	bool stdin_closed;
};

extern const struct mode modes[MODES];

const struct mode *mode_of(const char *name);

/* A port that is free, the same for this process and its children. */
uint16_t mode_port(void);

/* What the program's own options would be, on a free port of 127.0.0.1. */
struct options options_of(const struct mode *mode);

#endif
