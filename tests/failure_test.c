/*
 * The run in every mode, with each of its calls failing in every way that the
 * man pages know, and with what a kernel does besides: short counts, signals,
 * resets. The sender is played in the run's own process, before the call that
 * needs it, so that each run is the same to the byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "receiver.h"
#include "support.h"

enum {
	PIECE = 4096, /* of recv and splice: the least that is spliced */
	SHORT = 100,
	TEXT = 3 * PIECE + SHORT,
	BROKEN = 2, /* bytes of a character that the message breaks off in */
	MESSAGE = TEXT + BROKEN,
	SHOWN = TEXT + 4 * BROKEN, /* as a terminal sees it */
	STREAM_BYTES = 10000000,
	PROBES = 2, /* that -z has to pass over */
	SAMPLE = 41,
	ANY = -1, /* reason */
};

enum target {
	PIPE,
	PLAIN_FILE,
	END_OF_FILE,
	TERMINAL,
};

/* What a descriptor is to the run. */
enum role {
	NOTHING, /* of ours, such as the end of a pipe between */
	INPUT,	 /* a socket that is about to be moved from there */
	OUTPUT,
	OUTPUT_PIPE,
	ERRORS,
	READY,
	LISTENER,
	CONNECTION,
	ANYTHING,
};

struct mode {
	const char *name;
	size_t sent;
	size_t whole;	  /* what standard output gets of it */
	const char *said; /* in a run without fault */
	enum target target;
	bool line;
	bool eof;
	uint64_t limit; /* 0 for none */
	uint64_t timeout_us;
	bool skip_empty;
	bool verbose;
	bool live; /* standard error is a terminal */
	bool ready;
	bool inherited;
	bool stdin_closed;
};

static const struct mode modes[] = {
	{ "plain", SHORT, SHORT, .limit = 128 },
	{ "plain_into_file", SHORT, SHORT, .target = PLAIN_FILE, .limit = 128 },
	{ "plain_cut", MESSAGE, 128, .limit = 128,
	  .said = "server: recv connection: more than 128 bytes, the rest was "
		  "left; -n takes more, -l a line, -e all\n" },
	{ "line", MESSAGE, TEXT, .line = true },
	{ "line_into_terminal", MESSAGE, TEXT, .line = true,
	  .target = TERMINAL },
	{ "line_cut", MESSAGE, PIECE + 1, .line = true, .limit = PIECE + 1,
	  .said = "server: recv connection: more than 4097 bytes, the rest was "
		  "left; -n takes more\n" },
	{ "eof_into_pipe", MESSAGE, MESSAGE, .eof = true },
	{ "eof_into_file", MESSAGE, MESSAGE, .eof = true,
	  .target = PLAIN_FILE },
	{ "eof_into_end_of_file", MESSAGE, MESSAGE, .eof = true,
	  .target = END_OF_FILE },
	{ "eof_into_terminal", MESSAGE, SHOWN, .eof = true,
	  .target = TERMINAL },
	{ "eof_cut", MESSAGE, 2 * PIECE + 1, .eof = true,
	  .limit = 2 * PIECE + 1,
	  .said = "server: recv connection: more than 8193 bytes, the rest was "
		  "left; -n takes more\n" },
	{ "skip_empty", SHORT, SHORT, .limit = 128, .skip_empty = true },
	{ "skip_empty_and_line", MESSAGE, TEXT, .line = true,
	  .skip_empty = true },
	{ "skip_empty_and_eof", MESSAGE, MESSAGE, .eof = true,
	  .skip_empty = true },
	{ "timeout", SHORT, SHORT, .limit = 128, .timeout_us = 1000000000 },
	{ "timeout_and_eof", MESSAGE, MESSAGE, .eof = true,
	  .timeout_us = 1000000000 },
	{ "ready", SHORT, SHORT, .limit = 128, .ready = true },
	{ "ready_and_eof", MESSAGE, MESSAGE, .eof = true, .ready = true },
	{ "verbose", SHORT, SHORT, .limit = 128, .verbose = true },
	{ "verbose_and_eof", MESSAGE, MESSAGE, .eof = true, .verbose = true },
	{ "progress", MESSAGE, MESSAGE, .eof = true, .verbose = true,
	  .live = true },
	{ "inherited", SHORT, SHORT, .limit = 128, .inherited = true },
	{ "inherited_and_ready", MESSAGE, MESSAGE, .eof = true,
	  .inherited = true, .ready = true },
	{ "stdin_closed", SHORT, SHORT, .limit = 128, .stdin_closed = true },
	{ "stdin_closed_and_eof_into_file", MESSAGE, MESSAGE, .eof = true,
	  .target = PLAIN_FILE, .stdin_closed = true },
};

enum {
	MODES = sizeof(modes) / sizeof(modes[0])
};

static const char *const calls[] = {
	"setitimer",  "socket", "setsockopt", "bind",	     "listen",
	"getsockopt", "fcntl",	"pipe",	      "getsockname", "ioctl",
	"accept",     "recv",	"splice",     "write",	     "close",
};

enum {
	CALLS = sizeof(calls) / sizeof(calls[0])
};

/* What befalls a run; without a call nothing fails. */
struct trial {
	const struct mode *mode;
	const char *call;
	int nth;
	int reason; /* 0 has it return 0 */
	size_t most_recv, most_splice, most_write;
	/* The first sender sends so much and resets, where that is wanted. */
	enum reset {
		NEVER,
		BEFORE_ACCEPT,
		BEFORE_RECV,
		AFTER_WRITE
	} reset;
	size_t sent;
};

/* What a run in another process has come to, in memory shared with it. */
struct seen {
	int counts[CALLS];
	bool failed;
	enum role role;	  /* of the failed call's descriptor */
	size_t delivered; /* before it failed */
	volatile sig_atomic_t signals;
	int listener;	/* the number of the inherited one */
	uint16_t port;	/* 0 where it did not come to the accept */
	char ready[16]; /* what the descriptor of -r was told */
};

static struct seen *seen;
static const struct trial *trial;
static struct options options;
static int client = -1;
static int connections;
static char message[MESSAGE + 1];
static char shown[SHOWN + 1];
static int cases;
static int occurrences[CALLS];

/* Bounded, and gives way to others meanwhile. */
static bool keep_waiting(long long *bound)
{
	if (*bound == 0)
		*bound = now_ms() + WAIT_MS;
	sched_yield();
	return now_ms() < *bound;
}

static void leave(void)
{
	if (client != -1)
		close(client);
	client = -1;
}

static void reset(void)
{
	client_reset(client);
	client = -1;
}

/* The next to connect: a probe, a sender that resets, or one that does not. */
static void connect_next(int listener)
{
	struct pollfd queue = { listener, POLLIN, 0 };
	const bool first = connections == 0;

	/* An accept that failed has left who connected in the queue. */
	if (poll(&queue, 1, 0) == 1)
		return;
	client = client_connect(bound_port(listener));
	assert_int_equal(poll(&queue, 1, WAIT_MS), 1);
	connections++;
	if (first && trial->reset != NEVER) {
		client_send(client, message, trial->sent);
		if (trial->reset == BEFORE_ACCEPT)
			reset();
		return;
	}
	if (trial->reset == NEVER && trial->mode->skip_empty &&
	    connections <= PROBES) {
		if (connections == 1)
			leave();
		else
			reset();
		return;
	}
	client_send(client, message, trial->mode->sent);
	leave();
}

/* Waits until all has come that the sender sent, and its end if it has left. */
static void await_sent(int connection)
{
	struct pollfd arrived = { connection, POLLIN, 0 };
	struct tcp_info info = { .tcpi_state = TCP_ESTABLISHED };
	long long bound = 0;
	socklen_t len;

	if (client != -1 &&
	    (trial->reset == BEFORE_RECV || fault_delivered() > 0))
		reset();
	if (client != -1) {
		assert_int_equal(poll(&arrived, 1, WAIT_MS), 1);
		return;
	}
	while (info.tcpi_state == TCP_ESTABLISHED) {
		len = sizeof(info);
		assert_int_equal(getsockopt(connection, IPPROTO_TCP, TCP_INFO,
					    &info, &len),
				 0);
		assert_true(info.tcpi_state != TCP_ESTABLISHED ||
			    keep_waiting(&bound));
	}
}

/* valgrind takes a tenth of a second for each: it sees one of so many. */
static bool is_left_out(void)
{
	static int tries;

	return under_valgrind() && tries++ % SAMPLE != 0;
}

static enum role role_of(int fd)
{
	struct stat status = { 0 };
	int listens = 0;
	socklen_t len = sizeof(listens);

	fstat(fd, &status);
	if (fd == STDOUT_FILENO)
		return S_ISFIFO(status.st_mode) ? OUTPUT_PIPE : OUTPUT;
	if (fd == STDERR_FILENO)
		return ERRORS;
	if (fd == STDIN_FILENO)
		return INPUT;
	/* Later its number may be another's. */
	if (fd != -1 && fd == options.ready && connections == 0)
		return READY;
	if (!S_ISSOCK(status.st_mode))
		return NOTHING;
	getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len);
	return connections == 0 || listens ? LISTENER : CONNECTION;
}

static void watch(const char *call, int fd, bool fails)
{
	if (strcmp(call, "accept") == 0) {
		seen->port = bound_port(fd);
		connect_next(fd);
	}
	if (strcmp(call, "recv") == 0)
		await_sent(fd);
	for (size_t i = 0; i < CALLS; i++)
		seen->counts[i] += strcmp(call, calls[i]) == 0;
	if (!fails)
		return;
	seen->failed = true;
	seen->role = role_of(fd);
	seen->delivered = fault_delivered();
}

static int listener_on_loopback(void)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static void take_options(const struct mode *mode)
{
	options = (struct options){
		.address = "127.0.0.1",
		.line = mode->line,
		.eof = mode->eof,
		.limit = mode->limit == 0 ? UINT64_MAX : mode->limit,
		.timeout_us = mode->timeout_us,
		.ready = -1,
		.inherited = -1,
		.skip_empty = mode->skip_empty,
		.verbose = mode->verbose,
	};
}

/* Where it is still open for writing and empty, this fails: LEAKED tells. */
static void take_ready(int fd)
{
	if (read(fd, seen->ready, sizeof(seen->ready) - 1) == -1)
		seen->ready[0] = '\0';
}

static int run(const void *argument)
{
	int before, ends[2] = { -1, -1 };
	enum status status;

	trial = argument;
	take_options(trial->mode);
	if (trial->mode->inherited)
		options.inherited = seen->listener = listener_on_loopback();
	if (trial->mode->ready) {
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
		options.ready = ends[1];
	}
	if (trial->mode->stdin_closed)
		close(STDIN_FILENO);
	before = open_descriptors() - trial->mode->inherited -
		 trial->mode->ready;
	fault_shorten("recv", trial->most_recv);
	fault_shorten("splice", trial->most_splice);
	fault_shorten("write", trial->most_write);
	fault_watch(watch);
	if (trial->call != NULL)
		fault_fail(trial->call, trial->nth, trial->reason);
	status = receiver_run(&options);
	fault_reset();
	leave();
	if (trial->mode->ready)
		take_ready(ends[0]);
	/* Nothing is left to flush, and a sanitizer has thousands to end. */
	_exit(open_descriptors() == before ? (int)status : LEAKED);
}

/* What standard output is, or error where the mode is live: -1 for a pipe. */
static int target = -1;
static int screen = -1;

static void open_terminal(void)
{
	struct termios raw;

	screen = posix_openpt(O_RDWR | O_NOCTTY);
	assert_int_not_equal(screen, -1);
	assert_int_equal(grantpt(screen), 0);
	assert_int_equal(unlockpt(screen), 0);
	target = open(ptsname(screen), O_RDWR | O_NOCTTY);
	assert_int_not_equal(target, -1);
	assert_int_equal(tcgetattr(target, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(target, TCSANOW, &raw), 0);
}

static void open_target(const struct mode *mode)
{
	const int append = mode->target == END_OF_FILE ? O_APPEND : 0;

	if (mode->live || mode->target == TERMINAL)
		open_terminal();
	else if (mode->target != PIPE)
		target = temporary_file(append);
}

static void close_target(void)
{
	if (target != -1)
		close(target);
	if (screen != -1)
		close(screen);
	target = screen = -1;
}

/* What the terminal was sent: nothing of it is a dollar. */
static size_t read_screen(char *text)
{
	size_t len = 0;

	assert_int_equal(write(target, "$", 1), 1);
	do {
		struct pollfd sent = { screen, POLLIN, 0 };
		ssize_t n;

		assert_int_equal(poll(&sent, 1, WAIT_MS), 1);
		n = read(screen, text + len, CAUGHT_BYTES - len);
		assert_between(n, 1, CAUGHT_BYTES);
		len += (size_t)n;
	} while (text[len - 1] != '$');
	text[--len] = '\0';
	return len;
}

static size_t read_file(char *bytes)
{
	ssize_t len = pread(target, bytes, CAUGHT_BYTES, 0);

	assert_between(len, 0, CAUGHT_BYTES - 1);
	assert_int_equal(ftruncate(target, 0), 0);
	assert_int_equal(lseek(target, 0, SEEK_SET), 0);
	return (size_t)len;
}

static struct result try(const struct trial *tried)
{
	struct process child;
	struct result result;

	memset(seen, 0, sizeof(*seen));
	if (target != -1)
		redirect_next(target, tried->mode->live ? STDERR_FILENO
							: STDOUT_FILENO);
	child = process_start(run, tried);
	result = process_end(&child);
	if (tried->mode->live)
		read_screen(result.err);
	else if (screen != -1)
		result.out_len = read_screen(result.out);
	else if (target != -1)
		result.out_len = read_file(result.out);
	return result;
}

/* The splice that asks if a file takes one, before the first byte. */
static bool is_question(const struct trial *tried)
{
	return strcmp(tried->call, "splice") == 0 && tried->nth == 1 &&
	       tried->mode->target != PIPE;
}

/* What fails a call, but costs the run nothing. */
static bool is_harmless(const struct trial *tried)
{
	static const struct {
		const char *call;
		enum role role;
		int reason; /* or ANY */
	} table[] = {
		/* They are made again, but for close: Linux has closed it. */
		{ "accept", ANYTHING, EINTR },
		{ "accept", ANYTHING, ECONNABORTED },
		{ "recv", ANYTHING, EINTR },
		{ "splice", ANYTHING, EINTR },
		{ "write", ANYTHING, EINTR },
		{ "close", ANYTHING, EINTR },
		/* A line is dropped, and the status tells. */
		{ "write", ERRORS, ANY },
		/* It stays smaller, or the bytes are copied. */
		{ "fcntl", OUTPUT, ANY },
		{ "fcntl", OUTPUT_PIPE, ANY },
		{ "fcntl", NOTHING, ANY },
		{ "pipe", ANYTHING, ANY },
		{ "splice", OUTPUT_PIPE, EINVAL },
		{ "splice", OUTPUT_PIPE, 0 },
		{ "splice", NOTHING, EINVAL },
		{ "splice", NOTHING, 0 },
		/* Nobody is told that a rest was left. */
		{ "ioctl", ANYTHING, ANY },
		/* Nothing can be lost there. */
		{ "close", NOTHING, ANY },
		{ "close", INPUT, ANY },
	};
	const struct mode *mode = tried->mode;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].call, tried->call) == 0 &&
		    (table[i].role == ANYTHING ||
		     table[i].role == seen->role) &&
		    (table[i].reason == ANY ||
		     table[i].reason == tried->reason))
			return true;
	if (strcmp(tried->call, "splice") == 0)
		return is_question(tried);
	if (strcmp(tried->call, "recv") == 0)
		return (tried->reason == ECONNRESET && mode->skip_empty &&
			tried->nth <= PROBES + 1) ||
		       (tried->reason == EAGAIN && mode->live);
	return false;
}

/* The one line of a call that failed. */
static void describe(const struct trial *tried, char *line, size_t size)
{
	static const char *const objects[] = {
		[OUTPUT] = "standard output",
		[OUTPUT_PIPE] = "standard output",
		[READY] = "ready descriptor",
		[CONNECTION] = "connection",
	};
	const char *call = tried->call;
	const char *object = objects[seen->role];
	char where[32] = "127.0.0.1:0";

	if (strcmp(call, "getsockopt") == 0) {
		snprintf(line, size,
			 "server: LISTEN_FDS: descriptor %d is not a listening "
			 "stream socket; *\n",
			 seen->listener);
		return;
	}
	if (tried->mode->inherited)
		snprintf(where, sizeof(where), "descriptor %d", seen->listener);
	if (strcmp(call, "splice") == 0) {
		call = "write";
		object = objects[OUTPUT];
	} else if (strcmp(call, "fcntl") == 0) {
		call = tried->nth == 1 ? "socket" : "accept";
	} else if (strcmp(call, "setitimer") == 0) {
		object = "deadline";
	} else if (strcmp(call, "close") == 0 && object == NULL) {
		object = "listener";
	}
	snprintf(line, size, "server: %s %s: %s; *\n", call,
		 object == NULL ? where : object,
		 strerror(tried->reason == 0 ? ENOSPC : tried->reason));
}

/* Takes the lines of -v out of text; the summary has the number of bytes. */
static void take_out_verbose(char *text, size_t delivered)
{
	static const char erase[] = "\033[K";
	char *to = text, *next, line[256], summary[64];

	snprintf(summary, sizeof(summary), "server: %zu bytes in * ended by *",
		 delivered);
	for (char *from = text; *from != '\0'; from = next) {
		const char *begin = line, *erased;

		next = strchr(from, '\n');
		assert_non_null(next);
		assert_between(++next - from, 1, sizeof(line) - 1);
		snprintf(line, (size_t)(next - from) + 1, "%s", from);
		/* Behind a line of progress that grew until it was erased. */
		while ((erased = strstr(begin, erase)) != NULL)
			begin = erased + strlen(erase);
		if (fnmatch("Listening on 127.0.0.1 *", begin, 0) == 0 ||
		    fnmatch("Connection received on 127.0.0.1 *", begin, 0) ==
			    0 ||
		    fnmatch(summary, begin, 0) == 0)
			continue;
		memmove(to, begin, strlen(begin));
		to += strlen(begin);
	}
	*to = '\0';
}

static int count_lines(const char *text)
{
	int lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

/* Like the pattern, whose * is what a line says to do. */
static bool is_like(const char *text, const char *pattern)
{
	return fnmatch(pattern, text, 0) == 0 &&
	       count_lines(text) == count_lines(pattern);
}

/* Whoever waits for the port is told it whole, and before the accept. */
static void assert_ready(const struct trial *tried)
{
	char line[sizeof(seen->ready)] = "";

	if (!tried->mode->ready)
		return;
	if (seen->port != 0)
		snprintf(line, sizeof(line), "%u\n", seen->port);
	else if (tried->call != NULL && strcmp(tried->call, "close") == 0)
		return; /* The line is there, and its port is not known. */
	if (strcmp(seen->ready, line) != 0)
		fail_msg("%s, %s number %d: ready: %s for: %s",
			 tried->mode->name, tried->call, tried->nth,
			 seen->ready, line);
}

static void assert_result(const struct trial *tried, struct result *result,
			  int status, size_t out_len, const char *err)
{
	const bool terminal = tried->mode->target == TERMINAL;
	const bool right =
		out_len <= result->out_len &&
		memcmp(result->out, terminal ? shown : message, out_len) == 0;

	assert_ready(tried);
	if (tried->mode->verbose)
		take_out_verbose(result->err, out_len);
	if (result->status == status && result->out_len == out_len && right &&
	    is_like(result->err, err))
		return;
	fail_msg("%s, %s number %d: %s: status %d for %d, %zu bytes for %zu, "
		 "%sright\nerr: %sfor: %s",
		 tried->mode->name, tried->call == NULL ? "-" : tried->call,
		 tried->nth, strerror(tried->reason), result->status, status,
		 result->out_len, out_len, right ? "" : "not ", result->err,
		 err);
}

static void assert_whole(const struct trial *tried)
{
	struct result result = try(tried);
	const char *said = tried->mode->said;

	assert_result(tried, &result, STATUS_OK, tried->mode->whole,
		      said == NULL ? "" : said);
}

static void assert_failure(const struct trial *tried)
{
	const struct mode *mode = tried->mode;
	const char *said = mode->said == NULL ? "" : mode->said;
	struct result result;
	size_t delivered, len;
	char err[512];

	if (is_left_out())
		return;
	cases++;
	result = try(tried);
	delivered = seen->delivered;
	assert_true(seen->failed);
	if (is_harmless(tried)) {
		if (strcmp(tried->call, "ioctl") == 0 || seen->role == ERRORS)
			said = "";
		assert_result(tried, &result, STATUS_OK, mode->whole, said);
		return;
	}
	/* The character that broke off is still shown where recv fails. */
	if (mode->target == TERMINAL && strcmp(tried->call, "recv") == 0 &&
	    delivered == TEXT)
		delivered = mode->whole;
	len = (size_t)snprintf(err, sizeof(err), "%s",
			       delivered == mode->whole ? said : "");
	describe(tried, err + len, sizeof(err) - len);
	assert_result(tried, &result,
		      strcmp(tried->call, "getsockopt") == 0 ? STATUS_USAGE
							     : STATUS_FAILED,
		      delivered, err);
}

/* Each errno of a call, and 0 where it can mean that nothing was moved. */
static void fail_each_way(struct trial *tried)
{
	static const struct {
		const char *call;
		int reason;
	} others[] = {
		{ "accept", EINTR }, { "accept", ECONNABORTED },
		{ "recv", EINTR },   { "splice", EINTR },
		{ "write", EINTR },  { "close", EINTR },
		{ "write", 0 },	     { "splice", 0 },
	};

	for (const int *reason = fault_reasons(tried->call); *reason;
	     reason++) {
		tried->reason = *reason;
		/* That one is the answer yes. */
		if (*reason != EAGAIN || !is_question(tried))
			assert_failure(tried);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(others[i].call, tried->call) != 0)
			continue;
		tried->reason = others[i].reason;
		assert_failure(tried);
	}
}

static struct trial in_pieces(const struct mode *mode)
{
	return (struct trial){ .mode = mode,
			       .most_recv = PIECE,
			       .most_splice = PIECE,
			       .most_write = mode->whole / 4 };
}

static void test_receiver_run_tells_of_each_failure(void **state)
{
	struct trial tried = in_pieces(*state);
	int counts[CALLS];

	open_target(tried.mode);
	assert_whole(&tried);
	memcpy(counts, seen->counts, sizeof(counts));
	for (size_t i = 0; i < CALLS; i++) {
		const int tries[] = { 1, 2, 3, counts[i] - 1, counts[i] };

		occurrences[i] += counts[i];
		tried.call = calls[i];
		tried.nth = 0;
		for (size_t j = 0; j < sizeof(tries) / sizeof(tries[0]); j++) {
			if (tries[j] > counts[i] || tries[j] <= tried.nth)
				continue;
			tried.nth = tries[j];
			fail_each_way(&tried);
		}
	}
	close_target();
}

/* Else the table has a name that a C library calls otherwise. */
static void test_receiver_run_makes_each_call_in_some_mode(void **state)
{
	(void)state;
	for (size_t i = 0; i < CALLS; i++)
		if (occurrences[i] == 0)
			fail_msg("no mode calls %s", calls[i]);
}

static const struct mode *mode_of(const char *name)
{
	for (size_t i = 0; i < MODES; i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	fail_msg("no mode %s", name);
	return NULL;
}

static void assert_whole_in_shorts_of(const struct mode *mode, size_t most)
{
	const struct trial tried = { .mode = mode, .most_write = most };

	if (!is_left_out())
		assert_whole(&tried);
}

static void test_receiver_run_delivers_all_if_counts_are_short(void **state)
{
	static const char *const names[] = {
		"ready",
		"line",
		"line_into_terminal",
		"eof_into_pipe",
		"eof_into_file",
		"eof_into_end_of_file",
		"eof_into_terminal",
	};
	static const size_t most[] = { 1,   2,	       3,	  959,
				       961, PIECE - 1, PIECE + 1, 2 * PIECE };

	(void)state;
	for (size_t i = 1; i <= SHORT; i++)
		assert_whole_in_shorts_of(mode_of("plain"), i);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		open_target(mode_of(names[i]));
		for (size_t j = 0; j < sizeof(most) / sizeof(most[0]); j++)
			assert_whole_in_shorts_of(mode_of(names[i]), most[j]);
		close_target();
	}
}

/* A plain message is what one recv gives, and so is one byte then. */
static void test_receiver_run_takes_a_message_byte_by_byte(void **state)
{
	static const char *const names[] = {
		"line",
		"line_cut",
		"eof_into_pipe",
		"eof_into_file",
		"eof_into_terminal",
		"eof_cut",
		"skip_empty_and_line",
	};
	struct trial tried = { .mode = mode_of("plain"), .most_recv = 1 };
	struct result result = try(&tried);

	(void)state;
	assert_result(&tried, &result, STATUS_OK, 1, "");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		tried.mode = mode_of(names[i]);
		if (is_left_out())
			continue;
		open_target(tried.mode);
		assert_whole(&tried);
		close_target();
	}
}

static void assert_reset(const struct trial *tried)
{
	const struct mode *mode = tried->mode;
	const bool plain = !mode->line && !mode->eof;
	struct result result;

	if (is_left_out())
		return;
	result = try(tried);
	if (tried->sent == 0 && mode->skip_empty)
		assert_result(tried, &result, STATUS_OK, mode->whole, "");
	else if (tried->sent > 0 && plain)
		assert_result(tried, &result, STATUS_OK, tried->sent, "");
	else
		assert_result(tried, &result, STATUS_FAILED, tried->sent,
			      "server: recv connection: "
			      "Connection reset by peer; *\n");
}

static void test_receiver_run_delivers_what_came_before_a_reset(void **state)
{
	static const size_t sent[] = { 0, 1, PIECE, TEXT - 1 };

	(void)state;
	for (size_t i = 0; i < MODES; i++) {
		struct trial tried = in_pieces(&modes[i]);
		const size_t most = modes[i].limit == 0 ? TEXT : 1;

		open_target(&modes[i]);
		for (size_t j = 0; j < 4 && sent[j] <= most; j++) {
			tried.sent = sent[j];
			for (tried.reset = BEFORE_ACCEPT;
			     tried.reset <= AFTER_WRITE; tried.reset++)
				if (sent[j] > 0 || tried.reset != AFTER_WRITE)
					assert_reset(&tried);
		}
		close_target();
	}
}

/* A stream that is sent meanwhile, by a process of its own. */
static char *stream;
static int listener;

static int fill_stream(void **state)
{
	(void)state;
	stream = malloc(STREAM_BYTES);
	assert_non_null(stream);
	for (size_t i = 0; i < STREAM_BYTES; i++)
		stream[i] = (char)('a' + (i * 7 + i / 251) % 26);
	stream[STREAM_BYTES - 1] = '\n';
	listener = listener_on_loopback();
	return 0;
}

static int free_stream(void **state)
{
	(void)state;
	free(stream);
	return close(listener);
}

/* Fails unless all is taken, or the server turns it away. */
static int send_stream(const void *unused)
{
	int sender = client_connect(bound_port(listener));
	ssize_t n;

	(void)unused;
	for (size_t sent = 0; sent < STREAM_BYTES; sent += (size_t)n) {
		n = send(sender, stream + sent, STREAM_BYTES - sent,
			 MSG_NOSIGNAL);
		if (n == -1)
			return errno == ECONNRESET || errno == EPIPE ? 0 : 1;
	}
	return close(sender);
}

static void note_signal(int number)
{
	(void)number;
	seen->signals++;
}

/* Has signals interrupt this process's calls, until the timer is deleted. */
static timer_t disturb(void)
{
	const struct sigaction action = { .sa_handler = note_signal };
	const long ns = under_valgrind() ? 10000000 : 100000;
	const struct itimerspec often = { { 0, ns }, { 0, ns } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = SIGUSR1 };
	timer_t timer;

	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	assert_int_equal(timer_settime(timer, 0, &often, NULL), 0);
	return timer;
}

static int run_stream(const void *argument)
{
	enum status status;

	take_options(argument);
	options.inherited = listener;
	status = receiver_run(&options);
	/* What a sanitizer does at the end is not to be interrupted. */
	alarm(0);
	return (int)status;
}

static int run_disturbed(const void *argument)
{
	const timer_t timer = disturb();
	const int status = run_stream(argument);

	timer_delete(timer);
	return status;
}

static void assert_ended(struct process *server, struct process *sender,
			 int status, const char *err)
{
	struct result result = process_end(server);

	assert_string_equal(result.err, err);
	assert_int_equal(result.out_len, 0);
	assert_int_equal(result.status, status);
	assert_int_equal(process_end(sender).status, 0);
}

static void assert_file_has_stream(void)
{
	static char got[65536];
	size_t len = 0;
	ssize_t n;

	while ((n = pread(target, got, sizeof(got), (off_t)len)) > 0) {
		assert_between(n, 1, STREAM_BYTES - len);
		assert_memory_equal(got, stream + len, (size_t)n);
		len += (size_t)n;
	}
	assert_int_equal(len, STREAM_BYTES);
}

static void test_receiver_run_delivers_a_stream_among_signals(void **state)
{
	static const char *const names[] = { "line", "eof_into_pipe",
					     "eof_into_file",
					     "eof_into_end_of_file" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct mode *mode = mode_of(names[i]);
		struct process sender = process_start(send_stream, NULL);
		struct process server;

		seen->signals = 0;
		open_target(mode);
		if (target != -1)
			redirect_next(target, STDOUT_FILENO);
		server = process_start(run_disturbed, mode);
		if (target == -1)
			expect_output(&server, stream, STREAM_BYTES);
		assert_ended(&server, &sender, STATUS_OK, "");
		if (target != -1)
			assert_file_has_stream();
		close_target();
		assert_int_not_equal(seen->signals, 0);
	}
}

static void await_signals(int count)
{
	const int until = seen->signals + count;
	long long bound = 0;

	while (seen->signals < until)
		assert_true(keep_waiting(&bound));
}

/*
 * It takes more only when the server waits for it and has been interrupted in
 * that, for half of the stream.
 */
static void
test_receiver_run_waits_for_a_slow_reader_among_signals(void **state)
{
	static const char *const names[] = { "line", "eof_into_pipe" };
	const size_t some = 250000;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct process sender = process_start(send_stream, NULL);
		struct process server =
			process_start(run_disturbed, mode_of(names[i]));
		size_t taken = 0;

		for (; taken < STREAM_BYTES / 2; taken += some) {
			wait_for_output(server.pid);
			await_signals(3);
			expect_output(&server, stream + taken, some);
		}
		expect_output(&server, stream + taken, STREAM_BYTES - taken);
		assert_ended(&server, &sender, STATUS_OK, "");
	}
}

/*
 * A run that takes what was sent before, and whose output nobody reads. It puts
 * as much in there as fits, unless the time is up before.
 */
static struct result run_stuck(const struct mode *mode, int *delivered)
{
	int sender = client_connect(bound_port(listener));
	struct process server;
	struct pollfd gone = { 0 };

	assert_true(send(sender, stream, STREAM_BYTES, MSG_DONTWAIT) > 0);
	server = process_start(run_stream, mode);
	gone.fd = server.out;
	assert_int_equal(poll(&gone, 1, WAIT_MS), 1);
	close(sender);
	/* Where it was not accepted it is not to be the next. */
	close(listener);
	listener = listener_on_loopback();
	assert_int_equal(ioctl(server.out, FIONREAD, delivered), 0);
	expect_output(&server, stream, (size_t)*delivered);
	return process_end(&server);
}

static void test_receiver_run_ends_in_time_if_a_line_gets_stuck(void **state)
{
	struct mode mode = *mode_of("line");
	struct result result = { 0 };
	char line[128];
	int delivered;

	(void)state;
	/* A busy machine takes more time to come to the write. */
	mode.timeout_us = 250000;
	do {
		mode.timeout_us *= 2;
		result = run_stuck(&mode, &delivered);
	} while (strstr(result.err, " write ") == NULL &&
		 mode.timeout_us < 8000000);
	snprintf(line, sizeof(line),
		 "server: write standard output: it took no more within %g s, "
		 "%d bytes delivered; -t gives more time\n",
		 (double)mode.timeout_us / 1e6, delivered);
	assert_string_equal(result.err, line);
	assert_int_equal(result.out_len, 0);
	assert_int_equal(result.status, STATUS_DEADLINE);
}

static void test_receiver_run_fails_if_the_reader_of_a_line_leaves(void **state)
{
	struct process sender = process_start(send_stream, NULL);
	struct process server = process_start(run_stream, mode_of("line"));
	int gone[2];

	(void)state;
	expect_output(&server, stream, 100000);
	/* Leaves process_end a pipe that is at its end. */
	assert_int_equal(pipe(gone), 0);
	close(gone[1]);
	dup2(gone[0], server.out);
	close(gone[0]);
	assert_ended(&server, &sender, STATUS_FAILED,
		     "server: write standard output: Broken pipe; its reader "
		     "has ended, run both again\n");
}

static int prepare(void **state)
{
	setenv("LC_ALL", "C.UTF-8", 1);
	for (size_t i = 0; i < TEXT - 1; i++)
		message[i] = (char)('a' + (i * 7 + i / 251) % 26);
	strcpy(message + TEXT - 1, "\n\xe2\x82");
	memcpy(shown, message, TEXT);
	strcpy(shown + TEXT, "\\xe2\\x82");
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return seen == MAP_FAILED ? -1 : own_network(state);
}

static void test_readme_says_how_many_cases_there_are(void **state)
{
	FILE *file = fopen("README.md", "r");
	static char readme[100000];
	char said[64];

	(void)state;
	print_message("failure cases: %d\n", cases);
	assert_non_null(file);
	assert_between(fread(readme, 1, sizeof(readme), file), 1,
		       sizeof(readme) - 1);
	fclose(file);
	snprintf(said, sizeof(said), "%d failures", cases);
	/* With valgrind there are fewer. */
	assert_true(under_valgrind() || strstr(readme, said) != NULL);
}

static int forget(void **state)
{
	(void)state;
	return munmap(seen, sizeof(*seen));
}

/* The table's tests go before those of the stream, with less to fork. */
int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_readme_says_how_many_cases_there_are),
		cmocka_unit_test(
			test_receiver_run_makes_each_call_in_some_mode),
		cmocka_unit_test(
			test_receiver_run_delivers_all_if_counts_are_short),
		cmocka_unit_test(
			test_receiver_run_takes_a_message_byte_by_byte),
		cmocka_unit_test(
			test_receiver_run_delivers_what_came_before_a_reset),
		cmocka_unit_test_setup_teardown(
			test_receiver_run_delivers_a_stream_among_signals,
			fill_stream, free_stream),
		cmocka_unit_test_setup_teardown(
			test_receiver_run_waits_for_a_slow_reader_among_signals,
			fill_stream, free_stream),
		cmocka_unit_test_setup_teardown(
			test_receiver_run_ends_in_time_if_a_line_gets_stuck,
			fill_stream, free_stream),
		cmocka_unit_test_setup_teardown(
			test_receiver_run_fails_if_the_reader_of_a_line_leaves,
			fill_stream, free_stream),
	};
	enum {
		OTHERS = sizeof(others) / sizeof(others[0])
	};
	struct CMUnitTest tests[MODES + OTHERS] = { 0 };
	char names[MODES][96];

	for (size_t i = 0; i < MODES; i++) {
		snprintf(names[i], sizeof(names[i]),
			 "test_receiver_run_tells_of_each_failure_in_%s",
			 modes[i].name);
		tests[i].name = names[i];
		tests[i].test_func = test_receiver_run_tells_of_each_failure;
		tests[i].initial_state = (void *)(uintptr_t)&modes[i];
	}
	memcpy(tests + MODES, others, sizeof(others));
	return cmocka_run_group_tests(tests, prepare, forget);
}
