/* What is advised for each failure, and that nothing else is. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "hint.h"
#include "support.h"

#define SPACE "free some space, and run it again"
#define DESCRIPTORS "ulimit -n raises the limit"
#define READER "its reader exited, run both again"
#define HOLDER                                                                 \
	"ss -tanp shows who holds it (TIME-WAIT ends within a minute), -p "    \
	"takes another"
#define POLICY                                                                 \
	"a policy of this system forbids it (sysctl, SELinux, AppArmor, a "    \
	"sandbox)"

enum {
	HIGHEST_ERRNO = 134, /* above all of Linux */
};

/* In each of the cases that differ: port 0, 80, 8080; begun or not. */
static const struct {
	const char *call;
	int reason;
	const char *any_port, *low_port, *high_port; /* before a byte */
	const char *begun;			     /* high_port, after it */
} hints[] = {
	{ "socket", EAFNOSUPPORT, "try -b with an address of the other family",
	  "try -b with an address of the other family",
	  "try -b with an address of the other family",
	  "try -b with an address of the other family" },
	{ "socket", EMFILE, DESCRIPTORS, DESCRIPTORS, DESCRIPTORS,
	  DESCRIPTORS },
	{ "accept", EMFILE, DESCRIPTORS, DESCRIPTORS, DESCRIPTORS,
	  DESCRIPTORS },
	{ "bind", EACCES, NULL,
	  "ports below 1024 need root's privilege, -p takes another", POLICY,
	  POLICY },
	{ "bind", EADDRINUSE, "no port is free, ss -tan shows why", HOLDER,
	  HOLDER, HOLDER },
	{ "bind", EADDRNOTAVAIL, "ip addr shows which ones -b can take",
	  "ip addr shows which ones -b can take",
	  "ip addr shows which ones -b can take",
	  "ip addr shows which ones -b can take" },
	{ "listen", EADDRINUSE, "ss -tanp shows who holds it, -p takes another",
	  "ss -tanp shows who holds it, -p takes another",
	  "ss -tanp shows who holds it, -p takes another",
	  "ss -tanp shows who holds it, -p takes another" },
	{ "recv", ECONNRESET,
	  "the sender aborted, send again; -z passes over a probe",
	  "the sender aborted, send again; -z passes over a probe",
	  "the sender aborted, send again; -z passes over a probe",
	  "the sender aborted, send again" },
	{ "write", EBADF, "it is closed or read-only, >FILE opens it",
	  "it is closed or read-only, >FILE opens it",
	  "it is closed or read-only, >FILE opens it",
	  "it is closed or read-only, >FILE opens it" },
	{ "write", ENOSPC, SPACE, SPACE, SPACE, SPACE },
	{ "write", EDQUOT, SPACE, SPACE, SPACE, SPACE },
	{ "write", EPIPE, READER, READER, READER, READER },
	{ "write", ECONNRESET, READER, READER, READER, READER },
	{ "close", ENOSPC, SPACE, SPACE, SPACE, SPACE },
	{ "close", EDQUOT, SPACE, SPACE, SPACE, SPACE },
};

static const char *const calls[] = { "setitimer", "socket", "setsockopt",
				     "bind",	  "listen", "getsockname",
				     "accept",	  "recv",   "write",
				     "ioctl",	  "close",  "poll" };

enum {
	HINTS = sizeof(hints) / sizeof(hints[0]),
	CALLS = sizeof(calls) / sizeof(calls[0]),
};

static void assert_hint(const char *call, int reason, uint16_t port, bool begun,
			const char *expected)
{
	const char *got = hint(call, reason, port, begun);

	if (got == NULL && expected == NULL)
		return;
	if (got == NULL || expected == NULL || strcmp(got, expected) != 0)
		fail_msg("%s, %s, port %u: %s should be %s", call,
			 strerror(reason), port, got == NULL ? "-" : got,
			 expected == NULL ? "-" : expected);
}

static void assert_hints(const char *call, int reason, size_t i)
{
	const bool is_known = i < HINTS;

	assert_hint(call, reason, 0, false,
		    is_known ? hints[i].any_port : NULL);
	assert_hint(call, reason, 1, false,
		    is_known ? hints[i].low_port : NULL);
	assert_hint(call, reason, 1023, false,
		    is_known ? hints[i].low_port : NULL);
	assert_hint(call, reason, 1024, false,
		    is_known ? hints[i].high_port : NULL);
	assert_hint(call, reason, 65535, false,
		    is_known ? hints[i].high_port : NULL);
	assert_hint(call, reason, 8080, true, is_known ? hints[i].begun : NULL);
}

static void test_hint_is_that_of_call_reason_and_case(void **state)
{
	(void)state;
	for (size_t c = 0; c < CALLS; c++)
		for (int reason = 1; reason <= HIGHEST_ERRNO; reason++) {
			size_t i = 0;

			while (i < HINTS &&
			       (hints[i].reason != reason ||
				strcmp(hints[i].call, calls[c]) != 0))
				i++;
			assert_hints(calls[c], reason, i);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hint_is_that_of_call_reason_and_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
