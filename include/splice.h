#ifndef SPLICE_H
#define SPLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "output.h"

/*
 * Moves a stream within the kernel, splice(2), from a socket to output. splice
 * needs a pipe at one end: if output is not a pipe, our own pipe goes between.
 */

enum {
	SPLICE_BYTES =
		1 << 20, /* most that Linux allows a pipe without privilege */
};

struct splice {
	bool possible; /* else bytes have to be copied */
	int ends[2];   /* of our own pipe, or -1 */
};

/*
 * pipe(2), and fcntl(2) with F_SETPIPE_SZ: finds out whether splice_move may be
 * tried, and makes the pipe, output's or our own, hold SPLICE_BYTES, so that
 * its two ends wait for each other less. If the kernel refuses that, it stays
 * as it is. Before the call the ends are -1, and splice->possible is false; for
 * a terminal they stay so.
 */
void splice_open(struct splice *splice, const struct output *output);

/*
 * Moves up to len bytes that socket has received; len is at most SPLICE_BYTES.
 * Adds to output->delivered. Returns how many, or -1 with errno as
 * output_write.
 *
 * A splice that fails for another reason than the deadline has taken nothing:
 * what is in our own pipe is copied, and splice->possible is false from then
 * on. Returns 0 if nothing was moved, at end of file too: recv tells which.
 */
ssize_t splice_move(struct splice *splice, int socket, struct output *output,
		    size_t len);

/* Closes our own pipe, if there is one. */
void splice_close(struct splice *splice);

#endif
