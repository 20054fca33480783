#ifndef SUPPORT_H
#define SUPPORT_H

/* What cmocka.h asks to be included before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/types.h>

/*
 * What the tests share: a client, and processes whose output is caught. What
 * fails in here fails the test. No wait is longer than WAIT_MS.
 */

#ifndef WAIT_MS
#define WAIT_MS 20000
#endif

enum {
	CAUGHT_BYTES = 16384, /* of each output; what is more fails the test */
	LEAKED = 99, /* status of a child that left a descriptor open */
};

/* A child; its outputs are caught, its input is a pipe that stays open. */
struct process {
	pid_t pid;
	int in;
	int out;
	int err;
};

/* How it ended: the shell's $?, and what it printed, NUL added. */
struct result {
	int status;
	size_t out_len;
	char out[CAUGHT_BYTES];
	char err[CAUGHT_BYTES];
};

/* Starts body(argument) as a child, whose exit status is what it returns. */
struct process process_start(int (*body)(const void *), const void *argument);

/* Starts a program; argv[0] is looked up in PATH. */
struct process process_spawn(const char *const argv[]);

/* The next child, and only that, has `from` as its descriptor `to`. */
void redirect_next(int from, int to);

/* Asserts that the child's output goes on with these bytes, and takes them. */
void expect_output(struct process *child, const void *bytes, size_t len);

/* The child's end, with what it printed. The child is gone after it. */
struct result process_end(struct process *child);

/* Waits for a child that has ended its output: the shell's $?. */
int wait_status(pid_t pid);

/* Starts the program that $SERVER names; arguments end with NULL. */
struct process server_start(const char *argument, ...);

/*
 * The same with -p 0 -r 3 before its arguments; returns once it listens, with
 * its port.
 */
struct process server_listen(uint16_t *port, const char *argument, ...);

/* Starts a script of sh(1), to which $SERVER is known. */
struct process shell_start(const char *script);

/* Milliseconds on a clock that nobody sets. */
long long now_ms(void);

/* Whether $SERVER runs under valgrind, which takes half a second to start. */
bool under_valgrind(void);

/* Asserts that text is like a pattern of glob(7). */
void assert_like(const char *text, const char *pattern);

/*
 * Asserts that number is from least to most. assert_in_range is deprecated in
 * cmocka 2.0, and what is there instead is not in 1.1.
 */
#define assert_between(number, least, most)                                    \
	assert_true(is_between((intmax_t)(number), (intmax_t)(least),          \
			       (intmax_t)(most)))

/* Whether it is; if not, says so. */
bool is_between(intmax_t number, intmax_t least, intmax_t most);

/* How many descriptors of this process are open. */
int open_descriptors(void);

/*
 * Gives this process a network of its own, with nothing but loopback, so that
 * port 8080 is free. Where that is not allowed, it stays in the machine's.
 */
int own_network(void **state);

/* Where what the test needs was not found, says what, and skips the test. */
void skip_without(bool found, const char *what);

/* The same for a program that has to be in PATH. */
void needs_program(const char *program);

/* The same for a network of its own, in which no other process is. */
void needs_own_network(void);

/* The same for a port that has to be free; in an own network each is. */
void needs_port(uint16_t port);

/* The same for IPv6: ::1 has to be an address of this machine. */
void needs_ip6(void);

/* A connection to 127.0.0.1, as soon as somebody listens on port. */
int client_connect(uint16_t port);

/* The same to ::1. */
int client_connect6(uint16_t port);

void client_send(int client, const void *buf, size_t len);

/* Ends a connection with a reset instead of an end of file. */
void client_reset(int client);

/* How many sockets of this network listen on port, or on any where it is 0. */
int count_listeners(uint16_t port);

/* Waits until somebody listens on port, without connecting to it. */
void wait_for_listener(uint16_t port);

/* Waits until a process is blocked in the system call of that number. */
void wait_for_call(pid_t pid, long number);

/* Waits until a process is blocked in write(2) or splice(2). */
void wait_for_output(pid_t pid);

/* Waits until the peer ends the connection: 0, or the errno it ended with. */
int client_wait_end(int client);

/* The port that a socket is bound to. */
uint16_t bound_port(int fd);

#endif
