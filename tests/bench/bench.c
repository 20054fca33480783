/*
 * usage: bench FOLDER SERVER STATIC_SERVER FLOOR
 * Measures them and the peers that are installed, and prints tables. Files are
 * made in FOLDER. BENCH_GB limits the streams: 0, 1, 2 or 4 (4).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "discard.h"
#include "message.h"
#include "process.h"
#include "receivers.h"
#include "stream.h"
#include "table.h"

enum {
	MESSAGE_ROUNDS = 1000,
	WAITING_ROUNDS = 9,
	STREAM_ROUNDS = 5,
};

static void say(const char *step)
{
	fprintf(stderr, "bench: %s\n", step);
}

static void check_shortest(struct receiver *receiver)
{
	check_stream(receiver, 0);
}

static void check_first(struct receiver *receiver)
{
	check_stream(receiver, FIRST_RATE);
}

static void measure_first(struct receiver *receiver)
{
	for (int target = 0; target < TARGETS; target++)
		if (receiver != &receivers[LIMIT] || target == TO_NULL)
			measure_stream(receiver, target, FIRST_RATE);
}

static bool takes_output(const struct receiver *receiver)
{
	return takes_stream(receiver) && receiver != &receivers[LIMIT];
}

/* A long stream, into each target, to us and to the peer that is best there. */
static void measure_length(int length)
{
	check_stream(&receivers[SERVER], length);
	for (int target = 0; target < TARGETS; target++) {
		struct receiver *peer = most_peer(rate(target, FIRST_RATE));

		measure_stream(&receivers[SERVER], target, length);
		if (peer != NULL && target == TO_PIPE)
			check_stream(peer, length);
		if (peer != NULL)
			measure_stream(peer, target, length);
	}
}

static void measure_streams(uint64_t most)
{
	say("streams of 1 MiB");
	measure_rounds(1, takes_output, check_shortest);
	if (lengths[FIRST_RATE] > most)
		return;
	say("streams of 1 GiB");
	measure_rounds(1, takes_output, check_first);
	measure_rounds(STREAM_ROUNDS, takes_stream, measure_first);
	say("longer streams");
	for (int i = FIRST_RATE + 1; i < LENGTHS; i++)
		if (lengths[i] <= most)
			measure_length(i);
}

static void print_tables(void)
{
	print_machine();
	printf("One message: medians of %d, microseconds from its start until "
	       "it\nlistens and exits; calls with execve. 1 GiB: medians of "
	       "%d. Longer ones:\none run, of the server and of the best peer "
	       "at 1 GiB.\n",
	       MESSAGE_ROUNDS, STREAM_ROUNDS);
	print_missing();
	print_messages();
	print_streams();
	print_lengths();
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
	char log[PATH_MAX];

	if (argc == 2 && strcmp(argv[1], "--discard") == 0)
		return discard();
	if (argc != 5) {
		fprintf(stderr, "usage: bench FOLDER SERVER STATIC FLOOR\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	own_network();
	receivers_find(argv[2], argv[3], argv[4]);
	stream_prepare(argv[1]);
	snprintf(log, sizeof(log), "%s/strace.log", argv[1]);
	say("one message");
	measure_messages(MESSAGE_ROUNDS);
	measure_waiting(WAITING_ROUNDS);
	measure_calls(log);
	measure_streams(longest());
	print_tables();
	write_data(argv[1]);
	return fflush(stdout) == EOF;
}
