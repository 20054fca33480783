/* The command line, right and wrong. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "options.h"
#include "pages.h"
#include "support.h"

enum {
	MOST = 8,
};

static int parse(struct options *options, const char *const arguments[MOST])
{
	static char name[] = "server";
	char *argv[MOST + 2] = { name };
	int argc = 1;

	for (int i = 0; i < MOST && arguments[i] != NULL; i++)
		argv[argc++] = (char *)(uintptr_t)arguments[i];
	optind = 0; /* has getopt_long start afresh */
	return options_parse(options, argc, argv);
}

static struct options parsed(const char *const arguments[MOST])
{
	struct options options;

	assert_int_equal(parse(&options, arguments), 0);
	return options;
}

static void assert_address(const struct options *got, const char *text,
			   uint16_t port)
{
	char found[ADDRESS_BYTES];

	assert_string_equal(address_text(&got->address, found), text);
	assert_int_equal(address_port(&got->address), port);
}

static void test_options_parse_has_the_defaults(void **state)
{
	struct options got = parsed((const char *const[MOST]){ NULL });

	(void)state;
	assert_address(&got, "0.0.0.0", 8080);
	assert_int_equal(got.limit, 128);
	assert_int_equal(got.timeout_us, 0);
	assert_int_equal(got.ready, -1);
	assert_int_equal(got.inherited, -1);
	assert_false(got.line || got.eof || got.skip_empty || got.verbose ||
		     got.trace);
	assert_null(got.print);
}

static void test_options_parse_takes_each_option(void **state)
{
	static const struct {
		const char *letter, *name, *value;
		uint64_t limit;
	} all[] = {
		{ "-b", "--bind", "127.0.0.1", 128 },
		{ "-n", "--bytes", "1", 1 },
		{ "-p", "--port", "0", 128 },
		{ "-r", "--ready", "9", 128 },
		{ "-t", "--timeout", "0.25", 128 },
		{ "-l", "--line", NULL, UINT64_MAX },
		{ "-e", "--eof", NULL, UINT64_MAX },
		{ "-z", "--skip-empty", NULL, 128 },
		{ "-v", "--verbose", NULL, 128 },
		{ "-x", "--trace", NULL, 128 },
		{ "-h", "--help", NULL, 0 },
		{ "-V", "--version", NULL, 0 },
	};

	(void)state;
	assert_int_equal(dup2(STDOUT_FILENO, 9), 9);
	for (int form = 0; form < 2; form++) {
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
			const char *const arguments[MOST] = {
				form == 0 ? all[i].letter : all[i].name,
				all[i].value
			};
			struct options got = parsed(arguments);

			assert_address(&got, i == 0 ? "127.0.0.1" : "0.0.0.0",
				       i == 2 ? 0 : 8080);
			assert_int_equal(got.limit, all[i].limit);
			assert_int_equal(got.ready, i == 3 ? 9 : -1);
			assert_int_equal(got.timeout_us, i == 4 ? 250000 : 0);
			assert_int_equal(got.line, i == 5);
			assert_int_equal(got.eof, i == 6);
			assert_int_equal(got.skip_empty, i == 7);
			assert_int_equal(got.verbose, i == 8);
			assert_int_equal(got.trace, i == 9);
			assert_int_equal(got.print != NULL, i >= 10);
		}
	}
	close(9);
}

static void test_options_parse_takes_them_together(void **state)
{
	struct options got = parsed((const char *const[MOST]){
		"-ezvx", "-w7", "-n9223372036854775807", "--port=65535", "-b",
		"::1", "-t999999999" });

	(void)state;
	assert_true(got.eof && got.skip_empty && got.verbose && got.trace);
	assert_int_equal(got.limit, INT64_MAX);
	assert_address(&got, "::1", 65535);
	assert_int_equal(got.timeout_us, 999999999000000);
	assert_int_equal(got.idle_us, 7000000);
}

static void test_options_parse_takes_the_last_of_two(void **state)
{
	struct options got;

	(void)state;
	assert_int_equal(dup2(STDOUT_FILENO, 8), 8);
	assert_int_equal(dup2(STDOUT_FILENO, 9), 9);
	got = parsed((const char *const[MOST]){ "-p1", "-p2", "-n5", "-n6",
						"-r8", "-r9", "-t1", "-t2" });
	assert_address(&got, "0.0.0.0", 2);
	assert_int_equal(got.limit, 6);
	assert_int_equal(got.ready, 9);
	assert_int_equal(got.timeout_us, 2000000);
	got = parsed((const char *const[MOST]){ "-b127.0.0.1", "-b127.0.0.2" });
	assert_address(&got, "127.0.0.2", 8080);
	got = parsed((const char *const[MOST]){ "-b::1", "-b127.0.0.2" });
	assert_address(&got, "127.0.0.2", 8080);
	close(8);
	close(9);
}

/* Neither takes away what the other has set, of whatever family. */
static void test_options_parse_has_address_and_port_in_each_order(void **state)
{
	static const struct {
		const char *arguments[MOST];
		const char *address;
	} orders[] = {
		{ { "-p1", "-b127.0.0.1" }, "127.0.0.1" },
		{ { "-b127.0.0.1", "-p1" }, "127.0.0.1" },
		{ { "-p1", "-b::1" }, "::1" },
		{ { "-b::1", "-p1" }, "::1" },
		{ { "-b::1", "-p1", "-b::2" }, "::2" },
		{ { "-p2", "-b127.0.0.1", "-p1", "-b::" }, "::" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct options got = parsed(orders[i].arguments);

		assert_address(&got, orders[i].address, 1);
	}
}

static void test_options_parse_has_one_limit_in_each_order(void **state)
{
	static const char *const orders[][MOST] = { { "-n5", "-l" },
						    { "-l", "-n5" },
						    { "-n5", "-e" },
						    { "-e", "-n5" } };

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		assert_int_equal(parsed(orders[i]).limit, 5);
}

static void test_options_parse_takes_ready_where_it_can_write(void **state)
{
	static const int ways[] = { O_WRONLY, O_RDWR, O_WRONLY | O_APPEND,
				    O_RDWR | O_NONBLOCK };

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int fd = open("/dev/null", ways[i]);

		assert_int_equal(dup2(fd, 9), 9);
		assert_int_equal(
			parsed((const char *const[MOST]){ "-r9" }).ready, 9);
		close(9);
		close(fd);
	}
}

/* The ends of each range; what is next to them is in the refused ones. */
static void test_options_parse_takes_the_ends_of_each_range(void **state)
{
	struct options got;

	(void)state;
	assert_int_equal(dup2(STDOUT_FILENO, 3), 3);
	assert_int_equal(parsed((const char *const[MOST]){ "-r3" }).ready, 3);
	close(3);
	got = parsed((const char *const[MOST]){ "-p0" });
	assert_address(&got, "0.0.0.0", 0);
	got = parsed((const char *const[MOST]){ "-p65535" });
	assert_address(&got, "0.0.0.0", 65535);
	assert_int_equal(parsed((const char *const[MOST]){ "-n1" }).limit, 1);
	assert_int_equal(parsed((const char *const[MOST]){
					"-e", "-n9223372036854775807" })
				 .limit,
			 INT64_MAX);
	assert_int_equal(parsed((const char *const[MOST]){ "-n131072" }).limit,
			 131072);
	assert_int_equal(
		parsed((const char *const[MOST]){ "-l", "-n131073" }).limit,
		131073);
	got = parsed((const char *const[MOST]){ "-a10.0.0.0/8" });
	assert_true(got.allows_some);
	assert_int_equal(got.allow.bits, 8);
	assert_int_equal(
		parsed((const char *const[MOST]){ "-w.000001" }).idle_us, 1);
	assert_int_equal(
		parsed((const char *const[MOST]){ "-t.000001" }).timeout_us, 1);
	assert_int_equal(
		parsed((const char *const[MOST]){ "-t999999999.999999" })
			.timeout_us,
		999999999999999);
}

static void test_options_parse_prints_the_help_to_the_letter(void **state)
{
	(void)state;
	assert_string_equal(parsed((const char *const[MOST]){ "-h" }).print,
			    help_text());
	assert_string_equal(parsed((const char *const[MOST]){ "--help" }).print,
			    help_text());
}

static void test_options_parse_prints_the_version_to_the_letter(void **state)
{
	(void)state;
	assert_string_equal(parsed((const char *const[MOST]){ "-V" }).print,
			    version_text());
	assert_string_equal(
		parsed((const char *const[MOST]){ "--version" }).print,
		version_text());
}

static void test_options_parse_prints_before_it_looks_further(void **state)
{
	static const char *const further[][MOST] = {
		{ "-h", "-p", "bad" }, { "-h", "-q" },	{ "-h", "operand" },
		{ "-eh", "-l" },       { "-V", "-p" },	{ "-hV" },
		{ "-le", "-h" },       { "-Vh", "-t0" }
	};

	(void)state;
	for (size_t i = 0; i < sizeof(further) / sizeof(further[0]); i++)
		assert_string_equal(parsed(further[i]).print,
				    further[i][0][1] == 'V' ? version_text()
							    : help_text());
}

/* The two lines of a usage error. */
static void complain(char expected[512], const char *complaint)
{
	snprintf(expected, 512,
		 "server: %s\nserver: usage: %s; -h explains it\n", complaint,
		 usage_text());
}

static int parse_child(const void *arguments)
{
	struct options options;

	return parse(&options, arguments) == -1 ? 0 : 1;
}

static void assert_refused(const char *const arguments[MOST],
			   const char *complaint)
{
	struct process child = process_start(parse_child, arguments);
	struct result result = process_end(&child);
	char expected[512];

	complain(expected, complaint);
	assert_string_equal(result.err, expected);
	assert_int_equal(result.status, 0);
	assert_int_equal(result.out_len, 0);
}

/* With the opposite of what it takes, it is refused as itself. */
static void test_options_parse_knows_each_option_of_the_help(void **state)
{
	(void)state;
	for (size_t i = 0; option_facts[i].letter != 0; i++) {
		const struct option_fact *option = &option_facts[i];
		char letter[] = { '-', option->letter, '\0' };
		char name[32], complaint[64];
		const char *arguments[MOST] = { letter };

		snprintf(name, sizeof(name), "--%s%s", option->name,
			 option->argument == NULL ? "=1" : "");
		snprintf(complaint, sizeof(complaint), "%s: %s", letter,
			 option->argument == NULL ? "takes no value"
						  : "needs a value");
		if (option->argument != NULL)
			assert_refused(arguments, complaint);
		arguments[0] = name;
		assert_refused(arguments, complaint);
	}
}

static void test_options_parse_refuses_what_is_no_option(void **state)
{
	static const struct {
		const char *arguments[MOST];
		const char *complaint;
	} bad[] = {
		{ { "-q" }, "-q: unknown option" },
		{ { "-lq" }, "-q: unknown option" },
		{ { "-:" }, "-:: unknown option" },
		{ { "-qe" }, "-q: unknown option" },
		{ { "--frob" }, "--frob: unknown or ambiguous option" },
		{ { "--t", "5" }, "--t: unknown or ambiguous option" },
		{ { "--eof=1" }, "-e: takes no value" },
		{ { "-p" }, "-p: needs a value" },
		{ { "--port" }, "-p: needs a value" },
		{ { "9000" },
		  "9000: unexpected argument; -b takes the address, -p the "
		  "port" },
		{ { "-e", "x" },
		  "x: unexpected argument; -b takes the address, -p the port" },
		{ { "--", "-e" },
		  "-e: unexpected argument; -b takes the address, -p the "
		  "port" },
		{ { "" },
		  "\"\": unexpected argument; -b takes the address, -p the "
		  "port" },
		{ { "-le" }, "-l -e: only one of them can end the message" },
		{ { "-n131073" },
		  "-n: one recv takes at most 131072 bytes; add -e to take "
		  "more" },
		{ { "-\xc3\xa9" }, "-?: unknown option" },
		{ { "-e", "-p1", "-l" },
		  "-l -e: only one of them can end the message" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(bad[i].arguments, bad[i].complaint);
}

static void test_options_parse_refuses_bad_values(void **state)
{
	static const struct {
		const char *option, *problem;
		const char *values[16];
	} bad[] = {
		{ "-b",
		  "not an IP address such as 127.0.0.1 or ::1",
		  { "", "localhost", "127.0.0", "127.0.0.256", " 127.0.0.1",
		    "127.0.0.1 ", "1:2", "::g", "0x7f.1", "127.0.0.1:80" } },
		{ "-b",
		  "a link-local address needs its interface, as in "
		  "fe80::1%eth0",
		  { "fe80::1", "FE80::1", "febf::1" } },
		{ "-b", "write it without brackets", { "[::1]" } },
		{ "-b",
		  "no such interface",
		  { "fe80::1%", "fe80::1%no such" } },
		{ "-b",
		  "only a link-local address, fe80::/10, has an interface",
		  { "::1%", "::%lo", "fec0::1%1" } },
		{ "-a",
		  "not an IP address such as 127.0.0.1 or ::1",
		  { "", "localhost", "10", "10.0.0.0:80" } },
		{ "-a", "not from /0 to /32", { "10.0.0.0/", "10.0.0.0/33" } },
		{ "-a",
		  "bits after the prefix are set, the network is 10.0.0.0/8",
		  { "10.1.2.3/8" } },
		{ "-w",
		  "not a number of seconds from 0.000001 to 999999999.999999",
		  { "", "0", "-1", "1s", "1e3", "1000000000" } },
		{ "-n",
		  "not a number of bytes from 1 to 9223372036854775807",
		  { "", "0", "-1", "+1", " 1", "1 ", "1k", "1.5", "x",
		    "9223372036854775808", "99999999999999999999999" } },
		{ "-p",
		  "not a port from 0 to 65535",
		  { "", "65536", "70000", "-1", "+80", " 80", "80 ", "80a",
		    "http", "0x50", "8080.", "18446744073709559696" } },
		{ "-t",
		  "not a number of seconds from 0.000001 to 999999999.999999",
		  { "", "0", "0.0", "-1", "+1", " 1", "1s", "1.", ".", "1..2",
		    "inf", "infinity", "nan", "1e3", "1000000000" } },
		{ "-r",
		  "not a descriptor above 2",
		  { "", "0", "1", "2", "-1", "+3", " 3", "3x", "2147483648" } },
		{ "-r",
		  "not open for writing; in a shell, 3>FILE opens 3",
		  { "999", "2147483647" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (size_t j = 0; j < 16 && bad[i].values[j] != NULL; j++) {
			const char *value = bad[i].values[j];
			const char *const arguments[MOST] = { bad[i].option,
							      value };
			char complaint[128];

			snprintf(complaint, sizeof(complaint), "%s%s%s: %s",
				 bad[i].option, " ",
				 value[0] == '\0' ? "\"\"" : value,
				 bad[i].problem);
			assert_refused(arguments, complaint);
		}
	}
}

static void test_options_parse_refuses_ready_on_what_is_only_read(void **state)
{
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(dup2(fd, 9), 9);
	assert_refused(
		(const char *const[MOST]){ "-r", "9" },
		"-r 9: not open for writing; in a shell, 3>FILE opens 3");
	close(9);
	close(fd);
}

static void test_options_parse_keeps_a_complaint_to_its_line(void **state)
{
	char longest[300], complaint[128];

	(void)state;
	assert_refused((const char *const[MOST]){ "-p", "80\n\033[1m" },
		       "-p 80??[1m: not a port from 0 to 65535");
	memset(longest, '0', sizeof(longest) - 1);
	longest[0] = 'x';
	longest[sizeof(longest) - 1] = '\0';
	snprintf(complaint, sizeof(complaint),
		 "-p %.64s: not a port from 0 to 65535", longest);
	assert_refused((const char *const[MOST]){ "-p", longest }, complaint);
	longest[0] = longest[1] = '-';
	snprintf(complaint, sizeof(complaint),
		 "%.64s: unknown or ambiguous option", longest);
	assert_refused((const char *const[MOST]){ longest }, complaint);
	snprintf(
		complaint, sizeof(complaint),
		"%.64s: unexpected argument; -b takes the address, -p the port",
		longest + 2);
	assert_refused((const char *const[MOST]){ longest + 2 }, complaint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_parse_has_the_defaults),
		cmocka_unit_test(test_options_parse_takes_each_option),
		cmocka_unit_test(test_options_parse_takes_them_together),
		cmocka_unit_test(test_options_parse_takes_the_last_of_two),
		cmocka_unit_test(
			test_options_parse_has_address_and_port_in_each_order),
		cmocka_unit_test(
			test_options_parse_has_one_limit_in_each_order),
		cmocka_unit_test(
			test_options_parse_takes_ready_where_it_can_write),
		cmocka_unit_test(
			test_options_parse_takes_the_ends_of_each_range),
		cmocka_unit_test(
			test_options_parse_prints_the_help_to_the_letter),
		cmocka_unit_test(
			test_options_parse_prints_the_version_to_the_letter),
		cmocka_unit_test(
			test_options_parse_prints_before_it_looks_further),
		cmocka_unit_test(
			test_options_parse_knows_each_option_of_the_help),
		cmocka_unit_test(test_options_parse_refuses_what_is_no_option),
		cmocka_unit_test(test_options_parse_refuses_bad_values),
		cmocka_unit_test(
			test_options_parse_refuses_ready_on_what_is_only_read),
		cmocka_unit_test(
			test_options_parse_keeps_a_complaint_to_its_line),
	};

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
