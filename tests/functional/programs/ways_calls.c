// SPDX-License-Identifier: GPL-2.0
/* Every way to send and to receive. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "ways_calls.h"

#define ARGUMENTS \
	struct ways *ways, const struct way *way, int fd, char *bytes, size_t len

/* Three pieces, the last one may be the longest. */
static struct msghdr three_pieces(struct iovec iov[3], char *bytes, size_t len)
{
	size_t third = len / 3;

	iov[0] = (struct iovec){ bytes, third };
	iov[1] = (struct iovec){ bytes + third, third };
	iov[2] = (struct iovec){ bytes + 2 * third, len - 2 * third };
	return (struct msghdr){ .msg_iov = iov, .msg_iovlen = 3 };
}

/* ---- Sending ------------------------------------------------------------------------- */

static long by_send(ARGUMENTS)
{
	(void)ways;
	return send(fd, bytes, len, way->flags);
}

static long by_sendmsg(ARGUMENTS)
{
	struct iovec iov[3];
	struct msghdr message = three_pieces(iov, bytes, len);

	(void)ways;
	return sendmsg(fd, &message, way->flags);
}

static long by_sendmmsg(ARGUMENTS)
{
	struct iovec iov[3];
	struct mmsghdr messages = { .msg_hdr = three_pieces(iov, bytes, len) };
	long ret;

	(void)ways;
	ret = sendmmsg(fd, &messages, 1, way->flags);
	return ret < 0 ? ret : messages.msg_len;
}

static long by_write(ARGUMENTS)
{
	(void)ways, (void)way;
	return write(fd, bytes, len);
}

static long by_writev(ARGUMENTS)
{
	struct iovec iov[3];

	(void)ways, (void)way;
	three_pieces(iov, bytes, len);
	return writev(fd, iov, 3);
}

static long by_pwritev2(ARGUMENTS)
{
	struct iovec iov[3];

	(void)ways, (void)way;
	three_pieces(iov, bytes, len);
	return pwritev2(fd, iov, 3, -1, 0);
}

/* The file holds the bytes, and nothing else. */
static long by_sendfile(ARGUMENTS)
{
	off_t offset = 0;

	(void)way;
	if (ftruncate(ways->file, 0) || pwrite(ways->file, bytes, len, 0) != (ssize_t)len)
		return -1;
	return sendfile(fd, ways->file, &offset, len);
}

static long from_pipe(struct ways *ways, int fd, size_t len)
{
	size_t done = 0;
	long ret;

	while (done < len) {
		ret = splice(ways->pipe[0], NULL, fd, NULL, len - done, 0);
		if (ret <= 0)
			return done ? (long)done : ret;
		done += ret;
	}
	return done;
}

static long by_splice(ARGUMENTS)
{
	(void)way;
	if (write(ways->pipe[1], bytes, len) != (ssize_t)len)
		return -1;
	return from_pipe(ways, fd, len);
}

static long by_vmsplice(ARGUMENTS)
{
	struct iovec iov = { bytes, len };

	(void)way;
	if (vmsplice(ways->pipe[1], &iov, 1, 0) != (ssize_t)len)
		return -1;
	return from_pipe(ways, fd, len);
}

/* ---- Receiving ----------------------------------------------------------------------- */

static long by_recv(ARGUMENTS)
{
	(void)ways;
	return recv(fd, bytes, len, way->flags);
}

static long by_recvfrom(ARGUMENTS)
{
	struct sockaddr_storage from;

	ways->from_len = sizeof(from);
	return recvfrom(fd, bytes, len, way->flags, (struct sockaddr *)&from,
			&ways->from_len);
}

static long by_recvmsg(ARGUMENTS)
{
	struct iovec iov[3];
	struct msghdr message = three_pieces(iov, bytes, len);

	(void)ways;
	return recvmsg(fd, &message, way->flags);
}

static long by_recvmmsg(ARGUMENTS)
{
	struct iovec iov[3];
	struct mmsghdr messages = { .msg_hdr = three_pieces(iov, bytes, len) };
	long ret;

	(void)ways;
	ret = recvmmsg(fd, &messages, 1, way->flags, NULL);
	return ret < 0 ? ret : messages.msg_len;
}

static long by_read(ARGUMENTS)
{
	(void)ways, (void)way;
	return read(fd, bytes, len);
}

static long by_readv(ARGUMENTS)
{
	struct iovec iov[3];

	(void)ways, (void)way;
	three_pieces(iov, bytes, len);
	return readv(fd, iov, 3);
}

static long by_preadv2(ARGUMENTS)
{
	struct iovec iov[3];

	(void)ways, (void)way;
	three_pieces(iov, bytes, len);
	return preadv2(fd, iov, 3, -1, 0);
}

/* Out of the socket, into a pipe, and from there into memory. */
static long by_splice_out(ARGUMENTS)
{
	long ret, got;

	(void)way;
	ret = splice(fd, NULL, ways->pipe[1], NULL, len, 0);
	for (long done = 0; done<ret; done += got> 0 ? got : 0) {
		got = read(ways->pipe[0], bytes + done, ret - done);
		/* A fault that a test injects happens once. */
		if (got == 0 || (got < 0 && errno != EFAULT))
			die("emptying a pipe");
	}
	return ret;
}

/* ---- io_submit ----------------------------------------------------------------------- */

static long submit(struct ways *ways, struct iocb *request)
{
	struct iocb *requests[] = { request };
	struct io_event event;

	if (syscall(SYS_io_submit, ways->aio, 1, requests) < 0)
		return -1;
	/*
	 * The work of an io_uring of this thread interrupts it. The event stays if it cannot be
	 * written: a fault that a test injects happens once.
	 */
	while (syscall(SYS_io_getevents, ways->aio, 1, 1, &event, NULL) != 1)
		check(errno == EINTR || errno == EFAULT, "errno of io_getevents: %d",
		      errno);
	if (event.res >= 0)
		return event.res;
	errno = -event.res;
	return -1;
}

static struct iocb request_of(int opcode, int fd, const void *at, size_t len)
{
	return (struct iocb){
		.aio_lio_opcode = opcode,
		.aio_fildes = fd,
		.aio_buf = (uintptr_t)at,
		.aio_nbytes = len,
	};
}

/* @op is IOCB_CMD_*, where the vector ones take three pieces. */
static long by_io_submit(ARGUMENTS, int op)
{
	struct iocb request = request_of(op, fd, bytes, len);
	struct iovec iov[3];

	(void)way;
	if (op == IOCB_CMD_PWRITEV || op == IOCB_CMD_PREADV) {
		three_pieces(iov, bytes, len);
		request = request_of(op, fd, iov, COUNT_OF(iov));
	}
	return submit(ways, &request);
}

static long by_aio_write(ARGUMENTS)
{
	return by_io_submit(ways, way, fd, bytes, len, IOCB_CMD_PWRITE);
}

static long by_aio_writev(ARGUMENTS)
{
	return by_io_submit(ways, way, fd, bytes, len, IOCB_CMD_PWRITEV);
}

static long by_aio_read(ARGUMENTS)
{
	return by_io_submit(ways, way, fd, bytes, len, IOCB_CMD_PREAD);
}

static long by_aio_readv(ARGUMENTS)
{
	return by_io_submit(ways, way, fd, bytes, len, IOCB_CMD_PREADV);
}

/* ---- io_uring ------------------------------------------------------------------------ */

static long ring_call(struct ways *ways, const struct way *way, struct io_uring_sqe *sqe)
{
	struct uring *ring = way->polled ? &ways->polled : &ways->ring;

	sqe->flags |= way->sqe_flags;
	return uring_call(ring, sqe);
}

static long ring_bytes(ARGUMENTS)
{
	struct io_uring_sqe sqe = uring_request(way->op, fd, bytes, len);

	sqe.msg_flags = way->flags;
	return ring_call(ways, way, &sqe);
}

static long ring_message(ARGUMENTS)
{
	struct iovec iov[3];
	struct msghdr message = three_pieces(iov, bytes, len);
	struct io_uring_sqe sqe = uring_request(way->op, fd, &message, 1);

	sqe.msg_flags = way->flags;
	return ring_call(ways, way, &sqe);
}

static long ring_vector(ARGUMENTS)
{
	struct iovec iov[3];
	struct msghdr message = three_pieces(iov, bytes, len);
	struct io_uring_sqe sqe =
		uring_request(way->op, fd, message.msg_iov, message.msg_iovlen);

	return ring_call(ways, way, &sqe);
}

static long ring_fixed(ARGUMENTS)
{
	struct io_uring_sqe sqe = uring_request(way->op, fd, ways->fixed, len);
	bool sends = way->op == IORING_OP_WRITE_FIXED;
	long ret;

	if (sends)
		memcpy(ways->fixed, bytes, len);
	ret = ring_call(ways, way, &sqe);
	if (!sends && ret > 0)
		memcpy(bytes, ways->fixed, ret);
	return ret;
}

/* The kernel chooses the buffer; we give it only one. */
static long ring_provided(ARGUMENTS)
{
	struct io_uring_sqe give =
		uring_request(IORING_OP_PROVIDE_BUFFERS, 1, ways->fixed, len);
	struct io_uring_sqe sqe = uring_request(way->op, fd, NULL, len);
	long ret;

	give.buf_group = 7;
	if (uring_call(&ways->ring, &give) < 0)
		return -1;
	sqe.msg_flags = way->flags;
	sqe.buf_group = 7;
	sqe.flags = IOSQE_BUFFER_SELECT;
	ret = ring_call(ways, way, &sqe);
	if (ret > 0)
		memcpy(bytes, ways->fixed, ret);
	return ret;
}

/* ---- The tables ---------------------------------------------------------------------- */

#define CALL(name_, call_, make_) .name = name_, .call = call_, .make = make_, .op = -1
#define RING(name_, make_, op_) \
	.name = name_, .call = "io_uring", .make = make_, .op = op_

const struct way ways_to_send[] = {
	{ CALL("send", "sendto", by_send) },
	{ CALL("sendmsg", "sendmsg", by_sendmsg) },
	{ CALL("sendmmsg", "sendmmsg", by_sendmmsg) },
	{ CALL("write", "write", by_write) },
	{ CALL("writev", "writev", by_writev) },
	{ CALL("pwritev2", "pwritev2", by_pwritev2) },
	{ CALL("aio_pwrite", "io_submit", by_aio_write) },
	{ CALL("aio_pwritev", "io_submit", by_aio_writev) },
	{ CALL("zerocopy", "sendto", by_send), .flags = MSG_ZEROCOPY, .inet_only = true },
	{ CALL("sendfile", "sendfile", by_sendfile), .pages = true },
	{ CALL("splice", "splice", by_splice), .pages = true },
	{ CALL("vmsplice", "splice", by_vmsplice), .pages = true },
	{ RING("SEND", ring_bytes, IORING_OP_SEND) },
	{ RING("SENDMSG", ring_message, IORING_OP_SENDMSG) },
	{ RING("WRITE", ring_bytes, IORING_OP_WRITE) },
	{ RING("WRITEV", ring_vector, IORING_OP_WRITEV) },
	{ RING("WRITE_FIXED", ring_fixed, IORING_OP_WRITE_FIXED) },
	{ RING("SEND_ZC", ring_bytes, IORING_OP_SEND_ZC), .inet_only = true },
	{ RING("SENDMSG_ZC", ring_message, IORING_OP_SENDMSG_ZC), .inet_only = true },
	{ RING("SEND_async", ring_bytes, IORING_OP_SEND), .sqe_flags = IOSQE_ASYNC,
	  .worker = true },
	{ RING("SENDMSG_async", ring_message, IORING_OP_SENDMSG),
	  .sqe_flags = IOSQE_ASYNC, .worker = true },
	{ RING("WRITE_async", ring_bytes, IORING_OP_WRITE), .sqe_flags = IOSQE_ASYNC,
	  .worker = true },
	{ RING("SEND_polled", ring_bytes, IORING_OP_SEND), .polled = true,
	  .worker = true },
	{ RING("WRITE_polled", ring_bytes, IORING_OP_WRITE), .polled = true,
	  .worker = true },
	{},
};

const struct way ways_to_receive[] = {
	{ CALL("recv", "recvfrom", by_recv) },
	{ CALL("recvfrom", "recvfrom", by_recvfrom) },
	{ CALL("recvmsg", "recvmsg", by_recvmsg) },
	{ CALL("recvmmsg", "recvmmsg", by_recvmmsg) },
	{ CALL("read", "read", by_read) },
	{ CALL("readv", "readv", by_readv) },
	{ CALL("preadv2", "preadv2", by_preadv2) },
	{ CALL("aio_pread", "io_submit", by_aio_read) },
	{ CALL("aio_preadv", "io_submit", by_aio_readv) },
	{ RING("RECV", ring_bytes, IORING_OP_RECV) },
	{ RING("RECVMSG", ring_message, IORING_OP_RECVMSG) },
	{ RING("READ", ring_bytes, IORING_OP_READ) },
	{ RING("READV", ring_vector, IORING_OP_READV) },
	{ RING("READ_FIXED", ring_fixed, IORING_OP_READ_FIXED) },
	{ RING("provided", ring_provided, IORING_OP_RECV) },
	{ RING("RECV_async", ring_bytes, IORING_OP_RECV), .sqe_flags = IOSQE_ASYNC,
	  .worker = true },
	{ RING("RECV_polled", ring_bytes, IORING_OP_RECV), .polled = true,
	  .worker = true },
	{ CALL("splice_out", "splice", by_splice_out), .pages = true },
	{},
};

void ways_open(struct ways *ways)
{
	*ways = (struct ways){ .file = must(memfd_create("ways", MFD_CLOEXEC), "memfd") };
	must(pipe2(ways->pipe, O_CLOEXEC), "pipe");
	must(fcntl(ways->pipe[0], F_SETPIPE_SZ, 2 * WAYS_MOST), "F_SETPIPE_SZ");
	ways->has_aio = syscall(SYS_io_setup, 8, &ways->aio) == 0;
	if (!ways->has_aio && errno != ENOSYS)
		die("io_setup");
	ways->fixed = mmap(NULL, WAYS_MOST, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ways->has_ring = uring_open(&ways->ring, 0);
	if (!ways->has_ring)
		return;
	uring_register(&ways->ring, ways->fixed, WAYS_MOST);
	ways->has_polled = uring_open(&ways->polled, IORING_SETUP_SQPOLL);
}

bool way_exists(struct ways *ways, const struct way *way)
{
	if (way->op < 0)
		return ways->has_aio || strcmp(way->call, "io_submit") != 0;
	if (!ways->has_ring || (way->polled && !ways->has_polled))
		return false;
	return uring_has(&ways->ring, way->op);
}

const struct way *way_named(const struct way *table, const char *name)
{
	for (const struct way *way = table; way->name; way++)
		if (strcmp(way->name, name) == 0)
			return way;
	die("expected the name of a way, got '%s'", name);
}

long way_make(struct ways *ways, const struct way *way, int fd, const void *bytes,
	      size_t len)
{
	ways->from_len = 0;
	return way->make(ways, way, fd, (char *)bytes, len);
}

int take_notifications(int fd)
{
	char control[256];
	struct msghdr message = { 0 };
	int taken = 0;

	do {
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
	} while (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0 && ++taken);
	return taken;
}
