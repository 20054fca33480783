/* All that -v tells of each mode, to the letter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "play.h"

#define TIME_UP(call, missing, seconds, bytes)                                 \
	"server: " call ": " missing " within " seconds " s" bytes             \
	"-t sets a longer time\n"

static const struct scene scenes[] = {
	{ "plain", "-v", play_hi, 0, "hi\n",
	  .err = { LISTENING, RECEIVED("1"), SUMMARY("3", "one recv") } },
	{ "plain_over_128", "-v >/dev/null", play_129, 0, "",
	  .err = { LISTENING, RECEIVED("1"),
		   REST("128", "-e takes all, -l a line"),
		   SUMMARY("128", "limit") } },
	{ "plain_into_a_file", "-v >\"$FOLDER/file\"", play_hi, 0, "",
	  .err = { LISTENING, RECEIVED("1"), SUMMARY("3", "one recv") } },
	{ "plain_without_bytes", "-v", play_empty, 3, "",
	  .err = { LISTENING, RECEIVED("1"), NOTHING,
		   SUMMARY("0", "end of file") } },
	{ "plain_and_reset", "-v", play_reset, 1, "",
	  .err = { LISTENING, RECEIVED("1"), RESET,
		   SUMMARY("0", "an error") } },
	{ "plain_into_a_full_device", "-v >/dev/full", play_hi, 1, "",
	  .err = { LISTENING, RECEIVED("1"), FULL, SUMMARY("0", "an error") } },
	{ "limit", "-v -n 3", play_hi, 0, "hi\n",
	  .err = { LISTENING, RECEIVED("1"), SUMMARY("3", "limit") } },
	{ "limit_that_cuts", "-v -n 2", play_hi, 0, "hi",
	  .err = { LISTENING, RECEIVED("1"),
		   REST("2", "-e takes all, -l a line"),
		   SUMMARY("2", "limit") } },
	{ "line", "-vl", play_two_lines, 0, "hi\n",
	  .err = { LISTENING, RECEIVED("1"), SUMMARY("3", "newline") } },
	{ "line_without_its_end", "-vl", play_part_to_its_end, 0, "part",
	  .err = { LISTENING, RECEIVED("1"), UNENDED,
		   SUMMARY("4", "end of file") } },
	{ "line_without_bytes", "-vl", play_empty, 3, "",
	  .err = { LISTENING, RECEIVED("1"), NOTHING,
		   SUMMARY("0", "end of file") } },
	{ "line_and_reset", "-vl", play_part_then_reset, 1, "",
	  .err = { LISTENING, RECEIVED("1"), RESET_LATER,
		   SUMMARY("4", "an error") } },
	{ "line_of_its_limit", "-vl -n 3", play_two_lines, 0, "hi\n",
	  .err = { LISTENING, RECEIVED("1"), SUMMARY("3", "newline") } },
	{ "line_over_its_limit", "-vl -n 2", play_hi, 0, "hi",
	  .err = { LISTENING, RECEIVED("1"),
		   REST("2", "a larger -n takes more"),
		   SUMMARY("2", "limit") } },
	{ "eof", "-ve", play_hi_to_its_end, 0, "hi\n",
	  .err = { LISTENING, RECEIVED("1"), SUMMARY("3", "end of file") } },
	{ "eof_that_is_spliced", "-ve", play_100000, 0, "",
	  .err = { LISTENING, RECEIVED("1"),
		   SUMMARY("100000", "end of file") } },
	{ "eof_without_bytes", "-ve", play_empty, 0, "",
	  .err = { LISTENING, RECEIVED("1"), SUMMARY("0", "end of file") } },
	{ "eof_and_reset", "-ve", play_part_then_reset, 1, "",
	  .err = { LISTENING, RECEIVED("1"), RESET_LATER,
		   SUMMARY("4", "an error") } },
	{ "eof_over_its_limit", "-ve -n 2", play_hi, 0, "hi",
	  .err = { LISTENING, RECEIVED("1"),
		   REST("2", "a larger -n takes more"),
		   SUMMARY("2", "limit") } },
	{ "eof_into_a_full_device", "-ve >/dev/full", play_hi, 1, "",
	  .err = { LISTENING, RECEIVED("1"), FULL, SUMMARY("0", "an error") } },
	{ "skip_empty", "-vz", play_probes, 0, "hi\n",
	  .err = { LISTENING, RECEIVED("1"), SKIPPED, RECEIVED("2"), SKIPPED,
		   RECEIVED("3"), SUMMARY("3", "one recv") } },
	{ "skip_empty_and_line", "-vzl", play_probes, 0, "hi\n",
	  .err = { LISTENING, RECEIVED("1"), SKIPPED, RECEIVED("2"), SKIPPED,
		   RECEIVED("3"), SUMMARY("3", "newline") } },
	{ "skip_empty_and_eof", "-vze", play_probes, 0, "hi\n",
	  .err = { LISTENING, RECEIVED("1"), SKIPPED, RECEIVED("2"), SKIPPED,
		   RECEIVED("3"), SUMMARY("3", "end of file") } },
	/* Who waits for the port finds the line before it. */
	{ "ready", "-v -r 3 3>&2", play_hi, 0, "hi\n",
	  .err = { LISTENING, "8080\n", RECEIVED("1"),
		   SUMMARY("3", "one recv") } },
	{ "timeout_without_a_sender", "-v -t .0625", play_nobody, 124, "",
	  .err = { LISTENING, TIME_UP("accept 0.0.0.0:8080", "nobody connected",
				      "0.0625", "; ") } },
	{ "timeout_without_a_byte", "-v -t 2", play_silence, 124, "",
	  .err = { LISTENING, RECEIVED("1"),
		   TIME_UP("recv connection", "nothing came", "2", "; "),
		   SUMMARY("0", "an error") } },
	{ "timeout_without_a_newline", "-vl -t 2", play_part, 124, "part",
	  .err = { LISTENING, RECEIVED("1"),
		   TIME_UP("recv connection", "no newline came", "2",
			   " (4 bytes delivered); "),
		   SUMMARY("4", "an error") } },
	{ "bind_to_ip4", "-v -b 127.0.0.1", play_hi, 0, "hi\n",
	  .err = { "Listening on 127.0.0.1 8080\n", RECEIVED("1"),
		   SUMMARY("3", "one recv") } },
	{ "bind_to_ip6", "-v -b ::1", play_hi6, 0, "hi\n",
	  .err = { "Listening on ::1 8080\n"
		   "Connection received on ::1 $1\n",
		   SUMMARY("3", "one recv") },
	  .ip6 = true },
	{ "bind_to_all_and_ip6", "-v -b ::", play_hi6, 0, "hi\n",
	  .err = { "Listening on :: 8080\n"
		   "Connection received on ::1 $1\n",
		   SUMMARY("3", "one recv") },
	  .ip6 = true },
	{ "bind_to_all_and_ip4", "-v -b ::", play_hi, 0, "hi\n",
	  .err = { "Listening on :: 8080\n"
		   "Connection received on ::ffff:127.0.0.1 $1\n",
		   SUMMARY("3", "one recv") },
	  .both = true },
	{ "inherited", "-v", play_hi, 0, "hi\n",
	  .err = { "Listening on 127.0.0.1 8080\n", RECEIVED("1"),
		   SUMMARY("3", "one recv") },
	  .inherited = true },
};

enum {
	SCENES = sizeof(scenes) / sizeof(scenes[0]),
	WAITED_MS = 50,
};

/* It is from the sender to the end, however long it took the sender to come. */
static void test_verbose_counts_the_time_from_the_sender_on(void **state)
{
	struct process server = server_listen(&port, "-vl", NULL);
	long long before = now_ms(), connected, begun;
	struct result result;
	double seconds;
	int client;

	(void)state;
	while ((connected = now_ms()) < before + WAITED_MS)
		continue;
	client = client_connect(port);
	client_send(client, "h", 1);
	expect_output(&server, "h", 1);
	for (begun = now_ms(); now_ms() < begun + WAITED_MS;)
		continue;
	client_send(client, "i\n", 2);
	result = process_end(&server);
	close(client);
	assert_int_equal(sscanf(strstr(result.err, " bytes in "),
				" bytes in %lf s", &seconds),
			 1);
	assert_between(seconds * 1000, WAITED_MS - 1, now_ms() - connected + 1);
}

static int prepare(void **state)
{
	return make_folder(state) == -1 ? -1 : fill_stream(state);
}

int main(void)
{
	struct CMUnitTest tests[MOST_TESTS] = {
		cmocka_unit_test(
			test_verbose_counts_the_time_from_the_sender_on),
	};
	char names[SCENES][NAME_BYTES];

	name_scenes(tests, names, "test_verbose_is_whole_of_", scenes, SCENES);
	return cmocka_run_group_tests(tests, prepare, remove_folder);
}
