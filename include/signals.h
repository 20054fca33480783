#ifndef SIGNALS_H
#define SIGNALS_H

/*
 * What the process does on the signals that it may be sent.
 */

/*
 * signal(7). Ignores SIGPIPE and SIGXFSZ, so that a closed pipe or a limit on
 * the size of a file is an error like any other. As process 1, of a container,
 * to which the kernel sends no signal that has no handler, SIGINT and SIGTERM
 * end it with 128 and the number of the signal; else they do as they did.
 */
void signals_prepare(void);

#endif
