/* What the limit of -n leaves: nothing more comes out, whatever the way. */
#include <errno.h>
#include <stdio.h>

#include "receiver.h"
#include "trial.h"

/* A stream or a line that has len bytes, of which all but limit are left. */
struct limited {
	struct mode mode;
	char said[128];
};

static void limit(struct limited *limited, bool eof, enum target target,
		  size_t limit, size_t sent)
{
	limited->mode = (struct mode){ .name = eof ? "eof" : "line",
				       .sent = sent,
				       .whole = limit,
				       .said = limited->said,
				       .target = target,
				       .line = !eof,
				       .eof = eof,
				       .limit = limit };
	limited->said[0] = '\0';
	if (sent > limit)
		snprintf(limited->said, sizeof(limited->said),
			 "server: warning: the message was cut after %zu "
			 "bytes; a larger -n takes more\n",
			 limit);
}

/* Around what is copied and spliced, and the buffers for a terminal. */
static const size_t limits[] = {
	1,    2,	 127,	128,	   129,	      1023,	    1024,
	1025, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 1
};

enum {
	LIMITS = sizeof(limits) / sizeof(limits[0])
};

static void assert_limits(bool eof, enum target target)
{
	struct limited limited;
	const struct trial tried = { .mode = &limited.mode };

	for (size_t i = 0; i < LIMITS; i++) {
		for (size_t more = 0; more < 3; more++) {
			limit(&limited, eof, target, limits[i],
			      limits[i] + more * more * 1000);
			if (is_left_out())
				continue;
			open_target(&limited.mode);
			assert_whole(&tried);
			close_target();
		}
	}
}

static void test_receiver_run_keeps_its_limit_into_a_pipe(void **state)
{
	(void)state;
	assert_limits(true, PIPE);
	assert_limits(false, PIPE);
}

static void test_receiver_run_keeps_its_limit_into_a_file(void **state)
{
	(void)state;
	assert_limits(true, PLAIN_FILE);
	assert_limits(true, END_OF_FILE);
	assert_limits(false, PLAIN_FILE);
}

static void test_receiver_run_keeps_its_limit_into_a_terminal(void **state)
{
	(void)state;
	assert_limits(true, TERMINAL);
	assert_limits(false, TERMINAL);
}

/* The nth splice can't serve, and what is left of the limit is copied. */
static void assert_limits_without_splice(enum target target, int nth)
{
	static const int reasons[] = { EINVAL, EIO, 0 };
	struct limited limited;
	struct trial tried = { .mode = &limited.mode,
			       .call = "splice",
			       .nth = nth,
			       .most_splice = PIECE };

	for (size_t i = 0; i < LIMITS; i++) {
		tried.reason = reasons[(i + (size_t)nth) % 3];
		limit(&limited, true, target, limits[i], TEXT);
		if (is_left_out())
			continue;
		open_target(&limited.mode);
		assert_whole(&tried);
		close_target();
	}
}

static void test_receiver_run_keeps_its_limit_if_splice_refuses(void **state)
{
	(void)state;
	assert_limits_without_splice(PIPE, 1);
	assert_limits_without_splice(PIPE, 2);
	/* From the socket into the pipe between, and on to the file. */
	for (int nth = 1; nth <= 4; nth++)
		assert_limits_without_splice(PLAIN_FILE, nth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_receiver_run_keeps_its_limit_into_a_pipe),
		cmocka_unit_test(test_receiver_run_keeps_its_limit_into_a_file),
		cmocka_unit_test(
			test_receiver_run_keeps_its_limit_into_a_terminal),
		cmocka_unit_test(
			test_receiver_run_keeps_its_limit_if_splice_refuses),
	};

	return cmocka_run_group_tests(tests, prepare_trials, end_trials);
}
