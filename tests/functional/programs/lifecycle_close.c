// SPDX-License-Identifier: GPL-2.0
/* The end of a socket: who closes it, and what is said of its life. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "expect_ways.h"
#include "far.h"
#include "uring.h"

enum {
	ROOM = 200,
	PAUSE_US = 300000,
};

/* A connection that the trace sees from its beginning. */
static struct closing connect_to_far(const char *ip)
{
	struct address any = strchr(ip, '@') ? unix_address(ip) : inet_address(ip, 0);
	struct address to = far_listening(SOCK_STREAM, &any);
	struct closing closing = { .fd = connected_socket(SOCK_STREAM, &to) };

	closing.where = to_peer(closing.fd);
	closing.since = "lived";
	expect_connect("connect", closing.fd, &closing.where, 0);
	return closing;
}

static void exchange(struct closing *closing, const char *text)
{
	char got[ROOM];
	struct event event = {
		.call = "write",
		.fd = closing->fd,
		.bytes = text,
		.len = strlen(text),
		.where = closing->where,
		.ret = strlen(text),
	};

	check_equal(write(closing->fd, text, strlen(text)), strlen(text), "write");
	expect_event(&event);
	event.received = true;
	event.len = sizeof(got);
	event.call = "recvfrom";
	event.flags = MSG_PEEK;
	check_equal(recv(closing->fd, got, sizeof(got), MSG_PEEK), strlen(text), "peek");
	expect_event(&event);
	event.call = "read";
	event.flags = 0;
	check_equal(read(closing->fd, got, sizeof(got)), strlen(text), "read");
	expect_event(&event);
	closing->sent += strlen(text);
	closing->received += strlen(text);
}

static void close_it(struct closing *closing)
{
	must(close(closing->fd), "close");
	expect_closed(closing);
}

/* Sums of what was traced; what was only peeked at is not counted. */
static void closed(void)
{
	static const char *const ends[] = { "127.0.0.1", "::1", "@lifecycle.close" };

	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		struct closing closing = connect_to_far(ends[i]);

		exchange(&closing, "hello");
		exchange(&closing, "how are you?");
		close_it(&closing);
		closing = connect_to_far(i == 2 ? "@lifecycle.unused" : ends[i]);
		close_it(&closing);
	}
}

/* No line for a descriptor that is not the last one. */
static void duplicated(void)
{
	struct closing closing = connect_to_far("127.0.0.1");
	int second = must(dup(closing.fd), "dup"), third = must(dup(closing.fd), "dup");

	must(close(closing.fd), "close");
	must(dup2(STDIN_FILENO, second), "dup2");
	closing.fd = third;
	exchange(&closing, "still there");
	close_it(&closing);
}

/* The same for a child's: what it closes last is its own. */
static void close_inherited(void *arg)
{
	struct closing *closing = arg;

	must(read(STDIN_FILENO, &(char){ 0 }, 1), "waiting for the parent");
	close_it(closing);
}

static void inherited(void)
{
	struct closing closing = connect_to_far("127.0.0.1");
	int pipe_ends[2];
	pid_t child;

	must(pipe(pipe_ends), "pipe");
	must(dup2(pipe_ends[0], STDIN_FILENO), "dup2");
	child = start_child(close_inherited, &closing);
	must(close(closing.fd), "close");
	must(write(pipe_ends[1], "x", 1), "telling the child");
	end_child(child);
}

static void open_and_exit(void *arg)
{
	struct closing closing = connect_to_far("127.0.0.1");

	(void)arg;
	exchange(&closing, "and good bye");
	closing.fd = -1;
	expect_closed(&closing);
}

static void open_and_die(void *arg)
{
	open_and_exit(arg);
	abort();
}

/* The process ends, and the kernel closes for it. */
static void at_exit(void)
{
	in_child(open_and_exit, NULL);
}

static void at_abort(void)
{
	pid_t child = start_child(open_and_die, NULL);

	waitpid(child, NULL, 0);
}

static void by_ring(void)
{
	struct closing closing = connect_to_far("127.0.0.1");
	struct io_uring_sqe sqe = uring_request(IORING_OP_CLOSE, closing.fd, NULL, 0);
	struct uring ring;

	if (!uring_open(&ring, 0))
		skip("io_uring cannot be used here");
	exchange(&closing, "closed by the ring");
	must(uring_call(&ring, &sqe), "IORING_OP_CLOSE");
	closing.fd = -1;
	expect_closed(&closing);
}

/* The connection is older than the trace. */
static void before(void)
{
	struct address any = inet_address("127.0.0.1", 0);
	struct address to = far_listening(SOCK_STREAM, &any);
	struct closing closing = { .fd = connected_socket(SOCK_STREAM, &to) };

	closing.where = to_peer(closing.fd);
	closing.since = "seen";
	gate();
	exchange(&closing, "old friends");
	close_it(&closing);
}

static void accepted(void)
{
	struct address any = inet_address("127.0.0.1", 0);
	int listening = listener(SOCK_STREAM, &any);
	struct address to = local_address(listening);
	struct closing closing = { .since = "lived" };

	far_connects(SOCK_STREAM, &to, 1);
	closing.fd = must(accept(listening, NULL, NULL), "accept");
	closing.where = to_peer(closing.fd);
	expect_accept("accept", listening, closing.fd);
	close_it(&closing);
	closing = (struct closing){ .fd = listening, .since = "seen" };
	closing.where = to_nowhere(AF_INET);
	close_it(&closing);
}

/* So long that the line must say so. */
static void lived(void)
{
	struct closing closing = connect_to_far("127.0.0.1");

	usleep(PAUSE_US);
	close_it(&closing);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "closed", closed },	    { "duplicated", duplicated },
		{ "inherited", inherited }, { "at_exit", at_exit },
		{ "at_abort", at_abort },   { "by_ring", by_ring },
		{ "before", before },	    { "accepted", accepted },
		{ "lived", lived },	    {},
	};

	return run_cases(argc, argv, cases);
}
