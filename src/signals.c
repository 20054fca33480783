#include "signals.h"

#include <signal.h>
#include <unistd.h>

static void end(int number)
{
	_exit(128 + number);
}

void signals_prepare(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (getpid() != 1)
		return;
	signal(SIGINT, end);
	signal(SIGTERM, end);
}
