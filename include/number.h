#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Strict numbers: the whole text must be one. No sign, blank or suffix, all of
 * which strtoul(3) accepts.
 */

/*
 * Parses decimal digits that make a number from least to most. Returns whether
 * text is that; *n is valid only then.
 */
bool number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *n);

/*
 * Parses seconds, digits with at most a decimal fraction, such as "5", "0.25"
 * or ".5", from a millionth to 999999999.999999, into *us microseconds. Finer
 * digits are ignored. Returns whether text is that; *us is valid only then.
 */
bool number_parse_seconds(const char *text, uint64_t *us);

#endif
