/* The command line, right and wrong. */
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "options.h"
#include "support.h"

enum {
	MOST = 8,
	REFUSED = 2,
	NOT_ALLOWED = 3,
};

static const char usage[] =
	"server: usage: server [-ehlVvxz] [-b ADDRESS] [-n BYTES] [-p PORT] "
	"[-r FD] [-t SECONDS]; -h explains it\n";

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

static void test_options_parse_has_the_defaults(void **state)
{
	struct options got = parsed((const char *const[MOST]){ NULL });

	(void)state;
	assert_string_equal(got.address, "0.0.0.0");
	assert_int_equal(got.port, 8080);
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

			assert_int_equal(strcmp(got.address, "0.0.0.0") != 0,
					 i == 0);
			assert_int_equal(got.limit, all[i].limit);
			assert_int_equal(got.port, i == 2 ? 0 : 8080);
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
		"-ezvx", "-n9223372036854775807", "--port=65535", "-b", "::1",
		"-t999999999" });

	(void)state;
	assert_true(got.eof && got.skip_empty && got.verbose && got.trace);
	assert_int_equal(got.limit, INT64_MAX);
	assert_int_equal(got.port, 65535);
	assert_string_equal(got.address, "::1");
	assert_int_equal(got.timeout_us, 999999999000000);
}

static void test_options_parse_takes_the_last_of_two(void **state)
{
	struct options got =
		parsed((const char *const[MOST]){ "-p1", "-p2", "-n5", "-l" });

	(void)state;
	assert_int_equal(got.port, 2);
	assert_int_equal(got.limit, 5);
}

static void test_options_parse_prints_before_it_looks_further(void **state)
{
	struct options got =
		parsed((const char *const[MOST]){ "-h", "-p", "bad" });
	const char *end;

	(void)state;
	/* The usage line, and a line for each of the twelve options. */
	assert_memory_equal(got.print, usage + 8, strlen(usage + 8) - 17);
	end = strstr(got.print, "\n  -b, --bind ");
	for (int i = 0; i < 12; i++) {
		assert_non_null(end);
		assert_memory_equal(end, "\n  -", 4);
		end = strchr(end + 1, '\n');
	}
	assert_memory_equal(end, "\n\n", 2);
	got = parsed((const char *const[MOST]){ "-V" });
	assert_string_equal(got.print, "server " VERSION "\n");
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

	snprintf(expected, sizeof(expected), "server: %s\n%s", complaint,
		 usage);
	assert_string_equal(result.err, expected);
	assert_int_equal(result.status, 0);
	assert_int_equal(result.out_len, 0);
}

static void test_options_parse_refuses_what_is_no_option(void **state)
{
	static const struct {
		const char *arguments[MOST];
		const char *complaint;
	} bad[] = {
		{ { "-q" }, "-q: no such option" },
		{ { "-lq" }, "-q: no such option" },
		{ { "-:" }, "-:: no such option" },
		{ { "-qe" }, "-q: no such option" },
		{ { "--frob" },
		  "--frob: no such option, or short for several" },
		{ { "--t", "5" }, "--t: no such option, or short for several" },
		{ { "--eof=1" }, "-e: takes no value" },
		{ { "-p" }, "-p: needs a value" },
		{ { "--port" }, "-p: needs a value" },
		{ { "9000" }, "9000: not an option; the port goes with -p" },
		{ { "-e", "x" }, "x: not an option; the port goes with -p" },
		{ { "--", "-e" }, "-e: not an option; the port goes with -p" },
		{ { "" }, ": not an option; the port goes with -p" },
		{ { "-le" }, "-l -e: only one of them can end the message" },
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
		{ "-n",
		  "not from 1 to 9223372036854775807",
		  { "", "0", "-1", "+1", " 1", "1 ", "1k", "1.5", "x",
		    "9223372036854775808", "99999999999999999999999" } },
		{ "-p",
		  "not from 0 to 65535",
		  { "", "65536", "70000", "-1", "+80", " 80", "80 ", "80a",
		    "http", "0x50", "8080.", "18446744073709559696" } },
		{ "-t",
		  "not seconds from 0.000001 to 999999999",
		  { "", "0", "0.0", "-1", "+1", " 1", "1s", "1.", ".", "1..2",
		    "inf", "infinity", "nan", "1e3", "1000000000" } },
		{ "-r",
		  "not from 3 to 2147483647",
		  { "", "0", "1", "2", "-1", "+3", " 3", "3x", "2147483648" } },
		{ "-r",
		  "not open for writing, as 3>FILE is",
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
				 bad[i].option, value[0] == '\0' ? "" : " ",
				 value, bad[i].problem);
			assert_refused(arguments, complaint);
		}
	}
}

static void test_options_parse_refuses_ready_on_what_is_only_read(void **state)
{
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(dup2(fd, 9), 9);
	assert_refused((const char *const[MOST]){ "-r", "9" },
		       "-r 9: not open for writing, as 3>FILE is");
	close(9);
	close(fd);
}

static void test_options_parse_keeps_a_complaint_to_its_line(void **state)
{
	char longest[200], complaint[128];

	(void)state;
	assert_refused((const char *const[MOST]){ "-p", "80\n\033[1m" },
		       "-p 80??[1m: not from 0 to 65535");
	memset(longest, '0', sizeof(longest) - 1);
	longest[0] = 'x';
	longest[sizeof(longest) - 1] = '\0';
	snprintf(complaint, sizeof(complaint), "-p %.64s: not from 0 to 65535",
		 longest);
	assert_refused((const char *const[MOST]){ "-p", longest }, complaint);
}

static void set_listen(long pid, const char *fds)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", pid);
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", fds, 1);
}

static int parse_inherited(const void *fds)
{
	const char *const none[MOST] = { NULL };
	struct options options;

	set_listen(getpid(), fds);
	if (parse(&options, none) == -1)
		return REFUSED;
	return options.inherited == 3 ? 0 : 1;
}

static int parse_ready_inherited(const void *unused)
{
	const char *const arguments[MOST] = { "-r", "3" };
	struct options options;

	(void)unused;
	dup2(STDOUT_FILENO, 3);
	set_listen(getpid(), "1");
	return parse(&options, arguments) == -1 ? 0 : 1;
}

static void test_options_parse_finds_one_inherited_listener(void **state)
{
	struct process child = process_start(parse_inherited, "1");
	struct result result = process_end(&child);

	(void)state;
	assert_string_equal(result.err, "");
	assert_int_equal(result.status, 0);
}

/* As in a container, where the server may be the first process. */
static int parse_as_first_process(const void *fds)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID) == -1 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWPID) == -1)
		return NOT_ALLOWED;
	pid = fork();
	if (pid == 0)
		_exit(getpid() == 1 ? parse_inherited(fds) : NOT_ALLOWED);
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return NOT_ALLOWED;
	/* No process can start any more, as a leak checker would at exit. */
	_exit(WEXITSTATUS(status));
}

static void test_options_parse_finds_a_listener_as_first_process(void **state)
{
	struct process child = process_start(parse_as_first_process, "1");
	struct result result = process_end(&child);

	(void)state;
	skip_without(result.status != NOT_ALLOWED, "a namespace of processes");
	assert_string_equal(result.err, "");
	assert_int_equal(result.status, 0);
}

static void test_options_parse_refuses_other_than_one_listener(void **state)
{
	static const char *const bad[] = { "2", "10", "x", "", "0" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct process child = process_start(parse_inherited, bad[i]);
		struct result result = process_end(&child);
		char expected[512];

		snprintf(expected, sizeof(expected),
			 "server: LISTEN_FDS%s%s: only one listener can be "
			 "inherited\n%s",
			 bad[i][0] == '\0' ? "" : " ", bad[i], usage);
		assert_string_equal(result.err, expected);
		assert_int_equal(result.status, REFUSED);
	}
}

static void test_options_parse_refuses_ready_on_the_listener(void **state)
{
	struct process child = process_start(parse_ready_inherited, NULL);
	struct result result = process_end(&child);
	char expected[512];

	(void)state;
	snprintf(expected, sizeof(expected),
		 "server: -r 3: that is the inherited listener, take another\n"
		 "%s",
		 usage);
	assert_string_equal(result.err, expected);
	assert_int_equal(result.status, 0);
}

static void test_options_parse_ignores_anothers_listener(void **state)
{
	const char *const none[MOST] = { NULL };

	(void)state;
	set_listen(getpid() + 1L, "1");
	assert_int_equal(parsed(none).inherited, -1);
	setenv("LISTEN_PID", "", 1);
	assert_int_equal(parsed(none).inherited, -1);
	set_listen(getpid(), "1");
	unsetenv("LISTEN_FDS");
	assert_int_equal(parsed(none).inherited, -1);
	unsetenv("LISTEN_PID");
	assert_int_equal(parsed(none).inherited, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_parse_has_the_defaults),
		cmocka_unit_test(test_options_parse_takes_each_option),
		cmocka_unit_test(test_options_parse_takes_them_together),
		cmocka_unit_test(test_options_parse_takes_the_last_of_two),
		cmocka_unit_test(
			test_options_parse_prints_before_it_looks_further),
		cmocka_unit_test(test_options_parse_refuses_what_is_no_option),
		cmocka_unit_test(test_options_parse_refuses_bad_values),
		cmocka_unit_test(
			test_options_parse_refuses_ready_on_what_is_only_read),
		cmocka_unit_test(
			test_options_parse_keeps_a_complaint_to_its_line),
		cmocka_unit_test(
			test_options_parse_finds_one_inherited_listener),
		cmocka_unit_test(
			test_options_parse_finds_a_listener_as_first_process),
		cmocka_unit_test(
			test_options_parse_refuses_other_than_one_listener),
		cmocka_unit_test(
			test_options_parse_refuses_ready_on_the_listener),
		cmocka_unit_test(test_options_parse_ignores_anothers_listener),
	};

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
