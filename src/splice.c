#include "splice.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "deadline.h"

void splice_open(struct splice *splice, const struct output *output)
{
	if (output->is_terminal)
		return;
	fcntl(output->fd, F_SETPIPE_SZ, SPLICE_BYTES);
	splice->possible = fcntl(output->fd, F_GETPIPE_SZ) != -1;
	if (splice->possible || pipe(splice->ends) == -1)
		return;
	fcntl(splice->ends[1], F_SETPIPE_SZ, SPLICE_BYTES);
	/* As 0, 1 or 2 it would be taken for a standard stream. */
	splice->possible = splice->ends[0] > STDERR_FILENO;
	if (!splice->possible)
		splice_close(splice);
}

static ssize_t splice_bytes(int from, int to, size_t len)
{
	ssize_t n;

	do
		n = splice(from, NULL, to, NULL, len, 0);
	while (n == -1 && output_again(to));
	if (n != -1)
		deadline_renew();
	return n;
}

/* Copies len bytes that wait in our own pipe. */
static int copy(const struct splice *splice, struct output *output, size_t len)
{
	char buf[PIPE_BUF] = { 0 };

	while (len > 0) {
		ssize_t n = read(splice->ends[0], buf, sizeof(buf));

		if (n < 1 || output_deliver(output, buf, (size_t)n) == -1)
			return -1;
		len -= (size_t)n;
	}
	return 0;
}

/* Moves len bytes on from our own pipe. */
static int move_on(struct splice *splice, struct output *output, size_t len)
{
	while (len > 0) {
		ssize_t n = splice_bytes(splice->ends[0], output->fd, len);

		if (deadline_ended(n))
			return -1;
		splice->possible = n > 0;
		if (n < 1)
			return copy(splice, output, len);
		len -= (size_t)n;
		output->delivered += (uint64_t)n;
	}
	return 0;
}

ssize_t splice_move(struct splice *splice, int socket, struct output *output,
		    size_t len)
{
	const bool direct = splice->ends[1] == -1;
	ssize_t n = splice_bytes(socket, direct ? output->fd : splice->ends[1],
				 len);

	if (deadline_ended(n))
		return -1;
	splice->possible = n > 0;
	if (n < 1)
		return 0;
	if (direct)
		output->delivered += (uint64_t)n;
	else if (move_on(splice, output, (size_t)n) == -1)
		return -1;
	return n;
}

void splice_close(struct splice *splice)
{
	for (int i = 0; i < 2; i++) {
		if (splice->ends[i] != -1)
			close(splice->ends[i]);
		splice->ends[i] = -1;
	}
}
