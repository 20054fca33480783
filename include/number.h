#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Strict number parsing: the whole text must be digits. No sign, blank or
 * suffix, all of which strtoull(3) accepts.
 */

/*
 * Parses text as a decimal number from least to most. Returns whether it is
 * one; *n is valid only then. errno may change.
 */
bool number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *n);

/*
 * Parses seconds, digits with at most a decimal fraction, such as "5", "0.25"
 * or ".5", from a millionth to 999999999.999999, into *us microseconds. Finer
 * digits are ignored. Returns like number_parse.
 */
bool number_parse_seconds(const char *text, uint64_t *us);

#endif
