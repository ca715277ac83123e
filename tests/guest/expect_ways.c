// SPDX-License-Identifier: GPL-2.0
/* The lines that sendread is expected to print for all calls but send() and sendto(). */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "check.h"
#include "expect_ways.h"

/* The key of the caller's thread: not compared where a worker thread makes the call. */
static void print_caller(bool worker)
{
	struct sent caller = { 0 };

	expect_caller(&caller);
	printf("pid=%d ", caller.pid);
	if (worker) {
		printf("tid=WORKER comm=WORKER");
		return;
	}
	printf("tid=%d comm=", caller.tid);
	expect_escaped(caller.comm, strnlen(caller.comm, sizeof(caller.comm)), true);
}

static void print_result(long ret, const char *call)
{
	if (ret < 0)
		printf(" ret=-%s", expect_error_name(-ret));
	else
		printf(" ret=%ld", ret);
	printf(" call=%s", call);
}

long result_of(long ret)
{
	return ret < 0 ? -errno : ret;
}

bool without_fd(const char *call)
{
	return strcmp(call, "io_uring") == 0 || strcmp(call, "io_submit") == 0;
}

/* How many bytes are shown, and the reason if they are fewer than there were. */
static void bound_payload(const struct event *event, struct sent *shown)
{
	shown->fd = event->fd;
	shown->len = event->len;
	shown->ret = event->ret;
	if (event->why) {
		shown->cap = event->cap;
		shown->why = event->why;
	} else if (event->ret < 0 && event->received) {
		shown->cap = 0;
	} else if (event->ret < 0) {
		expect_failed(shown);
	} else {
		shown->cap = event->ret;
		if (shown->cap > event->len)
			shown->cap = event->len;
		if (shown->cap > expect_limit) {
			shown->cap = expect_limit;
			shown->why = expect_limit_why;
		}
	}
}

static bool is_datagram(int fd)
{
	socklen_t len = sizeof(int);
	int type = 0;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_DGRAM;
}

/*
 * On RT a handler may not take the lock that the name of a datagram socket's peer needs. Task
 * work takes it, for a call that has a descriptor and a payload in the caller's memory.
 */
static bool is_peer_named(const struct event *event)
{
	return event->where.family != AF_UNIX || !is_rt() || !is_datagram(event->fd) ||
	       !(without_fd(event->call) || strcmp(event->call, "splice") == 0);
}

void expect_event(const struct event *event)
{
	struct where where = event->where;
	struct sent shown = { 0 };
	int error = errno;

	if (!is_peer_named(event))
		where = to_nowhere(AF_UNIX);
	bound_payload(event, &shown);
	flockfile(stdout);
	print_caller(event->worker);
	printf(" fd=%d msg=", event->no_fd || without_fd(event->call) ? -1 : event->fd);
	expect_escaped(event->bytes, shown.cap, false);
	printf(" len=%zu flg=%u addr_len=%d", event->len, event->flags, event->addr_len);
	expect_where(&where, event->received ? "src" : "dest");
	print_result(event->ret, event->call);
	if (event->cmsg)
		printf(" cmsg=%s", event->cmsg);
	if (shown.why)
		printf(" cap=%zu why=%s", shown.cap, shown.why);
	putchar('\n');
	fflush(stdout);
	funlockfile(stdout);
	errno = error;
}

static int family_of(int fd)
{
	socklen_t len = sizeof(int);
	int family = 0;

	must(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len), "SO_DOMAIN");
	return family;
}

struct where from_unknown(int fd)
{
	return to_nowhere(family_of(fd));
}

void expect_accept(const char *call, int listening, int fd)
{
	struct where where = fd < 0 ? to_nowhere(family_of(listening)) : to_peer(fd);
	bool hidden = without_fd(call);

	printf("accept ");
	print_caller(false);
	printf(" fd=%d", hidden ? -1 : listening);
	if (fd < 0 || hidden)
		printf(" newfd=-");
	else
		printf(" newfd=%d", fd);
	expect_where(&where, "dest");
	print_result(hidden && fd > 0 ? 0 : fd, call);
	putchar('\n');
	fflush(stdout);
}

static void print_local_unix(const struct address *local)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&local->sa;
	size_t header = offsetof(struct sockaddr_un, sun_path);
	size_t len = local->len - header;

	printf(" local=localhost");
	if (local->len <= header)
		return;
	printf(" lpath=");
	if (un->sun_path[0] == '\0') {
		putchar('@');
		expect_escaped(un->sun_path + 1, len - 1, true);
	} else {
		expect_escaped(un->sun_path, strnlen(un->sun_path, len), true);
	}
}

static void print_local(const struct address *local)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&local->sa;
	const struct sockaddr_in *in = (const struct sockaddr_in *)&local->sa;
	bool v4 = local->sa.ss_family == AF_INET;
	char text[INET6_ADDRSTRLEN];

	if (local->sa.ss_family == AF_UNIX) {
		print_local_unix(local);
		return;
	}
	if (!inet_ntop(local->sa.ss_family,
		       v4 ? (const void *)&in->sin_addr : &in6->sin6_addr, text,
		       sizeof(text)))
		die("inet_ntop refused the local address");
	printf(" local=%s lport=%u", text, ntohs(v4 ? in->sin_port : in6->sin6_port));
}

void expect_connect(const char *call, int fd, const struct where *to, long ret)
{
	struct address local = local_address(fd);

	expect_connect_from(call, fd, &local, to, ret);
}

void expect_connect_from(const char *call, int fd, const struct address *local,
			 const struct where *to, long ret)
{
	int error = errno;

	printf("connect ");
	print_caller(false);
	printf(" fd=%d", without_fd(call) ? -1 : fd);
	expect_where(to, "dest");
	print_local(local);
	print_result(ret, call);
	putchar('\n');
	fflush(stdout);
	errno = error;
}

void expect_shutdown(const char *call, int fd, int how, const struct where *where,
		     long ret)
{
	static const char *const words[] = { "rd", "wr", "rdwr" };

	printf("shutdown ");
	/* io_uring gives it to a worker, since it may wait. */
	print_caller(without_fd(call));
	printf(" fd=%d how=", without_fd(call) ? -1 : fd);
	if (how >= 0 && how < (int)COUNT_OF(words))
		printf("%s", words[how]);
	else
		printf("%d", how);
	expect_where(where, "dest");
	print_result(ret, call);
	putchar('\n');
	fflush(stdout);
}

void expect_closed(const struct closing *closing)
{
	printf("close ");
	print_caller(false);
	printf(" fd=%d", closing->fd);
	expect_where(&closing->where, "dest");
	print_result(0, "close");
	printf(" %s=T sent=%llu received=%llu\n", closing->since, closing->sent,
	       closing->received);
	fflush(stdout);
}
