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
	struct terminal terminal;
	uint64_t delivered; /* bytes of the message written to fd */
};

/*
 * Prepares output for writing to fd: checks whether it is a terminal,
 * isatty(3), and if so takes the locale's characters, setlocale(3). Ignores
 * SIGPIPE and SIGXFSZ in the whole process, signal(7), so that a closed pipe or
 * a limit on the size of a file is an error like any other.
 */
void output_prepare(struct output *output, int fd);

/* fcntl(2) with F_GETFL. Returns whether fd is open for writing. */
bool output_accepts(int fd);

/*
 * write(2), as often as it takes to write all len bytes of buf to fd, and once
 * even after the deadline. Returns how many fd took: fewer than len if it
 * failed, with errno: what write(2) lists, EINTR once the deadline has passed,
 * and ENOSPC if write returned 0.
 */
size_t output_write(int fd, const char *buf, size_t len);

/*
 * Writes len bytes of the message, to a terminal as terminal_show makes them,
 * and adds to output->delivered. Returns 0, or -1 with errno as output_write.
 */
int output_deliver(struct output *output, const char *buf, size_t len);

/* The same for a part of a character that was kept for the terminal. */
int output_finish(struct output *output);

#endif
