#ifndef VALUE_H
#define VALUE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Numbers as people write them: the whole text is one, or it is refused. No
 * sign, no blank, no suffix, nothing that strtoul(3) would forgive.
 */

/*
 * Digits that make a number from least to most, which is no less than a digit
 * can be, 9. Returns whether text is one; *n is of use only then.
 */
bool value_number(const char *text, uint64_t least, uint64_t most, uint64_t *n);

/*
 * Digits with at most a decimal fraction, such as "5", "0.25" or ".5", from a
 * millionth to 999999999 seconds. Returns whether text is that; *us, in
 * microseconds, is of use only then. What is finer than that is cut off.
 */
bool value_seconds(const char *text, uint64_t *us);

#endif
