#include "play.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "net.h"

enum {
	CLIENTS = 8,
};

uint16_t port;
char stream[STREAM_BYTES];

/* The scene's clients, -1 where it is closed, and their ports. */
static int clients[CLIENTS];
static uint16_t peers[CLIENTS];
static size_t count;

int fill_stream(void **state)
{
	for (size_t i = 0; i < sizeof(stream); i++)
		stream[i] = (char)(i * 7 + i / 251);
	return own_network(state);
}

int send_stream(const void *argument)
{
	const struct process *server = argument;
	int client = client_connect(port);

	if (server != NULL)
		close(server->out);
	for (size_t sent = 0; sent < sizeof(stream);) {
		ssize_t n = send(client, stream + sent, sizeof(stream) - sent,
				 MSG_NOSIGNAL);

		if (n == -1)
			return errno == ECONNRESET || errno == EPIPE ? 0 : 1;
		sent += (size_t)n;
	}
	return close(client);
}

void assert_ended(struct process *server, int status, const char *out,
		  const char *err)
{
	struct result result = process_end(server);

	assert_string_equal(result.err, err);
	assert_string_equal(result.out, out);
	assert_int_equal(result.out_len, strlen(out));
	assert_int_equal(result.status, status);
}

const char *no_such_address(const char *err)
{
	return strstr(err, "available") == NULL
		       ? "Cannot assign requested address"
		       : "Address not available";
}

void assert_no_such_address(struct process *server, const char *where)
{
	struct result result = process_end(server);
	char line[256];

	snprintf(line, sizeof(line),
		 "server: bind %s: %s; ip addr shows which ones -b can take\n",
		 where, no_such_address(result.err));
	assert_string_equal(result.err, line);
	assert_int_equal(result.out_len, 0);
	assert_int_equal(result.status, 1);
}

/* bindv6only of ip-sysctl may say otherwise. */
static bool all_has_both(void)
{
	FILE *file = fopen("/proc/sys/net/ipv6/bindv6only", "r");
	int only = 1;

	if (file == NULL)
		return false;
	if (fscanf(file, "%d", &only) != 1)
		only = 1;
	fclose(file);
	return only == 0;
}

void needs_both_families(void)
{
	needs_ip6();
	skip_without(all_has_both(), "a :: that takes IPv4");
}

static int add_client(int client)
{
	assert_between(count, 0, CLIENTS - 1);
	clients[count] = client;
	peers[count++] = bound_port(client);
	return client;
}

int play_connect(void)
{
	return add_client(client_connect(port));
}

int play_connect6(void)
{
	return add_client(client_connect6(port));
}

void play_end(void)
{
	shutdown(clients[count - 1], SHUT_WR);
}

void play_nobody(struct process *server)
{
	(void)server;
}

void play_hi(struct process *server)
{
	(void)server;
	client_send(play_connect(), "hi\n", 3);
}

void play_hi6(struct process *server)
{
	(void)server;
	client_send(play_connect6(), "hi\n", 3);
}

void play_hi6_to_its_end(struct process *server)
{
	play_hi6(server);
	play_end();
}

void play_hi_to_its_end(struct process *server)
{
	play_hi(server);
	play_end();
}

void play_hi_in_two(struct process *server)
{
	int client = play_connect();

	client_send(client, "h", 1);
	expect_output(server, "h", 1);
	client_send(client, "i\n", 2);
}

void play_part(struct process *server)
{
	(void)server;
	client_send(play_connect(), "part", 4);
}

void play_part_to_its_end(struct process *server)
{
	play_part(server);
	play_end();
}

void play_two_lines(struct process *server)
{
	(void)server;
	client_send(play_connect(), "hi\nrest\n", 8);
}

/* Long enough to be spliced. */
void play_100000(struct process *server)
{
	int client = play_connect();

	client_send(client, stream, 100000);
	expect_output(server, stream, 100000);
	play_end();
}

void play_129(struct process *server)
{
	(void)server;
	client_send(play_connect(), stream, 129);
}

void play_empty(struct process *server)
{
	(void)server;
	play_connect();
	play_end();
}

static void reset_last(void)
{
	client_reset(clients[count - 1]);
	clients[count - 1] = -1;
}

void play_reset(struct process *server)
{
	(void)server;
	play_connect();
	reset_last();
}

void play_part_then_reset(struct process *server)
{
	play_part(server);
	expect_output(server, "part", 4);
	reset_last();
}

void play_probes(struct process *server)
{
	play_empty(server);
	play_reset(server);
	play_hi_to_its_end(server);
}

void play_probe6(struct process *server)
{
	play_connect6();
	play_end();
	play_hi6(server);
}

void play_silence(struct process *server)
{
	(void)server;
	client_wait_end(play_connect());
}

static int listen_on_loopback(void)
{
	int listener = net_socket(AF_INET, SOCK_STREAM, 0);
	struct address address;

	assert_null(address_parse("127.0.0.1", PORT, &address));
	assert_int_equal(net_reuse_address(listener), 0);
	assert_int_equal(net_bind(listener, &address.any, address.len), 0);
	assert_int_equal(net_listen(listener, 1), 0);
	return listener;
}

static struct process start_scene(const struct scene *scene,
				  const char *arguments)
{
	char script[512];
	struct process server;
	int listener = -1;

	snprintf(script, sizeof(script), "%sexec \"$SERVER\" %s",
		 scene->inherited ? "LISTEN_PID=$$ LISTEN_FDS=1 " : "",
		 arguments);
	if (scene->inherited) {
		listener = listen_on_loopback();
		redirect_next(listener, 3);
	}
	server = shell_start(script);
	if (listener != -1)
		close(listener);
	if (scene->play != play_nobody)
		wait_for_listener(PORT);
	return server;
}

/* Puts a mask in the place of all that is like a regular expression. */
static void mask(char *text, const char *like, const char *as)
{
	const size_t len = strlen(as);
	regmatch_t found;
	regex_t regex;

	assert_int_equal(regcomp(&regex, like, REG_EXTENDED), 0);
	while (regexec(&regex, text, 1, &found, 0) == 0) {
		char *to = text + found.rm_so;
		const char *rest = text + found.rm_eo;

		assert_between(rest - to, len, CAUGHT_BYTES);
		memcpy(to, as, len);
		memmove(to + len, rest, strlen(rest) + 1);
		text = to + len;
	}
	regfree(&regex);
}

/* Adds text to a string, the ports of the clients in the place of $1 and on. */
static void add_piece(char to[CAUGHT_BYTES], const char *text)
{
	size_t len = strlen(to);

	for (; *text != '\0'; text++) {
		const size_t i = (size_t)(text[1] - '1');

		assert_between(len, 0, CAUGHT_BYTES - 8);
		if (*text == '$' && i < count) {
			len += (size_t)sprintf(to + len, "%u", peers[i]);
			text++;
		} else {
			to[len++] = *text;
		}
	}
	to[len] = '\0';
}

/* Says which line is another; both in whole would be too long to read. */
static void assert_lines(const char *got, const char *expected)
{
	size_t same = 0;

	if (strcmp(got, expected) == 0)
		return;
	for (size_t i = 0; got[i] != '\0' && got[i] == expected[i]; i++)
		if (got[i] == '\n')
			same = i + 1;
	fail_msg("this: %.*s should be: %.*s", (int)strcspn(got + same, "\n"),
		 got + same, (int)strcspn(expected + same, "\n"),
		 expected + same);
}

static void run_scene(const struct scene *scene, const char *arguments)
{
	char expected[CAUGHT_BYTES] = "";
	struct process server;
	struct result result;

	count = 0;
	port = PORT;
	server = start_scene(scene, arguments);
	scene->play(&server);
	result = process_end(&server);
	for (size_t i = 0; i < count; i++)
		if (clients[i] != -1)
			close(clients[i]);
	mask(result.err, "in [0-9]+\\.[0-9]{6} s, [0-9]+\\.[0-9] [kMG]?B/s",
	     "in $T");
	mask(result.err, "0x[0-9a-f]+", "$P");
	for (size_t i = 0; i < PIECES && scene->err[i] != NULL; i++)
		add_piece(expected, scene->err[i]);
	assert_lines(result.err, expected);
	assert_string_equal(result.out, scene->out);
	assert_int_equal(result.out_len, strlen(scene->out));
	assert_int_equal(result.status, scene->status);
}

void assert_scene(const struct scene *scene)
{
	char turned[256];

	if (scene->ip6)
		needs_ip6();
	if (scene->both)
		needs_both_families();
	needs_port(PORT);
	snprintf(turned, sizeof(turned), "%s %s", scene->arguments,
		 scene->with == NULL ? "" : scene->with);
	run_scene(scene, turned);
	if (scene->with == NULL)
		return;
	snprintf(turned, sizeof(turned), "%s %s", scene->with,
		 scene->arguments);
	run_scene(scene, turned);
}

static void test_scene(void **state)
{
	assert_scene(*state);
}

void name_scenes(struct CMUnitTest tests[MOST_TESTS], char names[][NAME_BYTES],
		 const char *start, const struct scene scenes[], size_t len)
{
	for (size_t i = 0; i < len; i++) {
		snprintf(names[i], NAME_BYTES, "%s%s", start, scenes[i].name);
		*free_test(tests) = (struct CMUnitTest){
			.name = names[i],
			.test_func = test_scene,
			.initial_state = (void *)(uintptr_t)&scenes[i],
		};
	}
}
