/*
 * The run in every mode, with each of its calls failing. Where a call is tried
 * first, it fails with every errno of its man page in turn; each later place
 * takes the next one.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "receiver.h"
#include "trial.h"

enum {
	ANY = -1,	  /* reason */
	LEAST_CASES = 20, /* of the mode that makes the fewest calls */
};

/* Of each mode; all together are told at the end. */
static int cases, all_cases;

/* What fails a call, but costs the run nothing. */
static bool is_harmless(const struct trial *tried)
{
	static const struct {
		const char *call;
		enum role role;
		int reason; /* or ANY */
	} table[] = {
		/* They are made again, but for close: Linux has closed it. */
		{ "accept", ANYTHING, EINTR },
		{ "accept", ANYTHING, ECONNABORTED },
		{ "recv", ANYTHING, EINTR },
		{ "write", ANYTHING, EINTR },
		{ "close", NOTHING, EINTR },
		{ "close", READY, EINTR },
		{ "close", LISTENER, EINTR },
		{ "close", CONNECTION, EINTR },
		{ "poll", ANYTHING, EINTR },
		/* A line is dropped, and the status tells. */
		{ "write", ERRORS, ANY },
		/* It stays smaller, or the bytes are copied. */
		{ "fcntl", OUTPUT, ANY },
		{ "fcntl", OUTPUT_PIPE, ANY },
		{ "fcntl", NOTHING, ANY },
		{ "pipe", ANYTHING, ANY },
		{ "splice", ANYTHING, ANY },
		/* Then nothing waits. */
		{ "look", ANYTHING, ANY },
		/* Nothing can be lost there. */
		{ "close", NOTHING, ANY },
		{ "close", INPUT, ANY },
	};
	const struct mode *mode = tried->mode;

	/* What is not open is told at the start. */
	if (strcmp(tried->call, "fcntl") == 0 && tried->nth == 1)
		return tried->reason != EBADF;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].call, tried->call) == 0 &&
		    (table[i].role == ANYTHING ||
		     table[i].role == seen->role) &&
		    (table[i].reason == ANY ||
		     table[i].reason == tried->reason))
			return true;
	if (strcmp(tried->call, "recv") != 0)
		return false;
	return tried->reason == ECONNRESET && mode->skip_empty &&
	       tried->nth <= PROBES + 1;
}

/* The one line of a call that failed. */
static void describe(const struct trial *tried, char *line, size_t size)
{
	static const char *const objects[] = {
		[OUTPUT] = "standard output",
		[OUTPUT_PIPE] = "standard output",
		[READY] = "ready descriptor",
		[CONNECTION] = "connection",
	};
	const char *call = tried->call;
	const char *object = objects[seen->role];
	int reason = tried->reason == 0 ? ENOSPC : tried->reason;
	char where[32];

	snprintf(where, sizeof(where), "127.0.0.1:%u", mode_port());
	if (tried->mode->inherited)
		snprintf(where, sizeof(where), "descriptor %d", seen->listener);
	if (strcmp(call, "fcntl") == 0) {
		/* So fcntl says that no descriptor is free. */
		if (reason == EINVAL && tried->nth > 1)
			reason = EMFILE;
		call = tried->nth == 1	 ? "write"
		       : tried->nth == 2 ? "socket"
					 : "accept";
	} else if (strcmp(call, "setitimer") == 0) {
		object = "deadline";
	} else if (strcmp(call, "close") == 0 && object == NULL) {
		object = "listener";
	}
	snprintf(line, size, "server: %s %s: %s; *\n", call,
		 object == NULL ? where : object, strerror(reason));
}

static void assert_failure(const struct trial *tried)
{
	const struct mode *mode = tried->mode;
	const char *said = mode->said == NULL ? "" : mode->said;
	struct result result;
	size_t delivered, len;
	char err[512];

	if (is_left_out())
		return;
	cases++;
	result = try(tried);
	delivered = seen->delivered;
	assert_true(seen->failed);
	if (is_harmless(tried)) {
		if ((seen->role == ERRORS && tried->reason != EINTR) ||
		    strcmp(tried->call, "look") == 0)
			said = "";
		assert_result(tried, &result, STATUS_OK, mode->whole, said);
		return;
	}
	/* The character that broke off is still shown where recv fails. */
	if (mode->target == TERMINAL &&
	    (strcmp(tried->call, "recv") == 0 ||
	     strcmp(tried->call, "poll") == 0) &&
	    delivered == TEXT)
		delivered = mode->whole;
	if (delivered < mode->whole)
		said = "";
	len = (size_t)snprintf(err, sizeof(err), "%s", said);
	describe(tried, err + len, sizeof(err) - len);
	assert_result(tried, &result, STATUS_FAILED, delivered, err);
}

/*
 * In a call's first turn all its errnos; in each later turn one, the next.
 * Always those that do not fail the run, and 0 where that can mean that nothing
 * was moved.
 */
static void fail_some_ways(struct trial *tried, size_t turn)
{
	static const struct {
		const char *call;
		int reason;
	} others[] = {
		{ "accept", EINTR }, { "accept", ECONNABORTED },
		{ "recv", EINTR },   { "splice", EINTR },
		{ "write", EINTR },  { "close", EINTR },
		{ "poll", EINTR },   { "write", 0 },
		{ "splice", 0 },
	};
	const int *reasons = fault_reasons(tried->call);
	size_t count = 0;

	while (reasons[count] != 0)
		count++;
	for (size_t i = 0; i < (turn == 0 ? count : 1); i++) {
		tried->reason = reasons[(turn + i) % count];
		assert_failure(tried);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(others[i].call, tried->call) != 0)
			continue;
		tried->reason = others[i].reason;
		assert_failure(tried);
	}
}

static void test_receiver_run_tells_of_each_failure(void **state)
{
	static size_t turns[CALLS];
	struct trial tried = in_pieces(*state);
	int counts[CALLS];

	cases = 0;
	open_target(tried.mode);
	assert_whole(&tried);
	memcpy(counts, seen->counts, sizeof(counts));
	for (size_t i = 0; i < CALLS; i++) {
		const int tries[] = { 1, 2, 3, counts[i] - 1, counts[i] };

		tried.call = calls[i];
		tried.nth = 0;
		for (size_t j = 0; j < sizeof(tries) / sizeof(tries[0]); j++) {
			if (tries[j] > counts[i] || tries[j] <= tried.nth)
				continue;
			tried.nth = tries[j];
			fail_some_ways(&tried, turns[i]++);
		}
	}
	close_target();
	all_cases += cases;
	/* With valgrind there are fewer. */
	if (!under_valgrind())
		assert_between(cases, LEAST_CASES, INT_MAX);
}

/* Else the table has a name that a C library calls otherwise. */
static void test_receiver_run_makes_each_call_in_some_mode(void **state)
{
	int counts[CALLS] = { 0 };

	(void)state;
	for (size_t i = 0; i < MODES; i++) {
		const struct trial tried = { .mode = &modes[i] };

		open_target(&modes[i]);
		try(&tried);
		close_target();
		for (size_t j = 0; j < CALLS; j++)
			counts[j] += seen->counts[j];
	}
	for (size_t i = 0; i < CALLS; i++)
		if (counts[i] == 0)
			fail_msg("no mode calls %s", calls[i]);
}

static int tell_cases(void **state)
{
	print_message("failures tried: %d\n", all_cases);
	return end_trials(state);
}

int main(void)
{
	struct CMUnitTest tests[MOST_TESTS] = {
		cmocka_unit_test(
			test_receiver_run_makes_each_call_in_some_mode),
	};
	char names[MODES][96];

	for (size_t i = 0; i < MODES; i++) {
		struct CMUnitTest *test = free_test(tests);

		snprintf(names[i], sizeof(names[i]),
			 "test_receiver_run_tells_of_each_failure_in_%s",
			 modes[i].name);
		test->name = names[i];
		test->test_func = test_receiver_run_tells_of_each_failure;
		test->initial_state = (void *)(uintptr_t)&modes[i];
	}
	return cmocka_run_group_tests(tests, prepare_trials, tell_cases);
}
