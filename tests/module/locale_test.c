/* Characters whose bytes a terminal of 8 bits could take for commands. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "terminal.h"

static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };

/* As musl has it, which knows no other: UTF-8, whatever the locale's name. */
static void use(const char *const values[3], struct terminal *terminal)
{
	for (size_t i = 0; i < 3; i++)
		if (values[i] == NULL)
			unsetenv(variables[i]);
		else
			setenv(variables[i], values[i], 1);
	setlocale(LC_CTYPE, "C");
	terminal_prepare(terminal);
	skip_without(setlocale(LC_CTYPE, "C.UTF-8") != NULL, "C.UTF-8");
}

static void assert_shown(struct terminal *terminal, const char *sent,
			 const char *expected)
{
	char shown[64 + TERMINAL_MOST] = "";
	size_t len = 0;

	for (; *sent != '\0'; sent++)
		len += terminal_show(terminal, *sent, shown + len);
	shown[len] = '\0';
	assert_string_equal(shown, expected);
}

static void test_terminal_show_has_c1_only_where_utf8_is_named(void **state)
{
	static const struct {
		const char *values[3];
		bool named;
	} cases[] = {
		{ { "C.UTF-8", NULL, NULL }, true },
		{ { "de_DE.utf8", "C", "C" }, true },
		{ { NULL, "en_US.UTF-8", "C" }, true },
		{ { "", "", "C.utf-8" }, true },
		/* The system lacks it: its name counts, as musl has it. */
		{ { "", "", "xx_XX.utf-8" }, true },
		{ { NULL, NULL, "C.UTF-8" }, true },
		{ { NULL, NULL, NULL }, false },
		{ { "", "", "" }, false },
		{ { "C", "C.UTF-8", "C.UTF-8" }, false },
		{ { NULL, "de_DE.ISO-8859-1", "C.UTF-8" }, false },
		{ { "de_DE", NULL, NULL }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct terminal terminal;

		use(cases[i].values, &terminal);
		assert_int_equal(terminal.utf8, cases[i].named);
		/* 9b and 80 are of C1, a9 and a0 are not. */
		assert_shown(&terminal, "\xc3\x9b",
			     cases[i].named ? "\xc3\x9b" : "\\xc3\\x9b");
		assert_shown(&terminal, "\xe2\x82\x80",
			     cases[i].named ? "\xe2\x82\x80"
					    : "\\xe2\\x82\\x80");
		assert_shown(&terminal, "\xc3\xa9", "\xc3\xa9");
		assert_shown(&terminal, "a\n\t~", "a\n\t~");
	}
}

static void test_terminal_show_has_c1_where_utf8_is_used(void **state)
{
	struct terminal terminal;

	(void)state;
	needs_locale("sr_RS", "UTF-8");
	assert_int_equal(system("mv \"$FOLDER/sr_RS.UTF-8\" \"$FOLDER/sr_RS\""),
			 0);
	setenv("LC_ALL", "sr_RS", 1);
	terminal_prepare(&terminal);
	assert_true(terminal.utf8);
	assert_shown(&terminal, "\xd0\x91", "\xd0\x91");
	assert_shown(&terminal, "\xc2\x9b", "\\xc2\\x9b");
}

static int forget(void **state)
{
	unsetenv("LOCPATH");
	return remove_folder(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_terminal_show_has_c1_only_where_utf8_is_named),
		cmocka_unit_test(test_terminal_show_has_c1_where_utf8_is_used),
	};

	return cmocka_run_group_tests(tests, make_folder, forget);
}
