#include "receiver.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"
#include "output.h"
#include "report.h"

enum {
	BACKLOG = 5,
	MESSAGE_BYTES = 128,
	OBJECT_BYTES = 64, /* the longest address and port, with room */
};

/* Reports the call where it failed. Returns its result. */
static int checked(const char *call, const char *object, int result)
{
	if (result == -1)
		report_error(call, object);
	return result;
}

int receiver_listen(const char *address, uint16_t port)
{
	char where[OBJECT_BYTES];
	int fd;

	snprintf(where, sizeof(where), "%s:%u", address, port);
	fd = checked("socket", where, net_socket(AF_INET, SOCK_STREAM, 0));
	if (fd == -1)
		return -1;
	if (checked("setsockopt", where, net_reuse_address(fd)) == -1 ||
	    checked("bind", where, net_bind(fd, address, port)) == -1 ||
	    checked("listen", where, net_listen(fd, BACKLOG)) == -1) {
		net_close(fd);
		return -1;
	}
	return fd;
}

/* One message is what one recv gives: the sender need not close to end it. */
static enum status deliver(int connection)
{
	char message[MESSAGE_BYTES];
	ssize_t received = net_recv(connection, message, sizeof(message), 0);

	if (received == -1) {
		report_error("recv", "connection");
		return STATUS_FAILED;
	}
	if (received == 0) {
		report_nothing_sent();
		return STATUS_NOTHING_SENT;
	}
	if (output_write(STDOUT_FILENO, message, (size_t)received) == -1) {
		report_error("write", "standard output");
		return STATUS_FAILED;
	}
	if (received == MESSAGE_BYTES && net_has_more(connection))
		report_rest_left(MESSAGE_BYTES);
	return STATUS_DELIVERED;
}

/* Closes fd. One line a run: a failure is news only after a good run. */
static enum status closed(int fd, const char *object, enum status status)
{
	if (net_close(fd) == -1 && status == STATUS_DELIVERED) {
		report_error("close", object);
		return STATUS_FAILED;
	}
	return status;
}

enum status receiver_receive(int listener)
{
	int connection = checked("accept", "listener", net_accept(listener));

	if (connection == -1)
		return STATUS_FAILED;
	return closed(connection, "connection", deliver(connection));
}

enum status receiver_run(const char *address, uint16_t port)
{
	int listener;

	output_prepare();
	listener = receiver_listen(address, port);
	if (listener == -1)
		return STATUS_FAILED;
	return closed(listener, "listener", receiver_receive(listener));
}
