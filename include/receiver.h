#ifndef RECEIVER_H
#define RECEIVER_H

#include "options.h"
#include "status.h"

/*
 * The whole run: opens a listener, or takes the one it was passed; accepts one
 * sender; receives one message and writes it to standard output. Closes every
 * descriptor that it opened, the listener and the ready descriptor that it was
 * passed, and, once its message is taken, standard output if it is a regular
 * file. Reports a failure in one line on standard error. Returns the exit
 * status.
 */
enum status receiver_run(const struct options *options);

#endif
