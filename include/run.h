#ifndef RUN_H
#define RUN_H

#include <stdbool.h>

#include "options.h"
#include "output.h"
#include "report.h"
#include "status.h"

/*
 * What the steps of a run share, and how each of them ends: shown to a
 * learner, and reported where it failed.
 */

enum {
	RUN_WHERE_BYTES = 64, /* the longest address and port, with room */
};

struct run {
	const struct options *options;
	struct output output;
	struct progress progress;
	char where[RUN_WHERE_BYTES]; /* the listener, as errors call it */
	int listener;		     /* -1 before and after, as is the next */
	int connection;
	int ready; /* the descriptor of -r, -1 once it has been closed */
	enum status status; /* of what has come to pass */
};

/*
 * Shows the call and its result, with its arguments as in printf(3), where -x
 * is on. Leaves errno as it was.
 */
__attribute__((format(printf, 4, 5))) void run_show(const struct run *run,
						    const char *call,
						    long result,
						    const char *format, ...);

/*
 * Where result is -1, says so with object and errno's reason, in the run's one
 * line, and sets its status. Returns whether it is not -1.
 */
bool run_check(struct run *run, const char *call, const char *object,
	       long result);

/* run_show and run_check. */
__attribute__((format(printf, 5, 6))) bool
run_step(struct run *run, const char *call, const char *object, long result,
	 const char *format, ...);

/* The step that closes *fd, if it is open, and makes it -1. */
bool run_close(struct run *run, const char *object, int *fd);

#endif
