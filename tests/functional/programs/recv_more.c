// SPDX-License-Identifier: GPL-2.0
/* What a receive may bring besides all of the bytes: parts of them, nothing, or an error. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "expect_ways.h"
#include "ways_calls.h"
#include "ways_pairs.h"

enum {
	ROOM = 100,
};

static char got[ROOM];

/* recv(), and its line: @flags are asked for, @shown are shown. */
static struct event received(int fd, size_t room, int flags, unsigned int shown)
{
	struct event event = {
		.call = "recvfrom",
		.fd = fd,
		.received = true,
		.bytes = got,
		.len = room,
		.flags = shown,
		.where = to_peer(fd),
	};

	event.ret = result_of(recv(fd, got, room, flags));
	return event;
}

static void receive(int fd, size_t room, int flags, unsigned int shown, long want)
{
	struct event event = received(fd, room, flags, shown);

	check_equal(event.ret, want, "recv with flags 0x%x", flags);
	expect_event(&event);
}

static void put(int fd, size_t len)
{
	char *text = text_number(len, len);

	check_equal(write(fd, text, len), len, "sending");
	free(text);
}

static void peek(void)
{
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		struct pair pair = pair_of(kind);

		put(pair.far, 40);
		receive(pair.near, ROOM, MSG_PEEK, MSG_PEEK, 40);
		receive(pair.near, ROOM, MSG_PEEK, MSG_PEEK, 40);
		receive(pair.near, ROOM, 0, 0, 40);
	}
}

/* A datagram that is longer than the room: flg says so, and with MSG_TRUNC ret is its length. */
static void truncated(void)
{
	static const enum pair_kind kinds[] = { PAIR_UDP4, PAIR_UDP6, PAIR_UNIX_DGRAM };

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct pair pair = pair_of(kinds[i]);

		put(pair.far, 40);
		receive(pair.near, 10, 0, MSG_TRUNC, 10);
		put(pair.far, 41);
		receive(pair.near, 10, MSG_TRUNC, MSG_TRUNC, 41);
		put(pair.far, 42);
		receive(pair.near, ROOM, MSG_TRUNC, MSG_TRUNC, 42);
		put(pair.far, 43);
		receive(pair.near, 10, MSG_PEEK | MSG_TRUNC, MSG_PEEK | MSG_TRUNC, 43);
		receive(pair.near, 0, 0, MSG_TRUNC, 0);
	}
}

/* TCP throws the bytes away: there is nothing to show. */
static void thrown_away(void)
{
	struct pair pair = pair_of(PAIR_TCP4);
	struct event event;

	put(pair.far, 40);
	event = received(pair.near, ROOM, MSG_TRUNC, MSG_TRUNC);
	check_equal(event.ret, 40, "recv with MSG_TRUNC on TCP");
	event.why = "not_copied";
	expect_event(&event);
	put(pair.far, 41);
	receive(pair.near, ROOM, 0, 0, 41);
}

/* Several sends, one receive. */
static void wait_all(void)
{
	struct pair pair = pair_of(PAIR_TCP4);

	put(pair.far, 20);
	put(pair.far, 30);
	put(pair.far, 25);
	receive(pair.near, 75, MSG_WAITALL, MSG_WAITALL, 75);
}

/* No line: not while it waits, not when it gives up. */
static void would_block(void)
{
	struct timeval soon = { .tv_usec = 20000 };
	struct ways ways;

	ways_open(&ways);
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		struct pair pair = pair_of(kind);
		int fd = pair.near;

		check_errno(recv(fd, got, ROOM, MSG_DONTWAIT), EAGAIN, "recv");
		check_errno(way_make(&ways, way_named(ways_to_receive, "recvmsg"),
				     socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), got,
				     ROOM),
			    EAGAIN, "recvmsg, non-blocking");
		must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)),
		     "SO_RCVTIMEO");
		check_errno(read(fd, got, ROOM), EAGAIN, "read that times out");
		put(pair.far, 33);
		receive(fd, ROOM, 0, 0, 33);
	}
}

/* The end of a connection is a receive of nothing. */
static void end(void)
{
	static const enum pair_kind kinds[] = { PAIR_TCP4, PAIR_TCP6, PAIR_UNIX_STREAM,
						PAIR_UNIX_SEQPACKET };

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct pair pair = pair_of(kinds[i]);

		put(pair.far, 12);
		shutdown(pair.far, SHUT_WR);
		receive(pair.near, ROOM, 0, 0, 12);
		receive(pair.near, ROOM, 0, 0, 0);
		receive(pair.near, ROOM, 0, 0, 0);
	}
}

static void fails(void)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };
	int tcp = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	int un = must(socket(AF_UNIX, SOCK_SEQPACKET, 0), "socket");
	struct pair pair = pair_of(PAIR_TCP4), udp = pair_of(PAIR_UDP4);
	struct event event = {
		.call = "recvfrom", .fd = tcp, .received = true, .len = ROOM
	};

	event.where = to_nowhere(AF_INET);
	event.ret = result_of(recv(tcp, got, ROOM, 0));
	check_equal(event.ret, -ENOTCONN, "recv on TCP that is not connected");
	expect_event(&event);
	event.fd = un;
	event.where = to_nowhere(AF_UNIX);
	event.ret = result_of(recv(un, got, ROOM, 0));
	check_equal(event.ret, -ENOTCONN, "recv on a unix socket that is not connected");
	expect_event(&event);
	event.where = to_peer(pair.near);
	must(setsockopt(pair.far, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), "SO_LINGER");
	close(pair.far);
	event.fd = pair.near;
	event.ret = result_of(recv(pair.near, got, ROOM, 0));
	check_equal(event.ret, -ECONNRESET, "recv on a connection that was reset");
	expect_event(&event);
	put(udp.far, 20);
	event.fd = udp.near;
	event.where = to_peer(udp.near);
	event.ret = result_of(recv(udp.near, (void *)8, ROOM, 0));
	check_equal(event.ret, -EFAULT, "recv into memory that does not exist");
	expect_event(&event);
}

/* Nobody listens: what the network answers is no message. */
static void error_queue(void)
{
	struct address to = inet_address("127.0.0.1", 9);
	int yes = 1, fd = connected_socket(SOCK_DGRAM, &to);
	struct deadline deadline = { 0 };
	struct event event;

	must(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &yes, sizeof(yes)), "IP_RECVERR");
	must(write(fd, "hello", 5), "write");
	while (!take_notifications(fd))
		look_again(&deadline, "an answer to a datagram that nobody wants");
	must(write(fd, "hello", 5), "write");
	event = received(fd, ROOM, 0, 0);
	check_equal(event.ret, -ECONNREFUSED, "recv after it");
	expect_event(&event);
	check_equal(take_notifications(fd), 1, "answers");
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	signals += number == SIGUSR1;
}

static void *interrupt(void *arg)
{
	pid_t tid = *(pid_t *)arg;

	wait_blocked(tid, SYS_recvfrom);
	must(syscall(SYS_tgkill, getpid(), tid, SIGUSR1), "tgkill");
	return NULL;
}

/* The kernel's own errno is shown, also where the caller sees EINTR. */
static void interrupted(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	pid_t tid = syscall(SYS_gettid);
	struct pair pair = pair_of(PAIR_TCP4);
	struct event event;
	pthread_t thread;

	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&thread, NULL, interrupt, &tid);
	event = received(pair.near, ROOM, 0, 0);
	check_equal(event.ret, -EINTR, "recv that a signal interrupts");
	check_equal(signals, 1, "signals");
	pthread_join(thread, NULL);
	event.ret = -EXPECT_RESTARTSYS;
	expect_event(&event);
	put(pair.far, 7);
	receive(pair.near, ROOM, 0, 0, 7);
}

/* ---- io_uring beside a call ------------------------------------------------------------- */

enum {
	/* As no descriptor of a socket here. */
	FIRST_PART = 2,
	SENT = 10,
};

struct sender {
	pid_t tid;
	long nr;
	int fd;
};

static void *send_when_blocked(void *arg)
{
	struct sender *sender = arg;

	wait_blocked(sender->tid, sender->nr);
	put(sender->fd, SENT);
	return NULL;
}

/*
 * A request waits for the socket, then a call does: both are woken by the same bytes. The call
 * takes the first of them, and at its end io_uring takes the others in the same thread.
 */
static void at_the_end_of(const char *call, long nr)
{
	struct pair pair = pair_of(PAIR_TCP4);
	struct sender sender = { .tid = syscall(SYS_gettid), .nr = nr, .fd = pair.far };
	struct event event = {
		.call = call,
		.fd = pair.near,
		.received = true,
		.bytes = got,
		.len = FIRST_PART,
		.where = to_peer(pair.near),
	};
	char rest[ROOM];
	struct io_uring_sqe sqe =
		uring_request(IORING_OP_RECV, pair.near, rest, sizeof(rest));
	struct uring ring;
	pthread_t thread;

	must(uring_open(&ring, 0) ? 0 : -1, "io_uring_setup");
	uring_submit(&ring, &sqe);
	pthread_create(&thread, NULL, send_when_blocked, &sender);
	event.ret = nr == SYS_read ? read(pair.near, got, FIRST_PART) :
				     recv(pair.near, got, FIRST_PART, 0);
	pthread_join(thread, NULL);
	check_equal(event.ret, FIRST_PART, "%s", call);
	expect_event(&event);
	event = (struct event){
		.call = "io_uring",
		.fd = -1,
		.received = true,
		.bytes = rest,
		.len = sizeof(rest),
		.where = to_peer(pair.near),
	};
	event.ret = uring_wait(&ring);
	check_equal(event.ret, SENT - FIRST_PART, "io_uring's RECV after %s", call);
	expect_event(&event);
	uring_close(&ring);
}

static void by_ring(void)
{
	at_the_end_of("recvfrom", SYS_recvfrom);
	at_the_end_of("read", SYS_read);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "peek", peek },
		{ "truncated", truncated },
		{ "thrown_away", thrown_away },
		{ "wait_all", wait_all },
		{ "would_block", would_block },
		{ "end", end },
		{ "fails", fails },
		{ "error_queue", error_queue },
		{ "interrupted", interrupted },
		{ "by_ring", by_ring },
		{},
	};

	return run_cases(argc, argv, cases);
}
