// SPDX-License-Identifier: GPL-2.0
/* Random calls on sockets: how they are made. No call waits: it would wait for ever. */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "random_traffic.h"
#include "random_ways.h"
#include "uring.h"

enum {
	FILL_MS = 1000,
};

/* What a thread's calls need. A child needs its own, or each would receive the other's. */
static _Thread_local struct {
	pid_t owner;
	struct pair pairs[PAIR_KINDS];
	int listening[2];
	struct address at[2];
	int pipe[2];
	int file;
	bool has_ring;
	struct uring ring;
	aio_context_t aio;
} my;

static void no_wait(int fd)
{
	must(fcntl(fd, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
}

static void open_listeners(void)
{
	struct address any = inet_address("127.0.0.1", 0);
	char name[32];

	snprintf(name, sizeof(name), "@random.%d", gettid());
	my.at[0] = unix_address(name);
	my.listening[0] = listener(SOCK_STREAM, &my.at[0]);
	my.listening[1] = listener(SOCK_STREAM, &any);
	my.at[1] = local_address(my.listening[1]);
	no_wait(my.listening[0]);
	no_wait(my.listening[1]);
}

static void open_all(void)
{
	static const char bytes[2 * PAGE];

	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		my.pairs[kind] = pair_of(kind);
		no_wait(my.pairs[kind].near);
		no_wait(my.pairs[kind].far);
	}
	open_listeners();
	must(pipe2(my.pipe, O_CLOEXEC | O_NONBLOCK), "pipe");
	my.file = must(memfd_create("random", MFD_CLOEXEC), "memfd");
	must(pwrite(my.file, bytes, sizeof(bytes), 0), "writing a file");
	my.has_ring = uring_open(&my.ring, 0);
	if (syscall(SYS_io_setup, 8, &my.aio))
		my.aio = 0;
	my.owner = gettid();
}

/* ---- The ways ------------------------------------------------------------------------------ */

#define ARGUMENTS int fd, const struct traffic *traffic

static long by_sendto(ARGUMENTS)
{
	return sendto(fd, traffic->bytes, traffic->len, traffic->flags,
		      traffic->message.msg_name, traffic->message.msg_namelen);
}

static long by_sendmsg(ARGUMENTS)
{
	return sendmsg(fd, &traffic->message, traffic->flags);
}

/* A good one, and the other. */
static long by_sendmmsg(ARGUMENTS)
{
	struct iovec iov = { "good", 4 };
	struct mmsghdr messages[2] = {
		{ .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } },
		{ .msg_hdr = traffic->message },
	};
	bool alone = traffic->len % 2;

	return sendmmsg(fd, messages + alone, 2 - alone, traffic->flags);
}

static long by_write(ARGUMENTS)
{
	return write(fd, traffic->bytes, traffic->len);
}

static long by_writev(ARGUMENTS)
{
	return writev(fd, traffic->iov, traffic->number);
}

static long by_pwritev2(ARGUMENTS)
{
	return pwritev2(fd, traffic->iov, traffic->number, -1, 0);
}

static long by_sendfile(ARGUMENTS)
{
	off_t offset = 0;

	return sendfile(fd, my.file, traffic->asynchronous ? NULL : &offset,
			traffic->len);
}

static void empty_pipe(void)
{
	static _Thread_local char bytes[PAGE];

	while (read(my.pipe[0], bytes, sizeof(bytes)) > 0)
		;
}

static long by_splice(ARGUMENTS)
{
	static const char bytes[3000];
	long ret;

	(void)!write(my.pipe[1], bytes, sizeof(bytes));
	ret = splice(my.pipe[0], NULL, fd, NULL, traffic->len, SPLICE_F_NONBLOCK);
	empty_pipe();
	return ret;
}

static long by_vmsplice(ARGUMENTS)
{
	long ret = vmsplice(my.pipe[1], traffic->iov, traffic->number, SPLICE_F_NONBLOCK);

	if (ret > 0)
		ret = splice(my.pipe[0], NULL, fd, NULL, ret, SPLICE_F_NONBLOCK);
	empty_pipe();
	return ret;
}

static long by_recvfrom(ARGUMENTS)
{
	socklen_t len = traffic->message.msg_namelen;

	return recvfrom(fd, traffic->bytes, traffic->len, traffic->flags,
			traffic->message.msg_name, traffic->asynchronous ? NULL : &len);
}

/* The kernel writes to it. */
static long by_recvmsg(ARGUMENTS)
{
	struct msghdr message = traffic->message;

	return recvmsg(fd, &message, traffic->flags);
}

static long by_recvmmsg(ARGUMENTS)
{
	static _Thread_local char bytes[100];
	struct iovec iov = { bytes, sizeof(bytes) };
	struct mmsghdr messages[2] = {
		{ .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } },
		{ .msg_hdr = traffic->message },
	};
	bool alone = traffic->len % 2;

	return recvmmsg(fd, messages + alone, 2 - alone, traffic->flags, NULL);
}

static long by_read(ARGUMENTS)
{
	return read(fd, traffic->bytes, traffic->len);
}

static long by_readv(ARGUMENTS)
{
	return readv(fd, traffic->iov, traffic->number);
}

static long by_preadv2(ARGUMENTS)
{
	return preadv2(fd, traffic->iov, traffic->number, -1, 0);
}

static long by_splice_out(ARGUMENTS)
{
	long ret = splice(fd, NULL, my.pipe[1], NULL, traffic->len, SPLICE_F_NONBLOCK);

	empty_pipe();
	return ret;
}

/* ---- io_submit and io_uring ------------------------------------------------------------------ */

static long submit(int fd, int operation, const void *at, size_t len)
{
	struct iocb request = {
		.aio_lio_opcode = operation,
		.aio_fildes = fd,
		.aio_buf = (uintptr_t)at,
		.aio_nbytes = len,
	};
	struct iocb *requests[] = { &request };
	struct io_event event;

	if (!my.aio)
		return 0;
	if (syscall(SYS_io_submit, my.aio, 1, requests) < 0)
		return -1;
	while (syscall(SYS_io_getevents, my.aio, 1, 1, &event, NULL) < 0)
		if (errno != EINTR)
			die("io_getevents");
	errno = event.res < 0 ? -event.res : 0;
	return event.res < 0 ? -1 : event.res;
}

static long by_aio_write(ARGUMENTS)
{
	return submit(fd, IOCB_CMD_PWRITE, traffic->bytes, traffic->len);
}

static long by_aio_writev(ARGUMENTS)
{
	return submit(fd, IOCB_CMD_PWRITEV, traffic->iov, traffic->number);
}

static long by_aio_read(ARGUMENTS)
{
	return submit(fd, IOCB_CMD_PREAD, traffic->bytes, traffic->len);
}

static long by_aio_readv(ARGUMENTS)
{
	return submit(fd, IOCB_CMD_PREADV, traffic->iov, traffic->number);
}

/* Would a READ or WRITE wait for it? io_uring does so although the socket has O_NONBLOCK. */
static bool is_ready(int fd, int op)
{
	bool reads = op == IORING_OP_READ || op == IORING_OP_READV;
	struct pollfd polled = { fd, reads ? POLLIN : POLLOUT, 0 };

	return poll(&polled, 1, 0) == 1;
}

static long ring_call(int op, ARGUMENTS, const void *at, size_t len)
{
	struct io_uring_sqe sqe = uring_request(op, fd, at, len);

	if (!my.has_ring)
		return 0;
	switch (op) {
	case IORING_OP_SEND:
	case IORING_OP_RECV:
	case IORING_OP_SENDMSG:
	case IORING_OP_RECVMSG:
		sqe.msg_flags = traffic->flags;
		break;
	default:
		if (!is_ready(fd, op))
			return 0;
	}
	sqe.flags = traffic->asynchronous ? IOSQE_ASYNC : 0;
	return uring_call(&my.ring, &sqe);
}

#define RING_WAY(function, op, at, len)                     \
	static long function(ARGUMENTS)                     \
	{                                                   \
		return ring_call(op, fd, traffic, at, len); \
	}

RING_WAY(by_ring_send, IORING_OP_SEND, traffic->bytes, traffic->len)
RING_WAY(by_ring_recv, IORING_OP_RECV, traffic->bytes, traffic->len)
RING_WAY(by_ring_write, IORING_OP_WRITE, traffic->bytes, traffic->len)
RING_WAY(by_ring_read, IORING_OP_READ, traffic->bytes, traffic->len)
RING_WAY(by_ring_writev, IORING_OP_WRITEV, traffic->iov, traffic->number)
RING_WAY(by_ring_readv, IORING_OP_READV, traffic->iov, traffic->number)
RING_WAY(by_ring_sendmsg, IORING_OP_SENDMSG, &traffic->message, 1)

static long by_ring_recvmsg(ARGUMENTS)
{
	struct msghdr message = traffic->message;

	return ring_call(IORING_OP_RECVMSG, fd, traffic, &message, 1);
}

/* ---- The life of a connection ---------------------------------------------------------------- */

static void refuse_all(int listening)
{
	int fd;

	while ((fd = accept(listening, NULL, NULL)) >= 0)
		close(fd);
}

/* On a socket of its own, and mostly to somebody who listens. */
static long by_connect(ARGUMENTS)
{
	const struct address *at = &my.at[traffic->kind % 2];
	int fresh =
		must(socket(at->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
	const void *name = traffic->message.msg_name;
	socklen_t len = traffic->message.msg_namelen;
	long ret;
	int error;

	(void)fd;
	if (!name && !len)
		ret = connect(fresh, (const struct sockaddr *)&at->sa, at->len);
	else
		ret = connect(fresh, name, len);
	error = errno;
	close(fresh);
	refuse_all(my.listening[traffic->kind % 2]);
	errno = error;
	return ret;
}

static long by_accept(ARGUMENTS)
{
	int end = traffic->kind % 2;
	int fresh = must(socket(my.at[end].sa.ss_family, SOCK_STREAM, 0), "socket");
	struct pollfd polled = { my.listening[end], POLLIN, 0 };
	socklen_t len = traffic->message.msg_namelen;
	long ret;
	int error;

	(void)fd;
	refuse_all(my.listening[end]);
	must(connect(fresh, (struct sockaddr *)&my.at[end].sa, my.at[end].len),
	     "connect");
	poll(&polled, 1, FILL_MS);
	ret = accept4(my.listening[end], traffic->message.msg_name, &len,
		      traffic->asynchronous ? (int)traffic->flags : SOCK_CLOEXEC);
	error = errno;
	close(fresh);
	if (ret >= 0)
		close(ret);
	refuse_all(my.listening[end]);
	errno = error;
	return ret;
}

static long by_shutdown(ARGUMENTS)
{
	struct pair pair = pair_of(traffic->kind);
	long ret = shutdown(pair.near, traffic->len);
	int error = errno;

	(void)fd;
	close(pair.near);
	close(pair.far);
	errno = error;
	return ret;
}

/* ---- The table -------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	long (*make)(ARGUMENTS);
	bool receives;
} table[] = {
	{ "sendto", by_sendto, false },
	{ "sendmsg", by_sendmsg, false },
	{ "sendmmsg", by_sendmmsg, false },
	{ "write", by_write, false },
	{ "writev", by_writev, false },
	{ "pwritev2", by_pwritev2, false },
	{ "sendfile", by_sendfile, false },
	{ "splice", by_splice, false },
	{ "vmsplice", by_vmsplice, false },
	{ "io_submit PWRITE", by_aio_write, false },
	{ "io_submit PWRITEV", by_aio_writev, false },
	{ "io_uring SEND", by_ring_send, false },
	{ "io_uring SENDMSG", by_ring_sendmsg, false },
	{ "io_uring WRITE", by_ring_write, false },
	{ "io_uring WRITEV", by_ring_writev, false },
	{ "recvfrom", by_recvfrom, true },
	{ "recvmsg", by_recvmsg, true },
	{ "recvmmsg", by_recvmmsg, true },
	{ "read", by_read, true },
	{ "readv", by_readv, true },
	{ "preadv2", by_preadv2, true },
	{ "splice out", by_splice_out, true },
	{ "io_submit PREAD", by_aio_read, true },
	{ "io_submit PREADV", by_aio_readv, true },
	{ "io_uring RECV", by_ring_recv, true },
	{ "io_uring RECVMSG", by_ring_recvmsg, true },
	{ "io_uring READ", by_ring_read, true },
	{ "io_uring READV", by_ring_readv, true },
	{ "connect", by_connect, false },
	{ "accept", by_accept, false },
	{ "shutdown", by_shutdown, false },
};

const unsigned int random_ways = COUNT_OF(table);

const char *traffic_name(const struct traffic *traffic)
{
	return table[traffic->way].name;
}

static void empty(int fd)
{
	static _Thread_local char bytes[PAGE];

	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

/* It is there immediately, unless the kernel leaves it to another thread of its own. */
static void fill(const struct pair *pair)
{
	struct pollfd polled = { pair->near, POLLIN, 0 };

	(void)!send(pair->far, "received", 8, MSG_DONTWAIT | MSG_NOSIGNAL);
	poll(&polled, 1, FILL_MS);
}

long traffic_make(const struct traffic *traffic)
{
	const struct pair *pair;

	if (my.owner != gettid())
		open_all();
	pair = &my.pairs[traffic->kind];
	empty(pair->near);
	empty(pair->far);
	if (table[traffic->way].receives)
		fill(pair);
	return table[traffic->way].make(pair->near, traffic);
}
