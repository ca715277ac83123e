// SPDX-License-Identifier: GPL-2.0
/* What begins a connection and what ends it: accept, connect, shutdown; also by io_uring. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "expect_ways.h"
#include "far.h"
#include "uring.h"

static struct uring ring;

static void need_ring(int op, const char *name)
{
	if (!uring_open(&ring, 0))
		skip("io_uring cannot be used here");
	uring_need(&ring, op, name);
}

/* ---- accept ---------------------------------------------------------------------------- */

static int by_accept(int listening)
{
	return accept(listening, NULL, NULL);
}

static int by_accept4(int listening)
{
	struct address from = { .len = sizeof(from.sa) };

	return accept4(listening, (struct sockaddr *)&from.sa, &from.len, SOCK_CLOEXEC);
}

static int by_ring(int listening)
{
	struct io_uring_sqe sqe = uring_request(IORING_OP_ACCEPT, listening, NULL, 0);

	return uring_call(&ring, &sqe);
}

static void accepts(const char *call, int (*make)(int listening))
{
	struct address any[] = { inet_address("127.0.0.1", 0), inet_address("::1", 0),
				 unix_address("@lifecycle.accept") };

	for (size_t i = 0; i < COUNT_OF(any); i++) {
		int listening = listener(SOCK_STREAM, &any[i]), fd;
		struct address to = local_address(listening);

		far_connects(SOCK_STREAM, &to, 3);
		for (int turn = 0; turn < 3; turn++) {
			fd = must(make(listening), "accepting");
			expect_accept(call, listening, fd);
		}
	}
}

static void accept_plain(void)
{
	accepts("accept", by_accept);
}

static void accept_four(void)
{
	accepts("accept", by_accept4);
}

static void accept_ring(void)
{
	need_ring(IORING_OP_ACCEPT, "IORING_OP_ACCEPT");
	accepts("io_uring", by_ring);
}

/* An accept that waits in the ring: its first, vain attempt is no event. */
static void accept_ring_waits(void)
{
	struct address any = inet_address("127.0.0.1", 0), to;
	int listening = listener(SOCK_STREAM, &any);
	struct io_uring_sqe sqe = uring_request(IORING_OP_ACCEPT, listening, NULL, 0);

	need_ring(IORING_OP_ACCEPT, "IORING_OP_ACCEPT");
	to = local_address(listening);
	uring_submit(&ring, &sqe);
	far_connects(SOCK_STREAM, &to, 1);
	expect_accept("io_uring", listening, must(uring_wait(&ring), "an accept"));
}

/* ---- connect --------------------------------------------------------------------------- */

static long connect_plain(int fd, const struct address *to)
{
	return connect(fd, (const struct sockaddr *)&to->sa, to->len);
}

static long connect_by_ring(int fd, const struct address *to)
{
	struct io_uring_sqe sqe = uring_request(IORING_OP_CONNECT, fd, &to->sa, 0);

	sqe.off = to->len;
	return uring_call(&ring, &sqe);
}

static const char *call_of_connect;
static long (*make_connect)(int fd, const struct address *to);

/*
 * A connect of io_uring that waits is shown when it begins. Its result has a line of its own only
 * if the kernel makes the call again; "maybe" before that line is for the case. When it waits
 * it has a local address, here the same as the other end's, which some kernels take away from a
 * socket that is refused; the port remains.
 */
static void expect_waiting(int fd, const struct address *to)
{
	struct address local = *to, now = local_address(fd);
	struct where where = to_address(fd, to);

	/* At the same place in both families. */
	((struct sockaddr_in *)&local.sa)->sin_port =
		((struct sockaddr_in *)&now.sa)->sin_port;
	expect_connect_from(call_of_connect, fd, &local, &where, -EINPROGRESS);
	printf("maybe ");
}

/* Expect a new connection of @type to @to; -errno where it is to fail. Return the socket. */
static int try_connect(int type, const struct address *to, long want)
{
	int fd = must(socket(to->sa.ss_family, type, 0), "socket");
	struct where where;
	long ret = result_of(make_connect(fd, to));

	check_equal(ret, want, "connect");
	if (without_fd(call_of_connect) && type == SOCK_STREAM &&
	    to->sa.ss_family != AF_UNIX)
		expect_waiting(fd, to);
	where = ret ? to_address(fd, to) : to_peer(fd);
	expect_connect(call_of_connect, fd, &where, ret);
	return fd;
}

static struct address nobody_listens(const char *ip)
{
	struct address any = inet_address(ip, 0), address;
	int fd = bound_socket(SOCK_STREAM, &any);

	address = local_address(fd);
	close(fd);
	return address;
}

static void connects(void)
{
	struct address any[] = { inet_address("127.0.0.1", 0), inet_address("::1", 0),
				 unix_address("@lifecycle.connect"),
				 unix_address("./lifecycle.sock") };
	struct address to;

	for (size_t i = 0; i < COUNT_OF(any); i++) {
		to = far_listening(SOCK_STREAM, &any[i]);
		try_connect(SOCK_STREAM, &to, 0);
	}
	to = nobody_listens("127.0.0.1");
	try_connect(SOCK_STREAM, &to, -ECONNREFUSED);
	to = nobody_listens("::1");
	try_connect(SOCK_STREAM, &to, -ECONNREFUSED);
	to = unix_address("./nobody.sock");
	try_connect(SOCK_STREAM, &to, -ENOENT);
	to = unix_address("@nobody");
	try_connect(SOCK_STREAM, &to, -ECONNREFUSED);
	to = udp_sink("127.0.0.1");
	try_connect(SOCK_DGRAM, &to, 0);
	to = udp_sink("::1");
	try_connect(SOCK_DGRAM, &to, 0);
}

static void connect_(void)
{
	call_of_connect = "connect";
	make_connect = connect_plain;
	connects();
}

static void connect_ring(void)
{
	need_ring(IORING_OP_CONNECT, "IORING_OP_CONNECT");
	call_of_connect = "io_uring";
	make_connect = connect_by_ring;
	connects();
}

/* Three calls for one connection: it begins, it is there, it is there already. */
static void connect_later(void)
{
	struct address any = inet_address("127.0.0.1", 0);
	struct address to = far_listening(SOCK_STREAM, &any);
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
	struct deadline deadline = { 0 };
	struct where where = to_address(fd, &to);
	struct address peer = { .len = sizeof(peer.sa) };
	long ret = result_of(connect_plain(fd, &to));

	check_equal(ret, -EINPROGRESS, "a connect that does not wait");
	expect_connect("connect", fd, &where, ret);
	while (getpeername(fd, (struct sockaddr *)&peer.sa, &peer.len) < 0)
		look_again(&deadline, "a connection");
	ret = result_of(connect_plain(fd, &to));
	check_equal(ret, 0, "a connect afterwards");
	expect_connect("connect", fd, &where, ret);
	ret = result_of(connect_plain(fd, &to));
	check_equal(ret, -EISCONN, "a connect after that");
	expect_connect("connect", fd, &where, ret);
}

/* ---- shutdown -------------------------------------------------------------------------- */

static long shutdown_by_ring(int fd, int how)
{
	struct io_uring_sqe sqe = uring_request(IORING_OP_SHUTDOWN, fd, NULL, how);

	return uring_call(&ring, &sqe);
}

static long shutdown_plain(int fd, int how)
{
	return shutdown(fd, how);
}

static void shutdowns(const char *call, long (*make)(int fd, int how))
{
	static const int hows[] = { SHUT_RD, SHUT_WR, SHUT_RDWR };
	struct address any[] = { inet_address("127.0.0.1", 0), inet_address("::1", 0),
				 unix_address("@lifecycle.shutdown") };
	struct where nowhere = to_nowhere(AF_INET);
	int fd = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	long ret;

	for (size_t i = 0; i < COUNT_OF(any); i++) {
		struct address to = far_listening(SOCK_STREAM, &any[i]);

		for (size_t j = 0; j < COUNT_OF(hows); j++) {
			int connected = connected_socket(SOCK_STREAM, &to);
			struct where where = to_peer(connected);

			ret = result_of(make(connected, hows[j]));
			check_equal(ret, 0, "shutdown");
			expect_shutdown(call, connected, hows[j], &where, ret);
		}
	}
	ret = result_of(make(fd, SHUT_WR));
	check_equal(ret, -ENOTCONN, "shutdown of what is not connected");
	expect_shutdown(call, fd, SHUT_WR, &nowhere, ret);
	ret = result_of(make(fd, 7));
	check_equal(ret, -EINVAL, "shutdown of what does not exist");
	expect_shutdown(call, fd, 7, &nowhere, ret);
}

static void shutdown_(void)
{
	shutdowns("shutdown", shutdown_plain);
	check_errno(shutdown(STDIN_FILENO, SHUT_WR), ENOTSOCK, "shutdown of no socket");
}

static void shutdown_ring(void)
{
	need_ring(IORING_OP_SHUTDOWN, "IORING_OP_SHUTDOWN");
	shutdowns("io_uring", shutdown_by_ring);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "accept", accept_plain },
		{ "accept4", accept_four },
		{ "accept_ring", accept_ring },
		{ "accept_ring_waits", accept_ring_waits },
		{ "connect", connect_ },
		{ "connect_ring", connect_ring },
		{ "connect_later", connect_later },
		{ "shutdown", shutdown_ },
		{ "shutdown_ring", shutdown_ring },
		{},
	};

	return run_cases(argc, argv, cases);
}
