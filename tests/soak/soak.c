/*
 * usage: SERVER=PROGRAM soak RUNS
 * Endurance: RUNS runs of the program one after the other on one port, with
 * nothing between them, and a fifth as many on port 0, four at a time. Every
 * run has a message of its own, which must come out, alone and whole. Ends at
 * the first that differs.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

enum {
	MESSAGE_BYTES = 128,
	AT_A_TIME = 4,
	WARM_UP = 40, /* runs before the first look at memory */
	MOST_RUNS = 1000000,
};

struct message {
	size_t len;
	unsigned char bytes[MESSAGE_BYTES];
};

struct run {
	unsigned int number;
	struct process server;
	uint16_t port;
	int client;
	struct message message;
};

static unsigned int started;
static unsigned long long bytes_received;

/* Where one of the helpers gave up: cmocka has said where, and aborts. */
static void tell_run(int signal)
{
	(void)signal;
	fprintf(stderr, "\nsoak: ended in run %u\n", started);
	_exit(1);
}

/* xorshift, so that what failed can be had again. */
static uint32_t next_random(void)
{
	static uint32_t state = 2463534242;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

/* No message is like one of the 255 before it. */
static void fill(struct message *message, unsigned int number)
{
	message->len = 1 + next_random() % MESSAGE_BYTES;
	message->bytes[0] = (unsigned char)number;
	for (size_t i = 1; i < message->len; i++)
		message->bytes[i] = (unsigned char)(next_random() >> 24);
}

static void run_start(struct run *run, const char *port)
{
	run->number = ++started;
	fill(&run->message, run->number);
	run->server = server_listen(&run->port, "-p", port, NULL);
}

static void run_send(struct run *run)
{
	run->client = client_connect(run->port);
	client_send(run->client, run->message.bytes, run->message.len);
}

static void run_end(struct run *run)
{
	const struct message *sent = &run->message;
	struct result got = process_end(&run->server);
	size_t same = 0;

	close(run->client);
	while (same < sent->len && same < got.out_len &&
	       (unsigned char)got.out[same] == sent->bytes[same])
		same++;
	bytes_received += got.out_len;
	if (got.status == 0 && got.err[0] == '\0' && same == sent->len &&
	    same == got.out_len)
		return;
	fprintf(stderr,
		"soak: run %u on port %u: sent %zu bytes, got %zu, the first "
		"%zu of them the same; status %d, standard error: %s\n",
		run->number, run->port, sent->len, got.out_len, same,
		got.status, got.err);
	exit(1);
}

/* Pages of heap and stack. Those that are resident are counted less exactly. */
static long memory(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d %*d %*d %*d %*d %ld", &pages), 1);
	fclose(file);
	return pages;
}

/* On the port that the first of them finds free. */
static void run_in_turn(unsigned int runs)
{
	char port[8] = "0";

	for (unsigned int i = 0; i < runs; i++) {
		struct run run;

		run_start(&run, port);
		assert_true(i == 0 || run.port == atoi(port));
		snprintf(port, sizeof(port), "%u", run.port);
		run_send(&run);
		run_end(&run);
	}
}

/* Messages go out in another order than that in which the servers started. */
static void run_together(unsigned int runs)
{
	for (unsigned int i = 0; i < runs; i += AT_A_TIME) {
		struct run run[AT_A_TIME];

		for (int n = 0; n < AT_A_TIME; n++)
			run_start(&run[n], "0");
		for (int n = AT_A_TIME - 1; n >= 0; n--)
			run_send(&run[n]);
		for (int n = 0; n < AT_A_TIME; n++)
			run_end(&run[n]);
	}
}

int main(int argc, char *argv[])
{
	unsigned int runs = argc == 2 ? (unsigned int)atoi(argv[1]) : 0;
	unsigned int together =
		(runs / 5 + AT_A_TIME - 1) / AT_A_TIME * AT_A_TIME;
	long long begin, ms;
	int descriptors;
	long before;

	if (runs < 1 || runs > MOST_RUNS || getenv("SERVER") == NULL) {
		fprintf(stderr, "usage: SERVER=PROGRAM soak RUNS\n");
		return 2;
	}
	own_network(NULL);
	/* There is no test here that cmocka could go on without. */
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	signal(SIGABRT, tell_run);
	run_in_turn(WARM_UP);
	run_together(WARM_UP);
	started = 0;
	bytes_received = 0;
	descriptors = open_descriptors();
	before = memory();
	begin = now_ms();
	run_in_turn(runs);
	run_together(together);
	ms = now_ms() - begin + 1;
	assert_int_equal(open_descriptors(), descriptors);
	assert_int_equal(memory(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	printf("soak: %u runs in turn on one port, %u on port 0, %d at a time: "
	       "%llu bytes, none lost, in %.1f s, %.0f runs/s\n",
	       runs, together, AT_A_TIME, bytes_received, (double)ms / 1000,
	       started * 1000.0 / (double)ms);
	return 0;
}
