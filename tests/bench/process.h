#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The receiver that is being measured, one at a time, and the client that it
 * takes. What fails in the benchmark itself ends it; what fails in a receiver
 * is returned. A receiver that takes longer than a minute is ended.
 */

/* Says which call failed and why, and ends the benchmark. */
__attribute__((noreturn)) void die(const char *call);

/* Nanoseconds on a clock that nobody sets. */
uint64_t now_ns(void);

/*
 * Gives this process a network with nothing but loopback, where the port is
 * free. Where that is not allowed, it stays in the machine's.
 */
void own_network(void);

/* Both ends are closed in the programs that are started. */
void make_pipe(int ends[2]);

/* Starts a program with /dev/null as standard input and out as output. */
pid_t process_start(const char *path, const char *const argv[], int out);

/* Waits for its end: whether that was an exit with status 0. */
bool process_end(pid_t pid);

/* Ends it, where nothing more is to be had from it. */
void process_stop(pid_t pid);

/* Waits until it sleeps while somebody listens on the port: whether it does. */
bool process_wait_listening(pid_t pid);

/* The most memory it has had so far, in KiB; -1 if that can't be known. */
long process_peak_kib(pid_t pid);

/* A connection to the port as soon as somebody listens there, or -1. */
int client_connect(void);

#endif
