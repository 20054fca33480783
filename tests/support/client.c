/* Clients, and who listens for them. */
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int connect_to(const struct sockaddr *name, socklen_t len)
{
	const struct timeval bound = { .tv_sec = WAIT_MS / 1000 };
	int fd = socket(name->sa_family, SOCK_STREAM, 0);

	assert_int_not_equal(fd, -1);
	/* As of connect(2), and of send(2). */
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound)),
		0);
	if (connect(fd, name, len) == -1)
		fail_msg("connect: %s", strerror(errno));
	return fd;
}

int client_connect(uint16_t port)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
				    .sin_port = htons(port) };

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect_to((struct sockaddr *)&name, sizeof(name));
}

int client_connect_from(const char *from, uint16_t port)
{
	struct sockaddr_in own = { .sin_family = AF_INET },
			   to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int client = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(inet_pton(AF_INET, from, &own.sin_addr), 1);
	assert_int_equal(bind(client, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)),
			 0);
	return client;
}

int client_connect6(uint16_t port)
{
	struct sockaddr_in6 name = { .sin6_family = AF_INET6,
				     .sin6_port = htons(port),
				     .sin6_addr = in6addr_loopback };

	return connect_to((struct sockaddr *)&name, sizeof(name));
}

void client_send(int client, const void *buf, size_t len)
{
	assert_int_equal(send(client, buf, len, MSG_NOSIGNAL), len);
}

int client_send_stream(int client, const char *stream, size_t len)
{
	for (size_t sent = 0; sent < len;) {
		ssize_t n =
			send(client, stream + sent, len - sent, MSG_NOSIGNAL);

		if (n == -1)
			return errno == ECONNRESET || errno == EPIPE ? 0 : 1;
		sent += (size_t)n;
	}
	return close(client);
}

void client_reset(int client)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once,
				    sizeof(at_once)),
			 0);
	assert_int_equal(close(client), 0);
}

int listener_on_loopback(void)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

/* In one of the kernel's tables, which it has for each family that it has. */
static int count_in(const char *path, unsigned int port)
{
	FILE *table = fopen(path, "r");
	unsigned int local, condition;
	char line[512];
	int count = 0;

	if (table == NULL)
		return 0;
	while (fgets(line, sizeof(line), table) != NULL)
		count += sscanf(line, "%*d: %*[^:]:%x %*[^:]:%*x %x", &local,
				&condition) == 2 &&
			 local == port && condition == TCP_LISTEN;
	fclose(table);
	return count;
}

int count_listeners(uint16_t port)
{
	return count_in("/proc/net/tcp", port) +
	       count_in("/proc/net/tcp6", port);
}

void wait_for_listener(uint16_t port)
{
	long long bound = now_ms() + WAIT_MS;

	while (count_listeners(port) == 0) {
		if (now_ms() > bound)
			fail_msg("nobody listens on port %u", port);
		sched_yield();
	}
}

int client_wait_end(int client)
{
	struct pollfd end = { client, POLLIN, 0 };
	char byte;

	assert_int_equal(poll(&end, 1, WAIT_MS), 1);
	switch (recv(client, &byte, 1, 0)) {
	case -1:
		return errno;
	case 0:
		return 0;
	default:
		fail_msg("the server sent something");
		return -1;
	}
}

uint16_t bound_port(int fd)
{
	struct sockaddr_in name = { 0 };
	socklen_t len = sizeof(name);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	return ntohs(name.sin_port);
}
