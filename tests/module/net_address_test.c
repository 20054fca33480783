/* What is bound to, accepted and told, over both families. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "address.h"
#include "net.h"
#include "support.h"

static struct address address_of(const char *text, uint16_t port)
{
	struct address address;

	assert_null(address_parse(text, port, &address));
	return address;
}

static int bind_to(int fd, const char *text, uint16_t port)
{
	const struct address address = address_of(text, port);

	return net_bind(fd, &address.any, address.len);
}

static int listener_on(const char *text)
{
	const struct address address = address_of(text, 0);
	int fd = net_socket(address.any.sa_family, SOCK_STREAM, 0);

	assert_int_not_equal(fd, -1);
	assert_int_equal(net_reuse_address(fd), 0);
	assert_int_equal(net_bind(fd, &address.any, address.len), 0);
	assert_int_equal(net_listen(fd, 5), 0);
	return fd;
}

/* What net_getsockname tells, which is all of an address of its family. */
static struct address name_of(int fd)
{
	struct address name = { .len = ADDRESS_LEN };

	assert_int_equal(net_getsockname(fd, &name.any, &name.len), 0);
	if (name.any.sa_family == AF_INET)
		assert_int_equal(name.len, sizeof(name.ip4));
	if (name.any.sa_family == AF_INET6)
		assert_int_equal(name.len, sizeof(name.ip6));
	return name;
}

static void assert_address(const struct address *address, const char *text,
			   uint16_t port)
{
	char found[ADDRESS_BYTES];

	assert_string_equal(address_text(address, found), text);
	assert_int_equal(address_port(address), port);
}

static void test_net_bind_binds_to_address_and_port(void **state)
{
	struct sockaddr_in name;
	socklen_t len = sizeof(name);
	int any = net_socket(AF_INET, SOCK_STREAM, 0);
	int fd = net_socket(AF_INET, SOCK_STREAM, 0);
	uint16_t port;

	(void)state;
	assert_int_equal(bind_to(any, "127.0.0.1", 0), 0);
	port = bound_port(any);
	assert_int_not_equal(port, 0);
	assert_int_equal(bind_to(fd, "127.0.0.2", port), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(ntohs(name.sin_port), port);
	assert_int_equal(ntohl(name.sin_addr.s_addr), 0x7f000002);
	net_close(any);
	net_close(fd);
}

static void test_net_bind_binds_to_address_and_port_of_ip6(void **state)
{
	struct sockaddr_in6 name;
	socklen_t len = sizeof(name);
	uint16_t port;
	int any, fd;

	(void)state;
	needs_ip6();
	any = listener_on("::1");
	port = bound_port(any);
	assert_int_not_equal(port, 0);
	net_close(any);
	fd = net_socket(AF_INET6, SOCK_STREAM, 0);
	assert_int_equal(net_reuse_address(fd), 0);
	assert_int_equal(bind_to(fd, "::1", port), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(len, sizeof(name));
	assert_int_equal(ntohs(name.sin6_port), port);
	assert_memory_equal(&name.sin6_addr, &in6addr_loopback,
			    sizeof(name.sin6_addr));
	assert_int_equal(name.sin6_scope_id, 0);
	net_close(fd);
}

static void test_net_bind_fails_if_port_is_busy(void **state)
{
	int busy = listener_on("127.0.0.1");
	int fd = net_socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(net_reuse_address(fd), 0);
	assert_int_equal(bind_to(fd, "127.0.0.1", bound_port(busy)), -1);
	assert_int_equal(errno, EADDRINUSE);
	net_close(busy);
	net_close(fd);
}

/* A part of an address is none. */
static void test_net_bind_passes_the_length_on(void **state)
{
	const struct address address = address_of("127.0.0.1", 0);
	int fd = net_socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	errno = 0;
	assert_int_equal(net_bind(fd, &address.any, address.len - 1), -1);
	assert_int_equal(errno, EINVAL);
	net_close(fd);
}

/* Who connects is told by the address and port that the client has. */
static void assert_names(const char *text, int client_family,
			 const char *peer_text)
{
	const int listener = listener_on(text);
	const struct address bound = name_of(listener);
	const uint16_t port = address_port(&bound);
	struct address peer = { .len = ADDRESS_LEN };
	int client, connection;

	assert_int_not_equal(port, 0);
	assert_address(&bound, text, port);
	client = client_family == AF_INET ? client_connect(port)
					  : client_connect6(port);
	connection = net_accept(listener, &peer.any, &peer.len);
	assert_int_not_equal(connection, -1);
	assert_int_equal(peer.len, bound.len);
	assert_address(&peer, peer_text, bound_port(client));
	net_close(client);
	net_close(connection);
	net_close(listener);
}

static void test_net_accept_names_a_peer_over_ip4(void **state)
{
	(void)state;
	assert_names("127.0.0.1", AF_INET, "127.0.0.1");
	assert_names("0.0.0.0", AF_INET, "127.0.0.1");
}

static void test_net_accept_names_a_peer_over_ip6(void **state)
{
	(void)state;
	needs_ip6();
	assert_names("::1", AF_INET6, "::1");
	assert_names("::", AF_INET6, "::1");
}

/* Unless the system is set otherwise, which a test has no business with. */
static void test_net_bind_to_all_of_ip6_takes_ip4_too(void **state)
{
	socklen_t len = sizeof(int);
	int fd, only = 1;

	(void)state;
	needs_ip6();
	fd = net_socket(AF_INET6, SOCK_STREAM, 0);
	assert_int_equal(getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &len),
			 0);
	net_close(fd);
	skip_without(only == 0, "IPv4 on sockets of IPv6");
	assert_names("::", AF_INET, "::ffff:127.0.0.1");
}

static void test_net_getsockname_has_the_longest_address(void **state)
{
	static const char longest[] = "2001:db8:1111:2222:3333:4444:5555:6666";
	const int on = 1;
	struct address name;
	int fd;

	(void)state;
	needs_ip6();
	fd = net_socket(AF_INET6, SOCK_STREAM, 0);
	assert_int_equal(
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)), 0);
	assert_int_equal(bind_to(fd, longest, 0), 0);
	name = name_of(fd);
	assert_address(&name, longest, bound_port(fd));
	net_close(fd);
}

static void test_net_getsockname_has_a_family_without_a_port(void **state)
{
	struct address name;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	name = name_of(pair[0]);
	assert_int_equal(name.any.sa_family, AF_UNIX);
	assert_int_equal(name.len, sizeof(name.any.sa_family));
	assert_address(&name, "-", 0);
	net_close(pair[0]);
	net_close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_net_bind_binds_to_address_and_port),
		cmocka_unit_test(
			test_net_bind_binds_to_address_and_port_of_ip6),
		cmocka_unit_test(test_net_bind_fails_if_port_is_busy),
		cmocka_unit_test(test_net_bind_passes_the_length_on),
		cmocka_unit_test(test_net_accept_names_a_peer_over_ip4),
		cmocka_unit_test(test_net_accept_names_a_peer_over_ip6),
		cmocka_unit_test(test_net_bind_to_all_of_ip6_takes_ip4_too),
		cmocka_unit_test(test_net_getsockname_has_the_longest_address),
		cmocka_unit_test(
			test_net_getsockname_has_a_family_without_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
