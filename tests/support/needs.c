/* What a test needs, without which it is skipped. */
#include "support.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	/* Less than LIMIT of run.sh, and than BOUND of mutants.sh. */
	PORT_WAIT_MS = 9 * WAIT_MS,
};

static bool set(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	bool written;

	if (file == NULL)
		return false;
	written = fputs(text, file) >= 0;
	return fclose(file) == 0 && written;
}

/*
 * A network for a user who is not root: it needs a user namespace that maps
 * this user, as make(1), for example, sets its own user again.
 */
static bool own_user_and_network(void)
{
	const unsigned int user = geteuid(), group = getegid();
	char users[64], groups[64];

	snprintf(users, sizeof(users), "%u %u 1", user, user);
	snprintf(groups, sizeof(groups), "%u %u 1", group, group);
	return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
	       set("/proc/self/uid_map", users) &&
	       set("/proc/self/setgroups", "deny") &&
	       set("/proc/self/gid_map", groups);
}

static bool make_network(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;
	bool up;

	if (unshare(CLONE_NEWNET) == -1 && !own_user_and_network())
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	up = ioctl(fd, SIOCSIFFLAGS, &loopback) == 0;
	close(fd);
	return up;
}

static bool has_own_network;

/* A child tries it first: there is no way back from one that is half made. */
int own_network(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(make_network() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status == 0) {
		assert_true(make_network());
		has_own_network = true;
	}
	return 0;
}

void needs_own_network(void)
{
	skip_without(has_own_network, "a network of its own");
	/* Else a reset ends TIME-WAIT. Where this can't be set, it is rare. */
	set("/proc/sys/net/ipv4/tcp_rfc1337", "1");
}

void skip_without(bool found, const char *what)
{
	if (found)
		return;
	print_message("not found: %s\n", what);
	skip();
}

void needs_program(const char *program)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
	skip_without(system(command) == 0, program);
}

void needs_locale(const char *name, const char *charmap)
{
	char command[256], what[64];

	snprintf(command, sizeof(command),
		 "localedef -i %s -f %s \"$FOLDER/%s.%s\" >/dev/null 2>&1",
		 name, charmap, name, charmap);
	snprintf(what, sizeof(what), "localedef for %s.%s", name, charmap);
	skip_without(system(command) == 0, what);
	assert_int_equal(setenv("LOCPATH", getenv("FOLDER"), 1), 0);
}

void needs_compiler(const char *options)
{
	char command[256], what[64];

	snprintf(command, sizeof(command),
		 "echo 'int main(void) { return 0; }' | "
		 "${CC:-cc}%s -o /dev/null -x c - 2>/dev/null",
		 options);
	snprintf(what, sizeof(what), "a compiler that links%s", options);
	skip_without(system(command) == 0, what);
}

void needs_strace(void)
{
	needs_program("strace");
	skip_without(system("strace -o /dev/null true 2>/dev/null") == 0,
		     "the right to trace");
}

/* Whether a socket of that family can have the name, as the server's can. */
static bool can_bind(const struct sockaddr *name, socklen_t len)
{
	const int on = 1;
	int fd = socket(name->sa_family, SOCK_STREAM, 0);
	bool bound;

	if (fd == -1)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	bound = bind(fd, name, len) == 0;
	close(fd);
	return bound;
}

/* Whoever has it is the only test program of this network to use the port. */
static int mark = -1;

static void release_port(void)
{
	close(mark);
	mark = -1;
}

/* Waits, if not for ever, until whoever listens by that name ends. */
static void await_end(const struct sockaddr *name, socklen_t len, int most_ms)
{
	struct pollfd holder = { socket(AF_UNIX, SOCK_STREAM, 0), POLLIN, 0 };

	if (connect(holder.fd, name, len) == 0)
		poll(&holder, 1, most_ms);
	else
		sched_yield(); /* it has the name, and listens soon */
	close(holder.fd);
}

/*
 * Whether this program is the one now. All its waits together are bounded, so
 * that one that was in vain is not repeated for each test.
 */
static bool take_port(void)
{
	static const struct sockaddr_un un = { .sun_family = AF_UNIX,
					       .sun_path = "\0server tests" };
	const struct sockaddr *name = (const struct sockaddr *)&un;
	static long long bound;

	if (mark != -1)
		return true;
	if (bound == 0)
		bound = now_ms() + PORT_WAIT_MS;
	mark = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	while (bind(mark, name, sizeof(un)) == -1) {
		const long long left = bound - now_ms();

		assert_int_equal(errno, EADDRINUSE);
		if (left <= 0) {
			release_port();
			return false;
		}
		await_end(name, sizeof(un), (int)left);
	}
	assert_int_equal(listen(mark, SOMAXCONN), 0);
	return true;
}

void needs_port(uint16_t port)
{
	const struct sockaddr_in name = { .sin_family = AF_INET,
					  .sin_port = htons(port) };
	char what[32];
	bool is_free;

	skip_without(take_port(),
		     "port 8080, which another test program keeps");
	is_free = can_bind((const struct sockaddr *)&name, sizeof(name));
	if (!is_free)
		release_port();
	snprintf(what, sizeof(what), "a free port %u", port);
	skip_without(is_free, what);
}

void needs_ip6(void)
{
	const struct sockaddr_in6 name = { .sin6_family = AF_INET6,
					   .sin6_addr = in6addr_loopback };

	skip_without(can_bind((const struct sockaddr *)&name, sizeof(name)),
		     "IPv6");
}
