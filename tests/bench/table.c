#include "table.h"

#include <stdio.h>
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
static struct receiver *const limit = &receivers[LIMIT];

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

static void print_cell(double value, int decimals)
{
	if (value > 0)
		printf(" %9.*f |", decimals, value);
	else
		printf(" %9s |", value < 0 ? "failed" : "-");
}

static void print_title(const char *const titles[])
{
	printf("\n| %-16s |", titles[0]);
	for (int i = 1; titles[i] != NULL; i++)
		printf(" %9s |", titles[i]);
	printf("\n| %s |", "----------------");
	for (int i = 1; titles[i] != NULL; i++)
		printf(" %s |", "--------:");
	printf("\n");
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

void print_messages(void)
{
	static const char *const titles[] = {
		"one message", "ready us", "exits us", "x floor", "x peer",
		"waits KiB",   "file KiB", "calls",    NULL
	};
	struct receiver *peer = least_peer(EXITS_US);

	print_title(titles);
	for (int i = 0; i < RECEIVERS; i++) {
		struct receiver *one = &receivers[i];

		if (!takes_message(one))
			continue;
		printf("| %-16s |", one->name);
		print_cell(found(one, LISTENS_US), 0);
		print_cell(found(one, EXITS_US), 0);
		print_cell(ratio(one, least, EXITS_US), 2);
		print_cell(ratio(one, peer, EXITS_US), 2);
		print_cell(found(one, WAITING_KIB), 0);
		print_cell(found(one, FILE_KIB), 0);
		print_cell(found(one, CALLS), 0);
		printf("\n");
	}
}

void print_streams(void)
{
	static const char *const titles[] = {
		"1 GiB, GB/s", "pipe",	  "x peer", "tmpfs",
		"x peer",      "disk",	  "x peer", "/dev/null",
		"x peer",      "x limit", NULL
	};

	if (found(server, rate(TO_PIPE, FIRST_RATE)) == 0)
		return;
	print_title(titles);
	for (int i = 0; i < RECEIVERS; i++) {
		struct receiver *one = &receivers[i];

		if (!takes_stream(one))
			continue;
		printf("| %-16s |", one->name);
		for (int target = 0; target < TARGETS; target++) {
			int gbs = rate(target, FIRST_RATE);

			print_cell(found(one, gbs), 2);
			print_cell(ratio(one, most_peer(gbs), gbs), 2);
		}
		print_cell(ratio(one, limit, rate(TO_NULL, FIRST_RATE)), 2);
		printf("\n");
	}
}

static bool is_known(struct receiver *one, int first)
{
	for (int i = FIRST_RATE + 1; i < LENGTHS; i++)
		if (found(one, (first + i)) != 0)
			return true;
	return false;
}

static void print_row(const char *text, struct receiver *one, int first,
		      int decimals)
{
	printf("| %-16s |", one->name);
	printf(" %9s |", text);
	for (int i = 0; i < LENGTHS; i++)
		print_cell(found(one, (first + i)), decimals);
	printf("\n");
}

/* Of those that were measured at more than one length. */
void print_lengths(void)
{
	static const char *const titles[] = { "by length", "GB/s",  "1 MiB",
					      "1 GiB",	   "2 GiB", "4 GiB",
					      NULL };

	print_title(titles);
	for (int target = 0; target < TARGETS; target++)
		for (int i = 0; i < RECEIVERS; i++)
			if (is_known(&receivers[i], rate(target, 0)))
				print_row(target_names[target], &receivers[i],
					  rate(target, 0), 2);
	for (int i = 0; i < RECEIVERS; i++)
		if (found(&receivers[i], PEAK_KIB) != 0)
			print_row("peak KiB", &receivers[i], PEAK_KIB, 0);
}

static void print_goal(const char *text, double value, bool met)
{
	const char *answer = met ? "met" : "not met";

	printf("| %-47s |", text);
	print_cell(value, 2);
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

static double rate_to_peer(int target)
{
	const int gbs = rate(target, FIRST_RATE);

	return ratio(server, most_peer(gbs), gbs);
}

/* Of the longest stream to the shortest. */
static double growth(struct receiver *one)
{
	const double most = found(one, PEAK_KIB + LENGTHS - 1);
	const double least_kib = found(one, PEAK_KIB);

	return most > 0 && least_kib > 0 ? most / least_kib : most;
}

void print_goals(void)
{
	printf("\n| %-47s | %9s | %-12s |\n", "goal", "found", "");
	printf("| --- | --: | --- |\n");
	at_most("static: message, at most 1.05 of the floor",
		ratio(linked, least, EXITS_US), 1.05);
	at_most("static: file, at most 80 KiB", found(linked, FILE_KIB), 80);
	at_most("static: waits in at most 80 KiB", found(linked, WAITING_KIB),
		80);
	at_most("server: message, at most 0.75 of the best peer",
		ratio(server, least_peer(EXITS_US), EXITS_US), 0.75);
	at_most("server: waits in less than every peer",
		ratio(server, least_peer(WAITING_KIB), WAITING_KIB), 0.999);
	at_least("server -e: pipe, at least 5 times the best peer",
		 rate_to_peer(TO_PIPE), 5);
	at_least("server -e: tmpfs, at least 1.5 times", rate_to_peer(TO_TMPFS),
		 1.5);
	at_least("server -e: /dev/null, at least as fast",
		 rate_to_peer(TO_NULL), 1);
	/* Some variation comes from how the kernel maps a program's file. */
	at_most("server -e: memory, 4 GiB to 1 MiB, at most 1.05",
		growth(server), 1.05);
}

static FILE *create(const char *folder, const char *name)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	if (file == NULL)
		die(path);
	return file;
}

static void write_row(FILE *file, struct receiver *one, const int measures[],
		      int count)
{
	fprintf(file, "\"%s\"", one->name);
	for (int i = 0; i < count; i++) {
		const double value = found(one, measures[i]);

		fprintf(file, " %g", value > 0 ? value : 0);
	}
	fprintf(file, "\n");
}

void write_data(const char *folder)
{
	const int times[] = { LISTENS_US, EXITS_US };
	const int rates[TARGETS] = { rate(TO_PIPE, FIRST_RATE),
				     rate(TO_TMPFS, FIRST_RATE),
				     rate(TO_DISK, FIRST_RATE),
				     rate(TO_NULL, FIRST_RATE) };
	FILE *messages = create(folder, "message.dat");
	FILE *streams = create(folder, "stream.dat");

	for (int i = 0; i < RECEIVERS; i++) {
		if (takes_message(&receivers[i]))
			write_row(messages, &receivers[i], times, 2);
		if (takes_stream(&receivers[i]))
			write_row(streams, &receivers[i], rates, TARGETS);
	}
	if (fclose(messages) == EOF || fclose(streams) == EOF)
		die("fclose");
}
