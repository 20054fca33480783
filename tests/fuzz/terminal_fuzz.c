/*
 * What a terminal is shown: nothing that would control it, every character of
 * the locale as it is, and the same however the message came in.
 *
 * An input is the lengths of four pieces, which are repeated until the message
 * ends, from 128 on 128 times as long; how many bytes a write takes, 0 for all;
 * after how many eights of bytes the terminal is gone, 0 for never; and the
 * message.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "output.h"

enum {
	PIECES = 4,
	LONG_PIECE = 128,
	MOST = PIECES, /* the index in the head of what a write takes */
	EIGHTS,	       /* and of what the terminal does */
	HEAD_BYTES,
	SHOWN_MOST = 4, /* of one byte: \xNN */
	SCREEN = 1000,	/* a descriptor that nobody has */
};

/* What was written, how many bytes it may get, and how many a write takes. */
struct screen {
	char *bytes;
	size_t len;
	size_t room;
	size_t most;
	bool gone;
};

static struct screen *screen;

/* The reserved names are what the linker's --wrap asks for. */
ssize_t __real_write(int fd, const void *buf, size_t len);
ssize_t __wrap_write(int fd, const void *buf, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	if (fd != SCREEN)
		return __real_write(fd, buf, len);
	assert(len > 0);
	assert(!screen->gone);
	if (screen->len == screen->room) {
		screen->gone = true;
		errno = EIO;
		return -1;
	}
	if (screen->most > 0 && len > screen->most)
		len = screen->most;
	if (len > screen->room - screen->len)
		len = screen->room - screen->len;
	memcpy(screen->bytes + screen->len, buf, len);
	screen->len += len;
	return (ssize_t)len;
}

/* Whether text is characters of the locale that a terminal may get. */
static bool is_plain(const char *text, size_t len)
{
	mbstate_t state = { 0 };

	for (size_t i = 0; i < len;) {
		wchar_t wide;
		size_t n = mbrtowc(&wide, text + i, len - i, &state);

		if (n == 0 || n > len - i)
			return false;
		/* What changes the direction of text. */
		if (wide == 0x061c || wide == 0x200e || wide == 0x200f ||
		    (wide >= 0x202a && wide <= 0x202e) ||
		    (wide >= 0x2066 && wide <= 0x2069))
			return false;
		if (wide != L'\n' && wide != L'\t' &&
		    (!iswprint((wint_t)wide) || wide < 0x20 ||
		     (wide >= 0x7f && wide < 0xa0)))
			return false;
		i += n;
	}
	return true;
}

/*
 * Checks that shown begins with text, byte for byte: an ASCII character as it
 * is, a control byte as its ^X, and all others as they are or as their \xNN.
 * Returns how many bytes of shown that are.
 */
static size_t check_bytes(const char *text, size_t len,
			  const struct screen *shown)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		const unsigned char byte = (unsigned char)text[i];
		char expected[SHOWN_MOST + 1] = { text[i] };

		if (byte < 0x20 && byte != '\n' && byte != '\t')
			snprintf(expected, sizeof(expected), "^%c", byte + '@');
		else if (byte == 0x7f)
			snprintf(expected, sizeof(expected), "^?");
		else if (byte > 0x7f &&
			 (at == shown->len || shown->bytes[at] != text[i]))
			snprintf(expected, sizeof(expected), "\\x%02x", byte);
		assert(shown->len - at >= strlen(expected));
		assert(memcmp(shown->bytes + at, expected, strlen(expected)) ==
		       0);
		at += strlen(expected);
	}
	return at;
}

/*
 * Shows text in the pieces that head says. Returns how many bytes of it are
 * said to be delivered.
 */
static size_t show(struct screen *shown, const uint8_t *head, const char *text,
		   size_t len)
{
	struct output output;
	size_t given = 0;

	screen = shown;
	output_prepare(&output, SCREEN);
	output.is_terminal = output.terminal.utf8 = true;
	for (size_t i = 0; given < len; i++) {
		size_t piece = head[i % PIECES];

		if (piece >= LONG_PIECE)
			piece *= LONG_PIECE;
		if (piece > len - given)
			piece = len - given;
		if (output_deliver(&output, text + given, piece) == -1) {
			assert(shown->gone);
			assert(output_finish(&output) == 0);
			return output.delivered;
		}
		given += piece;
		assert(!shown->gone);
		assert(output.delivered + output.terminal.len == given);
		assert(output.terminal.len < MB_LEN_MAX);
	}
	if (output_finish(&output) == -1) {
		assert(shown->gone);
	} else {
		assert(!shown->gone);
		assert(output.terminal.len == 0);
	}
	return output.delivered;
}

/* A terminal that takes room bytes, most at a time or, where that is 0, all. */
static struct screen new_screen(size_t room, size_t most)
{
	struct screen new = { .bytes = malloc(room), .room = room };

	assert(new.bytes != NULL);
	new.most = most;
	return new;
}

/* What came before the terminal was gone is what else comes first. */
static void check_gone(const uint8_t *head, const char *text, size_t len,
		       const struct screen *whole)
{
	const size_t room = head[EIGHTS] * (size_t)8;
	struct screen cut = new_screen(room, head[MOST]);
	const size_t delivered = show(&cut, head, text, len);

	assert(cut.gone == (room < whole->len));
	assert(cut.len == (cut.gone ? room : whole->len));
	assert(memcmp(cut.bytes, whole->bytes, cut.len) == 0);
	assert(cut.gone ? delivered < len : delivered == len);
	assert(check_bytes(text, delivered, whole) <= cut.len);
	free(cut.bytes);
}

static void check(const uint8_t *head, const char *text, size_t len)
{
	static const uint8_t at_once[HEAD_BYTES] = { LONG_PIECE };
	const size_t room = SHOWN_MOST * len + 1;
	struct screen whole = new_screen(room, 0);
	struct screen split = new_screen(room, head[MOST]);

	assert(show(&whole, at_once, text, len) == len);
	assert(show(&split, head, text, len) == len);
	assert(split.len == whole.len);
	assert(memcmp(split.bytes, whole.bytes, whole.len) == 0);
	assert(is_plain(whole.bytes, whole.len));
	assert(check_bytes(text, len, &whole) == whole.len);
	if (is_plain(text, len))
		assert(whole.len == len);
	if (head[EIGHTS] > 0)
		check_gone(head, text, len, &whole);
	free(whole.bytes);
	free(split.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const locales[] = { "C", "C.UTF-8" };

	/* Pieces of nothing alone would never get to the end. */
	if (size < HEAD_BYTES || (data[0] | data[1] | data[2] | data[3]) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]); i++) {
		assert(setlocale(LC_ALL, locales[i]) != NULL);
		check(data, (const char *)data + HEAD_BYTES, size - HEAD_BYTES);
	}
	return 0;
}
