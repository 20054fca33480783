#include "terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* musl uses UTF-8 in every locale: there only the name says what is meant. */
static bool names_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = NULL;

	for (size_t i = 0; i < 3 && (value == NULL || *value == '\0'); i++)
		value = getenv(names[i]);
	return value != NULL && (strcasestr(value, "utf-8") != NULL ||
				 strcasestr(value, "utf8") != NULL);
}

static bool is_utf8(void)
{
#ifdef __GLIBC__
	/* Many a locale, such as sr_RS, does not name it. */
	if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
		return true;
#endif
	return names_utf8();
}

void terminal_prepare(struct terminal *terminal)
{
	setlocale(LC_CTYPE, "");
	*terminal = (struct terminal){ .utf8 = is_utf8() };
}

/* The marks, embeddings, overrides and isolates of Unicode's UAX #9. */
static bool turns_text(wint_t wide)
{
	return wide == 0x061c || wide == 0x200e || wide == 0x200f ||
	       (wide >= 0x202a && wide <= 0x202e) ||
	       (wide >= 0x2066 && wide <= 0x2069);
}

/* To a terminal of 8 bits, bytes of a character may be controls, C0 or C1. */
static bool has_control(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((bytes[i] & 0x60) == 0)
			return true;
	return false;
}

static bool is_plain(const struct terminal *terminal, wint_t wide,
		     const char *bytes, size_t len)
{
	if (wide == L'\n' || wide == L'\t')
		return true;
	return iswprint(wide) && !turns_text(wide) &&
	       (terminal->utf8 || !has_control(bytes, len));
}

/* Writes byte as ^X, where X is the key that sends it, or as \xNN. */
static size_t show_byte(unsigned char byte, char *shown)
{
	if (byte < 0x20 || byte == 0x7f)
		return (size_t)sprintf(shown, "^%c", byte ^ 0x40);
	return (size_t)sprintf(shown, "\\x%02x", byte);
}

/* A complete character always ends with byte, as this is called for each. */
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
		/* Where glibc keeps a letter back, it stores nothing. */
		wchar_t wide = (from[0] & 0x80) == 0 ? from[0] : L'\0';
		size_t n = mbrtowc(&wide, from, left, &state);

		if (n == (size_t)-2 && left < MB_LEN_MAX) {
			memmove(terminal->pending, from, left);
			terminal->len = left;
			break;
		}
		if (n == left && is_plain(terminal, (wint_t)wide, from, n)) {
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
