// SPDX-License-Identifier: GPL-2.0
/*
 * Built for 32 bits: what goes through the kernel's compatibility layer, or through socketcall,
 * besides send() and sendto().
 */
#include <errno.h>
#include <linux/net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "expect_ways.h"
#include "ways_pairs.h"

#if __SIZEOF_POINTER__ != 4
#error expected to be built for 32 bit
#endif

enum {
	ROOM = 100,
	MESSAGES = 3,
};

static char got[ROOM];

static struct event event_of(const char *call, int fd, const char *bytes, bool received)
{
	return (struct event){
		.call = call,
		.fd = fd,
		.bytes = bytes,
		.len = received ? ROOM : strlen(bytes),
		.received = received,
		.where = to_peer(fd),
		.ret = strlen(bytes),
	};
}

/* Two pieces; @text is what they hold together. */
static void two_pieces(struct iovec iov[2], char *text, size_t len)
{
	iov[0] = (struct iovec){ text, 3 };
	iov[1] = (struct iovec){ text + 3, len - 3 };
}

static void expect_sent(const char *call, struct pair pair, const char *text, long ret)
{
	struct event event = event_of(call, pair.near, text, false);

	check_equal(ret, event.ret, "%s", call);
	far_must_get(pair.far, text, call);
	expect_event(&event);
}

static void expect_got(const char *call, struct pair pair, const char *text, long ret)
{
	struct event event = event_of(call, pair.near, text, true);

	check_equal(ret, event.ret, "%s", call);
	check(memcmp(got, text, strlen(text)) == 0, "%s: what arrived is what was sent",
	      call);
	memset(got, 0, sizeof(got));
	expect_event(&event);
}

/* ---- Vectors --------------------------------------------------------------------------- */

static void vectors(void)
{
	char text[] = "sent by writev", read_by[] = "read by readv";
	struct iovec iov[2];

	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		struct pair pair = pair_of(kind);

		two_pieces(iov, text, strlen(text));
		expect_sent("writev", pair, text, syscall(SYS_writev, pair.near, iov, 2));
		far_puts(pair.far, read_by);
		two_pieces(iov, got, ROOM);
		expect_got("readv", pair, read_by, syscall(SYS_readv, pair.near, iov, 2));
	}
}

static void plain(void)
{
	struct pair pair = pair_of(PAIR_TCP4);

	expect_sent("write", pair, "by write",
		    syscall(SYS_write, pair.near, "by write", 8));
	far_puts(pair.far, "by read");
	expect_got("read", pair, "by read", syscall(SYS_read, pair.near, got, ROOM));
	far_puts(pair.far, "by recvfrom");
	expect_got("recvfrom", pair, "by recvfrom",
		   syscall(SYS_recvfrom, pair.near, got, ROOM, 0, NULL, NULL));
}

/* ---- Messages, directly and through socketcall ----------------------------------------- */

#ifdef SYS_socketcall
static long call_socket(int number, long fd, void *at, long third, long fourth,
			long fifth)
{
	unsigned long args[] = { fd, (unsigned long)at, third, fourth, fifth, 0 };

	return syscall(SYS_socketcall, number, args);
}
#endif

struct calls {
	long (*sendmsg)(int fd, struct msghdr *message);
	long (*recvmsg)(int fd, struct msghdr *message);
	long (*sendmmsg)(int fd, struct mmsghdr *messages, int number);
	long (*recvmmsg)(int fd, struct mmsghdr *messages, int number);
};

static void one_message(const struct calls *calls, struct pair pair)
{
	char text[] = "sent by sendmsg", received[] = "received by recvmsg";
	struct iovec iov[2];
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = 2 };

	two_pieces(iov, text, strlen(text));
	expect_sent("sendmsg", pair, text, calls->sendmsg(pair.near, &message));
	far_puts(pair.far, received);
	two_pieces(iov, got, ROOM);
	message = (struct msghdr){ .msg_iov = iov, .msg_iovlen = 2 };
	expect_got("recvmsg", pair, received, calls->recvmsg(pair.near, &message));
}

static void messages_of(const struct calls *calls, struct pair pair)
{
	static const char *const texts[MESSAGES] = { "first", "second one", "third" };
	char room[MESSAGES][ROOM];
	struct mmsghdr messages[MESSAGES] = { 0 };
	struct iovec iov[MESSAGES];

	for (int i = 0; i < MESSAGES; i++) {
		iov[i] = (struct iovec){ (void *)texts[i], strlen(texts[i]) };
		messages[i].msg_hdr.msg_iov = &iov[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	check_equal(calls->sendmmsg(pair.near, messages, MESSAGES), MESSAGES, "sendmmsg");
	for (int i = 0; i < MESSAGES; i++)
		expect_sent("sendmmsg", pair, texts[i], messages[i].msg_len);
	for (int i = 0; i < MESSAGES; i++) {
		far_puts(pair.far, texts[i]);
		iov[i] = (struct iovec){ room[i], ROOM };
	}
	check_equal(calls->recvmmsg(pair.near, messages, MESSAGES), MESSAGES, "recvmmsg");
	for (int i = 0; i < MESSAGES; i++) {
		memcpy(got, room[i], ROOM);
		expect_got("recvmmsg", pair, texts[i], messages[i].msg_len);
	}
}

static void all_messages(const struct calls *calls)
{
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++)
		one_message(calls, pair_of(kind));
	messages_of(calls, pair_of(PAIR_UDP4));
	messages_of(calls, pair_of(PAIR_UNIX_DGRAM));
}

static long direct_sendmsg(int fd, struct msghdr *message)
{
	return syscall(SYS_sendmsg, fd, message, 0);
}

static long direct_recvmsg(int fd, struct msghdr *message)
{
	return syscall(SYS_recvmsg, fd, message, 0);
}

static long direct_sendmmsg(int fd, struct mmsghdr *messages, int number)
{
	return syscall(SYS_sendmmsg, fd, messages, number, 0);
}

static long direct_recvmmsg(int fd, struct mmsghdr *messages, int number)
{
	return syscall(SYS_recvmmsg, fd, messages, number, 0, NULL);
}

static void direct(void)
{
	static const struct calls calls = { direct_sendmsg, direct_recvmsg,
					    direct_sendmmsg, direct_recvmmsg };

	all_messages(&calls);
}

#ifdef SYS_recvmmsg_time64
static long direct_recvmmsg64(int fd, struct mmsghdr *messages, int number)
{
	return syscall(SYS_recvmmsg_time64, fd, messages, number, 0, NULL);
}

static void time64(void)
{
	static const struct calls calls = { direct_sendmsg, direct_recvmsg,
					    direct_sendmmsg, direct_recvmmsg64 };

	messages_of(&calls, pair_of(PAIR_UDP4));
}
#else
static void time64(void)
{
	skip("built without recvmmsg_time64");
}
#endif

#ifdef SYS_socketcall
static long socketcall_sendmsg(int fd, struct msghdr *message)
{
	return call_socket(SYS_SENDMSG, fd, message, 0, 0, 0);
}

static long socketcall_recvmsg(int fd, struct msghdr *message)
{
	return call_socket(SYS_RECVMSG, fd, message, 0, 0, 0);
}

static long socketcall_sendmmsg(int fd, struct mmsghdr *messages, int number)
{
	return call_socket(SYS_SENDMMSG, fd, messages, number, 0, 0);
}

static long socketcall_recvmmsg(int fd, struct mmsghdr *messages, int number)
{
	return call_socket(SYS_RECVMMSG, fd, messages, number, 0, 0);
}

static void socketcall(void)
{
	static const struct calls calls = { socketcall_sendmsg, socketcall_recvmsg,
					    socketcall_sendmmsg, socketcall_recvmmsg };
	struct pair pair = pair_of(PAIR_UDP4);

	all_messages(&calls);
	far_puts(pair.far, "by recv");
	expect_got("recvfrom", pair, "by recv",
		   call_socket(SYS_RECV, pair.near, got, ROOM, 0, 0));
	far_puts(pair.far, "by recvfrom");
	expect_got("recvfrom", pair, "by recvfrom",
		   call_socket(SYS_RECVFROM, pair.near, got, ROOM, 0, 0));
}

static void socketcall_life(void)
{
	struct address any = inet_address("127.0.0.1", 0), to;
	int listening = listener(SOCK_STREAM, &any), fd, accepted;
	struct where where;

	to = local_address(listening);
	fd = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	check_equal(call_socket(SYS_CONNECT, fd, &to.sa, to.len, 0, 0), 0, "connect");
	where = to_peer(fd);
	expect_connect("connect", fd, &where, 0);
	accepted = must(call_socket(SYS_ACCEPT, listening, NULL, 0, 0, 0), "accept");
	expect_accept("accept", listening, accepted);
	check_equal(call_socket(SYS_SHUTDOWN, fd, (void *)SHUT_WR, 0, 0, 0), 0,
		    "shutdown");
	expect_shutdown("shutdown", fd, SHUT_WR, &where, 0);
}
#else
static void socketcall(void)
{
	skip("this architecture has no socketcall");
}

static void socketcall_life(void)
{
	skip("this architecture has no socketcall");
}
#endif /* SYS_socketcall */

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "vectors", vectors },
		{ "plain", plain },
		{ "direct", direct },
		{ "time64", time64 },
		{ "socketcall", socketcall },
		{ "socketcall_life", socketcall_life },
		{},
	};

	return run_cases(argc, argv, cases);
}
