#include "discard.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include "port.h"
#include "process.h"

enum {
	MOST_BYTES = 1 << 30,
};

int discard(void)
{
	const struct sockaddr_in name = { .sin_family = AF_INET,
					  .sin_port = htons(PORT) };
	const int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	int connection;
	ssize_t n;

	if (listener == -1 ||
	    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ==
		    -1 ||
	    bind(listener, (const struct sockaddr *)&name, sizeof(name)) ==
		    -1 ||
	    listen(listener, 1) == -1)
		die("listen");
	connection = accept(listener, NULL, NULL);
	if (connection == -1)
		die("accept");
	do
		n = recv(connection, NULL, MOST_BYTES, MSG_TRUNC);
	while (n > 0);
	return n == 0 ? 0 : 1;
}
