#include "output.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

void output_prepare(void)
{
	signal(SIGPIPE, SIG_IGN);
}

int output_write(int fd, const void *buf, size_t len)
{
	const char *next = buf;

	while (len > 0) {
		ssize_t written = write(fd, next, len);

		if (written == 0)
			errno = ENOSPC;
		if (written == 0 || (written == -1 && errno != EINTR))
			return -1;
		if (written > 0) {
			next += written;
			len -= (size_t)written;
		}
	}
	return 0;
}
