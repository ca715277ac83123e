// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that sleep while the trace or the module is started and stopped. The runner
 * does that between "ready" and the opening of the gate; then the calls are released.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"

enum {
	SENDERS_MAX = 64,
	FAR_END = 8192, /* bytes; the kernel doubles it */
};

struct sender {
	struct pair pair;
	struct where where;
	pid_t tid;
	pthread_t thread;
	long ret;
};

/*
 * More than may fit nevertheless: what the far end accepts when its window is probed, and
 * one buffer of TCP's (64 KiB), which it fills as soon as there is any room.
 */
static char message[100000];

static void *send_blocking(void *arg)
{
	struct sender *sender = arg;

	__atomic_store_n(&sender->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	sender->ret = traced_send(sender->pair.near, message, sizeof(message), 0,
				  &sender->where);
	return NULL;
}

static void start_sender(struct sender *sender)
{
	struct deadline deadline = { 0 };
	int size = FAR_END;

	/* Once set, TCP does not enlarge it when it is full. */
	must(setsockopt(sender->pair.far, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)),
	     "SO_RCVBUF");
	fill_send_buffer(sender->pair.near);
	sender->where = to_peer(sender->pair.near);
	pthread_create(&sender->thread, NULL, send_blocking, sender);
	while (!__atomic_load_n(&sender->tid, __ATOMIC_ACQUIRE))
		look_again(&deadline, "a thread to begin");
	wait_blocked(sender->tid, SYS_sendto);
}

/* Receive what blocks the way, and what is sent after it. */
static void *drain_far(void *arg)
{
	drain(*(int *)arg, SIZE_MAX);
	return NULL;
}

static void release_sender(struct sender *sender)
{
	pthread_t reader;

	pthread_create(&reader, NULL, drain_far, &sender->pair.far);
	pthread_join(sender->thread, NULL);
	check_equal(sender->ret, sizeof(message), "the released send");
	close(sender->pair.near);
	pthread_join(reader, NULL);
}

static void tcp(void)
{
	struct sender sender = { .pair = tcp_pair() };

	start_sender(&sender);
	gate();
	release_sender(&sender);
}

static struct pair unix_pair(void)
{
	struct pair pair;
	int fds[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "socketpair");
	pair.near = fds[0];
	pair.far = fds[1];
	return pair;
}

/*
 * The argument says how many threads; each sleeps in its own send. A second one is the user id.
 */
static void many(void)
{
	static struct sender senders[SENDERS_MAX];
	int number = atoi(case_args[0]);

	if (case_args[1])
		become_user(atoi(case_args[1]));
	memset(message, 'b', sizeof(message));
	for (int i = 0; i < number && i < SENDERS_MAX; i++) {
		senders[i].pair = unix_pair();
		start_sender(&senders[i]);
	}
	gate();
	for (int i = 0; i < number && i < SENDERS_MAX; i++)
		release_sender(&senders[i]);
}

/* While the call sleeps, its descriptor's number is given to another connection. */
static void renumbered(void)
{
	struct sender sender = { .pair = tcp_pair() };
	struct pair other = unix_pair();
	int number = sender.pair.near;

	start_sender(&sender);
	must(dup2(other.near, number), "dup2");
	release_sender(&sender);
	check(sender.where.family == AF_INET, "the first connection is shown");
}

struct acceptor {
	int listening;
	pid_t tid;
	int ret;
};

static void *accept_blocking(void *arg)
{
	struct acceptor *acceptor = arg;

	__atomic_store_n(&acceptor->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	acceptor->ret = accept(acceptor->listening, NULL, NULL);
	return NULL;
}

static void acceptor(void)
{
	struct address any = inet_address("127.0.0.1", 0), to;
	struct acceptor acceptor = { .listening = listener(SOCK_STREAM, &any) };
	struct deadline deadline = { 0 };
	pthread_t thread;

	to = local_address(acceptor.listening);
	pthread_create(&thread, NULL, accept_blocking, &acceptor);
	while (!__atomic_load_n(&acceptor.tid, __ATOMIC_ACQUIRE))
		look_again(&deadline, "a thread to begin");
	wait_blocked(acceptor.tid, SYS_accept);
	gate();
	connected_socket(SOCK_STREAM, &to);
	pthread_join(thread, NULL);
	check(acceptor.ret >= 0, "expected accept to return a descriptor, got %d",
	      acceptor.ret);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "tcp", tcp },
		{ "many", many },
		{ "renumbered", renumbered },
		{ "acceptor", acceptor },
		{},
	};

	return run_cases(argc, argv, cases);
}
