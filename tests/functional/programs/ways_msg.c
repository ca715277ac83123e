// SPDX-License-Identifier: GPL-2.0
/* What sendmsg() and sendmmsg() have more than others: pieces, addresses, ancillary data. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "expect_ways.h"
#include "ways_pairs.h"

enum {
	PIECES_MAX = 1024,
	CONTROL_MAX = 4096,
	/* The kernel leaves alone what is not a level of the socket's. */
	UNKNOWN_LEVEL = 1234,
};

/* A message: what is sent, and what is expected to be shown of it. */
static void send_message(int fd, struct msghdr *message, int flags, struct event *event)
{
	event->call = "sendmsg";
	event->fd = fd;
	event->flags = flags;
	event->addr_len = message->msg_namelen;
	event->ret = result_of(sendmsg(fd, message, flags));
	expect_event(event);
}

/* ---- Pieces -------------------------------------------------------------------------- */

/* @number pieces, from the end of a buffer to its beginning; some are empty. */
static void send_pieces(enum pair_kind kind, size_t number)
{
	static struct iovec iov[PIECES_MAX];
	static char bytes[8 * PIECES_MAX], joined[sizeof(bytes)];
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = number };
	struct pair pair = pair_of(kind);
	struct event event = { .bytes = joined, .where = to_peer(pair.near) };
	char *at = bytes + sizeof(bytes);

	for (size_t i = 0; i < number; i++) {
		size_t len = i % 5 == 3 ? 0 : 1 + i % 7;

		at -= len;
		memset(at, 'a' + i % 26, len);
		memset(joined + event.len, 'a' + i % 26, len);
		iov[i] = (struct iovec){ len ? at : NULL, len };
		event.len += len;
	}
	send_message(pair.near, &message, 0, &event);
	check_equal(event.ret, event.len, "sendmsg of %zu pieces", number);
	must_arrive(pair.far, joined, event.len, "sendmsg");
}

static void pieces(void)
{
	static const size_t numbers[] = { 1, 2, 3, 8, 9, 1023, 1024 };

	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++)
		for (size_t i = 0; i < COUNT_OF(numbers); i++)
			send_pieces(kind, numbers[i]);
}

/* Pieces of 60 KB each, and of all sizes: more than is copied inline, from many places. */
static void long_pieces(void)
{
	enum {
		NUMBER = 64,
		EACH = 999
	};
	struct pair pair = pair_of(PAIR_UNIX_STREAM);
	char *text = text_number(1, NUMBER * EACH);
	struct event event = { .bytes = text, .where = to_peer(pair.near) };
	struct iovec iov[NUMBER];
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = NUMBER };

	for (int i = 0; i < NUMBER; i++) {
		iov[i] = (struct iovec){ malloc(EACH), EACH };
		memcpy(iov[i].iov_base, text + i * EACH, EACH);
	}
	event.len = NUMBER * EACH;
	send_message(pair.near, &message, 0, &event);
	must_arrive(pair.far, text, event.len, "a long sendmsg");
}

/* Messages without a byte, without a piece. */
static void nothing(void)
{
	struct pair pair = pair_of(PAIR_UDP4);
	struct event event = { .where = to_peer(pair.near) };
	struct iovec empty = { NULL, 0 };
	struct msghdr message = { 0 };

	send_message(pair.near, &message, 0, &event);
	message.msg_iov = &empty;
	message.msg_iovlen = 1;
	send_message(pair.near, &message, MSG_DONTWAIT, &event);
	check_equal(event.ret, 0, "sendmsg of nothing");
}

/* ---- Addresses ----------------------------------------------------------------------- */

static void send_to(int fd, const struct address *to, const char *text)
{
	struct iovec iov = { (void *)text, strlen(text) };
	struct msghdr message = {
		.msg_name = (void *)&to->sa,
		.msg_namelen = to->len,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	struct event event = {
		.bytes = text,
		.len = iov.iov_len,
		.where = to_address(fd, to),
	};

	send_message(fd, &message, 0, &event);
	check_equal(event.ret, event.len, "sendmsg with an address");
}

static void addresses(void)
{
	struct address v4 = udp_sink("127.0.0.1"), other = udp_sink("127.0.0.9");
	struct address v6 = udp_sink("::1"), name = unix_address("@ways.address");
	int fd = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");

	send_to(fd, &v4, "unconnected, IPv4");
	send_to(fd, &other, "elsewhere");
	send_to(connected_socket(SOCK_DGRAM, &v4), &other, "connected to another one");
	fd = must(socket(AF_INET6, SOCK_DGRAM, 0), "socket");
	send_to(fd, &v6, "unconnected, IPv6");
	bound_socket(SOCK_DGRAM, &name);
	fd = must(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
	send_to(fd, &name, "to an abstract name");
}

/* ---- Ancillary data ------------------------------------------------------------------ */

struct control {
	char bytes[CONTROL_MAX];
	size_t len;
} __attribute__((aligned(sizeof(size_t))));

static void add_control(struct control *control, int level, int type, const void *data,
			size_t len)
{
	struct cmsghdr *header = (struct cmsghdr *)(control->bytes + control->len);

	header->cmsg_level = level;
	header->cmsg_type = type;
	header->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(header), data, len);
	control->len += CMSG_SPACE(len);
}

static void send_with(int fd, struct control *control, const char *cmsg, size_t len)
{
	char *text = text_number(control->len, len);
	struct iovec iov = { text, len };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control->bytes,
		.msg_controllen = control->len,
	};
	struct event event = {
		.bytes = text,
		.len = len,
		.where = to_peer(fd),
		.cmsg = cmsg,
	};

	send_message(fd, &message, 0, &event);
	check_equal(event.ret, len, "sendmsg with %s", cmsg);
	control->len = 0;
	free(text);
}

static void rights(void)
{
	struct ucred credentials = { getpid(), getuid(), getgid() };
	enum pair_kind kinds[] = { PAIR_UNIX_STREAM, PAIR_UNIX_DGRAM,
				   PAIR_UNIX_SEQPACKET };
	struct control control = { .len = 0 };
	int fds[] = { 0, 1, 2 };

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		int fd = pair_of(kinds[i]).near;

		add_control(&control, SOL_SOCKET, SCM_RIGHTS, fds, sizeof(int));
		send_with(fd, &control, "SCM_RIGHTS:1", 11);
		add_control(&control, SOL_SOCKET, SCM_RIGHTS, fds, sizeof(fds));
		send_with(fd, &control, "SCM_RIGHTS:3", 12);
		add_control(&control, SOL_SOCKET, SCM_CREDENTIALS, &credentials,
			    sizeof(credentials));
		send_with(fd, &control, "SCM_CREDENTIALS:12", 13);
		add_control(&control, SOL_SOCKET, SCM_CREDENTIALS, &credentials,
			    sizeof(credentials));
		add_control(&control, SOL_SOCKET, SCM_RIGHTS, fds, 2 * sizeof(int));
		send_with(fd, &control, "SCM_CREDENTIALS:12,SCM_RIGHTS:2", 14);
		add_control(&control, SOL_SOCKET, SCM_RIGHTS, fds, sizeof(int));
		add_control(&control, SOL_SOCKET, SCM_CREDENTIALS, &credentials,
			    sizeof(credentials));
		add_control(&control, SOL_SOCKET, SCM_RIGHTS, fds, sizeof(int));
		send_with(fd, &control, "SCM_RIGHTS:1,SCM_CREDENTIALS:12,+1", 15);
	}
}

static void inet_control(void)
{
	struct in_pktinfo from = { .ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK) };
	struct control control = { .len = 0 };
	int class = 8, fd = pair_of(PAIR_UDP4).near;

	add_control(&control, IPPROTO_IP, IP_PKTINFO, &from, sizeof(from));
	send_with(fd, &control, "IP_PKTINFO:12", 20);
	add_control(&control, IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof(class));
	send_with(pair_of(PAIR_UDP6).near, &control, "IPV6_TCLASS:4", 21);
	add_control(&control, UNKNOWN_LEVEL, 56, &class, sizeof(class));
	send_with(fd, &control, "1234/56:4", 22);
}

/* One call, several datagrams: the call is one event. */
static void segments(void)
{
	struct pair pair = pair_of(PAIR_UDP4);
	struct control control = { .len = 0 };
	uint16_t each = 1000;
	char got[4096];

	add_control(&control, IPPROTO_UDP, UDP_SEGMENT, &each, sizeof(each));
	send_with(pair.near, &control, "UDP_SEGMENT:2", 2500);
	check_equal(read(pair.far, got, sizeof(got)), 1000, "the first datagram");
	check_equal(read(pair.far, got, sizeof(got)), 1000, "the second one");
	check_equal(read(pair.far, got, sizeof(got)), 500, "the third one");
}

/* ---- sendmmsg ------------------------------------------------------------------------ */

enum {
	MESSAGES = 6,
	TOO_LONG = 70000,
};

static struct event event_of(int fd, const struct msghdr *message)
{
	return (struct event){
		.call = "sendmmsg",
		.fd = fd,
		.bytes = message->msg_iov->iov_base,
		.len = message->msg_iov->iov_len,
		.addr_len = message->msg_namelen,
		.where = to_peer(fd),
		.ret = message->msg_iov->iov_len,
	};
}

static struct mmsghdr message_of(struct iovec *iov, char *text, size_t len)
{
	*iov = (struct iovec){ text, len };
	return (struct mmsghdr){ .msg_hdr = { .msg_iov = iov, .msg_iovlen = 1 } };
}

/* Each message is an event; one that is too long ends the call, and is an event, too. */
static void many_on(enum pair_kind kind, int too_long)
{
	struct pair pair = pair_of(kind);
	struct mmsghdr messages[MESSAGES];
	struct iovec iov[MESSAGES];

	for (int i = 0; i < MESSAGES; i++) {
		size_t len = i == too_long ? TOO_LONG : 100 + i;

		messages[i] = message_of(&iov[i], text_number(i, len), len);
	}
	check_equal(sendmmsg(pair.near, messages, MESSAGES, 0), too_long ? too_long : -1,
		    "messages sent");
	for (int i = 0; i < MESSAGES && i <= too_long; i++) {
		struct event event = event_of(pair.near, &messages[i].msg_hdr);

		if (i == too_long)
			event.ret = -EMSGSIZE;
		else
			must_arrive(pair.far, iov[i].iov_base, iov[i].iov_len,
				    "a message");
		expect_event(&event);
	}
}

static void messages(void)
{
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++)
		many_on(kind, MESSAGES);
}

static void messages_fail(void)
{
	many_on(PAIR_UDP4, 2);
	many_on(PAIR_UDP6, 0);
}

/* The first one is copied late, so those after it have to wait. */
static void messages_behind(void)
{
	static const size_t lens[] = { 20000, 100, 200 };
	struct pair pair = pair_of(PAIR_UDP4);
	struct mmsghdr messages[COUNT_OF(lens)];
	struct iovec iov[COUNT_OF(lens)];

	for (size_t i = 0; i < COUNT_OF(lens); i++)
		messages[i] = message_of(&iov[i], text_number(i, lens[i]), lens[i]);
	check_equal(sendmmsg(pair.near, messages, COUNT_OF(lens), 0), COUNT_OF(lens),
		    "messages sent");
	for (size_t i = 0; i < COUNT_OF(lens); i++) {
		struct event event = event_of(pair.near, &messages[i].msg_hdr);

		expect_event(&event);
	}
}

/* One destination twice, then another one: each message has its own. */
static void messages_addresses(void)
{
	struct address to[] = { udp_sink("127.0.0.1"), udp_sink("127.0.0.2") };
	int fd = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	struct mmsghdr messages[MESSAGES];
	struct iovec iov[MESSAGES];

	for (int i = 0; i < MESSAGES; i++) {
		messages[i] = message_of(&iov[i], text_number(i, 50), 50);
		messages[i].msg_hdr.msg_name = &to[i / 2 % 2].sa;
		messages[i].msg_hdr.msg_namelen = to[i / 2 % 2].len;
	}
	check_equal(sendmmsg(fd, messages, MESSAGES, 0), MESSAGES, "messages sent");
	for (int i = 0; i < MESSAGES; i++) {
		struct event event = {
			.call = "sendmmsg",
			.fd = fd,
			.bytes = iov[i].iov_base,
			.len = 50,
			.addr_len = to[0].len,
			.where = to_address(fd, &to[i / 2 % 2]),
			.ret = 50,
		};

		expect_event(&event);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "pieces", pieces },
		{ "long_pieces", long_pieces },
		{ "nothing", nothing },
		{ "addresses", addresses },
		{ "rights", rights },
		{ "inet_control", inet_control },
		{ "segments", segments },
		{ "messages", messages },
		{ "messages_fail", messages_fail },
		{ "messages_behind", messages_behind },
		{ "messages_addresses", messages_addresses },
		{},
	};

	return run_cases(argc, argv, cases);
}
