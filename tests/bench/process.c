#include "process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "port.h"

#define SECOND_NS 1000000000ULL

enum {
	START_SECONDS = 5, /* for a receiver to listen */
	RUN_SECONDS = 60,  /* for a receiver to end */
};

extern char **environ;

/* Whom the alarm ends; 0 is nobody. */
static volatile sig_atomic_t running;

static void end_running(int signal)
{
	(void)signal;
	if (running > 0)
		kill((pid_t)running, SIGTERM);
}

void die(const char *call)
{
	fprintf(stderr, "bench: %s: %s\n", call, strerror(errno));
	end_running(0);
	exit(1);
}

uint64_t now_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) == -1)
		die("clock_gettime");
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

void own_network(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET) == -1 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
		return;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd == -1)
		die("socket");
	if (ioctl(fd, SIOCSIFFLAGS, &loopback) == -1)
		die("ioctl");
	close(fd);
}

void make_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) == -1)
		die("pipe2");
}

static void watch(pid_t pid)
{
	struct sigaction action = { .sa_handler = end_running,
				    .sa_flags = SA_RESTART };

	if (sigaction(SIGALRM, &action, NULL) == -1)
		die("sigaction");
	running = pid;
	alarm(RUN_SECONDS);
}

/* posix_spawn does not copy this program, so that its size costs nothing. */
pid_t process_start(const char *path, const char *const argv[], int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	pid_t pid;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	errno = posix_spawnattr_init(&attributes);
	if (errno == 0)
		errno = posix_spawnattr_setsigdefault(&attributes, &defaults);
	if (errno == 0)
		errno = posix_spawnattr_setflags(&attributes,
						 POSIX_SPAWN_SETSIGDEF);
	if (errno == 0)
		errno = posix_spawn_file_actions_init(&actions);
	if (errno == 0)
		errno = posix_spawn_file_actions_addopen(
			&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (errno == 0)
		errno = posix_spawn_file_actions_adddup2(&actions, out,
							 STDOUT_FILENO);
	if (errno == 0)
		errno = posix_spawn(&pid, path, &actions, &attributes,
				    (char *const *)argv, environ);
	if (errno != 0)
		die(path);
	watch(pid);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return pid;
}

bool process_end(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) == -1)
		die("waitpid");
	running = 0;
	alarm(0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void process_stop(pid_t pid)
{
	if (kill(pid, SIGTERM) == -1)
		die("kill");
	process_end(pid);
}

/* The first line of a file that contains text, and whether there is one. */
static bool find_line(const char *path, const char *text, char *line, int size)
{
	FILE *file = fopen(path, "r");
	bool found = false;

	if (file == NULL)
		return false;
	while (!found && fgets(line, size, file) != NULL)
		found = strstr(line, text) != NULL;
	fclose(file);
	return found;
}

static bool somebody_listens(void)
{
	char text[64], line[256];

	/* Any remote address and port, and TCP_LISTEN. */
	snprintf(text, sizeof(text), ":%04X 00000000:0000 0A ", PORT);
	if (find_line("/proc/net/tcp", text, line, sizeof(line)))
		return true;
	snprintf(text, sizeof(text), ":%04X %032d:0000 0A ", PORT, 0);
	return find_line("/proc/net/tcp6", text, line, sizeof(line));
}

static bool sleeps(pid_t pid)
{
	char path[64], line[256];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	return find_line(path, ") S ", line, sizeof(line));
}

bool process_wait_listening(pid_t pid)
{
	const uint64_t bound = now_ns() + START_SECONDS * SECOND_NS;

	while (!somebody_listens() || !sleeps(pid)) {
		if (now_ns() > bound)
			return false;
		sched_yield();
	}
	return true;
}

long process_peak_kib(pid_t pid)
{
	char path[64], line[256];
	long kib;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (!find_line(path, "VmHWM:", line, sizeof(line)) ||
	    sscanf(line, "VmHWM: %ld kB", &kib) != 1)
		return -1;
	return kib;
}

/* On Linux a socket can be used again after a refused connect. */
int client_connect(void)
{
	const struct sockaddr_in name = { .sin_family = AF_INET,
					  .sin_port = htons(PORT),
					  .sin_addr.s_addr =
						  htonl(INADDR_LOOPBACK) };
	const uint64_t bound = now_ns() + START_SECONDS * SECOND_NS;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		die("socket");
	while (connect(fd, (const struct sockaddr *)&name, sizeof(name)) ==
	       -1) {
		if (errno != ECONNREFUSED)
			die("connect");
		if (now_ns() > bound) {
			close(fd);
			return -1;
		}
	}
	return fd;
}
