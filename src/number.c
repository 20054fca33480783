#include "number.h"

#include <stddef.h>

enum {
	MICROSECONDS = 1000000,
	MOST_SECONDS = 999999999,
};

/* Appends digit to *n. False if it is no digit or makes *n more than most. */
static bool append(uint64_t *n, char digit, uint64_t most)
{
	uint64_t value;

	if (digit < '0' || digit > '9')
		return false;
	value = (uint64_t)(digit - '0');
	if (value > most || *n > (most - value) / 10)
		return false;
	*n = *n * 10 + value;
	return true;
}

bool number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *n)
{
	*n = 0;
	for (size_t i = 0; text[i] != '\0'; i++)
		if (!append(n, text[i], most))
			return false;
	return text[0] != '\0' && *n >= least;
}

bool number_parse_seconds(const char *text, uint64_t *us)
{
	uint64_t seconds = 0, digit, unit = MICROSECONDS;
	size_t i = 0;

	for (; text[i] != '\0' && text[i] != '.'; i++)
		if (!append(&seconds, text[i], MOST_SECONDS))
			return false;
	*us = seconds * MICROSECONDS;
	if (text[i] == '.' && text[++i] == '\0')
		return false;
	for (; text[i] != '\0'; i++) {
		digit = 0;
		if (!append(&digit, text[i], 9))
			return false;
		unit /= 10;
		*us += unit * digit;
	}
	return *us > 0;
}
