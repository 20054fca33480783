/*
 * usage: bench FOLDER SERVER STATIC_SERVER FLOOR
 * Measures them and the peers that are installed, and prints tables. Files are
 * made in FOLDER. BENCH_GB limits the streams: 0, 1, 2 or 4 (4).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "message.h"
#include "process.h"
#include "receivers.h"
#include "stream.h"
#include "table.h"

enum {
	MESSAGE_ROUNDS = 1000,
	WAITING_ROUNDS = 9,
	STREAM_ROUNDS = 5,
	/* The goals are those of the first length. */
	MORE_ROUNDS = 6,
};

/* Load averages; that after it has our sender, a receiver and a reader. */
static const double quiet = 0.5, ours = 3.5;

static void say(const char *step)
{
	fprintf(stderr, "bench: %s\n", step);
}

/* Of at most so many bytes; the shortest is never left out. */
static void measure_streams(uint64_t bytes)
{
	int count = FIRST_RATE;

	while (count < LENGTHS && lengths[count] <= bytes)
		count++;
	say("memory and bytes of streams");
	measure_rounds(STREAM_ROUNDS, count, check_stream);
	say("streams");
	measure_rounds(STREAM_ROUNDS, (count - FIRST_RATE) * TARGETS,
		       measure_stream);
	if (count > FIRST_RATE)
		measure_rounds(MORE_ROUNDS, TARGETS, measure_stream);
}

static void print_tables(void)
{
	printf("One message: medians of %d (least-most), microseconds from its "
	       "start until it\nlistens and exits; calls with execve. Streams: "
	       "medians of %d (least-most), %d for\nmemory and for more than 1 "
	       "GiB.\n",
	       MESSAGE_ROUNDS, STREAM_ROUNDS + MORE_ROUNDS, STREAM_ROUNDS);
	print_missing();
	print_messages();
	for (int length = FIRST_RATE; length < LENGTHS; length++)
		print_streams(length);
	print_memory();
	print_goals();
}

/* The longest stream, in bytes. */
static uint64_t longest(void)
{
	const char *text = getenv("BENCH_GB");

	return (text == NULL ? 4 : strtoull(text, NULL, 10)) << 30;
}

int main(int argc, char *argv[])
{
	char log[PATH_MAX], data[PATH_MAX];

	if (argc == 2 && strcmp(argv[1], "--limit") == 0)
		return limit();
	if (argc != 5) {
		fprintf(stderr, "usage: bench FOLDER SERVER STATIC FLOOR\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	own_network();
	receivers_find(argv[2], argv[3], argv[4]);
	print_machine();
	print_load("before", quiet);
	stream_prepare(argv[1]);
	snprintf(log, sizeof(log), "%s/strace.log", argv[1]);
	snprintf(data, sizeof(data), "%s/bench.dat", argv[1]);
	say("one message");
	measure_messages(MESSAGE_ROUNDS);
	measure_waiting(WAITING_ROUNDS);
	measure_calls(log);
	measure_streams(longest());
	print_load("after", ours);
	print_tables();
	write_data(data);
	return fflush(stdout) == EOF;
}
