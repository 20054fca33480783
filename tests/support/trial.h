#ifndef TRIAL_H
#define TRIAL_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "mode.h"
#include "support.h"

/*
 * A run in a process of its own, with a fault, short counts or a reset. The
 * sender is played in that process too, before the call that needs it, so that
 * each run is the same to the byte.
 */

enum {
	CALLS = 16,
	PROBES = 2, /* that -z has to pass over */
};

/* The calls that can be made fail. */
extern const char *const calls[CALLS];

/* What a descriptor is to the run. */
enum role {
	NOTHING, /* of ours, such as the end of a pipe between */
	INPUT,	 /* a socket that is about to be moved from there */
	OUTPUT,
	OUTPUT_PIPE,
	ERRORS,
	READY,
	LISTENER,
	CONNECTION,
	ANYTHING,
};

/* What befalls a run; without a call nothing fails. */
struct trial {
	const struct mode *mode;
	const char *call;
	int nth;
	int reason; /* 0 has it return 0 */
	size_t most_recv, most_splice, most_write;
	size_t most_line; /* of standard error */
	/* The first sender sends so much and resets, where that is wanted. */
	enum reset {
		NEVER,
		BEFORE_ACCEPT,
		BEFORE_RECV,
		AFTER_WRITE
	} reset;
	size_t sent;
};

/* What a run in another process has come to, in memory shared with it. */
struct seen {
	int counts[CALLS];
	bool failed;
	enum role role;	  /* of the failed call's descriptor */
	size_t delivered; /* before it failed */
	volatile sig_atomic_t signals;
	int listener;	/* the number of the inherited one */
	uint16_t port;	/* 0 where it did not come to the accept */
	char ready[16]; /* what the descriptor of -r was told */
};

extern struct seen *seen;

/* Set-up and tear-down of the tests that try. */
int prepare_trials(void **state);
int end_trials(void **state);

/*
 * Has the runs that follow write to what the mode says, until close_target.
 * Returns the descriptor, or -1 for the pipe of process_start.
 */
int open_target(const struct mode *mode);
void close_target(void);

/* What recv, splice and write move in pieces. */
struct trial in_pieces(const struct mode *mode);

/* valgrind takes a tenth of a second for each: it sees one of so many. */
bool is_left_out(void);

struct result try(const struct trial *tried);

/*
 * Asserts that the run has ended so, with out_len bytes of the message, and
 * that the port was told. * in err is what a line says to do.
 */
void assert_result(const struct trial *tried, struct result *result, int status,
		   size_t out_len, const char *err);

/* Tries what costs the run nothing. */
void assert_whole(const struct trial *tried);

#endif
