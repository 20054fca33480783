/* Numbers as people write them, and all that only looks like one. */
#include <errno.h>

#include "number.h"
#include "support.h"

static void test_number_parse_takes_digits_in_range(void **state)
{
	static const struct {
		const char *text;
		uint64_t least, most, n;
	} good[] = {
		{ "0", 0, 9, 0 },
		{ "9", 0, 9, 9 },
		{ "10", 0, 10, 10 },
		{ "3", 3, 3, 3 },
		{ "65535", 0, 65535, 65535 },
		{ "4294967296", 0, UINT64_MAX, 4294967296 },
		{ "00080", 1, 65535, 80 },
		{ "18446744073709551615", 0, UINT64_MAX, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint64_t n = 77;

		/* An earlier error is not the number's. */
		errno = ERANGE;
		assert_true(number_parse(good[i].text, good[i].least,
					 good[i].most, &n));
		assert_int_equal(n, good[i].n);
	}
}

static void test_number_parse_refuses_all_else(void **state)
{
	static const struct {
		const char *text;
		uint64_t least, most;
	} bad[] = {
		{ "", 0, 9 },
		{ " 1", 0, 9 },
		{ "1 ", 0, 9 },
		{ "+1", 0, 9 },
		{ "-1", 0, 9 },
		{ "1k", 0, 9000 },
		{ "0x1", 0, 9 },
		{ "1.0", 0, 9 },
		{ "10", 0, 9 },
		{ "0", 1, 9 },
		{ "2", 3, 9 },
		{ "1\n", 0, 9 },
		{ "\t1", 0, 9 },
		{ "1e1", 0, 9999 },
		{ "4294967296", 0, 4294967295 },
		{ "65536", 0, 65535 },
		{ "/", 0, 9 },
		{ ":", 0, 9 },
		{ "99999", 0, 9999 },
		{ "18446744073709551616", 0, UINT64_MAX },
		{ "99999999999999999999", 0, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t n;

		assert_false(number_parse(bad[i].text, bad[i].least,
					  bad[i].most, &n));
	}
}

static void test_number_parse_seconds_takes_decimals(void **state)
{
	static const struct {
		const char *text;
		uint64_t us;
	} good[] = {
		{ "5", 5000000 },
		{ "0.25", 250000 },
		{ ".5", 500000 },
		{ "1.5", 1500000 },
		{ "0.000001", 1 },
		{ "0.0000019", 1 },
		{ "0.000010", 10 },
		{ "0.999999", 999999 },
		{ "00001.50", 1500000 },
		{ "2147.483648", 2147483648 },
		{ "4294.967296", 4294967296 },
		{ "10.987654321", 10987654 },
		{ "999999999.999999", 999999999999999 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint64_t us = 77;

		assert_true(number_parse_seconds(good[i].text, &us));
		assert_int_equal(us, good[i].us);
	}
}

static void test_number_parse_seconds_refuses_all_else(void **state)
{
	static const char *const bad[] = {
		"",
		"0",
		"0.0",
		"0.000000",
		".",
		"5.",
		"..5",
		"1.2.3",
		"1,5",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1\n",
		"1s",
		"1.5s",
		"inf",
		"1e3",
		"nan",
		"0x10",
		"1. 5",
		"1.+5",
		"0.0000009",
		"1000000000",
		"1000000000.0",
		"18446744073710",
		/* What is finer than a microsecond is dropped, not unread. */
		"1.0000001s",
		"0.1234567x",
		"1.123456.7",
		"1.1234567 ",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t us;

		assert_false(number_parse_seconds(bad[i], &us));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_number_parse_takes_digits_in_range),
		cmocka_unit_test(test_number_parse_refuses_all_else),
		cmocka_unit_test(test_number_parse_seconds_takes_decimals),
		cmocka_unit_test(test_number_parse_seconds_refuses_all_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
