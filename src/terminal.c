#include "terminal.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

static bool is_plain(wint_t wide)
{
	return wide == L'\n' || wide == L'\t' || iswprint(wide);
}

/* Writes byte as ^X, where X is the key that sends it, or as \xNN. */
static size_t show_byte(unsigned char byte, char *shown)
{
	if (byte < 0x20 || byte == 0x7f)
		return (size_t)sprintf(shown, "^%c", byte ^ 0x40);
	return (size_t)sprintf(shown, "\\x%02x", byte);
}

/* A whole character ends with byte: before, it was none. */
size_t terminal_show(struct terminal *terminal, char byte,
		     char shown[TERMINAL_MOST])
{
	size_t len = terminal->len + 1, used = 0;

	terminal->pending[terminal->len] = byte;
	terminal->len = 0;
	for (size_t i = 0; i < len; i++) {
		const char *from = terminal->pending + i;
		const size_t left = len - i;
		mbstate_t state = { 0 };
		wchar_t wide;
		size_t n = mbrtowc(&wide, from, left, &state);

		if (n == (size_t)-2 && left < MB_LEN_MAX) {
			memmove(terminal->pending, from, left);
			terminal->len = left;
			break;
		}
		if (n == left && is_plain((wint_t)wide)) {
			memcpy(shown + used, from, left);
			return used + left;
		}
		used += show_byte((unsigned char)from[0], shown + used);
	}
	return used;
}

size_t terminal_end(struct terminal *terminal, char shown[TERMINAL_MOST])
{
	size_t used = 0;

	for (size_t i = 0; i < terminal->len; i++)
		used += show_byte((unsigned char)terminal->pending[i],
				  shown + used);
	terminal->len = 0;
	return used;
}
