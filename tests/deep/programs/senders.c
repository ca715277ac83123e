// SPDX-License-Identifier: GPL-2.0
/*
 * Sends until SIGTERM.
 *
 *	senders NAME THREADS [PAUSE]
 *
 * The threads are named NAME. Each sends UDP of many lengths, TCP, unix datagrams, and to a
 * socket pair; makes sends that fail; and accepts connections. They pause for PAUSE microseconds
 * (default 500) after each turn, since the emulated machine has other work, too.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "net.h"

enum {
	LARGEST = 70000,
	BIG_EVERY = 61,
};

static const char *name;
static unsigned int pause_us = 500;
static volatile bool over;

struct sockets {
	int udp;
	struct pair tcp;
	int near;
	int far;
	int listening;
	struct address listens;
};

static void open_sockets(struct sockets *sockets)
{
	struct address any = inet_address("127.0.0.1", 0), sink = udp_sink("127.0.0.1");
	int ends[2];

	sockets->udp = connected_socket(SOCK_DGRAM, &sink);
	sockets->tcp = tcp_pair();
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	sockets->near = ends[0];
	sockets->far = ends[1];
	sockets->listening = listener(SOCK_STREAM, &any);
	sockets->listens = local_address(sockets->listening);
}

static void accept_one(const struct sockets *sockets)
{
	int near = connected_socket(SOCK_STREAM, &sockets->listens);
	int far = must(accept(sockets->listening, NULL, NULL), "accept");

	must(send(near, name, strlen(name), 0), "send on a new connection");
	close(near);
	close(far);
}

static void send_round(const struct sockets *sockets, unsigned int round)
{
	static const char bytes[LARGEST];
	size_t len = round * 31 % 1400, sent;

	must(send(sockets->udp, bytes, len, 0), "send of UDP");
	must(send(sockets->tcp.near, bytes, len + 1, 0), "send of TCP");
	drain(sockets->tcp.far, len + 1);
	must(send(sockets->near, bytes, len + 1, 0), "send on a unix stream");
	drain(sockets->far, len + 1);
	send(-1, bytes, len, 0);
	send(sockets->udp, (void *)8, len, MSG_DONTWAIT);
	if (round % BIG_EVERY)
		return;
	sent = must(send(sockets->tcp.near, bytes, sizeof(bytes), MSG_DONTWAIT),
		    "a large send");
	drain(sockets->tcp.far, sent);
	accept_one(sockets);
}

static void *send_on(void *arg)
{
	struct sockets sockets;

	(void)arg;
	prctl(PR_SET_NAME, name);
	open_sockets(&sockets);
	for (unsigned int round = 1; !over; round++) {
		send_round(&sockets, round);
		usleep(pause_us);
	}
	return NULL;
}

static void end(int number)
{
	(void)number;
	over = true;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[2]) : 0;
	pthread_t thread[64];

	if (threads < 1 || threads > 64) {
		fprintf(stderr, "usage: senders NAME THREADS [PAUSE], 1 to 64 threads\n");
		return 2;
	}
	name = argv[1];
	if (argc > 3)
		pause_us = atoi(argv[3]);
	prctl(PR_SET_NAME, name);
	signal(SIGTERM, end);
	for (int i = 0; i < threads; i++)
		must(-pthread_create(&thread[i], NULL, send_on, NULL), "a thread");
	printf("sending\n");
	fflush(stdout);
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	return 0;
}
