#include "hint.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* The cases in which a hint is true. */
enum when {
	ANY_PORT = 1, /* -p 0 */
	LOW_PORT = 2,
	HIGH_PORT = 4,
	NOTHING_CAME = 8,
	SOME_CAME = 16,
	ALWAYS = 31,
};

static const struct {
	const char *call;
	int reason;
	enum when when;
	const char *text;
} hints[] = {
	{ "socket", EAFNOSUPPORT, ALWAYS,
	  "try -b with an address of the other family" },
	{ "socket", EMFILE, ALWAYS, "ulimit -n raises the limit" },
	{ "bind", EACCES, LOW_PORT,
	  "ports below 1024 need root's privilege, -p takes another" },
	{ "bind", EACCES, HIGH_PORT,
	  "a policy of this system forbids it (sysctl, SELinux, AppArmor, a "
	  "sandbox)" },
	{ "bind", EADDRINUSE, ANY_PORT, "no port is free, ss -tan shows why" },
	{ "bind", EADDRINUSE, LOW_PORT | HIGH_PORT,
	  "ss -tanp shows who holds it (TIME-WAIT ends within a minute), "
	  "-p takes another" },
	{ "bind", EADDRNOTAVAIL, ALWAYS,
	  "ip addr shows which ones -b can take" },
	{ "listen", EADDRINUSE, ALWAYS,
	  "ss -tanp shows who holds it, -p takes another" },
	{ "accept", EMFILE, ALWAYS, "ulimit -n raises the limit" },
	{ "recv", ECONNRESET, NOTHING_CAME,
	  "the sender aborted, send again; -z passes over a probe" },
	{ "recv", ECONNRESET, SOME_CAME, "the sender aborted, send again" },
	{ "write", EBADF, ALWAYS, "it is closed or read-only, >FILE opens it" },
	{ "write", ENOSPC, ALWAYS, "free some space, and run it again" },
	{ "write", EDQUOT, ALWAYS, "free some space, and run it again" },
	{ "write", EPIPE, ALWAYS, "its reader exited, run both again" },
	/* Standard output may be a socket that its reader has reset. */
	{ "write", ECONNRESET, ALWAYS, "its reader exited, run both again" },
	{ "close", ENOSPC, ALWAYS, "free some space, and run it again" },
	{ "close", EDQUOT, ALWAYS, "free some space, and run it again" },
};

const char *hint(const char *call, int reason, uint16_t port, bool begun)
{
	const enum when now = (port == 0     ? ANY_PORT
			       : port < 1024 ? LOW_PORT
					     : HIGH_PORT) |
			      (begun ? SOME_CAME : NOTHING_CAME);

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (hints[i].reason == reason && (hints[i].when & now) != 0 &&
		    strcmp(hints[i].call, call) == 0)
			return hints[i].text;
	return NULL;
}
