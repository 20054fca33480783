#include "number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	MICROSECONDS = 1000000,
	MOST_SECONDS = 999999999,
};

static const char digits[] = "0123456789";

bool number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *n)
{
	const size_t len = strspn(text, digits);

	errno = 0;
	*n = strtoull(text, NULL, 10);
	return len > 0 && text[len] == '\0' && errno == 0 && *n >= least &&
	       *n <= most;
}

bool number_parse_seconds(const char *text, uint64_t *us)
{
	const char *fraction = text + strspn(text, digits);
	uint64_t seconds, unit = MICROSECONDS;
	size_t len;

	if (fraction[0] == '.') {
		fraction++;
		if (fraction[0] == '\0')
			return false;
	}
	len = strspn(fraction, digits);
	/* It returns UINT64_MAX if that is too large, and 0 for no digits. */
	seconds = strtoull(text, NULL, 10);
	if (fraction[len] != '\0' || seconds > MOST_SECONDS)
		return false;
	*us = seconds * MICROSECONDS;
	for (size_t i = 0; i < len; i++) {
		unit /= 10;
		*us += unit * (uint64_t)(fraction[i] - '0');
	}
	return *us > 0;
}
