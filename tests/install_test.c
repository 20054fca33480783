/* What goes with the program: its manual page, its place, its static build. */
#include <stdlib.h>
#include <unistd.h>

#include "support.h"

static void assert_script(const char *script, const char *out)
{
	struct process child = shell_start(script);
	struct result result = process_end(&child);

	assert_string_equal(result.err, "");
	assert_string_equal(result.out, out);
	assert_int_equal(result.status, 0);
}

static void test_manual_has_the_usage_for_a_synopsis(void **state)
{
	(void)state;
	needs_program("mandoc");
	assert_script("usage=$($SERVER -h | sed -n 's/^usage: //p'); "
		      "test -n \"$usage\" && "
		      "mandoc -Tascii -O width=200 src/server.1 | col -b | "
		      "sed -n '/^SYNOPSIS/{n;s/^ *//p;}' | "
		      "grep -Fxq \"$usage\" && echo same",
		      "same\n");
}

static void test_manual_has_every_option_of_the_help(void **state)
{
	(void)state;
	needs_program("mandoc");
	assert_script(
		"for o in $($SERVER -h | "
		"sed -n 's/^  -., \\(--[a-z-]*\\).*/\\1/p'); do "
		"mandoc -Tascii src/server.1 | col -b | "
		"grep -q \"^ *-.*, $o\" && echo $o; done",
		"--bind\n--eof\n--help\n--line\n--bytes\n--port\n--ready\n"
		"--timeout\n--version\n--verbose\n--trace\n"
		"--skip-empty\n");
}

static void
test_install_puts_both_in_place_and_uninstall_takes_them(void **state)
{
	(void)state;
	assert_script("unset MAKEFLAGS MAKEOVERRIDES; d=$(mktemp -d); "
		      "make -s install DESTDIR=$d PREFIX=/usr >/dev/null && "
		      "(cd $d && find . -type f -printf '%p %m\\n' | sort) && "
		      "$d/usr/bin/server -V >/dev/null && "
		      "make -s uninstall DESTDIR=$d PREFIX=/usr >/dev/null && "
		      "find $d -type f && rm -r $d",
		      "./usr/bin/server 755\n"
		      "./usr/share/man/man1/server.1 644\n");
}

/* The tarball of a release is built where git knows nothing of it. */
static void test_dist_builds_where_there_is_no_git(void **state)
{
	(void)state;
	needs_program("git");
	skip_without(system("test -e .git && "
			    "git rev-parse -q --verify HEAD >/dev/null "
			    "2>&1") == 0,
		     "a git repository");
	assert_script("unset MAKEFLAGS MAKEOVERRIDES BUILD PROGRAM; "
		      "make -s dist BUILD=build/dist >/dev/null && "
		      "d=$(mktemp -d) && "
		      "tar -xzf build/dist/server-" VERSION ".tar.gz -C $d && "
		      "ls $d && cd $d/server-" VERSION " && "
		      "make -s && ./server --version && rm -r $d",
		      "server-" VERSION "\nserver " VERSION "\n");
}

/* The kernel runs it with nothing but itself, as in an empty image. */
static void test_static_program_runs_in_an_empty_root(void **state)
{
	struct process server;
	struct result result;
	int client;

	(void)state;
	assert_script("unset MAKEFLAGS MAKEOVERRIDES; "
		      "make -s static-program >/dev/null && "
		      "rm -rf build/root && mkdir build/root && "
		      "cp build/static/server build/root && ls build/root",
		      "server\n");
	server = shell_start(
		geteuid() == 0 ? "exec chroot build/root /server"
			       : "exec unshare -r chroot build/root /server");
	wait_for_listener(PORT);
	client = client_connect(PORT);
	client_send(client, "hi\n", 3);
	result = process_end(&server);
	assert_string_equal(result.err, "");
	assert_string_equal(result.out, "hi\n");
	assert_int_equal(result.status, 0);
	close(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manual_has_the_usage_for_a_synopsis),
		cmocka_unit_test(test_manual_has_every_option_of_the_help),
		cmocka_unit_test(
			test_install_puts_both_in_place_and_uninstall_takes_them),
		cmocka_unit_test(test_dist_builds_where_there_is_no_git),
		cmocka_unit_test(test_static_program_runs_in_an_empty_root),
	};

	return cmocka_run_group_tests(tests, own_network, NULL);
}
