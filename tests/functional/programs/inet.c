// SPDX-License-Identifier: GPL-2.0
/* TCP, UDP and raw sockets over IPv4 and IPv6. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"

static void tcp_both_ways(const char *ip)
{
	struct address any = inet_address(ip, 0);
	struct pair tcp = connected_pair(SOCK_STREAM, &any);

	send_text(tcp.near, "from the one that connected");
	send_text(tcp.far, "from the one that accepted");
}

static void tcp_ipv4(void)
{
	tcp_both_ways("127.0.0.1");
}

static void tcp_ipv6(void)
{
	tcp_both_ways("::1");
}

static void tcp_mapped(void)
{
	tcp_both_ways("::ffff:127.0.0.1");
}

/* One end is an IPv4 socket, the other an IPv6 socket that accepted it. */
static void tcp_dual_stack(void)
{
	struct address any = inet_address("::", 0), to;
	int listening = listener(SOCK_STREAM, &any);
	struct sockaddr_in6 in6;
	int near, far;

	to = local_address(listening);
	memcpy(&in6, &to.sa, sizeof(in6));
	to = inet_address("127.0.0.1", ntohs(in6.sin6_port));
	near = connected_socket(SOCK_STREAM, &to);
	far = must(accept(listening, NULL, NULL), "accept");
	send_text(near, "over IPv4 to an IPv6 socket");
	send_text(far, "from an IPv6 socket over IPv4");
}

/* TCP ignores the address that sendto() is given. */
static void tcp_address_ignored(void)
{
	struct address other = inet_address("192.0.2.7", 7);
	struct pair tcp = tcp_pair();
	struct where where = to_peer(tcp.near);

	check_equal(traced_sendto(tcp.near, "x", 1, 0, &other, &where), 1, "sendto");
}

/* The call itself connects: the given address is the peer when it returns. */
static void tcp_fastopen(void)
{
	struct address any = inet_address("127.0.0.1", 0), to;
	int listening = listener(SOCK_STREAM, &any);
	int fd = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	struct where where;

	to = local_address(listening);
	where = to_address(fd, &to);
	check_equal(traced_sendto(fd, "hello", 5, MSG_FASTOPEN, &to, &where), 5,
		    "sendto with MSG_FASTOPEN");
}

static void flags(void)
{
	static const int given[] = { MSG_DONTWAIT, MSG_NOSIGNAL, MSG_MORE, MSG_OOB,
				     MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE };
	struct pair tcp = tcp_pair();
	struct where where = to_peer(tcp.near);

	for (size_t i = 0; i < COUNT_OF(given); i++)
		check_equal(traced_send(tcp.near, "flags", 5, given[i], &where), 5,
			    "send with flags 0x%x", given[i]);
}

static void udp_connected(void)
{
	static const char *const ips[] = { "127.0.0.1", "127.0.0.2", "::1",
					   "::ffff:127.0.0.1" };

	for (size_t i = 0; i < COUNT_OF(ips); i++) {
		struct address to = udp_sink(ips[i]);

		send_text(connected_socket(SOCK_DGRAM, &to), ips[i]);
	}
}

/* One unconnected socket sends to many peers. */
static void udp_several(void)
{
	static const char *const ips[] = { "127.0.0.1", "127.0.0.2", "127.1.2.3" };
	int fd = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");

	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < COUNT_OF(ips); i++) {
			struct address to = inet_address(ips[i], 4000 + i);

			send_text_to(fd, ips[i], &to);
		}
}

static void udp_ipv6(void)
{
	int fd = must(socket(AF_INET6, SOCK_DGRAM, 0), "socket");
	struct address plain = inet_address("::1", 4001);
	struct address mapped = inet_address("::ffff:127.0.0.1", 4002);
	struct address inet = inet_address("127.0.0.1", 4003);

	send_text_to(fd, "to an IPv6 address", &plain);
	send_text_to(fd, "to a v4-mapped address", &mapped);
	send_text_to(fd, "to an IPv4 address on an IPv6 socket", &inet);
}

/* The address of the call wins over the connected one, for this call only. */
static void udp_explicit_wins(void)
{
	struct address to = udp_sink("127.0.0.1"), other = udp_sink("127.0.0.9");
	int fd = connected_socket(SOCK_DGRAM, &to);

	send_text(fd, "connected");
	send_text_to(fd, "explicit", &other);
	send_text(fd, "connected again");
}

static void udp_reconnected(void)
{
	struct address first = udp_sink("127.0.0.1"), second = udp_sink("127.0.0.2");
	struct sockaddr unspecified = { .sa_family = AF_UNSPEC };
	int fd = connected_socket(SOCK_DGRAM, &first);

	send_text(fd, "first");
	must(connect(fd, (struct sockaddr *)&second.sa, second.len), "connect");
	send_text(fd, "second");
	must(connect(fd, &unspecified, sizeof(unspecified)), "connect to AF_UNSPEC");
	send_text_to(fd, "third", &first);
}

static void raw_icmp(void)
{
	struct icmphdr echo = { .type = ICMP_ECHOREPLY, .checksum = 0xffff };
	int fd = must(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), "raw socket");
	struct address to = inet_address("127.0.0.1", 0);
	struct where where = to_address(fd, &to);

	check_equal(traced_sendto(fd, &echo, sizeof(echo), 0, &to, &where), sizeof(echo),
		    "sendto on a raw socket");
}

/* What -a shows of accept(), accept4(), and a failed one. */
static void accepts_on(const char *ip)
{
	struct address any = inet_address(ip, 0), to;
	int listening = listener(SOCK_STREAM, &any), fd;

	to = local_address(listening);
	connected_socket(SOCK_STREAM, &to);
	fd = must(accept(listening, NULL, NULL), "accept");
	expect_accepted(listening, fd);
	connected_socket(SOCK_STREAM, &to);
	fd = must(accept4(listening, NULL, NULL, SOCK_CLOEXEC), "accept4");
	expect_accepted(listening, fd);
	must(fcntl(listening, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	check_errno(accept(listening, NULL, NULL), EAGAIN, "accept without a connection");
	expect_accepted(listening, -EAGAIN);
}

static void accepts(void)
{
	accepts_on("127.0.0.1");
	accepts_on("::1");
}

/* Set up before the trace begins, on both ends. */
static void before(void)
{
	struct pair tcp = tcp_pair();
	struct address any = inet_address("::1", 0);
	struct pair tcp6 = connected_pair(SOCK_STREAM, &any);

	gate();
	send_text(tcp.far, "accepted before the trace");
	send_text(tcp.near, "connected before the trace");
	send_text(tcp6.far, "accepted before the trace, IPv6");
}

struct reuse {
	int number;
	char ip[16];
};

/* Two concurrent processes have the same number open, each with another connection. */
static void reuse_number(void *arg)
{
	const struct reuse *reuse = arg;
	struct address to = udp_sink(reuse->ip);
	int fd = connected_socket(SOCK_DGRAM, &to);

	must(dup2(fd, reuse->number), "dup2");
	close(fd);
	for (int i = 0; i < 20; i++)
		send_text(reuse->number, reuse->ip);
}

static void reused_fd(void)
{
	struct reuse one = { 77, "127.0.0.3" }, two = { 77, "127.0.0.4" };
	pid_t first, second;

	gate();
	first = start_child(reuse_number, &one);
	second = start_child(reuse_number, &two);
	end_child(first);
	end_child(second);
}

/* The same number again in one process, with a connection of another family. */
static void reused_fd_in_turn(void)
{
	static const char *const ips[] = { "127.0.0.5", "::1", "127.0.0.6" };

	for (size_t i = 0; i < COUNT_OF(ips); i++) {
		struct address to = udp_sink(ips[i]);
		int fd = connected_socket(SOCK_DGRAM, &to);

		must(dup2(fd, 78), "dup2");
		close(fd);
		send_text(78, ips[i]);
		close(78);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "tcp_ipv4", tcp_ipv4 },
		{ "tcp_ipv6", tcp_ipv6 },
		{ "tcp_mapped", tcp_mapped },
		{ "tcp_dual_stack", tcp_dual_stack },
		{ "tcp_address_ignored", tcp_address_ignored },
		{ "tcp_fastopen", tcp_fastopen },
		{ "flags", flags },
		{ "udp_connected", udp_connected },
		{ "udp_several", udp_several },
		{ "udp_ipv6", udp_ipv6 },
		{ "udp_explicit_wins", udp_explicit_wins },
		{ "udp_reconnected", udp_reconnected },
		{ "raw_icmp", raw_icmp },
		{ "accepts", accepts },
		{ "before", before },
		{ "reused_fd", reused_fd },
		{ "reused_fd_in_turn", reused_fd_in_turn },
		{},
	};

	return run_cases(argc, argv, cases);
}
