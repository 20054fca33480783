#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pattern.h"
#include "process.h"

static const char *folders[TARGETS] = { [TO_TMPFS] = "/dev/shm" };

void stream_prepare(const char *folder)
{
	folders[TO_DISK] = folder;
	pattern_prepare();
}

static bool at_end(int fd)
{
	char more;

	return read(fd, &more, 1) == 0;
}

/* Whoever reads the pipe while the stream is sent, in a thread of its own. */
struct reader {
	uint64_t (*read)(int fd, uint64_t length);
	int fd;
	uint64_t length;
	pid_t from;
	uint64_t total;
	long peak_kib;
};

static void *read_pipe(void *argument)
{
	struct reader *reader = argument;

	reader->total = reader->read(reader->fd, reader->length);
	if (reader->total == reader->length)
		reader->peak_kib = process_peak_kib(reader->from);
	else
		/* Or the receiver, and with it the sender, would wait. */
		kill(reader->from, SIGTERM);
	return NULL;
}

/* Sends the stream while somebody reads it, where there is a reader. */
static bool pass_stream(int client, uint64_t length, struct reader *reader)
{
	pthread_t thread;
	bool sent;

	if (reader != NULL) {
		errno = pthread_create(&thread, NULL, read_pipe, reader);
		if (errno != 0)
			die("pthread_create");
	}
	sent = pattern_write(client, length);
	if (reader != NULL) {
		errno = pthread_join(thread, NULL);
		if (errno != 0)
			die("pthread_join");
		sent = sent && reader->total == length;
	}
	return shutdown(client, SHUT_WR) == 0 && sent;
}

/* The end of a receiver that did not take all is a reset. */
static bool was_reset(int client)
{
	int reason = 0;
	socklen_t len = sizeof(reason);

	if (getsockopt(client, SOL_SOCKET, SO_ERROR, &reason, &len) == -1)
		die("getsockopt");
	return reason != 0;
}

/*
 * Starts a receiver with out as its output, and sends it a stream. Returns
 * its rate in GB/s, or -1.
 */
static double run_stream(const struct receiver *receiver, int out,
			 uint64_t length, struct reader *reader)
{
	const pid_t pid = process_start(receiver->path, receiver->stream, out);
	const int client = client_connect();
	uint64_t started;
	bool passed;
	double ns;

	close(out);
	if (client == -1) {
		process_stop(pid);
		return -1;
	}
	if (reader != NULL)
		reader->from = pid;
	started = now_ns();
	passed = pass_stream(client, length, reader);
	passed = process_end(pid) && passed;
	ns = (double)(now_ns() - started);
	passed = passed && !was_reset(client);
	close(client);
	return passed ? (double)length / ns : -1;
}

static double run_pipe(struct receiver *receiver, struct reader *reader)
{
	int ends[2];
	double gbs;

	make_pipe(ends);
	reader->fd = ends[0];
	gbs = run_stream(receiver, ends[1], reader->length, reader);
	if (!at_end(ends[0]))
		gbs = -1;
	close(ends[0]);
	return gbs;
}

static int open_file(const char *path, int flags)
{
	const int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd == -1)
		die(path);
	return fd;
}

/* What the file alone takes, without a receiver. */
static double run_write(int out, uint64_t length)
{
	const uint64_t started = now_ns();
	bool written = pattern_write(out, length);

	written = close(out) == 0 && written;
	return written ? (double)length / (double)(now_ns() - started) : -1;
}

static bool file_is_right(int fd, uint64_t length)
{
	if (lseek(fd, 0, SEEK_SET) == -1)
		die("lseek");
	return pattern_compare(fd, length) == length && at_end(fd);
}

/*
 * Fills the file and empties it. Memory that a virtual machine gets for the
 * first time is slow, and whoever was measured then would pay for it.
 */
static void warm_memory(int fd, uint64_t length)
{
	if (!pattern_write(fd, length) || ftruncate(fd, 0) == -1 ||
	    lseek(fd, 0, SEEK_SET) == -1)
		die("write");
}

/* The file has no name, so that none is left behind. */
static double run_file(struct receiver *receiver, const char *folder,
		       uint64_t length)
{
	const int fd = open_file(folder, O_TMPFILE | O_RDWR);
	const int out = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	double gbs;

	if (out == -1)
		die("fcntl");
	warm_memory(fd, length);
	gbs = receiver == &receivers[LIMIT]
		      ? run_write(out, length)
		      : run_stream(receiver, out, length, NULL);
	if (gbs > 0 && !file_is_right(fd, length))
		gbs = -1;
	close(fd);
	return gbs;
}

void check_stream(struct receiver *receiver, int length)
{
	struct reader reader = { .read = pattern_compare,
				 .length = lengths[length],
				 .peak_kib = -1 };
	double gbs;

	if (!takes_stream(receiver, length))
		return;
	gbs = run_pipe(receiver, &reader);
	note(receiver, PEAK_KIB + length,
	     gbs < 0 ? -1 : (double)reader.peak_kib);
	if (gbs < 0)
		note(receiver, rate(TO_PIPE, length), -1);
}

void measure_stream(struct receiver *receiver, int kind)
{
	const int target = kind % TARGETS, length = FIRST_RATE + kind / TARGETS;
	struct reader reader = { .read = receiver == &receivers[LIMIT]
						 ? pattern_drain
						 : pattern_count,
				 .length = lengths[length] };
	double gbs;

	if (!takes_stream(receiver, length))
		return;
	if (target == TO_PIPE)
		gbs = run_pipe(receiver, &reader);
	else if (target == TO_NULL)
		gbs = run_stream(receiver, open_file("/dev/null", O_WRONLY),
				 lengths[length], NULL);
	else
		gbs = run_file(receiver, folders[target], lengths[length]);
	note(receiver, rate(target, length), gbs);
}
