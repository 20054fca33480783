#ifndef HINT_H
#define HINT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What to do about the failures that people meet.
 */

/*
 * Returns what helps if call failed with the error reason, or NULL: port is the
 * one that was asked for, and begun whether bytes of the message have come.
 */
const char *hint(const char *call, int reason, uint16_t port, bool begun);

#endif
