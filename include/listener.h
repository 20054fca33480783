#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>

#include "run.h"

/*
 * The first half of the run, until somebody can connect.
 */

/*
 * socket, setsockopt, bind and listen; or takes the listener that a supervisor
 * passed. Sets run->listener, which the caller closes, also where this fails.
 * Returns whether it did not fail; if it did, run->status says how.
 */
bool listener_open(struct run *run);

/*
 * Tells those who asked, with -v or -r, that somebody can connect now, and
 * where; closes the descriptor of -r. Returns as listener_open.
 */
bool listener_announce(struct run *run);

#endif
