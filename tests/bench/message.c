#include "message.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"
#include "receivers.h"

static const char message[] = "hi from the benchmark\n";

enum {
	MESSAGE_LEN = sizeof(message) - 1,
	NANOSECONDS = 1000, /* of a microsecond */
};

/* A receiver on its way, from its start to its end. */
struct run {
	pid_t pid;
	int out[2];
	uint64_t started, listened, ended;
};

static void start(struct run *run, const char *path, const char *const argv[])
{
	make_pipe(run->out);
	run->started = now_ns();
	run->pid = process_start(path, argv, run->out[1]);
}

static double microseconds(uint64_t from, uint64_t to)
{
	return (double)(to - from) / NANOSECONDS;
}

/* Closes out. Whether it had the message, and nothing else. */
static bool has_message(const int out[2])
{
	char got[2 * MESSAGE_LEN];
	ssize_t n;

	close(out[1]);
	n = read(out[0], got, sizeof(got));
	close(out[0]);
	return n == MESSAGE_LEN && memcmp(got, message, MESSAGE_LEN) == 0;
}

/*
 * The client closes at once, as most peers wait for that. Whether the message
 * arrived.
 */
static bool finish(struct run *run)
{
	const int client = client_connect();
	bool sent, ended;

	if (client == -1) {
		process_stop(run->pid);
		has_message(run->out);
		return false;
	}
	run->listened = now_ns();
	sent = send(client, message, MESSAGE_LEN, MSG_NOSIGNAL) == MESSAGE_LEN;
	close(client);
	ended = process_end(run->pid);
	run->ended = now_ns();
	return has_message(run->out) && sent && ended;
}

static void measure_time(struct receiver *receiver, int kind)
{
	struct run run;
	bool arrived;

	(void)kind;
	if (!takes_message(receiver))
		return;
	start(&run, receiver->path, receiver->message);
	arrived = finish(&run);
	note(receiver, LISTENS_US,
	     arrived ? microseconds(run.started, run.listened) : -1);
	note(receiver, EXITS_US,
	     arrived ? microseconds(run.started, run.ended) : -1);
}

static void measure_memory(struct receiver *receiver, int kind)
{
	struct run run;
	double kib = -1;

	(void)kind;
	if (!takes_message(receiver))
		return;
	start(&run, receiver->path, receiver->message);
	if (process_wait_listening(run.pid))
		kib = (double)process_peak_kib(run.pid);
	note(receiver, WAITING_KIB, finish(&run) ? kib : -1);
}

/* Counts the lines of a log that begin a call, each after a process ID. */
static double count_calls(const char *log)
{
	FILE *file = fopen(log, "r");
	char line[4096], first;
	double calls = 0;

	if (file == NULL)
		die(log);
	while (fgets(line, sizeof(line), file) != NULL)
		calls += sscanf(line, "%*d %c", &first) == 1 && first >= 'a' &&
			 first <= 'z';
	fclose(file);
	return calls;
}

static const char *strace_log;
static char strace_path[PATH_MAX];

static void measure_calls_of(struct receiver *receiver, int kind)
{
	const char *argv[ARGUMENTS + 6] = {
		"strace", "-f", "-qq", "-o", strace_log, receiver->path
	};
	struct run run;

	(void)kind;
	if (!takes_message(receiver))
		return;
	for (int i = 1; receiver->message[i] != NULL; i++)
		argv[5 + i] = receiver->message[i];
	start(&run, strace_path, argv);
	note(receiver, CALLS, finish(&run) ? count_calls(strace_log) : -1);
}

void measure_messages(int rounds)
{
	measure_rounds(rounds, 1, measure_time);
}

void measure_waiting(int rounds)
{
	measure_rounds(rounds, 1, measure_memory);
}

void measure_calls(const char *log)
{
	if (!find_program("strace", strace_path)) {
		fprintf(stderr, "bench: not found: strace\n");
		return;
	}
	strace_log = log;
	measure_rounds(1, 1, measure_calls_of);
}
