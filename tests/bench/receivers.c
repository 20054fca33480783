#include "receivers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port.h"

#define SOCAT_LISTEN "TCP-LISTEN:" PORT_TEXT ",reuseaddr"
#define MBUFFER_LISTEN "mbuffer", "-q", "-s", "1M", "-m", "64M", "-I", PORT_TEXT

struct receiver receivers[RECEIVERS] = {
	[FLOOR] = { .name = "floor", .message = { "floor" } },
	[STATIC] = { .name = "server, static",
		     .message = { "server", "-p", PORT_TEXT },
		     .stream = { "server", "-e", "-p", PORT_TEXT } },
	[SERVER] = { .name = "server",
		     .lasts = true,
		     .message = { "server", "-p", PORT_TEXT },
		     .stream = { "server", "-e", "-p", PORT_TEXT } },
	{ .name = "nc.openbsd",
	  .peer = true,
	  .message = { "nc.openbsd", "-l", PORT_TEXT },
	  .stream = { "nc.openbsd", "-l", PORT_TEXT } },
	{ .name = "nc.traditional",
	  .peer = true,
	  .message = { "nc.traditional", "-l", "-p", PORT_TEXT },
	  .stream = { "nc.traditional", "-l", "-p", PORT_TEXT } },
	{ .name = "ncat",
	  .peer = true,
	  .message = { "ncat", "-l", PORT_TEXT, "--recv-only" },
	  .stream = { "ncat", "-l", PORT_TEXT, "--recv-only" } },
	{ .name = "socat",
	  .peer = true,
	  .message = { "socat", "-u", SOCAT_LISTEN, "STDOUT" },
	  .stream = { "socat", "-u", SOCAT_LISTEN, "STDOUT" } },
	{ .name = "socat -b 65536",
	  .peer = true,
	  .stream = { "socat", "-u", "-b", "65536", SOCAT_LISTEN, "STDOUT" } },
	{ .name = "socat -b 262144",
	  .peer = true,
	  .stream = { "socat", "-u", "-b", "262144", SOCAT_LISTEN, "STDOUT" } },
	{ .name = "socat -b 1048576",
	  .peer = true,
	  .lasts = true,
	  .stream = { "socat", "-u", "-b", "1048576", SOCAT_LISTEN,
		      "STDOUT" } },
	[MBUFFER] = { .name = "mbuffer",
		      .peer = true,
		      .lasts = true,
		      .message = { MBUFFER_LISTEN },
		      .stream = { MBUFFER_LISTEN } },
	{ .name = "busybox nc",
	  .peer = true,
	  .message = { "busybox", "nc", "-l", "-p", PORT_TEXT },
	  .stream = { "busybox", "nc", "-l", "-p", PORT_TEXT } },
	[LIMIT] = { .name = "limit",
		    .lasts = true,
		    .stream = { "bench", "--limit" } },
};

const uint64_t lengths[LENGTHS] = { 1ULL << 20, 1ULL << 30, 1ULL << 31,
				    1ULL << 32 };

static bool is_program(const char *path)
{
	return access(path, X_OK) == 0;
}

bool find_program(const char *name, char path[PATH_MAX])
{
	const char *folder = getenv("PATH");

	while (folder != NULL && folder[0] != '\0') {
		const int len = (int)strcspn(folder, ":");

		snprintf(path, PATH_MAX, "%.*s/%s", len, folder, name);
		if (is_program(path))
			return true;
		folder += len + (folder[len] == ':');
	}
	path[0] = '\0';
	return false;
}

static void set_path(struct receiver *receiver, const char *path)
{
	if (is_program(path))
		snprintf(receiver->path, PATH_MAX, "%s", path);
}

static double file_kib(const char *path)
{
	struct stat file;

	return stat(path, &file) == -1 ? -1 : (double)file.st_size / 1024;
}

void receivers_find(const char *server, const char *static_server,
		    const char *floor_program)
{
	for (int i = 0; i < RECEIVERS; i++)
		if (receivers[i].peer)
			find_program(receivers[i].stream[0], receivers[i].path);
	set_path(&receivers[FLOOR], floor_program);
	set_path(&receivers[STATIC], static_server);
	set_path(&receivers[SERVER], server);
	set_path(&receivers[LIMIT], "/proc/self/exe");
	for (int i = 0; i < RECEIVERS; i++)
		if (takes_message(&receivers[i]))
			note(&receivers[i], FILE_KIB,
			     file_kib(receivers[i].path));
}

bool takes_message(const struct receiver *receiver)
{
	return receiver->path[0] != '\0' && receiver->message[0] != NULL;
}

bool takes_stream(const struct receiver *receiver, int length)
{
	return receiver->path[0] != '\0' && receiver->stream[0] != NULL &&
	       (length <= FIRST_RATE || receiver->lasts);
}

int rate(int target, int length)
{
	return (RATE + (int)target * LENGTHS + length);
}

void note(struct receiver *receiver, int measure, double value)
{
	struct samples *samples = &receiver->samples[measure];

	if (value < 0)
		samples->failed = true;
	else if (samples->count < MOST_SAMPLES)
		samples->values[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
	const double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

double found(struct receiver *receiver, int measure)
{
	struct samples *samples = &receiver->samples[measure];

	if (samples->failed)
		return -1;
	if (samples->count == 0)
		return 0;
	qsort(samples->values, (size_t)samples->count, sizeof(double), compare);
	return samples->values[samples->count / 2];
}

double found_least(const struct receiver *receiver, int measure)
{
	return receiver->samples[measure].values[0];
}

double found_most(const struct receiver *receiver, int measure)
{
	const struct samples *samples = &receiver->samples[measure];

	return samples->values[samples->count - 1];
}

/* The peer, but for the other, whose value, times sign, is the most. */
static struct receiver *best_peer(int measure, const struct receiver *other,
				  double sign)
{
	struct receiver *best = NULL;

	for (int i = 0; i < RECEIVERS; i++) {
		struct receiver *peer = &receivers[i];

		if (peer->peer && peer != other && found(peer, measure) > 0 &&
		    (best == NULL ||
		     sign * found(peer, measure) > sign * found(best, measure)))
			best = peer;
	}
	return best;
}

struct receiver *least_peer(int measure, const struct receiver *other)
{
	return best_peer(measure, other, -1);
}

struct receiver *most_peer(int measure, const struct receiver *other)
{
	return best_peer(measure, other, 1);
}

static void shuffle(struct receiver *order[RECEIVERS])
{
	for (int i = 0; i < RECEIVERS; i++) {
		const int other = rand() % (i + 1);

		order[i] = order[other];
		order[other] = &receivers[i];
	}
}

void measure_rounds(int rounds, int kinds,
		    void (*measure)(struct receiver *, int kind))
{
	struct receiver *order[RECEIVERS];

	for (int round = 0; round < rounds; round++) {
		const bool back = round % 2 == 1;

		if (!back)
			shuffle(order);
		for (int kind = 0; kind < kinds; kind++)
			for (int i = 0; i < RECEIVERS; i++)
				measure(order[back ? RECEIVERS - 1 - i : i],
					kind);
	}
}
