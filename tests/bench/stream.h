#ifndef STREAM_H
#define STREAM_H

#include "receivers.h"

/*
 * Measures of a long stream.
 */

/* To be called once, before the others. Files are made in folder. */
void stream_prepare(const char *folder);

/*
 * Sends a stream into a pipe where every byte is compared. Notes the most
 * memory that the receiver had, and a failed rate if a byte was not right.
 * Neither does anything for a receiver that takes no stream of this length.
 */
void check_stream(struct receiver *receiver, int length);

/*
 * Sends a stream and notes its rate, from the first byte to the receiver's end.
 * While the clock runs, the bytes of a pipe are counted; those of a file are
 * compared after it. Whether the receiver took them all is seen everywhere. The
 * kinds are all targets at the first length, then all at the next.
 */
void measure_stream(struct receiver *receiver, int kind);

#endif
