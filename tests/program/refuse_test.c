/*
 * Each call of a run refused, one by one, by strace(1): the run has delivered
 * all, or says in one line that it has not.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

enum {
	PIECE = 4200, /* it is spliced */
	PIECES = 2,
	MOST_CALLS = 100,
	NAME_BYTES = 32, /* of a call */
	TEST_NAME_BYTES = 96,
	TARGETS = 5,
};

static const struct mode {
	const char *name;
	const char *arguments[6];
	size_t pieces;	/* sent, each when the last has been delivered */
	size_t targets; /* the first ones, that it is tried with */
} modes[] = {
	{ "bytes", { "-n", "4200", NULL }, 1, 1 },
	{ "limits", { "-n", "4200", "-t", "9", "-w", "8" }, 1, 1 },
	{ "eof", { "-e", NULL }, PIECES, 1 },
	{ "plain", { NULL }, 1, TARGETS },
	{ "eof_and_limits", { "-e", "-t", "8", "-w", "9" }, PIECES, TARGETS },
	{ "line_and_limit", { "-l", "-w", "9", NULL }, PIECES, TARGETS },
};

static const char *const targets[TARGETS] = { "pipe", "file", "terminal",
					      "socket", "fifo" };

enum {
	MODES = sizeof(modes) / sizeof(modes[0]),
	REFUSALS = MODES * TARGETS,
};

/* EINTR is what a limit of time is told by. */
static const char *const reasons[] = { "EPERM",	 "EIO",	   "EINTR", "ENOSYS",
				       "EAGAIN", "EINVAL", "ENOMEM" };

enum {
	REASONS = sizeof(reasons) / sizeof(reasons[0]),
};

/* A call of the run, and which of its name it is. */
struct call {
	char name[NAME_BYTES];
	int nth;
};

/* A run; without a reason nothing is refused. */
struct refusal {
	const struct mode *mode;
	const char *target;
	struct call call;
	const char *reason;
};

/* What each test is about. */
static struct refusal refusals[REFUSALS];

static char message[PIECES * PIECE];

/* Its end is the newline that ends a line. */
static size_t length_of(const struct mode *mode)
{
	return mode->pieces == 1 ? 128 : sizeof(message);
}

/* From ends[1], the standard output of the run, to ends[0], its reader. */
static void open_target(const char *target, int ends[2])
{
	char path[256];

	if (strcmp(target, "pipe") == 0) {
		assert_int_equal(pipe(ends), 0);
	} else if (strcmp(target, "socket") == 0) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	} else if (strcmp(target, "terminal") == 0) {
		open_terminal(ends);
	} else {
		snprintf(path, sizeof(path), "%s/output", getenv("FOLDER"));
		if (strcmp(target, "fifo") == 0)
			assert_int_equal(mkfifo(path, 0600), 0);
		ends[0] = open(path, O_RDWR | O_CREAT, 0600);
		ends[1] = open(path, O_WRONLY);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
}

/* Adds what has come to `got`, of `len` bytes by then. */
static size_t take(int from, char got[sizeof(message) + 1], size_t len)
{
	ssize_t n = read(from, got + len, sizeof(message) + 1 - len);

	return n > 0 ? len + (size_t)n : len;
}

/* -1 where nobody listens. */
static int try_to_connect(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(PORT),
					.sin_addr.s_addr =
						htonl(INADDR_LOOPBACK) };
	const int client = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(client, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return client;
	close(client);
	return -1;
}

/*
 * Sends the message, piece by piece, until the run has ended. Returns how much
 * came to the reader.
 */
static size_t play(const struct mode *mode, const struct process *server,
		   int reader, char got[sizeof(message) + 1])
{
	const long long bound = now_ms() + WAIT_MS;
	const size_t whole = length_of(mode);
	struct pollfd ends[2] = { { server->err, 0, 0 },
				  { reader, POLLIN, 0 } };
	struct stat status;
	size_t sent = 0, len = 0;
	int client = -1;

	assert_int_equal(fstat(reader, &status), 0);
	/* A file is always ready. */
	if (S_ISREG(status.st_mode))
		ends[1].fd = -1;
	while (poll(ends, 2, 1) != -1 && (ends[0].revents & POLLHUP) == 0) {
		assert_true(now_ms() < bound);
		len = take(reader, got, len);
		if (client == -1)
			client = try_to_connect();
		if (client == -1 || sent > len)
			continue;
		if (sent == whole)
			shutdown(client, SHUT_WR);
		else if (send(client, message + sizeof(message) - whole + sent,
			      whole / mode->pieces, MSG_NOSIGNAL) != -1)
			sent += whole / mode->pieces;
	}
	close(client);
	return len;
}

static struct process start(const struct refusal *refusal)
{
	char calls[256], inject[128];
	const char *argv[16] = { "strace", "-qq",	    "-o", calls, "-e",
				 inject,   getenv("SERVER") };

	snprintf(calls, sizeof(calls), "%s/calls", getenv("FOLDER"));
	snprintf(inject, sizeof(inject), "trace=all");
	if (refusal->reason != NULL)
		snprintf(inject, sizeof(inject), "inject=%s:error=%s:when=%d",
			 refusal->call.name, refusal->reason,
			 refusal->call.nth);
	for (size_t i = 0; i < 6 && refusal->mode->arguments[i] != NULL; i++)
		argv[7 + i] = refusal->mode->arguments[i];
	return process_spawn(argv);
}

static bool is_one_of(const char *name, const char *const names[])
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Whether the run does without the call, or makes it again. */
static bool is_harmless(const struct refusal *refusal)
{
	static const char *const spare[] = { "splice", "fcntl", "fcntl64",
					     "pipe",   "pipe2", NULL };
	static const char *const waiting[] = { "accept",   "accept4", "recv",
					       "recvfrom", "poll",    "ppoll",
					       "write",	   NULL };
	const char *name = refusal->call.name, *reason = refusal->reason;

	return reason == NULL || is_one_of(name, spare) ||
	       (strcmp(reason, "EINTR") == 0 && is_one_of(name, waiting)) ||
	       (strcmp(reason, "EAGAIN") == 0 && strcmp(name, "write") == 0);
}

/* Whether all was delivered, or one line told of the failure. */
static bool keeps_its_word(const struct refusal *refusal,
			   const struct result *result, const char *got,
			   size_t len)
{
	const size_t whole = length_of(refusal->mode);
	const char *newline = strchr(result->err, '\n');

	if (len > whole ||
	    memcmp(got, message + sizeof(message) - whole, len) != 0)
		return false;
	if (result->status == 0)
		return len == whole && result->err[0] == '\0';
	return !is_harmless(refusal) && result->status == 1 &&
	       strncmp(result->err, "server: ", 8) == 0 && newline != NULL &&
	       newline[1] == '\0';
}

/* Returns the status. */
static int run(const struct refusal *refusal)
{
	char got[sizeof(message) + 1];
	struct process server;
	struct result result;
	size_t len;
	int ends[2];

	open_target(refusal->target, ends);
	redirect_next(ends[1], STDOUT_FILENO);
	server = start(refusal);
	len = play(refusal->mode, &server, ends[0], got);
	result = process_end(&server);
	/* A mark after the last byte: nothing is under way any more. */
	assert_int_equal(write(ends[1], "", 1), 1);
	do
		len = take(ends[0], got, len);
	while (len == 0 || got[len - 1] != '\0');
	close(ends[0]);
	close(ends[1]);
	if (!keeps_its_word(refusal, &result, got, len - 1))
		fail_msg("%s %d: %s: status %d, %zu bytes, %s",
			 refusal->call.name, refusal->call.nth,
			 refusal->reason == NULL ? "-" : refusal->reason,
			 result.status, len - 1, result.err);
	return result.status;
}

/* Whether the call is the same whatever standard output is. */
static bool is_of_start(const char *name)
{
	static const char *const names[] = {
		"rt_sigaction", "rt_sigprocmask", "getpid",
		"setitimer",	"socket",	  "setsockopt",
		"bind",		"listen",	  NULL,
	};

	return is_one_of(name, names);
}

/*
 * The calls of the run, after those that the C library starts with. If it is to
 * be shorter, without those that have nothing to do with standard output.
 */
static size_t list_calls(struct call calls[MOST_CALLS], bool shorter)
{
	/* The C library does not go on without them: brk is malloc's. */
	static const char *const needed[] = { "brk", "exit_group", "futex",
					      NULL };
	char path[256], line[512];
	struct call seen[MOST_CALLS] = { 0 };
	bool started = false;
	size_t count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/calls", getenv("FOLDER"));
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		struct call *call = seen;
		char name[NAME_BYTES];

		if (sscanf(line, "%31[a-z0-9_](", name) != 1)
			continue;
		while (call->nth > 0 && strcmp(call->name, name) != 0)
			call++;
		strcpy(call->name, name);
		call->nth++;
		/* It is the first of main. */
		started = started || strcmp(name, "rt_sigaction") == 0;
		if (!started || is_one_of(name, needed))
			continue;
		if (shorter && is_of_start(name))
			continue;
		assert_between(count, 0, MOST_CALLS - 1);
		calls[count++] = *call;
	}
	fclose(file);
	return count;
}

/* Not each strace can, and it is asked but once. */
static void needs_refusal(void)
{
	static int status = -1;

	needs_program("strace");
	if (status == -1)
		status = system("strace -o /dev/null -e "
				"inject=getppid:error=EPERM true 2>/dev/null");
	skip_without(status == 0, "the right to trace and refuse");
}

static void test_run_delivers_or_tells_whatever_is_refused(void **state)
{
	static size_t number;
	struct refusal refusal = *(const struct refusal *)*state;
	struct call calls[MOST_CALLS];
	size_t count, failed = 0;

	needs_refusal();
	needs_port(PORT);
	run(&refusal);
	count = list_calls(calls, refusal.target != targets[0]);
	for (size_t i = 0; i < count; i++) {
		refusal.call = calls[i];
		refusal.reason = reasons[number++ % REASONS];
		failed += run(&refusal) == 1;
	}
	print_message("%zu calls were refused\n", count);
	/* accept and recv, and not all. */
	assert_between(failed, 2, count - 1);
}

static int prepare(void **state)
{
	for (size_t i = 0; i < sizeof(message) - 1; i++)
		message[i] = (char)('a' + (i * 7 + i / 251) % 26);
	message[sizeof(message) - 1] = '\n';
	return own_network(state) == -1 ? -1 : make_folder(state);
}

/* Names a mode's test with a target, and makes it the given one. */
static void make_test(struct CMUnitTest *test, char name[TEST_NAME_BYTES],
		      struct refusal *refusal)
{
	snprintf(name, TEST_NAME_BYTES,
		 "test_run_of_%s_into_%s_delivers_or_tells_whatever_is_refused",
		 refusal->mode->name, refusal->target);
	*test = (struct CMUnitTest){
		name, test_run_delivers_or_tells_whatever_is_refused, NULL,
		NULL, refusal
	};
}

int main(void)
{
	/* cmocka passes over those without a name. */
	struct CMUnitTest tests[REFUSALS] = { 0 };
	char names[REFUSALS][TEST_NAME_BYTES];
	size_t count = 0;

	for (size_t i = 0; i < MODES; i++)
		for (size_t j = 0; j < modes[i].targets; j++) {
			refusals[count] =
				(struct refusal){ .mode = &modes[i],
						  .target = targets[j] };
			make_test(&tests[count], names[count],
				  &refusals[count]);
			count++;
		}
	return cmocka_run_group_tests(tests, prepare, remove_folder);
}
