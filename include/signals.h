#ifndef SIGNALS_H
#define SIGNALS_H

/*
 * The signals that must not end the process, and those that must.
 */

/*
 * signal(7). Ignores SIGPIPE and SIGXFSZ, so that a closed pipe or a limit on
 * the size of a file is reported like any other error. The kernel sends process
 * 1, as in a container, no signal that it does not handle: there SIGINT and
 * SIGTERM end it with status 128 plus their number. Elsewhere they keep their
 * action.
 */
void signals_prepare(void);

#endif
