// SPDX-License-Identifier: GPL-2.0
/*
 * An echo server that waits, receives and sends through io_uring only: ring_echo PORT. It
 * serves one client after the other, and takes another operation for each message.
 */
#include <errno.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "check.h"
#include "net.h"

enum {
	ENTRIES = 8,
	BUFFER_SIZE = 65536
};

static struct io_uring ring;
static char buffer[BUFFER_SIZE];
static struct iovec piece[2];
static struct msghdr message = { .msg_iov = piece, .msg_iovlen = 1 };

static long result_of(const char *what)
{
	struct io_uring_cqe *cqe;
	long result;

	errno = -io_uring_wait_cqe(&ring, &cqe);
	if (errno)
		die("waiting for %s", what);
	result = cqe->res;
	/* A send without copying has a second result: its buffer is free again. */
	if (cqe->flags & IORING_CQE_F_MORE) {
		io_uring_cqe_seen(&ring, cqe);
		io_uring_wait_cqe(&ring, &cqe);
	}
	io_uring_cqe_seen(&ring, cqe);
	errno = result < 0 ? -result : 0;
	return must(result < 0 ? -1 : result, what);
}

static long run(const char *what)
{
	must(io_uring_submit(&ring), "io_uring_submit");
	return result_of(what);
}

static long receive(int fd, unsigned int turn)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	piece[0] = (struct iovec){ buffer, sizeof(buffer) };
	message.msg_iovlen = 1;
	switch (turn % 4) {
	case 0:
		io_uring_prep_recv(sqe, fd, buffer, sizeof(buffer), 0);
		return run("RECV");
	case 1:
		io_uring_prep_recvmsg(sqe, fd, &message, 0);
		return run("RECVMSG");
	case 2:
		io_uring_prep_read(sqe, fd, buffer, sizeof(buffer), 0);
		return run("READ");
	default:
		io_uring_prep_readv(sqe, fd, piece, 1, 0);
		return run("READV");
	}
}

static void prepare_send(struct io_uring_sqe *sqe, int fd, size_t len, unsigned int turn)
{
	piece[0] = (struct iovec){ buffer, len / 2 };
	piece[1] = (struct iovec){ buffer + len / 2, len - len / 2 };
	message.msg_iovlen = 2;
	switch (turn % 6) {
	case 0:
		io_uring_prep_send(sqe, fd, buffer, len, 0);
		break;
	case 1:
		io_uring_prep_sendmsg(sqe, fd, &message, 0);
		break;
	case 2:
		io_uring_prep_write(sqe, fd, buffer, len, 0);
		break;
	case 3:
		io_uring_prep_writev(sqe, fd, piece, 2, 0);
		break;
	case 4:
		io_uring_prep_send_zc(sqe, fd, buffer, len, 0, 0);
		break;
	default:
		io_uring_prep_sendmsg_zc(sqe, fd, &message, 0);
	}
}

/* Operation 5 came with Linux 6.1, as did 4: the test's kernel has both. */
static void serve(int fd)
{
	unsigned int turn;
	long len;

	for (turn = 0; (len = receive(fd, turn)) > 0; turn++) {
		prepare_send(io_uring_get_sqe(&ring), fd, len, turn);
		check_equal(run("the answer"), len, "answer %u", turn);
	}
	io_uring_prep_close(io_uring_get_sqe(&ring), fd);
	run("CLOSE");
}

int main(int argc, char **argv)
{
	struct address address;
	int fd;

	if (argc != 2)
		die("expected a port");
	address = inet_address("127.0.0.1", atoi(argv[1]));
	fd = listener(SOCK_STREAM, &address);
	errno = -io_uring_queue_init(ENTRIES, &ring, 0);
	if (errno)
		die("io_uring_queue_init");
	for (;;) {
		io_uring_prep_accept(io_uring_get_sqe(&ring), fd, NULL, NULL, 0);
		serve(run("ACCEPT"));
	}
}
