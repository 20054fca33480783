#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>

#include "step.h"

/*
 * The first half of the run: until clients can connect.
 */

/*
 * socket, setsockopt, bind and listen, unless run->listener is open already, as
 * a supervisor passed it. The caller closes run->listener, after a failure too.
 * Returns true on success; otherwise run->status says why.
 */
bool listener_open(struct run *run);

/*
 * Announces the address on standard error (-v, or -p 0 without -r) and the port
 * on the ready descriptor (-r), which it closes. Returns like listener_open.
 */
bool listener_announce(struct run *run);

#endif
