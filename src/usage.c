#include "usage.h"

#include <stddef.h>

#include "report.h"

#define USAGE                                                                  \
	"server [-ehlVvxz] [-a ADDRESS[/BITS]] [-b ADDRESS] [-n BYTES] "       \
	"[-p PORT] [-r FD] [-t SECONDS] [-w SECONDS]"

/* musl has no macro that names it. */
#ifdef __GLIBC__
#define LIBC "glibc"
#else
#define LIBC "musl"
#endif

const char usage_help[] =
	"usage: " USAGE "\n"
	"Accept one TCP connection and write the message received to "
	"standard output.\n\n"
	"  -a, --allow ADDRESS[/BITS]  accept only a sender of this network\n"
	"  -b, --bind ADDRESS          listen on this IP address (default "
	"0.0.0.0)\n"
	"  -e, --eof                   receive until the sender closes\n"
	"  -h, --help                  print this help\n"
	"  -l, --line                  receive up to the first newline\n"
	"  -n, --bytes BYTES           take at most BYTES (default 128; all "
	"with -e, -l)\n"
	"  -p, --port PORT             listen on PORT; 0 picks a free one "
	"(default 8080)\n"
	"  -r, --ready FD              once listening, write the port to "
	"descriptor FD\n"
	"  -t, --timeout SECONDS       give up after SECONDS, with status 124\n"
	"  -V, --version               print the version\n"
	"  -v, --verbose               report who connects and what was "
	"received\n"
	"  -w, --idle SECONDS          give up after SECONDS of silence, "
	"with status 124\n"
	"  -x, --trace                 show each system call, name its man "
	"page\n"
	"  -z, --skip-empty            ignore connections that send nothing\n\n"
	"Without -e or -l the message is what one recv returns, which may not "
	"be all.\n"
	"Exit status: 0 delivered, 1 failed, 2 usage error, 3 nothing sent, "
	"124 timed out.\n";

const char usage_version[] = "server " VERSION " (" LINKED ", " LIBC ")\n";

/* An empty text would not be seen. */
static const char *visible(const char *text)
{
	return text[0] == '\0' ? "\"\"" : text;
}

int usage_refuse(const char *option, const char *value, const char *problem)
{
	report("server: %.64s%s%.64s: %s", visible(option),
	       value == NULL ? "" : " ", value == NULL ? "" : visible(value),
	       problem);
	report("server: usage: %s; -h explains it", USAGE);
	return -1;
}
