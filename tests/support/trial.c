#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"
#include "receiver.h"

enum {
	SAMPLE = 11,
};

const char *const calls[CALLS] = {
	"setitimer", "socket",	    "setsockopt", "bind",   "listen", "fcntl",
	"pipe",	     "getsockname", "ioctl",	  "accept", "recv",   "splice",
	"write",     "poll",	    "close",	  "look",
};

struct seen *seen;
static const struct trial *trial;
static struct options options;
static int client = -1;
static int connections;
static char message[MESSAGE + 1];
static char shown[SHOWN + 1];

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

bool is_left_out(void)
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
	const enum role role = role_of(fd);
	const bool waits = strcmp(call, "poll") == 0;

	if (strcmp(call, "accept") == 0 || (waits && role == LISTENER)) {
		seen->port = bound_port(fd);
		connect_next(fd);
	}
	if (strcmp(call, "recv") == 0 || (waits && role == CONNECTION))
		await_sent(fd);
	for (size_t i = 0; i < CALLS; i++)
		seen->counts[i] += strcmp(call, calls[i]) == 0;
	if (!fails)
		return;
	seen->failed = true;
	seen->role = role;
	seen->delivered = fault_delivered();
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
	options = options_of(trial->mode);
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
	fault_shorten("line", trial->most_line);
	signal(SIGPIPE, SIG_IGN);
	fault_watch(watch);
	if (trial->call != NULL)
		fault_fail(trial->call, trial->nth, trial->reason);
	status = receiver_run(&options);
	fault_reset();
	leave();
	if (trial->mode->ready)
		take_ready(ends[0]);
	/* Nothing is left to flush, and a sanitizer has thousands to end. */
	before -= fcntl(STDOUT_FILENO, F_GETFD) == -1;
	_exit(open_descriptors() == before ? (int)status : LEAKED);
}

/* What standard output is, or error where the mode is live: -1 for a pipe. */
static int target = -1;
static int screen[2] = { -1, -1 };

int open_target(const struct mode *mode)
{
	const int append = mode->target == END_OF_FILE ? O_APPEND : 0;

	if (mode->live || mode->target == TERMINAL) {
		open_terminal(screen);
		target = screen[1];
	} else if (mode->target != PIPE) {
		target = temporary_file(append);
	}
	return target;
}

void close_target(void)
{
	if (screen[0] != -1)
		close_terminal(screen);
	else if (target != -1)
		close(target);
	screen[0] = screen[1] = target = -1;
}

static size_t read_file(char *bytes)
{
	ssize_t len = pread(target, bytes, CAUGHT_BYTES, 0);

	assert_between(len, 0, CAUGHT_BYTES - 1);
	assert_int_equal(ftruncate(target, 0), 0);
	assert_int_equal(lseek(target, 0, SEEK_SET), 0);
	return (size_t)len;
}

struct result try(const struct trial *tried)
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
		read_screen(screen, result.err, CAUGHT_BYTES);
	else if (screen[0] != -1)
		result.out_len = read_screen(screen, result.out, CAUGHT_BYTES);
	else if (target != -1)
		result.out_len = read_file(result.out);
	return result;
}

enum {
	VERBOSE_LINES = 3,
};

/* Whether it is a line of -v, and the first of its kind. */
static bool is_first(const char *line, const char *patterns[VERBOSE_LINES])
{
	for (size_t i = 0; i < VERBOSE_LINES; i++) {
		if (patterns[i] == NULL || fnmatch(patterns[i], line, 0) != 0)
			continue;
		patterns[i] = NULL;
		return true;
	}
	return false;
}

/*
 * Takes the lines of -v out of text, each of them once; the summary has the
 * number of bytes. Returns how many there were.
 */
static int take_out_verbose(char *text, size_t delivered)
{
	static const char erase[] = "\033[K";
	char *to = text, *next, line[256], summary[64];
	const char *patterns[VERBOSE_LINES] = {
		"Listening on 127.0.0.1 *",
		"Connection received on 127.0.0.1 *",
		summary,
	};
	int taken = 0;

	snprintf(summary, sizeof(summary), "server: %zu bytes in * ended by *",
		 delivered);
	for (char *from = text; *from != '\0'; from = next) {
		const char *begin = line, *erased;

		next = strchr(from, '\n');
		assert_non_null(next);
		assert_between(++next - from, 1, sizeof(line) - 1);
		snprintf(line, (size_t)(next - from) + 1, "%s", from);
		/* After a line of progress that grew until it was erased. */
		while ((erased = strstr(begin, erase)) != NULL)
			begin = erased + strlen(erase);
		if (is_first(begin, patterns)) {
			taken++;
			continue;
		}
		memmove(to, begin, strlen(begin));
		to += strlen(begin);
	}
	*to = '\0';
	return taken;
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

void assert_result(const struct trial *tried, struct result *result, int status,
		   size_t out_len, const char *err)
{
	const bool terminal = tried->mode->target == TERMINAL;
	const bool right =
		out_len <= result->out_len &&
		memcmp(result->out, terminal ? shown : message, out_len) == 0;

	bool told = true;

	assert_ready(tried);
	/* A run that ends well has told all three, if it could. */
	if (tried->mode->verbose)
		told = take_out_verbose(result->err, out_len) ==
			       VERBOSE_LINES ||
		       status != STATUS_OK ||
		       (seen->role == ERRORS && tried->reason != EINTR);
	if (result->status == status && result->out_len == out_len && right &&
	    told && is_like(result->err, err))
		return;
	fail_msg("%s, %s number %d: %s: status %d for %d, %zu bytes for %zu, "
		 "%sright, %stold\nerr: %sfor: %s",
		 tried->mode->name, tried->call == NULL ? "-" : tried->call,
		 tried->nth, strerror(tried->reason), result->status, status,
		 result->out_len, out_len, right ? "" : "not ",
		 told ? "" : "not all ", result->err, err);
}

void assert_whole(const struct trial *tried)
{
	struct result result = try(tried);
	const char *said = tried->mode->said;

	assert_result(tried, &result, STATUS_OK, tried->mode->whole,
		      said == NULL ? "" : said);
}

struct trial in_pieces(const struct mode *mode)
{
	return (struct trial){ .mode = mode,
			       .most_recv = PIECE,
			       .most_splice = PIECE,
			       .most_write = mode->whole / 4 };
}

int prepare_trials(void **state)
{
	setenv("LC_ALL", "C.UTF-8", 1);
	for (size_t i = 0; i < TEXT - 1; i++)
		message[i] = (char)('a' + (i * 7 + i / 251) % 26);
	strcpy(message + TEXT - 1, "\n\xe2\x82");
	memcpy(shown, message, TEXT);
	strcpy(shown + TEXT, "\\xe2\\x82");
	if (own_network(state) == -1)
		return -1;
	mode_port();
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return seen == MAP_FAILED ? -1 : 0;
}

int end_trials(void **state)
{
	(void)state;
	return munmap(seen, sizeof(*seen));
}
