// SPDX-License-Identifier: GPL-2.0
/* Calls that fail, by each way. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "each_way.h"

enum {
	/* More than is shown of a call that fails. */
	LONG = 10000,
	SHORT = 100,
	NO_FILE = 999,
};

static struct each_call call_of(const struct way *way, bool received, int fd,
				const struct where *where, const char *text, size_t len)
{
	return (struct each_call){
		.way = way,
		.received = received,
		.fd = fd,
		.where = *where,
		.text = text,
		.number = 1,
		.len = len,
	};
}

/* A splice() that fails leaves everything in the pipe. */
static void empty_pipe(void)
{
	static char bytes[LONG];
	int left = 0;

	must(ioctl(each_ways.pipe[0], FIONREAD, &left), "FIONREAD");
	if (left)
		must(read(each_ways.pipe[0], bytes, left), "emptying a pipe");
}

/* How often a receive found nothing, or io_uring could not send yet, in all traces. */
static long blocked(void)
{
	FILE *file = fopen("/proc/sendtrace/stats", "r");
	char line[256];
	long value;

	if (!file)
		die("opening the statistics");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "blocked %ld", &value) == 1) {
			fclose(file);
			return value;
		}
	die("expected 'blocked' in the statistics");
}

/*
 * Can it be told not to wait? io_uring's other operations wait for the socket whatever its
 * O_NONBLOCK says, and a worker waits in any case.
 */
static bool may_fail_at_once(const struct way *way)
{
	switch (way->op) {
	case IORING_OP_SEND:
	case IORING_OP_SENDMSG:
	case IORING_OP_RECV:
	case IORING_OP_RECVMSG:
		return !(way->sqe_flags & IOSQE_ASYNC);
	default:
		return way->op < 0;
	}
}

/* The socket is O_NONBLOCK, which io_uring does not look at. */
static struct way without_waiting(const struct way *way)
{
	struct way other = *way;

	if (way->op >= 0)
		other.flags |= MSG_DONTWAIT;
	return other;
}

/* ---- Sending -------------------------------------------------------------------------- */

/* Two calls of @way that fail with @error. */
static void send_fails(const struct way *way, int fd, const struct where *where,
		       int error, bool shown)
{
	static const size_t lens[] = { SHORT, LONG };
	char *text = text_number(1, LONG);

	for (size_t i = 0; i < COUNT_OF(lens); i++) {
		struct each_call call = call_of(way, false, fd, where, text, lens[i]);

		check_equal(each_make(&call, text), -error, "%s of %zu bytes", way->name,
			    lens[i]);
		empty_pipe();
		if (shown)
			each_expect(&call);
	}
	free(text);
}

/* Where there is no socket, there is no event, but for sendto(). */
static void no_file(const struct way *way)
{
	struct where nowhere = to_nowhere(0);

	send_fails(way, NO_FILE, &nowhere, EBADF, strcmp(way->call, "sendto") == 0);
}

static void shut_down(const struct way *way)
{
	struct pair pair = pair_of(PAIR_TCP4);
	struct where where = to_peer(pair.near);

	must(shutdown(pair.near, SHUT_WR), "shutdown");
	send_fails(way, pair.near, &where, EPIPE, true);
	close(pair.near);
	close(pair.far);
}

static void not_connected(const struct way *way)
{
	int fd = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
	struct where where = to_nowhere(AF_UNIX);

	send_fails(way, fd, &where, ENOTCONN, true);
	close(fd);
}

/*
 * io_uring's is not shown, but counted: the module cannot tell it from the tries that io_uring
 * itself makes and repeats.
 */
static void full(const struct way *waiting, int fd)
{
	struct where where = to_peer(fd);
	struct way way = without_waiting(waiting);
	long before = blocked();

	send_fails(&way, fd, &where, EAGAIN, way.op < 0);
	check_equal(blocked() - before, way.op < 0 ? 0 : 2, "counted as blocked: %s",
		    way.name);
}

static void sends(void)
{
	/* In old kernels a stream takes pages even if it is full. */
	struct pair local = pair_of(PAIR_UNIX_SEQPACKET);

	fill_send_buffer(local.near);
	must(fcntl(local.near, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	for (const struct way *way = NULL; (way = each_next(ways_to_send, way));) {
		no_file(way);
		shut_down(way);
		if (way->inet_only)
			continue;
		not_connected(way);
		if (may_fail_at_once(way))
			full(way, local.near);
	}
}

/* ---- Receiving ------------------------------------------------------------------------ */

static void receive_fails(const struct way *way, int fd, const struct where *where,
			  int error, bool shown)
{
	char bytes[SHORT];
	struct each_call call = call_of(way, true, fd, where, bytes, SHORT);

	check_equal(each_make(&call, bytes), -error, "%s", way->name);
	/* Of a receive that failed the line shows no address that was given back. */
	each_ways.from_len = 0;
	if (shown)
		each_expect(&call);
}

static void never_connected(const struct way *way)
{
	int fd = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	struct where where = to_nowhere(AF_INET);

	receive_fails(way, fd, &where, ENOTCONN, true);
	close(fd);
}

static void reset(const struct way *way)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };
	struct pair pair = pair_of(PAIR_TCP4);
	struct where where = to_peer(pair.near);

	must(setsockopt(pair.far, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), "SO_LINGER");
	close(pair.far);
	/* recvmmsg() takes the socket's error before it looks for a message. */
	receive_fails(way, pair.near, &where, ECONNRESET,
		      strcmp(way->call, "recvmmsg") != 0);
	close(pair.near);
}

/* Counted, not shown. */
static void nothing_there(const struct way *waiting, int fd)
{
	struct where where = to_peer(fd);
	struct way way = without_waiting(waiting);
	long before = blocked();

	receive_fails(&way, fd, &where, EAGAIN, false);
	check_equal(blocked() - before, 1, "counted as blocked: %s", way.name);
}

static void receives(void)
{
	struct pair local = pair_of(PAIR_UNIX_STREAM);
	struct where nowhere = to_nowhere(0);

	must(fcntl(local.near, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	for (const struct way *way = NULL; (way = each_next(ways_to_receive, way));) {
		receive_fails(way, NO_FILE, &nowhere, EBADF, false);
		never_connected(way);
		reset(way);
		if (may_fail_at_once(way))
			nothing_there(way, local.near);
	}
}

/* DIRECTION */
void each_failed(void)
{
	each_open();
	if (each_table(case_args[0]) == ways_to_send)
		sends();
	else
		receives();
}
