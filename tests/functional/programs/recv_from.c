// SPDX-License-Identifier: GPL-2.0
/* From whom: whether or not the caller asks for the address; and ancillary data. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "expect_ways.h"
#include "ways_calls.h"
#include "ways_pairs.h"

enum {
	ROOM = 100,
};

static struct ways ways;
static char got[ROOM];

static void put_to(int fd, const struct address *to, const char *text)
{
	must(sendto(fd, text, strlen(text), 0, (const struct sockaddr *)&to->sa, to->len),
	     "sendto");
}

/* @fd receives one message by each way, which comes from @where. */
static void each_way(int from, int fd, const struct address *to,
		     const struct where *where)
{
	for (const struct way *way = ways_to_receive; way->name; way++) {
		struct event event = {
			.call = way->call,
			.fd = fd,
			.worker = way->worker,
			.received = true,
			.bytes = way->name,
			.len = ROOM,
			.where = *where,
		};

		if (way->pages || !way_exists(&ways, way))
			continue;
		put_to(from, to, way->name);
		event.ret = result_of(way_make(&ways, way, fd, got, ROOM));
		check_equal(event.ret, strlen(way->name), "%s", way->name);
		event.addr_len = ways.from_len;
		expect_event(&event);
	}
}

static void unconnected(const char *ip, const char *elsewhere)
{
	struct address any = inet_address(ip, 0), other = inet_address(elsewhere, 0);
	int fd = bound_socket(SOCK_DGRAM, &any), from;
	struct address to = local_address(fd), sender;
	struct where where;

	ways_open(&ways);
	from = bound_socket(SOCK_DGRAM, &any);
	sender = local_address(from);
	where = to_address(fd, &sender);
	each_way(from, fd, &to, &where);
	from = bound_socket(SOCK_DGRAM, &other);
	sender = local_address(from);
	where = to_address(fd, &sender);
	each_way(from, fd, &to, &where);
}

static void udp4(void)
{
	unconnected("127.0.0.1", "127.0.0.7");
}

static void udp6(void)
{
	unconnected("::1", "::1");
}

/* Mapped: an IPv4 sender, an IPv6 socket. */
static void udp_mapped(void)
{
	struct address any6 = inet_address("::", 0), any4 = inet_address("127.0.0.1", 0);
	int fd = bound_socket(SOCK_DGRAM, &any6), from = bound_socket(SOCK_DGRAM, &any4);
	struct address local = local_address(fd), sender = local_address(from), to, seen;
	struct where where;

	to = inet_address("127.0.0.1",
			  ntohs(((struct sockaddr_in6 *)&local.sa)->sin6_port));
	seen = inet_address("::ffff:127.0.0.1",
			    ntohs(((struct sockaddr_in *)&sender.sa)->sin_port));
	where = to_address(fd, &seen);
	ways_open(&ways);
	each_way(from, fd, &to, &where);
}

/* Where the caller asks for no address, the kernel does not tell ours either. */
static void unix_dgram(void)
{
	struct address name = unix_address("@recv.from"),
		       sender = unix_address("@recv.sent");
	int fd = bound_socket(SOCK_DGRAM, &name),
	    from = bound_socket(SOCK_DGRAM, &sender);
	struct event event = {
		.fd = fd,
		.received = true,
		.bytes = "hello",
		.len = ROOM,
		.ret = 5,
	};
	struct address got_from = { .len = sizeof(got_from.sa) };

	put_to(from, &name, "hello");
	event.call = "recvfrom";
	event.where = to_address(fd, &sender);
	event.addr_len = sender.len;
	check_equal(recvfrom(fd, got, ROOM, 0, (struct sockaddr *)&got_from.sa,
			     &got_from.len),
		    5, "recvfrom with an address");
	check_equal(got_from.len, sender.len, "length of the sender's name");
	expect_event(&event);
	event.addr_len = 0;
	event.where = from_unknown(fd);
	put_to(from, &name, "hello");
	check_equal(recv(fd, got, ROOM, 0), 5, "recv");
	expect_event(&event);
	put_to(from, &name, "hello");
	event.call = "read";
	check_equal(read(fd, got, ROOM), 5, "read");
	expect_event(&event);
}

/* A protocol for experiments (RFC 3692), which nobody else has a socket for. */
static int raw6_socket(const struct address *at)
{
	int fd = must(socket(AF_INET6, SOCK_RAW, 253), "raw socket");

	must(bind(fd, (const struct sockaddr *)&at->sa, at->len), "bind");
	return fd;
}

static void raw6(void)
{
	struct address at = inet_address("::1", 0), from = { .len = sizeof(from.sa) };
	int fd = raw6_socket(&at);
	struct event event = {
		.call = "recvfrom",
		.fd = fd,
		.received = true,
		.bytes = "hello",
		.len = ROOM,
		.ret = 5,
		.where = to_address(fd, &at),
		.addr_len = at.len,
	};

	put_to(fd, &at, "hello");
	check_equal(recvfrom(fd, got, ROOM, 0, (struct sockaddr *)&from.sa, &from.len), 5,
		    "recvfrom on a raw socket");
	expect_event(&event);
	event.call = "read";
	event.where = from_unknown(fd);
	event.addr_len = 0;
	put_to(fd, &at, "hello");
	check_equal(read(fd, got, ROOM), 5, "read of a raw socket");
	expect_event(&event);
}

/* ---- Addresses that do not fit ------------------------------------------------------- */

/* The caller's room for the address does not matter: the kernel knows all of it. */
static void little_room(void)
{
	struct address any = inet_address("127.0.0.1", 0);
	int fd = bound_socket(SOCK_DGRAM, &any), from = bound_socket(SOCK_DGRAM, &any);
	struct address to = local_address(fd), sender = local_address(from);

	for (socklen_t room = 0; room <= sizeof(struct sockaddr_storage) + 1; room += 5) {
		char address[sizeof(struct sockaddr_storage) + 8];
		struct event event = {
			.call = "recvfrom",
			.fd = fd,
			.received = true,
			.bytes = got,
			.len = ROOM,
			.addr_len = sender.len,
			.where = to_address(fd, &sender),
		};
		socklen_t len = room;

		put_to(from, &to, "little room");
		event.ret = result_of(recvfrom(fd, got, ROOM, 0, (void *)address, &len));
		check_equal(event.ret, 11, "recvfrom with room for %u bytes", room);
		check_equal(len, sizeof(struct sockaddr_in), "length of the address");
		expect_event(&event);
	}
}

/* ---- Ancillary data ------------------------------------------------------------------ */

static void send_rights(int fd, size_t number)
{
	char control[CMSG_SPACE(4 * sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct cmsghdr *header = (struct cmsghdr *)control;
	struct iovec iov = { "rights", 6 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(number * sizeof(int)),
	};

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(number * sizeof(int));
	must(sendmsg(fd, &message, 0), "sendmsg");
}

static void receive_control(struct pair pair, size_t room, int flags, unsigned int shown,
			    const char *cmsg)
{
	char control[256] __attribute__((aligned(8)));
	struct iovec iov = { got, ROOM };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = room,
	};
	struct event event = {
		.call = "recvmsg",
		.fd = pair.near,
		.received = true,
		.bytes = got,
		.len = ROOM,
		.flags = shown,
		.where = to_peer(pair.near),
		.cmsg = cmsg,
	};

	event.ret = result_of(recvmsg(pair.near, &message, flags));
	check_equal(message.msg_flags & MSG_CTRUNC, shown & MSG_CTRUNC, "MSG_CTRUNC");
	expect_event(&event);
}

static void rights(void)
{
	struct pair pair = pair_of(PAIR_UNIX_STREAM);

	send_rights(pair.far, 1);
	receive_control(pair, 256, 0, 0, "SCM_RIGHTS:1");
	send_rights(pair.far, 3);
	receive_control(pair, 256, MSG_CMSG_CLOEXEC, MSG_CMSG_CLOEXEC, "SCM_RIGHTS:3");
	send_rights(pair.far, 3);
	receive_control(pair, 0, 0, MSG_CTRUNC, NULL);
	send_rights(pair.far, 3);
	receive_control(pair, CMSG_LEN(sizeof(int)), 0, MSG_CTRUNC, "SCM_RIGHTS:1");
}

static void inet_control(void)
{
	struct pair pair = pair_of(PAIR_UDP4);
	int yes = 1;

	must(setsockopt(pair.near, IPPROTO_IP, IP_PKTINFO, &yes, sizeof(yes)),
	     "IP_PKTINFO");
	must(write(pair.far, "pktinfo", 7), "write");
	receive_control(pair, 256, 0, 0, "IP_PKTINFO:12");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "udp4", udp4 },
		{ "udp6", udp6 },
		{ "udp_mapped", udp_mapped },
		{ "unix_dgram", unix_dgram },
		{ "raw6", raw6 },
		{ "little_room", little_room },
		{ "rights", rights },
		{ "inet_control", inet_control },
		{},
	};

	return run_cases(argc, argv, cases);
}
