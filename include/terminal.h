#ifndef TERMINAL_H
#define TERMINAL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Makes bytes safe for a terminal, in the locale of setlocale(3): newlines,
 * tabs and printable characters stay. Other control characters become ^X, and
 * bytes that form no printable character \xNN, so that an escape sequence never
 * reaches the terminal.
 */

/* What comes after a part of a character decides whether it is one. */
struct terminal {
	char pending[MB_LEN_MAX]; /* the part; at first none */
	size_t len;
	bool utf8; /* whether the locale is named for it */
};

enum {
	TERMINAL_MOST = 4 * MB_LEN_MAX + 1, /* \xNN for each byte, and a NUL */
};

/* setlocale(3). Takes the characters of the locale. Nothing is kept yet. */
void terminal_prepare(struct terminal *terminal);

/*
 * mbrtowc(3), iswprint(3). Takes the next byte, and writes to shown what
 * becomes of it and of a part of a character before it. Keeps a part of a
 * character. Returns the length of shown.
 */
size_t terminal_show(struct terminal *terminal, char byte,
		     char shown[TERMINAL_MOST]);

/* The same for the part of a character that nothing follows. */
size_t terminal_end(struct terminal *terminal, char shown[TERMINAL_MOST]);

#endif
