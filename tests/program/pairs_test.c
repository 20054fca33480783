/*
 * What each pair of options promises together, in both orders. Pairs with -x
 * are in trace_test, where the trace's text is; with -t, those that wait in
 * timeout_test; with a listener that is inherited, in inherit_test. Where -p is
 * in no pair, it means nothing more than alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "play.h"

#define LISTENING6                                                             \
	"Listening on ::1 8080\n"                                              \
	"Connection received on ::1 $1\n"
#define PLAIN_HINT "-e takes all, -l a line"

static const struct scene pairs[] = {
	{ "b_e_takes_a_stream_there", "-b ::1", play_hi6_to_its_end, 0, "hi\n",
	  .with = "-e", .ip6 = true },
	{ "b_l_takes_a_line_there", "-b ::1", play_hi6, 0, "hi\n", .with = "-l",
	  .ip6 = true },
	{ "b_n_takes_so_much_there", "-b ::1", play_hi6, 0, "hi", .with = "-n2",
	  .err = { REST("2", PLAIN_HINT) }, .ip6 = true },
	{ "b_p_listens_on_both", "-b ::1", play_hi6, 0, "hi\n",
	  .with = "-p 8080", .ip6 = true },
	{ "b_r_tells_the_port_of_it", "-b ::1", play_hi6, 0, "8080\nhi\n",
	  .with = "-r 3 3>&1", .ip6 = true },
	{ "b_t_tells_where_nobody_came", "-b ::1", play_nobody, 124, "",
	  .with = "-t .0625",
	  .err = { "server: accept [::1]:8080: nobody connected within 0.0625 "
		   "s; -t sets a longer time\n" },
	  .ip6 = true },
	{ "b_v_tells_the_address", "-b ::1", play_hi6, 0, "hi\n", .with = "-v",
	  .err = { LISTENING6, SUMMARY("3", "one recv") }, .ip6 = true },
	{ "b_z_passes_over_probes_there", "-b ::1", play_probe6, 0, "hi\n",
	  .with = "-z", .ip6 = true },
	{ "e_n_cuts_the_stream", "-e", play_hi, 0, "hi", .with = "-n 2",
	  .err = { REST("2", "a larger -n takes more") } },
	{ "e_r_tells_the_port_before_the_stream", "-e", play_hi_to_its_end, 0,
	  "8080\nhi\n", .with = "-r 3 3>&1" },
	{ "e_t_takes_a_stream_in_time", "-e", play_hi_to_its_end, 0, "hi\n",
	  .with = "-t 100" },
	{ "e_v_tells_that_the_sender_ended_it", "-e", play_hi_to_its_end, 0,
	  "hi\n", .with = "-v",
	  .err = { LISTENING, RECEIVED("1"), SUMMARY("3", "end of file") } },
	{ "e_z_takes_the_first_stream_that_is_not_empty", "-e", play_probes, 0,
	  "hi\n", .with = "-z" },
	{ "l_n_cuts_the_line", "-l", play_two_lines, 0, "hi", .with = "-n 2",
	  .err = { REST("2", "a larger -n takes more") } },
	{ "l_n_takes_a_line_of_so_much", "-l", play_two_lines, 0, "hi\n",
	  .with = "-n 3" },
	{ "l_r_tells_the_port_before_the_line", "-l", play_two_lines, 0,
	  "8080\nhi\n", .with = "-r 3 3>&1" },
	{ "l_t_takes_a_line_in_time", "-l", play_two_lines, 0, "hi\n",
	  .with = "-t 100" },
	{ "l_v_tells_that_a_newline_ended_it", "-l", play_two_lines, 0, "hi\n",
	  .with = "-v",
	  .err = { LISTENING, RECEIVED("1"), SUMMARY("3", "newline") } },
	{ "l_z_takes_the_first_line_that_is_sent", "-l", play_probes, 0, "hi\n",
	  .with = "-z" },
	{ "n_r_tells_the_port_before_the_part", "-n 2", play_hi, 0, "8080\nhi",
	  .with = "-r 3 3>&1", .err = { REST("2", PLAIN_HINT) } },
	{ "n_t_takes_a_part_in_time", "-n 2", play_hi, 0, "hi",
	  .with = "-t 100", .err = { REST("2", PLAIN_HINT) } },
	{ "n_v_tells_that_the_limit_ended_it", "-n 2", play_hi, 0, "hi",
	  .with = "-v",
	  .err = { LISTENING, RECEIVED("1"), REST("2", PLAIN_HINT),
		   SUMMARY("2", "limit") } },
	{ "n_z_takes_a_part_of_who_sends", "-n 2", play_probes, 0, "hi",
	  .with = "-z", .err = { REST("2", PLAIN_HINT) } },
	{ "p_t_tells_where_nobody_came", "-p 8080", play_nobody, 124, "",
	  .with = "-t .0625",
	  .err = { "server: accept 0.0.0.0:8080: nobody connected within "
		   "0.0625 s; -t sets a longer time\n" } },
	{ "r_t_tells_the_port_though_nobody_comes", "-r 3 3>&1", play_nobody,
	  124, "8080\n", .with = "-t .0625",
	  .err = { "server: accept 0.0.0.0:8080: nobody connected within "
		   "0.0625 s; -t sets a longer time\n" } },
	{ "r_v_tells_where_it_listens_first", "-r 3 3>&2", play_hi, 0, "hi\n",
	  .with = "-v",
	  .err = { LISTENING, "8080\n", RECEIVED("1"),
		   SUMMARY("3", "one recv") } },
	{ "r_z_tells_the_port_once", "-r 3 3>&1", play_probes, 0, "8080\nhi\n",
	  .with = "-z" },
	{ "t_v_tells_where_it_listened_though_nobody_comes", "-t .0625",
	  play_nobody, 124, "", .with = "-v",
	  .err = { LISTENING, "server: accept 0.0.0.0:8080: nobody connected "
			      "within 0.0625 s; -t sets a longer time\n" } },
	{ "t_z_takes_who_sends_in_time", "-t 100", play_probes, 0, "hi\n",
	  .with = "-z" },
	{ "v_z_tells_of_each_probe", "-v", play_probes, 0, "hi\n", .with = "-z",
	  .err = { LISTENING, RECEIVED("1"), SKIPPED, RECEIVED("2"), SKIPPED,
		   RECEIVED("3"), SUMMARY("3", "one recv") } },
};

enum {
	PAIRS = sizeof(pairs) / sizeof(pairs[0]),
};

static void assert_refused(const char *first, const char *second)
{
	struct process server = server_start(first, second, NULL);
	struct result result = process_end(&server);

	assert_like(result.err, "server: -l -e: only one of them can end the "
				"message\n"
				"server: usage: *\n");
	assert_string_equal(result.out, "");
	assert_int_equal(result.status, 2);
}

static void test_pair_e_l_is_refused(void **state)
{
	(void)state;
	assert_refused("-e", "-l");
	assert_refused("-l", "-e");
}

/* The port that the kernel chose, in both. */
static void test_pair_p_v_tells_the_port_that_is_free(void **state)
{
	struct process server = server_listen(&port, "-v", NULL);
	int client = client_connect(port);
	struct result result;
	char expected[256];

	(void)state;
	snprintf(expected, sizeof(expected),
		 "Listening on 0.0.0.0 %u\n"
		 "Connection received on 127.0.0.1 %u\n"
		 "server: 3 bytes in * s, *B/s, ended by one recv\n",
		 port, bound_port(client));
	client_send(client, "hi\n", 3);
	result = process_end(&server);
	assert_like(result.err, expected);
	assert_int_equal(result.status, 0);
	close(client);
}

int main(void)
{
	struct CMUnitTest tests[MOST_TESTS] = {
		cmocka_unit_test(test_pair_e_l_is_refused),
		cmocka_unit_test(test_pair_p_v_tells_the_port_that_is_free),
	};
	char names[PAIRS][NAME_BYTES];

	name_scenes(tests, names, "test_pair_", pairs, PAIRS);
	return cmocka_run_group_tests(tests, fill_stream, NULL);
}
