#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The bytes of a stream. They depend on where in it they are, so that one that
 * is lost, doubled or changed is seen.
 */

/* To be called once, before the others. */
void pattern_prepare(void);

/* Writes the first length bytes of the stream: whether fd took them all. */
bool pattern_write(int fd, uint64_t length);

/*
 * Reads up to length bytes, to the end or to a block that is not right. Returns
 * how many were right before it.
 */
uint64_t pattern_compare(int fd, uint64_t length);

/* The same without a look at the bytes, as cat(1) reads. */
uint64_t pattern_count(int fd, uint64_t length);

/* And of a pipe, with splice(2): the cheapest reader. */
uint64_t pattern_drain(int fd, uint64_t length);

#endif
