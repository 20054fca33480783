#ifndef STEP_H
#define STEP_H

#include <stdbool.h>

#include "options.h"
#include "output.h"
#include "splice.h"
#include "status.h"

/*
 * The state that the steps of a run share, and how each step ends: traced under
 * -x, and reported if it failed.
 */

enum {
	WHERE_BYTES = ADDRESS_BYTES + 16, /* an address, and its port */
};

struct run {
	const struct options *options;
	struct output output;
	struct splice splice;
	char where[WHERE_BYTES]; /* see step_name; empty before it */
	int listener;		 /* -1 while not open; so is connection */
	int connection;
	int ready;	    /* the descriptor of -r; -1 if none, or closed */
	bool polls;	    /* before it accepts or receives */
	enum status status; /* of the run so far */
};

/*
 * Stores in run->where what the lines on standard error call the listener: its
 * address and port, or the descriptor that was passed.
 */
void step_name(struct run *run, const struct address *listener);

/*
 * If result is -1, and no step has failed before, prints the error line, with
 * object and the reason, errno, and sets run->status. object may be run->where:
 * if it is empty, step_name is called first. Returns whether result is not -1.
 */
bool step_check(struct run *run, const char *call, const char *object,
		long result);

/* trace with the arguments of the call, as in printf(3), then step_check. */
__attribute__((format(printf, 5, 6))) bool step(struct run *run,
						const char *call,
						const char *object, long result,
						const char *format, ...);

/*
 * poll(2). Waits until fd, an open connection or listener, can be read, or
 * until the reader of standard output is gone; a file has none. Redraws the
 * live progress line meanwhile. call and object say what is waited for. Returns
 * true if fd can be read; otherwise run->status says why.
 */
bool step_wait(struct run *run, const char *call, const char *object, int fd);

/* The step that closes *fd, if it is open, and sets it to -1. */
bool step_close(struct run *run, const char *object, int *fd);

#endif
