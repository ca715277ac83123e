// SPDX-License-Identifier: GPL-2.0
/* Sends that fail, and sends of zero bytes. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"

struct interrupted {
	pid_t tid;
	int fds[2];
};

/* TCP: the peer reset the connection. The first call gives ECONNRESET, the next ones EPIPE. */
static void reset(void)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };
	struct pair tcp = tcp_pair();
	struct where where = to_peer(tcp.near);

	must(setsockopt(tcp.far, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), "SO_LINGER");
	close(tcp.far);
	check_errno(traced_send(tcp.near, "first", 5, MSG_NOSIGNAL, &where), ECONNRESET,
		    "first send after a reset");
	check_errno(traced_send(tcp.near, "second", 6, MSG_NOSIGNAL, &where), EPIPE,
		    "second send after a reset");
}

static void shut_down(void)
{
	struct pair tcp = tcp_pair();
	struct where where = to_peer(tcp.near);

	must(shutdown(tcp.near, SHUT_WR), "shutdown");
	check_errno(traced_send(tcp.near, "late", 4, MSG_NOSIGNAL, &where), EPIPE,
		    "send after shutdown");
}

/* No address is known. */
static void no_destination(void)
{
	static const struct {
		int family, type, error;
	} sockets[] = {
		{ AF_INET, SOCK_DGRAM, EDESTADDRREQ },
		{ AF_INET6, SOCK_DGRAM, EDESTADDRREQ },
		{ AF_INET, SOCK_STREAM, EPIPE },
		{ AF_INET6, SOCK_STREAM, EPIPE },
		{ AF_UNIX, SOCK_STREAM, ENOTCONN },
		{ AF_UNIX, SOCK_DGRAM, ENOTCONN },
		{ AF_UNIX, SOCK_SEQPACKET, ENOTCONN },
	};

	for (size_t i = 0; i < COUNT_OF(sockets); i++) {
		int fd = must(socket(sockets[i].family, sockets[i].type, 0), "socket");
		struct where where = to_nowhere(sockets[i].family);

		check_errno(traced_send(fd, "where", 5, MSG_NOSIGNAL, &where),
			    sockets[i].error,
			    "send without a destination, family %d type %d",
			    sockets[i].family, sockets[i].type);
	}
}

static void refused_addresses(void)
{
	struct address gone = unix_address("./nobody.here"), in = udp_sink("127.0.0.1");
	struct address name = unix_address("@refused.stream");
	int dgram = must(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
	int udp = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	struct pair stream = connected_pair(SOCK_STREAM, &name);
	struct where where = to_address(dgram, &gone);

	check_errno(traced_sendto(dgram, "x", 1, 0, &gone, &where), ENOENT,
		    "datagram to a name that does not exist");
	where = to_address(udp, &in);
	((struct sockaddr_in *)&in.sa)->sin_port = 0;
	((struct sockaddr_in *)&where.to.sa)->sin_port = 0;
	check_errno(traced_sendto(udp, "x", 1, 0, &in, &where), EINVAL,
		    "datagram to port 0");
	where = to_peer(stream.near);
	check_errno(traced_sendto(stream.near, "x", 1, 0, &gone, &where), EISCONN,
		    "sendto with an address on a connected stream");
}

/* Longer than the largest datagram: its beginning is shown nevertheless. */
static void message_size(void)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	struct where where = to_peer(fd);
	size_t len = 65508;
	char *bytes = malloc(len);

	memset(bytes, 'm', len);
	check_errno(traced_send(fd, bytes, len, 0, &where), EMSGSIZE,
		    "send of a datagram that is too large");
	check_equal(traced_send(fd, bytes, len - 1, 0, &where), len - 1,
		    "send of the largest datagram");
}

static void would_block(void)
{
	struct pair tcp = tcp_pair();
	struct where where = to_peer(tcp.near);
	struct deadline deadline = { 0 };
	int fds[2];

	/* The far end may accept a little more; that is shown, but not what is refused. */
	do {
		look_again(&deadline, "a send that would block");
		fill_send_buffer(tcp.near);
	} while (traced_send(tcp.near, "full", 4, MSG_DONTWAIT, &where) > 0);
	check_errno(-1, EAGAIN, "send into a full TCP buffer");
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "socketpair");
	where = to_peer(fds[0]);
	fill_send_buffer(fds[0]);
	check_errno(traced_send(fds[0], "full", 4, MSG_DONTWAIT, &where), EAGAIN,
		    "send into a full unix buffer");
}

/*
 * Nobody need send a refused datagram again, so its beginning is shown. On RT the other end is
 * looked at after the call, and not if that failed.
 */
static void would_block_datagram(void)
{
	static char bytes[3 * EXPECT_FAILED_MAX];
	struct where where;
	int fds[2];

	memset(bytes, 'd', sizeof(bytes));
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), "socketpair");
	where = is_rt() ? to_nowhere(AF_UNIX) : to_peer(fds[0]);
	fill_send_buffer(fds[0]);
	check_errno(traced_send(fds[0], bytes, sizeof(bytes), MSG_DONTWAIT, &where),
		    EAGAIN, "a long datagram into a full unix buffer");
	check_errno(traced_send(fds[0], bytes, 100, MSG_DONTWAIT, &where), EAGAIN,
		    "a short datagram into a full unix buffer");
}

/* What a server with a slow client does: the same megabyte is refused again and again. */
static void refused(void)
{
	size_t len = 1 << 20;
	char *bytes = malloc(len);
	struct where where;
	int fds[2];

	memset(bytes, 'r', len);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "socketpair");
	where = to_peer(fds[0]);
	fill_send_buffer(fds[0]);
	for (int i = 0; i < 40; i++)
		check_errno(traced_send(fds[0], bytes, len, MSG_DONTWAIT, &where), EAGAIN,
			    "a refused send");
	where = to_nowhere(0);
	check_errno(traced_send(-1, bytes, len, 0, &where), EBADF, "a send to no file");
	free(bytes);
}

static volatile bool signalled;

static void on_signal(int number)
{
	(void)number;
	signalled = true;
}

/* Interrupts the send while it sleeps; when it sleeps again, lets it end. */
static void *interrupt_and_drain(void *arg)
{
	struct interrupted *call = arg;
	struct deadline deadline = { 0 };

	wait_blocked(call->tid, SYS_sendto);
	must(syscall(SYS_tgkill, getpid(), call->tid, SIGUSR1), "tgkill");
	while (!signalled)
		look_again(&deadline, "a signal to be handled");
	wait_blocked(call->tid, SYS_sendto);
	drain(call->fds[1], SIZE_MAX);
	return NULL;
}

/* The payload is shown once, though the kernel makes the call twice. */
static void restarted(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct interrupted call = { .tid = syscall(SYS_gettid) };
	static char bytes[100000];
	struct sent first = { .len = sizeof(bytes), .ret = -EXPECT_RESTARTSYS };
	pthread_t other;
	long ret;

	memset(bytes, 's', sizeof(bytes));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, call.fds), "socketpair");
	fill_send_buffer(call.fds[0]);
	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&other, NULL, interrupt_and_drain, &call);
	ret = send(call.fds[0], bytes, sizeof(bytes), 0);
	check_equal(ret, sizeof(bytes), "a send that a signal interrupted");
	first.fd = call.fds[0];
	first.where = to_peer(first.fd);
	expect_caller(&first);
	expect_failed(&first);
	expect_line(&first);
	expect_returned(first.fd, bytes, sizeof(bytes), 0, 0, &first.where, ret);
	close(call.fds[0]);
	pthread_join(other, NULL);
}

static void bad_flags(void)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	struct where where = to_peer(fd);

	check_errno(traced_send(fd, "oob", 3, MSG_OOB, &where), EOPNOTSUPP,
		    "urgent data on UDP");
}

/* A call whose memory cannot be read: no byte is shown. */
static void send_unreadable(int fd, const void *bytes, size_t len)
{
	struct where where = to_peer(fd);
	struct sent sent = {
		.fd = fd,
		.len = len,
		.where = where,
		.why = "failed",
	};
	long ret = send(fd, bytes, len, 0);

	check_errno(ret, EFAULT, "send of memory that cannot be read");
	expect_caller(&sent);
	sent.ret = -errno;
	expect_line(&sent);
}

static void bad_pointer(void)
{
	struct address to = udp_sink("127.0.0.1");
	int udp = connected_socket(SOCK_DGRAM, &to);
	struct pair tcp = tcp_pair();
	void *none = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	send_unreadable(udp, NULL, 16);
	send_unreadable(udp, none, 100);
	send_unreadable(udp, (void *)1, 1);
	send_unreadable(tcp.near, none, 4096);
	send_unreadable(udp, (void *)0xffffffff80000000UL, 64);
}

/*
 * An unreadable address is none; but it is still the one that the call was given, so what
 * the socket would have used is not shown either.
 */
static void bad_address_pointer(void)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	struct where where = to_nowhere(AF_INET);
	const void *none;
	long ret;

	(void)to;
	none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ret = sendto(fd, "lost", 4, 0, none, 16);
	check_errno(ret, EFAULT, "sendto with an address that cannot be read");
	expect_returned(fd, "lost", 4, 0, 16, &where, ret);
	ret = sendto(fd, "lost", 4, 0, (const struct sockaddr *)&to.sa, 129);
	check_errno(ret, EINVAL, "sendto with an address that is too long");
	expect_returned(fd, "lost", 4, 0, 129, &where, ret);
	ret = sendto(fd, "lost", 4, 0, (const struct sockaddr *)&to.sa, -1);
	check_errno(ret, EINVAL, "sendto with a negative address length");
	expect_returned(fd, "lost", 4, 0, -1, &where, ret);
}

static void nothing(void)
{
	struct address to = udp_sink("127.0.0.1");
	int udp = connected_socket(SOCK_DGRAM, &to);
	struct pair tcp = tcp_pair();
	struct where where = to_peer(udp);
	int fds[2];

	check_equal(traced_send(udp, "", 0, 0, &where), 0, "empty datagram");
	check_equal(traced_send(udp, NULL, 0, 0, &where), 0, "empty datagram of NULL");
	check_equal(traced_sendto(udp, "", 0, 0, &to, &where), 0, "empty sendto");
	where = to_peer(tcp.near);
	check_equal(traced_send(tcp.near, "", 0, 0, &where), 0, "empty TCP send");
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), "socketpair");
	where = to_peer(fds[0]);
	check_equal(traced_send(fds[0], "", 0, 0, &where), 0, "empty seqpacket");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "reset", reset },
		{ "shut_down", shut_down },
		{ "no_destination", no_destination },
		{ "refused_addresses", refused_addresses },
		{ "message_size", message_size },
		{ "would_block", would_block },
		{ "would_block_datagram", would_block_datagram },
		{ "refused", refused },
		{ "restarted", restarted },
		{ "bad_flags", bad_flags },
		{ "bad_pointer", bad_pointer },
		{ "bad_address_pointer", bad_address_pointer },
		{ "nothing", nothing },
		{},
	};

	return run_cases(argc, argv, cases);
}
