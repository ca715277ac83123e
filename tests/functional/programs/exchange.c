// SPDX-License-Identifier: GPL-2.0
/*
 * Requests and answers over loopback, and a check of sendread's lines: does every answer stand
 * behind its request?
 *
 * The server has real-time priority on the client's CPU, so it answers before the client goes
 * on. A request's payload is copied late, just before the client goes on: by then the answer
 * is recorded.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "net.h"

enum {
	/* More than what is copied inline. */
	REQUEST_LEN = 17000,
	EXCHANGES_MAX = 1000,
};

static struct pair sockets;

static void server(void *number)
{
	const struct sched_param first = { .sched_priority = 10 };
	static char request[REQUEST_LEN];
	char answer[32];

	must(sched_setscheduler(0, SCHED_FIFO, &first), "SCHED_FIFO");
	for (int i = 0; i < *(int *)number; i++) {
		must(recv(sockets.far, request, sizeof(request), 0),
		     "receiving a request");
		must(send(sockets.far, answer,
			  snprintf(answer, sizeof(answer), "answer %d", i), 0),
		     "send");
	}
}

/* NUMBER: so many exchanges, one after the other. */
static void run(void)
{
	struct address any = inet_address("127.0.0.1", 0), near, far;
	static char request[REQUEST_LEN];
	int number = atoi(case_args[0]);
	char answer[32];
	pid_t pid;

	sockets.near = bound_socket(SOCK_DGRAM, &any);
	sockets.far = bound_socket(SOCK_DGRAM, &any);
	near = local_address(sockets.near);
	far = local_address(sockets.far);
	must(connect(sockets.near, (void *)&far.sa, far.len), "connect");
	must(connect(sockets.far, (void *)&near.sa, near.len), "connect");
	memset(request, '.', sizeof(request));
	run_on(0);
	pid = start_child(server, &number);
	for (int i = 0; i < number; i++) {
		memcpy(request, "request", 7);
		snprintf(request + 7, sizeof(request) - 7, " %d", i);
		must(send(sockets.near, request, sizeof(request), 0), "send");
		must(recv(sockets.near, answer, sizeof(answer), 0),
		     "receiving an answer");
	}
	end_child(pid);
}

/* NUMBER: prints how many of so many answers stand before their request on standard input. */
static void early(void)
{
	static bool asked[EXCHANGES_MAX];
	static char line[4 * REQUEST_LEN];
	int number = atoi(case_args[0]), requests = 0, answers = 0, before = 0, i;
	const char *msg;

	while (fgets(line, sizeof(line), stdin)) {
		msg = strstr(line, " msg=");
		if (!msg)
			continue;
		if (sscanf(msg, " msg=request %d", &i) == 1 && i < number) {
			asked[i] = true;
			requests++;
		} else if (sscanf(msg, " msg=answer %d", &i) == 1 && i < number) {
			before += !asked[i];
			answers++;
		}
	}
	check_equal(requests, number, "requests");
	check_equal(answers, number, "answers");
	printf("%d\n", before);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = { { "run", run },
						  { "early", early },
						  {} };

	return run_cases(argc, argv, cases);
}
