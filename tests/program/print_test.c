/* What is printed and no run: -h, -V, a usage error. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pages.h"
#include "play.h"

/* Runs it with an option, and descriptor `out` as standard output. */
static struct process start_into(int out, const char *option)
{
	redirect_next(out, STDOUT_FILENO);
	return server_start(option, NULL);
}

static void assert_not_printed(int out, const char *err)
{
	static const char *const options[] = { "-h", "-V" };

	for (size_t i = 0; i < 2; i++) {
		struct process server = start_into(out, options[i]);

		assert_ended(&server, 1, "", err);
	}
}

static void test_print_fails_if_the_device_is_full(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_not_equal(full, -1);
	assert_not_printed(full, FULL);
	close(full);
}

static void test_print_fails_if_the_reader_is_gone(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_not_printed(ends[1],
			   "server: write standard output: Broken pipe; its "
			   "reader exited, run both again\n");
	close(ends[1]);
}

static void test_print_ignores_the_environment(void **state)
{
	struct process server =
		shell_start("LISTEN_PID=$$ LISTEN_FDS=2 exec \"$SERVER\" -h");

	(void)state;
	assert_ended(&server, 0, help_text(), "");
}

/*
 * What the file itself says of how it was linked, and with which C library. A
 * program that runs under another is beside the script that starts it.
 */
#define LOOK                                                                   \
	"file=$SERVER; head -c 2 \"$file\" | grep -q '^#!' && "                \
	"file=${file%/*}/server; "                                             \
	"case $(readelf -lW \"$file\") in "                                    \
	"*INTERP*) linked=dynamic ;; "                                         \
	"*'file type is EXEC'*) linked=static ;; "                             \
	"*'file type is DYN'*) linked=static-pie ;; "                          \
	"esac; "                                                               \
	"libc=musl; grep -q GLIBC_ \"$file\" && libc=glibc; "                  \
	"echo \"server " VERSION " ($linked, $libc)\""

static void test_version_names_the_link_and_the_libc_of_the_file(void **state)
{
	struct process server, look;
	struct result said;

	(void)state;
	needs_program("readelf");
	look = shell_start(LOOK);
	said = process_end(&look);
	assert_string_equal(said.err, "");
	assert_int_equal(said.status, 0);
	server = server_start("--version", NULL);
	assert_ended(&server, 0, said.out, "");
}

static void test_usage_has_a_status_of_its_own(void **state)
{
	struct process server = server_start("-p", "70000", NULL);
	struct result result = process_end(&server);

	(void)state;
	assert_int_equal(result.status, 2);
	assert_like(result.err, "server: -p 70000: *\nserver: usage: *\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print_fails_if_the_device_is_full),
		cmocka_unit_test(test_print_fails_if_the_reader_is_gone),
		cmocka_unit_test(test_print_ignores_the_environment),
		cmocka_unit_test(
			test_version_names_the_link_and_the_libc_of_the_file),
		cmocka_unit_test(test_usage_has_a_status_of_its_own),
	};

	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
