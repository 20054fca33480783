#ifndef PLAY_H
#define PLAY_H

#include "support.h"

/*
 * What the tests of the whole program share: its clients, and runs that are
 * compared in whole.
 */

enum {
	STREAM_BYTES = 10000000,
	NAME_BYTES = 80, /* of a test that is named after its scene */
	PIECES = 32,
};

/* Where the clients here connect to. */
extern uint16_t port;

/* No part of it is like another. */
extern char stream[STREAM_BYTES];

/* Fills the stream, and makes own_network: a set-up. */
int fill_stream(void **state);

/*
 * A sender of a process of its own, so that the test can read meanwhile; it
 * may be reset. It does not keep the output of the server that it is given
 * open.
 */
int send_stream(const void *server);

/* How a server ends, and all that it printed. */
void assert_ended(struct process *server, int status, const char *out,
		  const char *err);

/* EADDRNOTAVAIL in the words of the program's C library: musl's, or glibc's. */
const char *no_such_address(const char *err);

/* The server could not have the address, and ended for it. */
void assert_no_such_address(struct process *server, const char *where);

/*
 * A run of the whole program on port 8080: what it is told, what its clients
 * do, and how it ends. err is what is printed, in pieces; in them $1 is the
 * port of the first client, $2 that of the second, $T is a time and a rate,
 * and $P a place in memory.
 */
struct scene {
	const char *name;
	const char *arguments; /* for sh(1), which may redirect too */
	void (*play)(struct process *server);
	int status;
	const char *out;
	const char *err[PIECES];
	bool inherited;	  /* 3 is a listener on 127.0.0.1:8080 */
	const char *with; /* more arguments, after those and before them */
	bool both;	  /* needs a :: that takes IPv4 too */
	bool ip6;	  /* needs IPv6 */
};

/* The machine takes IPv4 on ::, or the test is skipped. */
void needs_both_families(void);

/* Runs it, and compares all of it. */
void assert_scene(const struct scene *scene);

/* Adds a test for each scene, whose name starts like that. */
void name_scenes(struct CMUnitTest tests[MOST_TESTS], char names[][NAME_BYTES],
		 const char *start, const struct scene scenes[], size_t count);

/* A client of the scene's; it is closed when the run has ended. */
int play_connect(void);
int play_connect6(void);

/* Has the last client send no more. */
void play_end(void);

/* What the program says, but for its trace. */
#define RESET                                                                  \
	"server: recv connection: Connection reset by peer; the sender "       \
	"aborted, send again; -z passes over a probe\n"
#define RESET_LATER                                                            \
	"server: recv connection: Connection reset by peer; the sender "       \
	"aborted, send again\n"
#define NOTHING                                                                \
	"server: recv connection: closed by its sender, nothing sent; -z "     \
	"waits for the next\n"
#define UNENDED "server: warning: the sender closed before a newline\n"
#define NO_LISTENER                                                            \
	"server: LISTEN_FDS: descriptor 3 is not a listening stream socket; "  \
	"pass the listener, not a connection\n"
#define REST(bytes, hint)                                                      \
	"server: warning: the message was cut after " bytes " bytes; " hint "\n"
#define FULL                                                                   \
	"server: write standard output: No space left on device; free some "   \
	"space, and run it again\n"
#define LISTENING "Listening on 0.0.0.0 8080\n"
#define RECEIVED(n) "Connection received on 127.0.0.1 $" n "\n"
#define SKIPPED                                                                \
	"server: recv connection: ended before its first byte, waiting for "   \
	"the next\n"
#define SUMMARY(bytes, ending)                                                 \
	"server: " bytes " bytes in $T, ended by " ending "\n"

/* For scenes. Where they don't say so, a client stays open. */
void play_nobody(struct process *server);
void play_hi(struct process *server);
void play_hi6(struct process *server);
void play_hi6_to_its_end(struct process *server);
void play_hi_to_its_end(struct process *server);
void play_hi_in_two(struct process *server);
void play_part(struct process *server);
void play_part_to_its_end(struct process *server);
void play_two_lines(struct process *server);
void play_100000(struct process *server);
void play_129(struct process *server);
void play_empty(struct process *server);
void play_reset(struct process *server);
void play_part_then_reset(struct process *server);
void play_probes(struct process *server);
void play_probe6(struct process *server);
void play_silence(struct process *server);

#endif
