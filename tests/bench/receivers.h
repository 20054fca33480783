#ifndef RECEIVERS_H
#define RECEIVERS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Who is measured, how each is started, and what was found.
 */

enum {
	ARGUMENTS = 9,
	LENGTHS = 4,	/* of streams: the first is for their memory, */
	FIRST_RATE = 1, /* the others for their rates too */
	MOST_SAMPLES = 1000,
};

/* Ours; the peers stand between. */
enum {
	FLOOR,
	STATIC,
	SERVER,
	MBUFFER = 10, /* the one with threads */
	LIMIT = 12,
	RECEIVERS,
};

/* What a stream is written to. */
enum target {
	TO_PIPE,
	TO_TMPFS,
	TO_DISK,
	TO_NULL,
	TARGETS,
};

enum measure {
	LISTENS_US, /* from its start */
	EXITS_US,   /* from its start */
	WAITING_KIB,
	FILE_KIB,
	CALLS,
	PEAK_KIB,		   /* of a stream, per length */
	RATE = PEAK_KIB + LENGTHS, /* GB/s, per target and length */
	MEASURES = RATE + TARGETS * LENGTHS,
};

struct samples {
	int count;
	bool failed;
	double values[MOST_SAMPLES];
};

struct receiver {
	const char *name;
	const char *message[ARGUMENTS]; /* started so for one message, */
	const char *stream[ARGUMENTS];	/* and so for a stream, if at all */
	bool peer;
	bool lasts;	     /* takes the streams above the first rate too */
	char path[PATH_MAX]; /* empty where it is not installed */
	struct samples samples[MEASURES];
};

extern struct receiver receivers[RECEIVERS];
extern const uint64_t lengths[LENGTHS];

/* Sets path to the file that name is, or that PATH has: whether there is. */
bool find_program(const char *name, char path[PATH_MAX]);

/* Finds each receiver's file; ours are these. Measures how large it is. */
void receivers_find(const char *server, const char *static_server,
		    const char *floor_program);

bool takes_message(const struct receiver *receiver);
bool takes_stream(const struct receiver *receiver, int length);

/* The rate into a target at a length. */
int rate(int target, int length);

/* Adds a sample; one below 0 is a failure, which no other sample makes up. */
void note(struct receiver *receiver, int measure, double value);

/* The median of the samples: 0 where there is none, below 0 where one failed */
double found(struct receiver *receiver, int measure);

/* The least of them and the most, once there is a median. */
double found_least(const struct receiver *receiver, int measure);
double found_most(const struct receiver *receiver, int measure);

/*
 * The peer with the least of what was measured, or the most, or NULL. The other
 * one, who may be nobody, does not count.
 */
struct receiver *least_peer(int measure, const struct receiver *other);
struct receiver *most_peer(int measure, const struct receiver *other);

/*
 * Calls measure for each kind of what is measured and every receiver that is
 * there, interleaved, so that what else the machine does meets all alike: in
 * another order in each second round, and in that order from the end in the
 * next, as it matters who ran before.
 */
void measure_rounds(int rounds, int kinds,
		    void (*measure)(struct receiver *, int kind));

#endif
