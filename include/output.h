#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "terminal.h"

/*
 * Writes the message to its destination: all of it, or an error.
 */

struct output {
	int fd; /* the caller's */
	bool is_terminal;
	bool is_file; /* a regular one, whose close may fail */
	struct terminal terminal;
	uint64_t delivered; /* bytes of the message written to fd */
};

/*
 * Prepares output for writing to fd: finds out whether that is a terminal,
 * tcgetattr(3), or a regular file, fstat(2). A device that may not be asked
 * counts as a terminal. For a terminal, sets the locale.
 */
void output_prepare(struct output *output, int fd);

/*
 * fcntl(2) with F_GETFL. Returns whether fd is open for writing, and true if
 * that can't be asked. If it is not, errno is EBADF.
 */
bool output_accepts(int fd);

/*
 * Whether the call that failed to write to fd may be repeated: it was
 * interrupted, and has more time; or fd is non-blocking, and poll(2) has waited
 * until it takes more. If not, errno says why.
 */
bool output_again(int fd);

/*
 * write(2), as often as it takes to write all len bytes of buf to fd, and once
 * even after the deadline. Returns how many fd took: fewer than len if it
 * failed, with errno: what write(2) lists, EINTR once a limit of time is over,
 * and ENOSPC if write returned 0.
 */
size_t output_write(int fd, const char *buf, size_t len);

/*
 * Writes len bytes of the message, to a terminal as terminal_show makes them,
 * and adds to output->delivered. Returns 0, or -1 with errno as output_write.
 */
int output_deliver(struct output *output, const char *buf, size_t len);

/* The bytes of the message so far: delivered, or kept for a terminal. */
uint64_t output_taken(const struct output *output);

/*
 * Writes the incomplete character that was kept for a terminal, if there is
 * one. Returns as output_deliver.
 */
int output_finish(struct output *output);

#endif
