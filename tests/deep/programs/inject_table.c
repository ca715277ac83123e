// SPDX-License-Identifier: GPL-2.0
/* The calls of every way that faults are injected in. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/sendtrace.h>

#include "check.h"
#include "inject_table.h"

enum {
	/* More than an object of the module's pool has room for: it copies the array. */
	PIECES = 200,
};

struct subject subject[SUBJECTS_MAX];
int subjects;

static struct ways ways;
static struct pair pairs[PAIR_KINDS];
static struct address name;
static int listening, fresh = -1, accepted = -1;
static char room[LONG_TEXT];

const char *subject_text(void)
{
	static char text[LONG_TEXT];

	for (size_t i = 0; !text[0] && i < LONG_TEXT; i++)
		text[LONG_TEXT - 1 - i] = 'a' + i % 23;
	return text;
}

/* ---- Ways of our own: an array that is long --------------------------------------------- */

static struct msghdr many_pieces(struct iovec iov[PIECES], char *bytes, size_t len)
{
	for (size_t i = 0; i < PIECES; i++) {
		iov[i].iov_base = bytes + len * i / PIECES;
		iov[i].iov_len = len * (i + 1) / PIECES - len * i / PIECES;
	}
	return (struct msghdr){ .msg_iov = iov, .msg_iovlen = PIECES };
}

static long by_many_writev(struct ways *mine, const struct way *way, int fd, char *bytes,
			   size_t len)
{
	struct iovec iov[PIECES];

	(void)mine, (void)way;
	many_pieces(iov, bytes, len);
	return writev(fd, iov, PIECES);
}

static long by_many_sendmsg(struct ways *mine, const struct way *way, int fd, char *bytes,
			    size_t len)
{
	struct iovec iov[PIECES];
	struct msghdr message = many_pieces(iov, bytes, len);

	(void)mine, (void)way;
	return sendmsg(fd, &message, 0);
}

static long by_many_recvmsg(struct ways *mine, const struct way *way, int fd, char *bytes,
			    size_t len)
{
	struct iovec iov[PIECES];
	struct msghdr message = many_pieces(iov, bytes, len);

	(void)mine, (void)way;
	return recvmsg(fd, &message, 0);
}

static const struct way many_to_send[] = {
	{ .name = "writev of many pieces",
	  .call = "writev",
	  .make = by_many_writev,
	  .op = -1 },
	{ .name = "sendmsg of many pieces",
	  .call = "sendmsg",
	  .make = by_many_sendmsg,
	  .op = -1 },
	{},
};

static const struct way many_to_receive[] = {
	{ .name = "recvmsg into many pieces",
	  .call = "recvmsg",
	  .make = by_many_recvmsg,
	  .op = -1 },
	{},
};

/* ---- A connection's life ------------------------------------------------------------------ */

static long by_connect(struct subject *mine)
{
	(void)mine;
	return connect(fresh, (struct sockaddr *)&name.sa, name.len);
}

static long accept_one(int fd)
{
	accepted = fd;
	return fd < 0 ? -1 : 0;
}

static long by_accept(struct subject *mine)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);

	(void)mine;
	return accept_one(accept(listening, (struct sockaddr *)&from, &len));
}

static long by_shutdown(struct subject *mine)
{
	(void)mine;
	return shutdown(fresh, SHUT_WR);
}

static long by_close(struct subject *mine)
{
	int fd = fresh;

	(void)mine;
	fresh = -1;
	return close(fd);
}

static long by_ring_connect(struct subject *mine)
{
	struct io_uring_sqe sqe = uring_request(IORING_OP_CONNECT, fresh, &name.sa, 0);

	(void)mine;
	sqe.off = name.len;
	return uring_call(&ways.ring, &sqe);
}

static long by_ring_accept(struct subject *mine)
{
	struct io_uring_sqe sqe = uring_request(IORING_OP_ACCEPT, listening, NULL, 0);

	(void)mine;
	return accept_one(uring_call(&ways.ring, &sqe));
}

static long by_ring_shutdown(struct subject *mine)
{
	struct io_uring_sqe sqe = uring_request(IORING_OP_SHUTDOWN, fresh, NULL, SHUT_WR);

	(void)mine;
	return uring_call(&ways.ring, &sqe);
}

/* ---- The table ---------------------------------------------------------------------------- */

static struct subject *add(const char *prefix, const char *what, const char *suffix)
{
	struct subject *added = &subject[subjects++];

	if (subjects > SUBJECTS_MAX)
		die("expected at most %d subjects", SUBJECTS_MAX);
	*added = (struct subject){ 0 };
	snprintf(added->name, sizeof(added->name), "%s%s%s", prefix, what, suffix);
	return added;
}

/* A thread of the kernel has no faults: it is not asked. */
static void add_way(const struct way *way, bool receives, enum pair_kind kind, size_t len)
{
	struct subject *added;

	if (way->worker || !way_exists(&ways, way))
		return;
	added = add(receives ? "receive by " : "send by ", way->name,
		    len == SHORT_TEXT ? "" : ", long");
	added->way = way;
	added->kind = way->inet_only && !pair_is_inet(kind) ? PAIR_TCP4 : kind;
	added->receives = receives;
	added->len = len;
	added->success = len;
	added->type = receives ? SENDTRACE_RECORD_RECV : SENDTRACE_RECORD_SEND;
	/* What is received in a registered buffer is not copied to user space. */
	added->places = strcmp(way->name, "READ_FIXED") != 0;
	/*
	 * Of pages nothing is copied from user space, and io_uring may have other faults. A short
	 * payload that was received is resident: it is read without a function that can be made to
	 * fail.
	 */
	added->copies = !way->pages && way->op < 0 && !(receives && len == SHORT_TEXT);
}

static void add_ways(const struct way *way, bool receives)
{
	for (; way->name; way++) {
		if (!receives || !way->pages)
			add_way(way, receives, PAIR_UDP4, SHORT_TEXT);
		add_way(way, receives, PAIR_UNIX_STREAM, LONG_TEXT);
	}
}

static void add_life(const char *what, int type, long (*make)(struct subject *subject),
		     int places)
{
	struct subject *added = add("", what, "");

	added->life = make;
	added->type = type;
	added->places = places;
}

void subjects_choose(void)
{
	ways_open(&ways);
	add_ways(ways_to_send, false);
	add_ways(ways_to_receive, true);
	add_way(&many_to_send[0], false, PAIR_UNIX_STREAM, LONG_TEXT);
	add_way(&many_to_send[1], false, PAIR_UNIX_STREAM, LONG_TEXT);
	add_way(&many_to_receive[0], true, PAIR_UNIX_STREAM, LONG_TEXT);
	add_life("accept", SENDTRACE_RECORD_ACCEPT, by_accept, 2);
	add_life("connect", SENDTRACE_RECORD_CONNECT, by_connect, 2);
	add_life("shutdown", SENDTRACE_RECORD_SHUTDOWN, by_shutdown, 0);
	add_life("close", SENDTRACE_RECORD_CLOSE, by_close, 0);
	if (!ways.has_ring)
		return;
	add_life("accept by io_uring", SENDTRACE_RECORD_ACCEPT, by_ring_accept, 2);
	add_life("connect by io_uring", SENDTRACE_RECORD_CONNECT, by_ring_connect, 2);
	add_life("shutdown by io_uring", SENDTRACE_RECORD_SHUTDOWN, by_ring_shutdown, 0);
}

/* ---- An attempt ---------------------------------------------------------------------------- */

void subjects_open(void)
{
	int yes = 1;

	/* A ring belongs to who has opened it. */
	ways_open(&ways);
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++)
		pairs[kind] = pair_of(kind);
	must(setsockopt(pairs[PAIR_UDP4].near, SOL_SOCKET, SO_ZEROCOPY, &yes,
			sizeof(yes)),
	     "SO_ZEROCOPY");
	must(setsockopt(pairs[PAIR_TCP4].near, SOL_SOCKET, SO_ZEROCOPY, &yes,
			sizeof(yes)),
	     "SO_ZEROCOPY");
	name = unix_address("@inject");
	listening = listener(SOCK_STREAM, &name);
	must(fcntl(listening, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
}

static void empty(int fd)
{
	static char bytes[LONG_TEXT];

	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

static void empty_pipe(void)
{
	static char bytes[4096];
	int left;

	while (ioctl(ways.pipe[0], FIONREAD, &left) == 0 && left > 0)
		must(read(ways.pipe[0], bytes, sizeof(bytes)), "emptying a pipe");
}

static void prepare_way(const struct subject *mine)
{
	const struct pair *pair = &pairs[mine->kind];

	memcpy(room, subject_text(), LONG_TEXT);
	if (!mine->receives)
		return;
	memset(room, 0, sizeof(room));
	check_equal(send(pair->far, subject_text(), mine->len, 0), mine->len,
		    "preparing %s", mine->name);
}

/* A listener with somebody who waits, and a socket that is connected or is not. */
static void prepare_life(const struct subject *mine)
{
	fresh = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
	if (mine->type != SENDTRACE_RECORD_CONNECT)
		must(connect(fresh, (struct sockaddr *)&name.sa, name.len), "connect");
}

void subject_prepare(struct subject *mine)
{
	if (mine->way)
		prepare_way(mine);
	else
		prepare_life(mine);
}

long subject_make(struct subject *mine)
{
	if (!mine->way)
		return mine->life(mine);
	return way_make(&ways, mine->way, pairs[mine->kind].near, room, mine->len);
}

static void clean_life(void)
{
	int fd;

	if (accepted >= 0)
		close(accepted);
	if (fresh >= 0)
		close(fresh);
	while ((fd = accept(listening, NULL, NULL)) >= 0)
		close(fd);
	accepted = -1;
	fresh = -1;
}

void subject_clean(struct subject *mine)
{
	int error = errno;

	if (mine->way) {
		/* Unix sockets have no queue of errors, and would be read. */
		if (pair_is_inet(mine->kind))
			take_notifications(pairs[mine->kind].near);
		empty_pipe();
		empty(pairs[mine->kind].near);
		empty(pairs[mine->kind].far);
	} else {
		clean_life();
	}
	errno = error;
}
