#ifndef OUTPUT_H
#define OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Gets the message's bytes to where they are wanted: all of them, or an error.
 */

struct output {
	int fd;	       /* the caller's */
	bool terminal; /* show control characters instead of sending them */
	char pending[MB_LEN_MAX]; /* the begin of a character, to a terminal */
	size_t pending_len;
	bool splices;	    /* whether output_splice may be called */
	int between[2];	    /* ends of a pipe from a socket to fd, or -1 */
	uint64_t delivered; /* how many bytes of the message fd has taken */
};

/*
 * Makes output ready to write to fd: asks whether it is a terminal, isatty(3),
 * if so takes over the locale's characters, setlocale(3), and has SIGPIPE and
 * SIGXFSZ ignored, signal(7), as a reader that is gone, or a file that may not
 * grow, is an error like any other.
 */
void output_prepare(struct output *output, int fd);

/*
 * Delivers len bytes of the message, to a terminal through its filter: control
 * characters but newline and tab, and what is no character of the locale, are
 * shown as ^X or \xNN. Returns and errors as output_write.
 */
int output_deliver(struct output *output, const char *buf, size_t len);

/*
 * Learns whether output_splice can serve, with fcntl(2) and F_SETPIPE_SZ: has
 * a pipe take a mebibyte at once, so that its two ends wait for each other
 * less often. Where the kernel does not allow that much, it keeps what it has.
 * Where fd is no pipe but takes what comes from one, a pipe(2) is put between.
 */
void output_widen(struct output *output);

/*
 * splice(2): delivers up to len bytes that the socket `from` has received
 * without copying them to this program. Returns how many or, where the kernel
 * can't do it, 0 with output->splices false from then on. errno as
 * output_write.
 */
ssize_t output_splice(struct output *output, int from, size_t len);

/*
 * Delivers what is pending when no more will come, and closes what is between.
 * As output_deliver.
 */
int output_finish(struct output *output);

/*
 * write(2), as often as it takes to write all len bytes of buf to fd, and adds
 * to *written what fd took. It is tried once even after the deadline, as what
 * came in time is to be written; a call that a signal interrupted is repeated
 * until then. Returns 0, or -1 with errno: what write(2) lists, EINTR once
 * the deadline has passed, and ENOSPC where fd takes nothing more without
 * giving a reason.
 */
int output_write(int fd, const char *buf, size_t len, uint64_t *written);

#endif
