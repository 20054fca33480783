#include "trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

enum {
	BUFFER_SHOWN = 32,   /* by strace, without its option -s */
	PRINTED_BYTES = 256, /* enough for an address as strace shows it */
	ZONE_BYTES = IF_NAMESIZE + 32,
	EVENTS_BYTES = 48, /* enough for all names of poll's events */
	POLL_BYTES = 96,   /* and for a descriptor with them */
};

static const char *const errno_names[] = {
#include "errno_names.h"
};

/* There is one standard error. */
static bool on;

void trace_start(void)
{
	on = true;
}

/* trace, with `after`, which strace shows after the result. */
static void trace_result(const char *call, long result, const char *arguments,
			 const char *after)
{
	const size_t names = sizeof(errno_names) / sizeof(errno_names[0]);
	const int reason = errno;
	const char *name = (size_t)reason < names ? errno_names[reason] : NULL;

	if (result != -1)
		report("server: %s(%s) = %ld%s    man 2 %s", call, arguments,
		       result, after, call);
	else if (name != NULL)
		report("server: %s(%s) = -1 %s (%s)    man 2 %s", call,
		       arguments, name, strerror(reason), call);
	else
		report("server: %s(%s) = -1 errno %d    man 2 %s", call,
		       arguments, reason, call);
	errno = reason;
}

void trace(const char *call, long result, const char *format, va_list list)
{
	const int reason = errno;
	char arguments[TRACE_BYTES];

	if (!on)
		return;
	vsnprintf(arguments, sizeof(arguments), format, list);
	errno = reason;
	trace_result(call, result, arguments, "");
}

/* Writes byte as in a C string; next is the byte after it. */
static int print_byte(char *text, unsigned char byte, unsigned char next)
{
	static const char plain[] = "\"\\\f\n\r\t\v", letters[] = "\"\\fnrtv";
	const char *found = strchr(plain, byte);

	if (byte != '\0' && found != NULL)
		return sprintf(text, "\\%c", letters[found - plain]);
	if (byte >= ' ' && byte <= '~')
		return sprintf(text, "%c", byte);
	/* A digit after it would be read as part of it. */
	return sprintf(text, next >= '0' && next <= '7' ? "\\%03o" : "\\%o",
		       byte);
}

void trace_buffer(const char *call, long result, int fd, const void *buf,
		  long used, size_t len, const char *flags)
{
	const long most = used < BUFFER_SHOWN ? used : BUFFER_SHOWN;
	const unsigned char *bytes = buf;
	char text[TRACE_BYTES], quoted[4 * BUFFER_SHOWN + 1] = "";
	const int reason = errno;
	int end = 0;

	if (!on)
		return;
	for (long i = 0; i < most; i++)
		end += print_byte(quoted + end, bytes[i],
				  i + 1 < most ? bytes[i + 1] : '\0');
	if (used == -1)
		snprintf(text, sizeof(text), "%d, %p, %zu%s", fd, buf, len,
			 flags);
	else
		snprintf(text, sizeof(text), "%d, \"%s\"%s, %zu%s", fd, quoted,
			 used > BUFFER_SHOWN ? "..." : "", len, flags);
	errno = reason;
	trace_result(call, result, text, "");
}

/* Writes the names of poll's events, as in POLLIN|POLLHUP, or 0. */
static const char *print_events(char text[EVENTS_BYTES], short events)
{
	snprintf(text, EVENTS_BYTES, "%s%s%s%s%s",
		 events & POLLIN ? "|POLLIN" : "",
		 events & POLLOUT ? "|POLLOUT" : "",
		 events & POLLERR ? "|POLLERR" : "",
		 events & POLLHUP ? "|POLLHUP" : "",
		 events & POLLNVAL ? "|POLLNVAL" : "");
	return text[0] == '\0' ? "0" : text + 1;
}

void trace_poll(const struct pollfd fds[], int count, int result)
{
	char asked[2][POLL_BYTES] = { "", "" };
	char ready[2][POLL_BYTES] = { "", "" };
	char arguments[TRACE_BYTES], after[TRACE_BYTES], events[EVENTS_BYTES];

	if (!on)
		return;
	for (int i = 0; i < count; i++) {
		snprintf(asked[i], POLL_BYTES, "%s{fd=%d, events=%s}",
			 i == 0 ? "" : ", ", fds[i].fd,
			 print_events(events, fds[i].events));
		if (fds[i].revents != 0)
			snprintf(ready[i], POLL_BYTES, "%s{fd=%d, revents=%s}",
				 ready[0][0] == '\0' ? "" : ", ", fds[i].fd,
				 print_events(events, fds[i].revents));
	}
	snprintf(arguments, sizeof(arguments), "[%s%s], %d, -1", asked[0],
		 asked[1], count);
	snprintf(after, sizeof(after), " ([%s%s])", ready[0], ready[1]);
	trace_result("poll", result, arguments, after);
}

void trace_exit(int status)
{
	if (on)
		report("server: exit(%d) = ?    man 3 exit", status);
}

/* Writes the index of an interface, or for link-local its name. */
static const char *print_zone(char text[ZONE_BYTES],
			      const struct address *address)
{
	const uint32_t index = address->ip6.sin6_scope_id;
	char name[IF_NAMESIZE] = "";

	snprintf(text, ZONE_BYTES, "%u", index);
	if (IN6_IS_ADDR_LINKLOCAL(&address->ip6.sin6_addr) &&
	    if_indextoname(index, name) != NULL)
		snprintf(text, ZONE_BYTES, "if_nametoindex(\"%s\")", name);
	return text;
}

/* Writes the address without its length. */
static void print_address(char text[PRINTED_BYTES],
			  const struct address *address)
{
	const unsigned int port = address_port(address);
	char host[HOST_BYTES], zone[ZONE_BYTES];

	address_host(address, host);
	if (address->any.sa_family == AF_INET)
		snprintf(text, PRINTED_BYTES,
			 "{sa_family=AF_INET, sin_port=htons(%u), "
			 "sin_addr=inet_addr(\"%s\")}",
			 port, host);
	else if (address->any.sa_family == AF_INET6)
		snprintf(text, PRINTED_BYTES,
			 "{sa_family=AF_INET6, sin6_port=htons(%u), "
			 "sin6_flowinfo=htonl(0), inet_pton(AF_INET6, \"%s\", "
			 "&sin6_addr), sin6_scope_id=%s}",
			 port, host, print_zone(zone, address));
	else
		snprintf(text, PRINTED_BYTES, "%p", (const void *)address);
}

const char *trace_address(const struct address *address, bool filled,
			  char text[TRACE_BYTES])
{
	char printed[PRINTED_BYTES];

	text[0] = '\0';
	if (!on)
		return text;
	print_address(printed, address);
	if (filled && address->len != ADDRESS_LEN)
		snprintf(text, TRACE_BYTES, "%s, [%d => %u]", printed,
			 ADDRESS_LEN, address->len);
	else
		snprintf(text, TRACE_BYTES, filled ? "%s, [%u]" : "%s, %u",
			 printed, address->len);
	return text;
}
