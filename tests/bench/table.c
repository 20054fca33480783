#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "process.h"
#include "receivers.h"

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

static struct receiver *const server = &receivers[SERVER];
static struct receiver *const linked = &receivers[STATIC];
static struct receiver *const least = &receivers[FLOOR];
static struct receiver *const mbuffer = &receivers[MBUFFER];

void print_machine(void)
{
	struct utsname kernel;

	if (uname(&kernel) == -1)
		die("uname");
	/* What follows the version is the name of who built it. */
	kernel.release[strcspn(kernel.release, "-")] = '\0';
	printf("%ld cores, %s %s %s, compiler " COMPILER "\n",
	       sysconf(_SC_NPROCESSORS_ONLN), kernel.sysname, kernel.release,
	       kernel.machine);
}

void print_load(const char *when, double most)
{
	double load;

	if (getloadavg(&load, 1) != 1)
		die("getloadavg");
	printf("Load average %s: %.2f\n", when, load);
	if (load > most)
		printf("**The machine was busy %s: the figures say little.**\n",
		       when);
}

void print_missing(void)
{
	char path[PATH_MAX];

	if (least->path[0] == '\0')
		printf("not built: floor, which is for x86-64\n");
	for (int i = 0; i < RECEIVERS; i++)
		if (receivers[i].path[0] == '\0' && i != FLOOR)
			printf("not found: %s\n", receivers[i].name);
	if (!find_program("strace", path))
		printf("not found: strace, which counts the calls\n");
}

/* A median and, where there were more runs than one, their least and most. */
static void print_median(struct receiver *one, int measure, int decimals)
{
	const double median = found(one, measure);
	char text[64] = "-";

	if (median < 0)
		snprintf(text, sizeof(text), "failed");
	else if (one->samples[measure].count > 1)
		snprintf(text, sizeof(text), "%.*f (%.*f-%.*f)", decimals,
			 median, decimals, found_least(one, measure), decimals,
			 found_most(one, measure));
	else if (median > 0)
		snprintf(text, sizeof(text), "%.*f", decimals, median);
	printf(" %16s |", text);
}

/* Of what was found for one and for another, who may be nobody. */
static double ratio(struct receiver *one, struct receiver *other, int measure)
{
	double above = found(one, measure);
	double below = other == NULL ? 0 : found(other, measure);

	if (above < 0 || below < 0)
		return -1;
	return below > 0 ? above / below : 0;
}

static void print_ratio(double value)
{
	if (value > 0)
		printf(" %6.2f |", value);
	else
		printf(" %6s |", value < 0 ? "failed" : "-");
}

static void print_title(const char *first, const char *const titles[])
{
	printf("\n| %-16s |", first);
	for (int i = 0; titles[i] != NULL; i++)
		printf(titles[i][0] == 'x' ? " %6s |" : " %16s |", titles[i]);
	printf("\n| --- |");
	for (int i = 0; titles[i] != NULL; i++)
		printf(" --: |");
	printf("\n");
}

void print_messages(void)
{
	static const char *const titles[] = { "ready us",  "exits us",
					      "x floor",   "x peer",
					      "waits KiB", "file KiB",
					      "calls",	   NULL };
	struct receiver *peer = least_peer(EXITS_US, NULL);

	print_title("one message", titles);
	for (int i = 0; i < RECEIVERS; i++) {
		struct receiver *one = &receivers[i];

		if (!takes_message(one))
			continue;
		printf("| %-16s |", one->name);
		print_median(one, LISTENS_US, 0);
		print_median(one, EXITS_US, 0);
		print_ratio(ratio(one, least, EXITS_US));
		print_ratio(ratio(one, peer, EXITS_US));
		print_median(one, WAITING_KIB, 0);
		print_median(one, FILE_KIB, 0);
		print_median(one, CALLS, 0);
		printf("\n");
	}
}

void print_streams(int length)
{
	static const char *const titles[] = { "pipe",	   "x peer", "tmpfs",
					      "x peer",	   "disk",   "x peer",
					      "/dev/null", "x peer", NULL };
	char first[32];

	if (found(server, rate(TO_PIPE, length)) == 0)
		return;
	snprintf(first, sizeof(first), "%ju GiB, GB/s",
		 (uintmax_t)(lengths[length] >> 30));
	print_title(first, titles);
	for (int i = 0; i < RECEIVERS; i++) {
		struct receiver *one = &receivers[i];

		if (!takes_stream(one, length))
			continue;
		printf("| %-16s |", one->name);
		for (int target = 0; target < TARGETS; target++) {
			const int gbs = rate(target, length);

			print_median(one, gbs, 2);
			print_ratio(ratio(one, most_peer(gbs, NULL), gbs));
		}
		printf("\n");
	}
}

void print_memory(void)
{
	static const char *const titles[] = { "1 MiB", "1 GiB", "2 GiB",
					      "4 GiB", NULL };

	print_title("peak KiB", titles);
	for (int i = 0; i < LIMIT; i++) {
		if (!takes_stream(&receivers[i], 0))
			continue;
		printf("| %-16s |", receivers[i].name);
		for (int length = 0; length < LENGTHS; length++)
			print_median(&receivers[i], PEAK_KIB + length, 0);
		printf("\n");
	}
}

static void print_goal(const char *text, double value, bool met)
{
	const char *answer = met ? "met" : "not met";

	printf("| %-47s |", text);
	print_ratio(value);
	printf(" %-12s |\n", value == 0 ? "not measured" : answer);
}

static void at_most(const char *text, double value, double most)
{
	print_goal(text, value, value > 0 && value <= most);
}

static void at_least(const char *text, double value, double least_value)
{
	print_goal(text, value, value >= least_value);
}

/* To the best of the peers but for the other one, who may be nobody. */
static double to_peers(int target, const struct receiver *other)
{
	const int gbs = rate(target, FIRST_RATE);

	return ratio(server, most_peer(gbs, other), gbs);
}

/* Of the longest stream to the shortest. */
static double growth(struct receiver *one)
{
	const double most = found(one, PEAK_KIB + LENGTHS - 1);
	const double least_kib = found(one, PEAK_KIB);

	return most > 0 && least_kib > 0 ? most / least_kib : most;
}

static void print_message_goals(void)
{
	at_most("static: message, at most 1.05 of the floor",
		ratio(linked, least, EXITS_US), 1.05);
	at_most("static: file, at most 80 KiB", found(linked, FILE_KIB), 80);
	at_most("static: waits in at most 80 KiB", found(linked, WAITING_KIB),
		80);
	at_most("server: message, at most 0.65 of the best peer",
		ratio(server, least_peer(EXITS_US, NULL), EXITS_US), 0.65);
	at_most("server: waits in less than every peer",
		ratio(server, least_peer(WAITING_KIB, NULL), WAITING_KIB),
		0.999);
}

static void print_stream_goals(void)
{
	at_least("pipe: at least 1.75 times mbuffer",
		 ratio(server, mbuffer, rate(TO_PIPE, FIRST_RATE)), 1.75);
	at_least("pipe: at least 3 times the best of the rest",
		 to_peers(TO_PIPE, mbuffer), 3);
	at_least("tmpfs: at least as fast as mbuffer",
		 ratio(server, mbuffer, rate(TO_TMPFS, FIRST_RATE)), 1);
	at_least("tmpfs: at least 1.1 times the best of the rest",
		 to_peers(TO_TMPFS, mbuffer), 1.1);
	at_least("disk: at least 1.25 times the best peer",
		 to_peers(TO_DISK, NULL), 1.25);
	at_least("/dev/null: at least 1.1 times the best peer",
		 to_peers(TO_NULL, NULL), 1.1);
	/* Some variation comes from how the kernel maps a program's file. */
	at_most("memory: 4 GiB to 1 MiB, at most 1.05", growth(server), 1.05);
}

void print_goals(void)
{
	printf("\n| %-47s | %6s | %-12s |\n", "goal", "found", "");
	printf("| --- | --: | --- |\n");
	print_message_goals();
	print_stream_goals();
}

/* A line for each: name, 0 for ours and 1 for a peer, and what was found. */
static void write_block(FILE *file, int measure)
{
	for (int i = 0; i < RECEIVERS; i++) {
		struct receiver *one = &receivers[i];
		const bool ours = one == server || one == linked;

		if (found(one, measure) > 0)
			fprintf(file, "\"%s\" %d %g %g %g\n", one->name,
				ours	    ? 0
				: one->peer ? 1
					    : 2,
				found(one, measure), found_least(one, measure),
				found_most(one, measure));
	}
	fprintf(file, "\n\n");
}

void write_data(const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		die(path);
	write_block(file, LISTENS_US);
	write_block(file, EXITS_US);
	for (int target = 0; target < TARGETS; target++)
		write_block(file, rate(target, FIRST_RATE));
	if (fclose(file) == EOF)
		die(path);
}
