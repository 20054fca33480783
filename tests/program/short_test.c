/* The run among short counts and resets. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "receiver.h"
#include "trial.h"

static void assert_whole_in_shorts_of(const struct mode *mode, size_t most)
{
	const struct trial tried = { .mode = mode, .most_write = most };

	if (!is_left_out())
		assert_whole(&tried);
}

static void test_receiver_run_delivers_all_if_counts_are_short(void **state)
{
	static const char *const names[] = {
		"line",		 "line_into_terminal",	 "eof_into_pipe",
		"eof_into_file", "eof_into_end_of_file", "eof_into_terminal",
	};
	static const size_t most[] = { 1,	  7,	     959,      961,
				       PIECE - 1, PIECE + 1, 2 * PIECE };

	(void)state;
	/* Each small count, and fewer of the large ones. */
	for (size_t i = 1; i <= SHORT; i += i / 8 + 1)
		assert_whole_in_shorts_of(mode_of("plain"), i);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		open_target(mode_of(names[i]));
		for (size_t j = 0; j < sizeof(most) / sizeof(most[0]); j++)
			assert_whole_in_shorts_of(mode_of(names[i]), most[j]);
		close_target();
	}
}

/* Else a script would read a part of it, such as 80 for 8080. */
static void
test_receiver_run_writes_all_of_the_port_in_short_writes(void **state)
{
	static const char *const names[] = { "ready", "ready_and_eof",
					     "inherited_and_ready" };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t most = 1; most <= sizeof("65535"); most++)
			assert_whole_in_shorts_of(mode_of(names[i]), most);
}

static void
test_receiver_run_fails_if_a_part_of_the_port_is_written(void **state)
{
	const struct trial tried = { .mode = mode_of("ready"),
				     .call = "write",
				     .nth = 2,
				     .reason = ENOSPC,
				     .most_write = 2 };
	const struct result result = try(&tried);

	(void)state;
	assert_int_equal(strlen(seen->ready), 2);
	assert_string_equal(result.err,
			    "server: write ready descriptor: No space left on "
			    "device; free some space, and run it again\n");
	assert_int_equal(result.out_len, 0);
	assert_int_equal(result.status, STATUS_FAILED);
}

/* What standard error does not take is dropped, and nothing else is. */
static void test_receiver_run_delivers_all_if_its_lines_are_cut(void **state)
{
	static const char *const names[] = { "plain_cut", "verbose",
					     "verbose_and_eof", "progress" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const struct mode *mode = mode_of(names[i]);
		const struct trial tried = { .mode = mode, .most_line = 10 };
		struct result result;

		if (is_left_out())
			continue;
		open_target(mode);
		result = try(&tried);
		close_target();
		assert_int_equal(result.status, STATUS_OK);
		assert_int_equal(result.out_len, mode->whole);
		/* No more of a line than that comes, and no second try. */
		assert_between(strlen(result.err), 10, mode->verbose ? 30 : 10);
	}
}

/* A plain message is what one recv gives, and so is one byte then. */
static void test_receiver_run_takes_a_message_byte_by_byte(void **state)
{
	static const char *const names[] = {
		"line",
		"line_cut",
		"eof_into_pipe",
		"eof_into_file",
		"eof_into_terminal",
		"eof_cut",
		"skip_empty_and_line",
	};
	struct trial tried = { .mode = mode_of("plain"), .most_recv = 1 };
	struct result result = try(&tried);

	(void)state;
	assert_result(&tried, &result, STATUS_OK, 1, "");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		tried.mode = mode_of(names[i]);
		if (is_left_out())
			continue;
		open_target(tried.mode);
		assert_whole(&tried);
		close_target();
	}
}

static void assert_reset(const struct trial *tried)
{
	const struct mode *mode = tried->mode;
	const bool plain = !mode->line && !mode->eof;
	struct result result;

	if (is_left_out())
		return;
	result = try(tried);
	if (tried->sent == 0 && mode->skip_empty)
		assert_result(tried, &result, STATUS_OK, mode->whole, "");
	else if (tried->sent > 0 && plain)
		assert_result(tried, &result, STATUS_OK, tried->sent, "");
	else
		assert_result(tried, &result, STATUS_FAILED, tried->sent,
			      "server: recv connection: "
			      "Connection reset by peer; *\n");
}

static void test_receiver_run_delivers_what_came_before_a_reset(void **state)
{
	static const size_t sent[] = { 0, 1, PIECE, TEXT - 1 };

	(void)state;
	for (size_t i = 0; i < MODES; i++) {
		struct trial tried = in_pieces(&modes[i]);
		const size_t most = modes[i].limit == 0 ? TEXT : 1;

		open_target(&modes[i]);
		for (size_t j = 0; j < 4 && sent[j] <= most; j++) {
			tried.sent = sent[j];
			for (tried.reset = BEFORE_ACCEPT;
			     tried.reset <= AFTER_WRITE; tried.reset++)
				if (sent[j] > 0 || tried.reset != AFTER_WRITE)
					assert_reset(&tried);
		}
		close_target();
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_receiver_run_delivers_all_if_counts_are_short),
		cmocka_unit_test(
			test_receiver_run_writes_all_of_the_port_in_short_writes),
		cmocka_unit_test(
			test_receiver_run_fails_if_a_part_of_the_port_is_written),
		cmocka_unit_test(
			test_receiver_run_delivers_all_if_its_lines_are_cut),
		cmocka_unit_test(
			test_receiver_run_takes_a_message_byte_by_byte),
		cmocka_unit_test(
			test_receiver_run_delivers_what_came_before_a_reset),
	};

	return cmocka_run_group_tests(tests, prepare_trials, end_trials);
}
