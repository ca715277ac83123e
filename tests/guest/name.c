// SPDX-License-Identifier: GPL-2.0
/*
 * A process and one of its threads, each with its own name, send.
 *
 *	name sends PROCESS THREAD SHOWN		SHOWN: both, thread or none are expected
 *	name counted COMM NUMBER		NUMBER sends, all of them expected
 *	name namespaced				from its own pid namespace
 *	name renamed COMM			sends nothing, but has another name than its command
 *	name written NUMBER FILE		NUMBER writes to a socket; then it creates FILE, and
 *						ends when that is removed
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"

struct sender {
	const char *name;
	int fd;
	bool shown;
};

static void *send_as(void *arg)
{
	const struct sender *sender = arg;

	prctl(PR_SET_NAME, sender->name);
	if (sender->shown)
		send_text(sender->fd, sender->name);
	else
		must(send(sender->fd, sender->name, strlen(sender->name), 0), "send");
	return NULL;
}

static void sends(void)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	const char *shown = case_args[2];
	struct sender process = { case_args[0], fd, strcmp(shown, "both") == 0 };
	struct sender thread = { case_args[1], fd, strcmp(shown, "none") != 0 };
	pthread_t other;

	prctl(PR_SET_NAME, process.name);
	gate();
	send_as(&process);
	pthread_create(&other, NULL, send_as, &thread);
	pthread_join(other, NULL);
	send_as(&process);
}

static void counted(void)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	int number = atoi(case_args[1]);
	char text[32];

	prctl(PR_SET_NAME, case_args[0]);
	gate();
	for (int i = 0; i < number; i++) {
		snprintf(text, sizeof(text), "number %d", i);
		send_text(fd, text);
	}
}

static void *pause_thread(void *arg)
{
	pause();
	return arg;
}

/* A process with a second thread, until its gate opens. */
static void threaded(void)
{
	pthread_t other;

	pthread_create(&other, NULL, pause_thread, NULL);
	gate();
}

static void renamed(void)
{
	prctl(PR_SET_NAME, case_args[0]);
	gate();
}

static void written(void)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	int number = atoi(case_args[0]);
	struct deadline deadline = {};

	gate();
	for (int i = 0; i < number; i++)
		must(write(fd, "written", 7), "write");
	close(must(open(case_args[1], O_WRONLY | O_CREAT, 0600), case_args[1]));
	while (access(case_args[1], F_OK) == 0)
		look_again(&deadline, "the removal of the file");
}

/* Process 1 of its namespace; lines show its pid outside of the namespace. */
static void namespaced(void)
{
	struct sent sent = { .bytes = "inside", .len = 6, .cap = 6, .ret = 6 };
	struct address to = udp_sink("127.0.0.1");
	int status;

	sent.fd = connected_socket(SOCK_DGRAM, &to);
	sent.where = to_peer(sent.fd);
	expect_caller(&sent);
	must(unshare(CLONE_NEWPID), "a pid namespace");
	sent.pid = must(fork(), "fork");
	if (!sent.pid)
		_exit(getpid() == 1 && send(sent.fd, sent.bytes, sent.len, 0) == 6 ? 0 :
										     1);
	must(waitpid(sent.pid, &status, 0), "waiting for the child");
	check(status == 0, "expected the child in its pid namespace to send");
	sent.tid = sent.pid;
	expect_line(&sent);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "sends", sends },
		{ "counted", counted },
		{ "threaded", threaded },
		{ "namespaced", namespaced },
		{ "renamed", renamed },
		{ "written", written },
		{},
	};

	return run_cases(argc, argv, cases);
}
