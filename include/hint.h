#ifndef HINT_H
#define HINT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Hints for common failures.
 */

/*
 * Returns what to do if call failed with errno reason, or NULL if no hint fits.
 * port is the port that was asked for, in host byte order; begun is whether
 * bytes of the message have come.
 */
const char *hint(const char *call, int reason, uint16_t port, bool begun);

#endif
