/*
 * What a terminal is shown: nothing that would control it, every character of
 * the locale as it is, and the same however the message came in.
 *
 * An input is the lengths of four pieces, which are repeated until the message
 * ends; how many bytes a write takes, 0 for all; and the message.
 */
#include <assert.h>
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
	HEAD_BYTES = PIECES + 1,
	SHOWN_MOST = 4, /* of one byte: \xNN */
	SCREEN = 1000,	/* a descriptor that nobody has */
};

/* What was written, and how many bytes a write takes. */
struct screen {
	char *bytes;
	size_t len;
	size_t size;
	size_t most;
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
	if (screen->most > 0 && len > screen->most)
		len = screen->most;
	assert(len <= screen->size - screen->len);
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
		if (wide != L'\n' && wide != L'\t' &&
		    (!iswprint((wint_t)wide) || wide < 0x20 ||
		     (wide >= 0x7f && wide < 0xa0)))
			return false;
		i += n;
	}
	return true;
}

/*
 * Checks that shown is text, byte for byte: an ASCII character as it is, a
 * control byte as its ^X, and all others as they are or as their \xNN.
 */
static void check_bytes(const char *text, size_t len,
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
	assert(at == shown->len);
}

/* Shows text in the pieces that head says or, where it is NULL, in one. */
static void show(struct screen *shown, const uint8_t *head, const char *text,
		 size_t len)
{
	struct output output;
	size_t given = 0;

	shown->size = SHOWN_MOST * len;
	shown->bytes = malloc(shown->size + 1);
	shown->len = 0;
	shown->most = head == NULL ? 0 : head[PIECES];
	assert(shown->bytes != NULL);
	screen = shown;
	output_prepare(&output, SCREEN);
	output.terminal = true;
	for (size_t i = 0; given < len; i++) {
		size_t piece = head == NULL ? len : head[i % PIECES];

		if (piece > len - given)
			piece = len - given;
		assert(output_deliver(&output, text + given, piece) == 0);
		given += piece;
		assert(output.delivered + output.pending_len == given);
		assert(output.pending_len < MB_LEN_MAX);
	}
	assert(output_finish(&output) == 0);
	assert(output.delivered == len);
	assert(output.pending_len == 0);
}

static void check(const uint8_t *head, const char *text, size_t len)
{
	struct screen whole, split;

	show(&whole, NULL, text, len);
	show(&split, head, text, len);
	assert(split.len == whole.len);
	assert(memcmp(split.bytes, whole.bytes, whole.len) == 0);
	assert(is_plain(whole.bytes, whole.len));
	check_bytes(text, len, &whole);
	if (is_plain(text, len))
		assert(whole.len == len);
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
