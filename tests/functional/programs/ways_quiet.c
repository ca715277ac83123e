// SPDX-License-Identifier: GPL-2.0
/* What is no send and no receive: files, pipes, terminals, and what the kernel sends itself. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "expect_ways.h"
#include "ways_calls.h"
#include "ways_pairs.h"

enum {
	LEN = 100,
};

static struct ways ways;
static char got[LEN];

/* That send() finds no socket is shown: it is a call that failed. */
static bool is_quiet(const struct way *way)
{
	return strcmp(way->call, "sendto") != 0;
}

/*
 * A way that a file refuses, such as sendmsg(), is as quiet as one that it takes. io_uring waits
 * for input on a terminal although it is non-blocking.
 */
static void every_way(int in, int out, bool reading_waits)
{
	char *text = text_number(1, LEN);

	for (const struct way *way = ways_to_send; way->name; way++)
		if (is_quiet(way) && way_exists(&ways, way))
			way_make(&ways, way, out, text, LEN);
	for (const struct way *way = ways_to_receive; way->name; way++)
		if (way_exists(&ways, way) && (way->op < 0 || !reading_waits))
			way_make(&ways, way, in, got, LEN);
	free(text);
}

/* At the end one message, which must be the only line. */
static void the_only_line(void)
{
	struct pair pair = pair_of(PAIR_UDP4);
	struct event event = { .call = "write",
			       .fd = pair.near,
			       .bytes = "that was all",
			       .len = 12,
			       .where = to_peer(pair.near) };

	event.ret = result_of(write(pair.near, "that was all", 12));
	check_equal(event.ret, 12, "write");
	expect_event(&event);
	event.call = "read";
	event.fd = pair.far;
	event.received = true;
	event.len = LEN;
	event.where = to_peer(pair.far);
	event.ret = result_of(read(pair.far, got, LEN));
	expect_event(&event);
}

static void files(void)
{
	int fd = must(open("quiet.file", O_RDWR | O_CREAT | O_TRUNC, 0600), "open");
	int full = must(open("/dev/zero", O_RDWR), "open");

	ways_open(&ways);
	every_way(fd, fd, false);
	every_way(full, full, false);
	the_only_line();
}

static void pipes(void)
{
	int ends[2];

	ways_open(&ways);
	must(pipe(ends), "pipe");
	must(fcntl(ends[0], F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	must(fcntl(ends[1], F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	every_way(ends[0], ends[1], false);
	every_way(ends[0], ends[1], false);
	close(must(eventfd(1, EFD_NONBLOCK), "eventfd"));
	the_only_line();
}

/* Terminals of our own, since a guest may have none. */
static void terminals(void)
{
	int master, tty, unlocked = 0, flags = O_RDWR | O_NOCTTY | O_NONBLOCK;

	ways_open(&ways);
	must(mkdir("quiet.pts", 0700), "mkdir");
	must(mount("devpts", "quiet.pts", "devpts", 0, "ptmxmode=0600"),
	     "mounting devpts");
	master = must(open("quiet.pts/ptmx", flags), "opening ptmx");
	must(ioctl(master, TIOCSPTLCK, &unlocked), "TIOCSPTLCK");
	tty = must(ioctl(master, TIOCGPTPEER, flags), "TIOCGPTPEER");
	must(umount2("quiet.pts", MNT_DETACH), "umount");
	every_way(tty, tty, true);
	every_way(master, master, true);
	the_only_line();
}

/* A socket has no position: the kernel refuses to look for one. */
static void positions(void)
{
	struct pair pair = pair_of(PAIR_TCP4);
	struct iovec iov = { got, LEN };

	check_errno(pwrite(pair.near, got, LEN, 0), ESPIPE, "pwrite");
	check_errno(pread(pair.near, got, LEN, 0), ESPIPE, "pread");
	check_errno(pwritev2(pair.near, &iov, 1, 0, 0), ESPIPE, "pwritev2");
	check_errno(preadv2(pair.near, &iov, 1, 5, 0), ESPIPE, "preadv2");
	the_only_line();
}

/* ---- The kernel's own sockets ---------------------------------------------------------- */

static void mount_from(void *arg)
{
	char options[200];

	/* No such server answers: the mount fails, after the kernel has sent its question. */
	snprintf(options, sizeof(options),
		 "vers=4.2,proto=tcp,port=%d,addr=127.0.0.1,clientaddr=127.0.0.1,soft,"
		 "timeo=10,retrans=1",
		 *(int *)arg);
	must(mkdir("quiet.mount", 0700) < 0 && errno != EEXIST ? -1 : 0, "mkdir");
	check(mount("127.0.0.1:/", "quiet.mount", "nfs4", 0, options) < 0,
	      "the mount fails");
}

/*
 * NFS asks a server, in the task that mounts. We are that server: nothing of it may be shown,
 * neither from the kernel's end nor, since we only wait with poll() and look with FIONREAD, from
 * ours.
 */
static void kernel_socket(void)
{
	struct address any = inet_address("127.0.0.1", 0), local;
	int listening = listener(SOCK_STREAM, &any), fd, port;
	FILE *file = fopen("/proc/filesystems", "r");
	struct pollfd wait;
	char line[100];
	bool found = false;
	pid_t pid;

	while (file && fgets(line, sizeof(line), file))
		found |= strstr(line, "nfs4") != NULL;
	if (!found)
		skip("this kernel has no NFS");
	local = local_address(listening);
	port = ntohs(((struct sockaddr_in *)&local.sa)->sin_port);
	pid = start_child(mount_from, &port);
	fd = must(accept(listening, NULL, NULL), "accept");
	wait = (struct pollfd){ fd, POLLIN, 0 };
	check_equal(poll(&wait, 1, 30000), 1, "a question of the kernel's");
	close(fd);
	close(listening);
	end_child(pid);
	the_only_line();
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "files", files },
		{ "pipes", pipes },
		{ "terminals", terminals },
		{ "positions", positions },
		{ "kernel_socket", kernel_socket },
		{},
	};

	return run_cases(argc, argv, cases);
}
