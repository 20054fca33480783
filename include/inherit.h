#ifndef INHERIT_H
#define INHERIT_H

#include "options.h"

/*
 * sd_listen_fds(3). Stores in options->inherited the listener that a supervisor
 * passed to this process, if there is one. Returns 0, or -1 if it is invalid or
 * does not go with the other options; the reason has then been printed.
 */
int inherit_listener(struct options *options);

#endif
