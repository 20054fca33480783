/* Addresses and names of both families: what is taken, bound to and told. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "fault.h"
#include "net.h"
#include "support.h"

static int listener_on(const char *address)
{
	int fd = net_socket(net_domain(address), SOCK_STREAM, 0);

	assert_int_not_equal(fd, -1);
	assert_int_equal(net_reuse_address(fd), 0);
	assert_int_equal(net_bind(fd, address, 0), 0);
	assert_int_equal(net_listen(fd, 5), 0);
	return fd;
}

static void test_net_is_address_takes_numbers_of_both_families(void **state)
{
	static const struct {
		const char *text;
		bool is;
		int domain;
	} cases[] = {
		{ "0.0.0.0", true, AF_INET },
		{ "255.255.255.255", true, AF_INET },
		{ "::", true, AF_INET6 },
		{ "::1", true, AF_INET6 },
		{ "::ffff:127.0.0.1", true, AF_INET6 },
		{ "2001:db8:1111:2222:3333:4444:255.255.255.255", true,
		  AF_INET6 },
		{ "2001:db8::1", true, AF_INET6 },
		{ "", false, AF_INET },
		{ "localhost", false, AF_INET },
		{ "127.1", false, AF_INET },
		{ "127.0.0.1:80", false, AF_INET6 },
		{ "[::1]", false, AF_INET6 },
		{ "fe80::1%lo", false, AF_INET6 },
		{ "1:2:3", false, AF_INET6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(net_is_address(cases[i].text), cases[i].is);
		assert_int_equal(net_domain(cases[i].text), cases[i].domain);
	}
}

static void test_net_bind_binds_to_address_and_port(void **state)
{
	struct sockaddr_in name;
	socklen_t len = sizeof(name);
	int any = net_socket(AF_INET, SOCK_STREAM, 0);
	int fd = net_socket(AF_INET, SOCK_STREAM, 0);
	uint16_t port;

	(void)state;
	assert_int_equal(net_bind(any, "127.0.0.1", 0), 0);
	port = bound_port(any);
	assert_int_not_equal(port, 0);
	assert_int_equal(net_bind(fd, "127.0.0.2", port), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(ntohs(name.sin_port), port);
	assert_int_equal(ntohl(name.sin_addr.s_addr), 0x7f000002);
	net_close(any);
	net_close(fd);
}

static void test_net_bind_fails_if_port_is_busy(void **state)
{
	int busy = listener_on("127.0.0.1");
	int fd = net_socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(net_reuse_address(fd), 0);
	assert_int_equal(net_bind(fd, "127.0.0.1", bound_port(busy)), -1);
	assert_int_equal(errno, EADDRINUSE);
	net_close(busy);
	net_close(fd);
}

static void test_net_bind_fails_if_address_is_no_number(void **state)
{
	static const char *const bad[] = { "", "localhost", "127.0.0",
					   "127.0.0.256", " 127.0.0.1" };
	int fd = net_socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		assert_int_equal(net_bind(fd, bad[i], 0), -1);
		assert_int_equal(errno, EINVAL);
	}
	net_close(fd);
}

static uint16_t port_of(int fd)
{
	struct net_name name;

	assert_int_equal(net_local_name(fd, &name), 0);
	assert_int_not_equal(name.port, 0);
	return name.port;
}

/* Who connects is told by the address and port that the client has. */
static void assert_names(const char *address, int client_family,
			 const char *peer_address)
{
	const int listener = listener_on(address);
	struct net_name bound, peer, own;
	int client, connection;

	assert_int_equal(net_local_name(listener, &bound), 0);
	assert_string_equal(bound.address, address);
	client = client_family == AF_INET ? client_connect(bound.port)
					  : client_connect6(bound.port);
	connection = net_accept(listener, &peer);
	assert_int_not_equal(connection, -1);
	assert_int_equal(net_local_name(client, &own), 0);
	assert_string_equal(peer.address, peer_address);
	assert_int_equal(peer.port, own.port);
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
	skip_without(only == 0, "IPv4 on sockets of IPv6");
	net_close(fd);
	assert_names("::", AF_INET, "::ffff:127.0.0.1");
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
	port = port_of(any);
	net_close(any);
	fd = net_socket(AF_INET6, SOCK_STREAM, 0);
	assert_int_equal(net_reuse_address(fd), 0);
	assert_int_equal(net_bind(fd, "::1", port), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(len, sizeof(name));
	assert_int_equal(ntohs(name.sin6_port), port);
	assert_memory_equal(&name.sin6_addr, &in6addr_loopback,
			    sizeof(name.sin6_addr));
	assert_int_equal(name.sin6_scope_id, 0);
	net_close(fd);
}

static void test_net_local_name_has_the_longest_address(void **state)
{
	const int on = 1;
	struct net_name name;
	int fd;

	(void)state;
	needs_ip6();
	fd = net_socket(AF_INET6, SOCK_STREAM, 0);
	assert_int_equal(
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)), 0);
	assert_int_equal(
		net_bind(fd, "2001:db8:1111:2222:3333:4444:5555:6666", 0), 0);
	assert_int_equal(net_local_name(fd, &name), 0);
	assert_string_equal(name.address,
			    "2001:db8:1111:2222:3333:4444:5555:6666");
	net_close(fd);
	/* The longest that there is to write. */
	assert_between(sizeof(name.address), INET6_ADDRSTRLEN, 1024);
}

static void test_net_local_name_is_a_dash_without_an_ip_address(void **state)
{
	struct net_name name = { .address = "x", .port = 7 };
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(net_local_name(pair[0], &name), 0);
	assert_string_equal(name.address, "-");
	assert_int_equal(name.port, 0);
	net_close(pair[0]);
	net_close(pair[1]);
}

static void test_net_local_name_fails_if_getsockname_fails(void **state)
{
	struct net_name name = { .address = "untouched", .port = 7 };

	(void)state;
	for (const int *reason = fault_reasons("getsockname"); *reason;
	     reason++) {
		fault_fail("getsockname", 1, *reason);
		assert_int_equal(net_local_name(-1, &name), -1);
		assert_int_equal(errno, *reason);
		assert_int_equal(fault_calls(), 1);
	}
	fault_reset();
	assert_string_equal(name.address, "untouched");
	assert_int_equal(name.port, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_net_is_address_takes_numbers_of_both_families),
		cmocka_unit_test(test_net_bind_binds_to_address_and_port),
		cmocka_unit_test(test_net_bind_fails_if_port_is_busy),
		cmocka_unit_test(test_net_bind_fails_if_address_is_no_number),
		cmocka_unit_test(test_net_accept_names_a_peer_over_ip4),
		cmocka_unit_test(test_net_accept_names_a_peer_over_ip6),
		cmocka_unit_test(test_net_bind_to_all_of_ip6_takes_ip4_too),
		cmocka_unit_test(
			test_net_bind_binds_to_address_and_port_of_ip6),
		cmocka_unit_test(test_net_local_name_has_the_longest_address),
		cmocka_unit_test(
			test_net_local_name_is_a_dash_without_an_ip_address),
		cmocka_unit_test(
			test_net_local_name_fails_if_getsockname_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
