/* How the program gets elsewhere: its place, its tarball, its static build. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
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

/* A build may take as long as run.sh allows. */
static void assert_builds(const char *script)
{
	const int status = system(script);

	/* system(3) kept it from this process, as it does with Ctrl-C. */
	if (WIFSIGNALED(status))
		raise(WTERMSIG(status));
	assert_int_equal(status, 0);
}

static void
test_install_puts_both_in_place_and_uninstall_takes_them(void **state)
{
	(void)state;
	needs_program("make");
	/* -o: what is there is installed, not built again. */
	assert_script(
		"cd \"$FOLDER\" && "
		"make -s -o server install DESTDIR=root PREFIX=/usr "
		">/dev/null && "
		"(cd root && find . -type f -printf '%p %m\\n' | sort) && "
		"root/usr/bin/server -V >/dev/null && "
		"make -s uninstall DESTDIR=root PREFIX=/usr >/dev/null && "
		"find root -type f",
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
	needs_program("make");
	needs_compiler("");
	assert_builds("git clone -q . \"$FOLDER/clone\" && "
		      "cp Makefile \"$FOLDER/clone\" && "
		      "make -s -C \"$FOLDER/clone\" dist && "
		      "cd \"$FOLDER\" && "
		      "tar -xzf clone/build/server-" VERSION ".tar.gz && "
		      "make -s -C server-" VERSION " CFLAGS=-O0");
	assert_script("cd \"$FOLDER\" && ls && "
		      "server-" VERSION "/server --version | "
		      "cut -d ' ' -f 1,2",
		      "clone\nserver-" VERSION "\nserver " VERSION "\n");
}

/*
 * Who may not change its root may do so as root of a namespace of users. To
 * some users the shell does not show where chroot is.
 */
#define ENTER                                                                  \
	"PATH=$PATH:/usr/sbin:/sbin; enter=chroot; "                           \
	"chroot / true 2>/dev/null || enter='unshare -r chroot'; "

/* The kernel runs it with nothing but itself, as in an empty image. */
static void test_static_program_runs_in_an_empty_root(void **state)
{
	struct process server;
	struct result result;
	uint16_t port;
	int client;

	(void)state;
	needs_program("make");
	needs_compiler(" -static");
	skip_without(system(ENTER "$enter / true 2>/dev/null") == 0,
		     "the right to chroot");
	assert_builds("cd \"$FOLDER\" && make -s -j2 static-program && "
		      "mkdir root && cp build/static/server root");
	server = shell_listen(&port, ENTER "exec $enter \"$FOLDER/root\" "
					   "/server -p 0 -r 3");
	client = client_connect(port);
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
		cmocka_unit_test_setup_teardown(
			test_install_puts_both_in_place_and_uninstall_takes_them,
			copy_project, remove_folder),
		cmocka_unit_test_setup_teardown(
			test_dist_builds_where_there_is_no_git, make_folder,
			remove_folder),
		cmocka_unit_test_setup_teardown(
			test_static_program_runs_in_an_empty_root, copy_project,
			remove_folder),
	};

	forget_make();
	return cmocka_run_group_tests(tests, own_network, NULL);
}
