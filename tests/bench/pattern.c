#include "pattern.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

enum {
	PERIOD = 262147, /* a prime, so that no buffer is a multiple of it */
	BLOCK_BYTES = 262144,
	COUNT_BYTES = 131072,
	DRAIN_BYTES = 1048576,
};

/* Longer than it repeats, so that a block from anywhere is in one piece. */
static char pattern[PERIOD + BLOCK_BYTES];

void pattern_prepare(void)
{
	uint32_t word = 1;

	for (size_t i = 0; i < PERIOD; i++) {
		word = word * 1664525 + 1013904223;
		pattern[i] = (char)(word >> 24);
	}
	memcpy(pattern + PERIOD, pattern, BLOCK_BYTES);
}

static size_t at_most(uint64_t left, size_t most)
{
	return left < most ? (size_t)left : most;
}

bool pattern_write(int fd, uint64_t length)
{
	uint64_t total = 0;

	while (total < length) {
		ssize_t n = write(fd, pattern + total % PERIOD,
				  at_most(length - total, BLOCK_BYTES));

		if (n == -1)
			return false;
		total += (uint64_t)n;
	}
	return true;
}

uint64_t pattern_compare(int fd, uint64_t length)
{
	static char block[BLOCK_BYTES];
	uint64_t total = 0;

	while (total < length) {
		ssize_t n =
			read(fd, block, at_most(length - total, BLOCK_BYTES));

		if (n < 1)
			break;
		if (memcmp(block, pattern + total % PERIOD, (size_t)n) != 0)
			break;
		total += (uint64_t)n;
	}
	return total;
}

uint64_t pattern_count(int fd, uint64_t length)
{
	static char block[COUNT_BYTES];
	uint64_t total = 0;
	ssize_t n = 1;

	while (total < length && n > 0) {
		n = read(fd, block, at_most(length - total, COUNT_BYTES));
		total += n > 0 ? (uint64_t)n : 0;
	}
	return total;
}

uint64_t pattern_drain(int fd, uint64_t length)
{
	const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	uint64_t total = 0;

	if (null == -1)
		die("/dev/null");
	while (total < length) {
		ssize_t n = splice(fd, NULL, null, NULL,
				   at_most(length - total, DRAIN_BYTES), 0);

		if (n < 1)
			break;
		total += (uint64_t)n;
	}
	close(null);
	return total;
}
