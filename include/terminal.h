#ifndef TERMINAL_H
#define TERMINAL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Makes bytes safe for a terminal, in the locale of setlocale(3): newlines,
 * tabs and printable characters stay. Other ASCII control characters become ^X,
 * and bytes that form no printable character \xNN, so that an escape sequence
 * never reaches the terminal. The bytes of a character that changes the
 * direction of text or, except in UTF-8, has a byte that is a control are shown
 * like that too.
 */

/* Keeps an incomplete character until the bytes after it decide. */
struct terminal {
	char pending[MB_LEN_MAX]; /* the incomplete character */
	size_t len;
	bool utf8; /* whether the locale uses it */
};

enum {
	TERMINAL_MOST = 4 * MB_LEN_MAX + 1, /* \xNN for each byte, and a NUL */
};

/* setlocale(3). Uses the character set of the locale. Keeps nothing yet. */
void terminal_prepare(struct terminal *terminal);

/*
 * mbrtowc(3), iswprint(3). Adds byte to the incomplete character and writes the
 * result to shown, unless that is still incomplete. Returns the length of
 * shown.
 */
size_t terminal_show(struct terminal *terminal, char byte,
		     char shown[TERMINAL_MOST]);

/* Writes an incomplete character that nothing follows. Returns the length. */
size_t terminal_end(struct terminal *terminal, char shown[TERMINAL_MOST]);

#endif
