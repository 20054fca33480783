/* What a terminal is shown: every class of bytes, in every place. */
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "support.h"

enum {
	BYTES = 256,	   /* that there are */
	MOST_SENT = 12000, /* a pipe holds it, as all are shown as \xNN */
	MOST_SHOWN = 4 * MOST_SENT,
	ALIGNMENTS = 20,
};

/* Bytes as they are sent, and as they are shown; NUL is looked at elsewhere. */
struct piece {
	const char *sent;
	const char *shown;
};

static const struct piece pieces[] = {
	/* Characters of one byte to four. */
	{ "a", "a" },
	{ "~", "~" },
	{ "\t", "\t" },
	{ "\n", "\n" },
	{ "\xc3\xa9", "\xc3\xa9" },
	{ "\xe2\x82\xac", "\xe2\x82\xac" },
	{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	{ "\xf0\xa0\x80\x80", "\xf0\xa0\x80\x80" },
	/* Control characters. */
	{ "\001", "^A" },
	{ "\b", "^H" },
	{ "\r", "^M" },
	{ "\033", "^[" },
	{ "\037", "^_" },
	{ "\177", "^?" },
	{ "\xc2\x80", "\\xc2\\x80" },
	{ "\xc2\x9b", "\\xc2\\x9b" },
	{ "\xc2\x9f", "\\xc2\\x9f" },
	{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
	/* What changes the direction of text, and its neighbours. */
	{ "\xd8\x9b", "\xd8\x9b" },
	{ "\xd8\x9c", "\\xd8\\x9c" },
	{ "\xe2\x80\x8d", "\xe2\x80\x8d" },
	{ "\xe2\x80\x8e", "\\xe2\\x80\\x8e" },
	{ "\xe2\x80\x8f", "\\xe2\\x80\\x8f" },
	{ "\xe2\x80\x90", "\xe2\x80\x90" },
	{ "\xe2\x80\xa9", "\\xe2\\x80\\xa9" },
	{ "\xe2\x80\xaa", "\\xe2\\x80\\xaa" },
	{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },
	{ "\xe2\x80\xaf", "\xe2\x80\xaf" },
	{ "\xe2\x81\xa5", "\\xe2\\x81\\xa5" },
	{ "\xe2\x81\xa6", "\\xe2\\x81\\xa6" },
	{ "\xe2\x81\xa9", "\\xe2\\x81\\xa9" },
	{ "\xe2\x81\xaa", "\xe2\x81\xaa" },
	/* What breaks off. */
	{ "\xc3", "\\xc3" },
	{ "\xe2", "\\xe2" },
	{ "\xe2\x82", "\\xe2\\x82" },
	{ "\xf0", "\\xf0" },
	{ "\xf0\x9f", "\\xf0\\x9f" },
	{ "\xf0\x9f\x98", "\\xf0\\x9f\\x98" },
	/* What goes on with something that never began. */
	{ "\x80", "\\x80" },
	{ "\x9b", "\\x9b" },
	{ "\xbf", "\\xbf" },
	/* Longer than needed. */
	{ "\xc0\x80", "\\xc0\\x80" },
	{ "\xc0\x9b", "\\xc0\\x9b" },
	{ "\xc1\xbf", "\\xc1\\xbf" },
	{ "\xe0\x80\x9b", "\\xe0\\x80\\x9b" },
	{ "\xe0\x9f\xbf", "\\xe0\\x9f\\xbf" },
	{ "\xf0\x80\x80\x9b", "\\xf0\\x80\\x80\\x9b" },
	{ "\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf" },
	/* Surrogates, noncharacters, and what is beyond the last character. */
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
	{ "\xed\xbf\xbf", "\\xed\\xbf\\xbf" },
	{ "\xef\xbf\xbe", "\\xef\\xbf\\xbe" },
	{ "\xef\xbf\xbf", "\\xef\\xbf\\xbf" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
	{ "\xf7\xbf\xbf\xbf", "\\xf7\\xbf\\xbf\\xbf" },
	{ "\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80" },
	{ "\xfc\x84\x80\x80\x80\x80", "\\xfc\\x84\\x80\\x80\\x80\\x80" },
	{ "\xfe", "\\xfe" },
	{ "\xff", "\\xff" },
};

enum {
	PIECES = sizeof(pieces) / sizeof(pieces[0])
};

/* A message and how it has to be shown, which grow alike. */
static struct {
	char sent[MOST_SENT + 1];
	size_t sent_len;
	char shown[MOST_SHOWN + 1];
	size_t shown_len;
} text;

static void add_bytes(const char *sent, size_t len, const char *shown)
{
	assert_between(text.sent_len + len, 0, MOST_SENT);
	memcpy(text.sent + text.sent_len, sent, len);
	text.sent_len += len;
	strcpy(text.shown + text.shown_len, shown);
	text.shown_len += strlen(shown);
}

static void add(const struct piece *piece)
{
	add_bytes(piece->sent, strlen(piece->sent), piece->shown);
}

static void start_text(size_t dots)
{
	text.sent_len = text.shown_len = 0;
	for (size_t i = 0; i < dots; i++)
		add(&(struct piece){ ".", "." });
}

/* Its first bytes as \xNN: of which case the failure is. */
static void fail_shown(const char *shown, size_t len, size_t cut)
{
	char hex[4 * 48 + 1] = "";

	for (size_t i = 0; i < text.sent_len && i < 48; i++)
		sprintf(hex + 4 * i, "\\x%02x", (unsigned char)text.sent[i]);
	fail_msg("%zu bytes, cut after %zu, %s...: %zu bytes are shown for "
		 "%zu: %.60s... for %.60s...",
		 text.sent_len, cut, hex, len, text.shown_len, shown,
		 text.shown);
}

/* Delivers the text in two segments, the first of which has cut bytes. */
static void assert_shown_cut(size_t cut)
{
	static char shown[MOST_SHOWN + 1];
	struct output output;
	size_t len = 0, n;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	output_prepare(&output, ends[1]);
	output.is_terminal = true;
	output.terminal.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (cut > 0)
		assert_int_equal(output_deliver(&output, text.sent, cut), 0);
	assert_int_equal(
		output_deliver(&output, text.sent + cut, text.sent_len - cut),
		0);
	assert_int_equal(output_finish(&output), 0);
	assert_int_equal(output.delivered, text.sent_len);
	close(ends[1]);
	while ((n = read_some(ends[0], shown + len, sizeof(shown) - 1 - len,
			      "end of what is shown")) > 0)
		len += n;
	close(ends[0]);
	shown[len] = '\0';
	if (len != text.shown_len || memcmp(shown, text.shown, len) != 0)
		fail_shown(shown, len, cut);
}

static void use(const char *locale)
{
	skip_without(setlocale(LC_CTYPE, locale) != NULL, locale);
}

static int use_none(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C");
	return 0;
}

static void test_filter_shows_each_class_of_bytes(void **state)
{
	(void)state;
	use("C.UTF-8");
	for (size_t i = 0; i < PIECES; i++) {
		start_text(0);
		add(&pieces[i]);
		assert_shown_cut(0);
	}
}

/* Before each class another comes, and after it what can't be part of it. */
static void test_filter_shows_each_class_of_bytes_after_another(void **state)
{
	(void)state;
	use("C.UTF-8");
	for (size_t i = 0; i < PIECES; i++) {
		start_text(0);
		for (size_t j = 0; j < PIECES; j++) {
			/* Else it may go on with what the first begins. */
			if ((pieces[j].sent[0] & 0xc0) == 0x80)
				continue;
			add(&pieces[i]);
			add(&pieces[j]);
			add(&(struct piece){ "a", "a" });
		}
		assert_shown_cut(0);
	}
}

static void test_filter_shows_characters_of_two_segments(void **state)
{
	(void)state;
	use("C.UTF-8");
	for (size_t i = 0; i < PIECES; i++) {
		start_text(1);
		add(&pieces[i]);
		add(&pieces[i]);
		for (size_t cut = 1; cut < text.sent_len; cut++)
			assert_shown_cut(cut);
	}
}

/* However many bytes each is shown as, some alignment meets the buffer's end.
 */
static void test_filter_keeps_within_its_buffer_at_each_alignment(void **state)
{
	const size_t most = under_valgrind() ? 1200 : 4096;

	(void)state;
	use("C.UTF-8");
	for (size_t i = 0; i < PIECES; i++) {
		for (size_t dots = 0; dots < ALIGNMENTS; dots++) {
			start_text(dots);
			while (text.sent_len < most)
				add(&pieces[i]);
			assert_shown_cut(0);
		}
	}
}

/* Each byte alone, as one that belongs to no character, in order. */
static void add_all_bytes(int first_printed, int last_printed)
{
	char shown[8];

	start_text(0);
	for (int i = 0; i < BYTES; i++) {
		const char byte = (char)i;

		if (i == '\t' || i == '\n' || (i >= ' ' && i < 0x7f) ||
		    (i >= first_printed && i <= last_printed))
			snprintf(shown, sizeof(shown), "%c", i);
		else if (i < ' ' || i == 0x7f)
			snprintf(shown, sizeof(shown), "^%c", i ^ 0x40);
		else
			snprintf(shown, sizeof(shown), "\\x%02x", i);
		add_bytes(&byte, 1, shown);
	}
}

static void test_filter_shows_all_bytes_in_the_locale_c(void **state)
{
	(void)state;
	add_all_bytes(BYTES, BYTES);
	assert_shown_cut(0);
}

static void test_filter_shows_all_bytes_in_utf_8(void **state)
{
	(void)state;
	use("C.UTF-8");
	add_all_bytes(BYTES, BYTES);
	assert_shown_cut(0);
}

/* A terminal of such a locale takes the bytes from 80 to 9f for commands. */
static void test_filter_shows_all_bytes_in_a_locale_of_8_bits(void **state)
{
	(void)state;
	needs_locale("de_DE", "ISO-8859-1");
	needs_locale("ru_RU", "KOI8-R");
	use("de_DE.ISO-8859-1");
	add_all_bytes(0xa0, 0xff);
	assert_shown_cut(0);
	/* Here they are lines and symbols. */
	use("ru_RU.KOI8-R");
	assert_shown_cut(0);
}

/* Letters in Vietnamese, to a terminal that is not: Ctrl-B, and others. */
static void test_filter_shows_controls_that_are_letters(void **state)
{
	struct terminal terminal = { .pending = { 0, '\x80' } };
	char letter[TERMINAL_MOST];

	(void)state;
	needs_locale("vi_VN", "TCVN5712-1");
	use("vi_VN.TCVN5712-1");
	start_text(0);
	for (char byte = 0x01; byte < ' '; byte++) {
		const char shown[] = { '^', (char)(byte ^ 0x40), '\0' };

		if (byte != '\t' && byte != '\n')
			add_bytes(&byte, 1, shown);
	}
	assert_shown_cut(0);
	/* A letter that an accent could follow, whatever was kept before it. */
	assert_int_equal(terminal_show(&terminal, 'A', letter), 1);
	assert_int_equal(letter[0], 'A');
}

static int forget(void **state)
{
	unsetenv("LOCPATH");
	return remove_folder(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_filter_shows_each_class_of_bytes,
					  use_none),
		cmocka_unit_test_teardown(
			test_filter_shows_each_class_of_bytes_after_another,
			use_none),
		cmocka_unit_test_teardown(
			test_filter_shows_characters_of_two_segments, use_none),
		cmocka_unit_test_teardown(
			test_filter_keeps_within_its_buffer_at_each_alignment,
			use_none),
		cmocka_unit_test_teardown(
			test_filter_shows_all_bytes_in_the_locale_c, use_none),
		cmocka_unit_test_teardown(test_filter_shows_all_bytes_in_utf_8,
					  use_none),
		cmocka_unit_test_teardown(
			test_filter_shows_all_bytes_in_a_locale_of_8_bits,
			use_none),
		cmocka_unit_test_teardown(
			test_filter_shows_controls_that_are_letters, use_none),
	};

	return cmocka_run_group_tests(tests, make_folder, forget);
}
