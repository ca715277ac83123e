// SPDX-License-Identifier: GPL-2.0
/* AF_UNIX: named by path, abstract, unnamed; stream, seqpacket and datagram. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"

/* A name in the directory that the runner made for this case. */
static struct address name_of(const char *text)
{
	char name[100];

	snprintf(name, sizeof(name), text, getpid());
	return unix_address(name);
}

/* The client's peer has the listener's name; the server's peer has none. */
static void both_ways(int type, const char *text)
{
	struct address name = name_of(text);
	struct pair pair = connected_pair(type, &name);

	send_text(pair.near, "to the named end");
	send_text(pair.far, "to the unnamed end");
}

static void stream_path(void)
{
	both_ways(SOCK_STREAM, "./stream.%d.sock");
}

static void stream_abstract(void)
{
	both_ways(SOCK_STREAM, "@stream.%d");
}

static void seqpacket(void)
{
	both_ways(SOCK_SEQPACKET, "./seqpacket.%d.sock");
}

/* Bytes in a name that must be escaped in a line. */
static void odd_names(void)
{
	struct address name = name_of("@zero.and\\backslash.%d");
	struct pair pair;

	((char *)&name.sa)[sizeof(sa_family_t) + 5] = '\0';
	pair = connected_pair(SOCK_STREAM, &name);
	send_text(pair.near, "an abstract name with a zero byte in it");
	both_ways(SOCK_STREAM, "./back\\slash and space.%d\x01\xff");
	name = name_of("./not.abstract.%d");
	memcpy((char *)&name.sa + sizeof(sa_family_t), "@", 1);
	((char *)&name.sa)[sizeof(sa_family_t) + 1] = '.';
	pair = connected_pair(SOCK_STREAM, &name);
	send_text(pair.near, "a path that begins like an abstract name");
}

static void longest_path(void)
{
	struct address name = unix_address("./");
	char *path = (char *)&name.sa + sizeof(sa_family_t);

	/* All of sun_path, without a zero byte at its end. */
	memset(path + 2, 'l', 106);
	name.len = sizeof(sa_family_t) + 108;
	listener(SOCK_STREAM, &name);
	send_text(connected_socket(SOCK_STREAM, &name), "a path of 108 bytes");
}

static void socketpairs(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
	int fds[2];

	for (size_t i = 0; i < COUNT_OF(types); i++) {
		must(socketpair(AF_UNIX, types[i], 0, fds), "socketpair");
		send_text(fds[0], "to the other end");
		send_text(fds[1], "and back");
	}
}

static void dgram_explicit(void)
{
	struct address path = name_of("./dgram.%d.sock");
	struct address abstract = name_of("@dgram.%d");
	int fd = must(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");

	bound_socket(SOCK_DGRAM, &path);
	bound_socket(SOCK_DGRAM, &abstract);
	send_text_to(fd, "to a path", &path);
	send_text_to(fd, "to an abstract name", &abstract);
}

/* The address of the call wins over the connected one, for this call only. */
static void dgram_connected(void)
{
	struct address path = name_of("./first.%d.sock");
	struct address other = name_of("./second.%d.sock");
	int fd;

	bound_socket(SOCK_DGRAM, &path);
	bound_socket(SOCK_DGRAM, &other);
	fd = connected_socket(SOCK_DGRAM, &path);
	send_text(fd, "connected");
	send_text_to(fd, "explicit", &other);
	send_text(fd, "connected again");
}

/* The bound name, in an address as long as the struct. */
static void dgram_whole_struct(void)
{
	struct address path = name_of("./whole.%d.sock");
	int fd = must(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");

	bound_socket(SOCK_DGRAM, &path);
	path.len = sizeof(sa_family_t) + 108;
	send_text_to(fd, "padded with zeros", &path);
}

/* The other end's process is that of the pair no more once one end is connected elsewhere. */
static void socketpair_reconnected(void)
{
	struct address path = name_of("./elsewhere.%d.sock");
	struct where where;
	int fds[2];

	bound_socket(SOCK_DGRAM, &path);
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), "socketpair");
	send_text(fds[0], "to the other end");
	must(connect(fds[0], (const struct sockaddr *)&path.sa, path.len), "connect");
	where = to_peer(fds[0]);
	check(where.peer_pid == getpid(), "the kernel still names the pair's creator");
	where.peer_pid = 0;
	check_equal(traced_send(fds[0], "elsewhere", 9, 0, &where), 9, "send elsewhere");
}

struct sleeper {
	int fd;
	struct where where;
	pid_t tid;
};

static void *send_asleep(void *arg)
{
	struct sleeper *sleeper = arg;

	__atomic_store_n(&sleeper->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	check_equal(traced_send(sleeper->fd, "to the first", 12, 0, &sleeper->where), 12,
		    "a send that slept");
	return NULL;
}

/* Reads up to the datagram, which must be the last one that the socket gets. */
static void expect_last(int fd, const char *text)
{
	char got[4096];
	ssize_t len;

	do {
		len = must(read(fd, got, sizeof(got)), "reading a datagram");
	} while (len != (ssize_t)strlen(text) || memcmp(got, text, len) != 0);
}

/*
 * While the call sleeps, the socket is connected to another one. The datagram goes to the
 * first: the line names it, or (RT, where the peer is named after the call) none.
 */
static void dgram_replaced(void)
{
	struct address first = name_of("./replaced.%d.sock");
	struct address second = name_of("./replacement.%d.sock");
	int from = bound_socket(SOCK_DGRAM, &first);
	struct sleeper sleeper = { .fd = connected_socket(SOCK_DGRAM, &first) };
	struct deadline deadline = { 0 };
	pthread_t thread;

	bound_socket(SOCK_DGRAM, &second);
	fill_send_buffer(sleeper.fd);
	sleeper.where = is_rt() ? to_nowhere(AF_UNIX) : to_peer(sleeper.fd);
	pthread_create(&thread, NULL, send_asleep, &sleeper);
	while (!__atomic_load_n(&sleeper.tid, __ATOMIC_ACQUIRE))
		look_again(&deadline, "a thread to begin");
	wait_blocked(sleeper.tid, SYS_sendto);
	must(connect(sleeper.fd, (const struct sockaddr *)&second.sa, second.len),
	     "connect");
	expect_last(from, "to the first");
	pthread_join(thread, NULL);
	send_text(sleeper.fd, "to the second");
}

struct server {
	struct address name;
	int ready[2];
};

/* Another process at the other end, with another pid. */
static void serve(void *arg)
{
	struct server *server = arg;
	int fd = listener(SOCK_STREAM, &server->name);
	struct where where;

	must(write(server->ready[1], "r", 1), "telling that the server listens");
	fd = must(accept(fd, NULL, NULL), "accept");
	drain(fd, strlen("who are you"));
	where = to_peer(fd);
	check(where.peer_pid == getppid(), "expected the server to see the client's pid");
	send_text(fd, "your server");
}

static void peer_pid(void)
{
	struct server server = { .name = name_of("./served.%d.sock") };
	struct where where;
	char byte;
	pid_t pid;
	int fd;

	must(pipe(server.ready), "pipe");
	pid = start_child(serve, &server);
	must(read(server.ready[0], &byte, 1), "waiting for the server");
	fd = connected_socket(SOCK_STREAM, &server.name);
	where = to_peer(fd);
	check(where.peer_pid == pid, "expected the client to see the server's pid");
	send_text(fd, "who are you");
	end_child(pid);
}

/* Connected; the listener is closed before the call. */
static void peer_gone(void)
{
	struct address name = name_of("./gone.%d.sock");
	struct pair pair = connected_pair(SOCK_STREAM, &name);
	struct where where = to_peer(pair.near);

	close(pair.far);
	check_errno(traced_send(pair.near, "x", 1, MSG_NOSIGNAL, &where), EPIPE,
		    "send to a closed end");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "stream_path", stream_path },
		{ "stream_abstract", stream_abstract },
		{ "seqpacket", seqpacket },
		{ "odd_names", odd_names },
		{ "longest_path", longest_path },
		{ "socketpairs", socketpairs },
		{ "socketpair_reconnected", socketpair_reconnected },
		{ "dgram_explicit", dgram_explicit },
		{ "dgram_connected", dgram_connected },
		{ "dgram_whole_struct", dgram_whole_struct },
		{ "dgram_replaced", dgram_replaced },
		{ "peer_pid", peer_pid },
		{ "peer_gone", peer_gone },
		{},
	};

	return run_cases(argc, argv, cases);
}
