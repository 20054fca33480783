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
 * fails in here fails the test. No wait is longer than WAIT_MS, but for a port.
 */

#ifndef WAIT_MS
#define WAIT_MS 20000
#endif

enum {
	PORT = 8080, /* where the server listens if it is told nothing */
	CAUGHT_BYTES = 16384, /* of each output; what is more fails the test */
	LEAKED = 99,	  /* status of a child that left a descriptor open */
	MOST_TESTS = 128, /* of one program */
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

/*
 * The first of them that has no function yet; if there is none, exits. cmocka
 * passes over those that are left without one.
 */
struct CMUnitTest *free_test(struct CMUnitTest tests[MOST_TESTS]);

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

/* From now on nobody reads the child's output; process_end finds it empty. */
void leave_output(struct process *child);

/*
 * Up to len bytes that fd has next, 0 at its end. Where none come, the test
 * fails for the want of what.
 */
size_t read_some(int fd, void *buf, size_t len, const char *what);

/* Waits for a child that has ended its output: the shell's $?. */
int wait_status(pid_t pid);

/* Waits for what waitpid(2) tells of with these options: its status. */
int wait_change(pid_t pid, int options);

/* Starts the program that $SERVER names; arguments end with NULL. */
struct process server_start(const char *argument, ...);

/*
 * The same with -p 0 -r 3 before its arguments; returns once it listens, with
 * its port.
 */
struct process server_listen(uint16_t *port, const char *argument, ...);

/* Starts a script of sh(1), to which "$SERVER" is known, in the C locale. */
struct process shell_start(const char *script);

/* The same; it runs "$SERVER" with -p 0 -r 3. Returns as server_listen does. */
struct process shell_listen(uint16_t *port, const char *script);

/* Milliseconds on a clock that nobody sets. */
long long now_ms(void);

/* Whether $SERVER runs under valgrind, which takes half a second to start. */
bool under_valgrind(void);

/*
 * Whether text is like a pattern of glob(7), in which nothing but a newline
 * matches a newline: a line that is told twice is not. If it is not, says so.
 */
bool is_like(const char *text, const char *pattern);

/* Asserts that it is. */
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
 * each port is free. Where that is not allowed, it stays in the machine's:
 * needs_port asks for what it then may lack.
 */
int own_network(void **state);

/*
 * Skips the test where own_network was not allowed: in the machine's network it
 * would leave port 8080 in TIME-WAIT. Otherwise TIME-WAIT lasts from here on,
 * even after a reset; connect(2) to a port on which nobody listens may then
 * wait for its end.
 */
void needs_own_network(void);

/*
 * Makes a folder below TMPDIR, or /tmp, that scripts know as "$FOLDER". This
 * and the next two are for set-up and tear-down.
 */
int make_folder(void **state);

/* The same, with a copy of the sources, and a ./server that runs $SERVER. */
int copy_project(void **state);

/* Removes what one of them made. */
int remove_folder(void **state);

/* Forgets the variables of the make(1) that runs the test, but for CC. */
void forget_make(void);

/*
 * A file below TMPDIR, or /tmp, that has no name any more, for reading and
 * writing, and with flags of open(2).
 */
int temporary_file(int flags);

/* A terminal that changes nothing: pty[0] is who looks at it. */
void open_terminal(int pty[2]);

/*
 * All that the terminal has been sent, NUL added; size is more than that. No
 * NUL is sent, as it would be shown as ^@. Returns the length.
 */
size_t read_screen(const int pty[2], char *text, size_t size);

void close_terminal(const int pty[2]);

/* Where what the test needs was not found, says what, and skips the test. */
void skip_without(bool found, const char *what);

/* The same for a program that has to be in PATH. */
void needs_program(const char *program);

/* The same for strace(1), which a container may have, but not let trace. */
void needs_strace(void);

/*
 * The same for a port that has to be free. Waits while another test program of
 * this network has one; then this program has it until it ends.
 */
void needs_port(uint16_t port);

/*
 * The same for a locale, such as de_DE and UTF-8, which is made below $FOLDER
 * and known by LOCPATH to this process and its children: as de_DE.UTF-8.
 */
void needs_locale(const char *name, const char *charmap);

/* The same for a compiler, $CC or cc, that takes these options. */
void needs_compiler(const char *options);

/* The same for IPv6: ::1 has to be an address of this machine. */
void needs_ip6(void);

/* A connection to 127.0.0.1, where somebody has to listen on port. */
int client_connect(uint16_t port);

/* The same from an address of 127.0.0.0/8. */
int client_connect_from(const char *from, uint16_t port);

/* The same to ::1. */
int client_connect6(uint16_t port);

void client_send(int client, const void *buf, size_t len);

/*
 * The same for more than the kernel keeps, in a process of its own: 0, also
 * where the server turns the rest away, else 1.
 */
int client_send_stream(int client, const char *stream, size_t len);

/* Ends a connection with a reset instead of an end of file. */
void client_reset(int client);

/* A listener of this process on a port of 127.0.0.1. */
int listener_on_loopback(void);

/* How many sockets of this network listen on port. */
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
