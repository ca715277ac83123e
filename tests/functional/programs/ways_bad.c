// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that the kernel refuses: the caller gets the same errno as one that is not traced, and
 * the event says what was asked, if the call comes as far as to a socket.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "expect_ways.h"
#include "uring.h"
#include "ways_pairs.h"

enum {
	/* What the kernel sends in one call at most. */
	LONGEST_CALL = 0x7ffff000,
};

/* A call, with everything that it needs in here. */
struct attempt {
	int fd;
	struct msghdr message;
	struct iovec *iov;
	int number;
	const void *bytes;
	size_t len;
	struct mmsghdr *messages;
	long (*make)(struct attempt *attempt);
	long ret;
};

static long by_sendmsg(struct attempt *attempt)
{
	return sendmsg(attempt->fd, &attempt->message, 0);
}

static long by_recvmsg(struct attempt *attempt)
{
	return recvmsg(attempt->fd, &attempt->message, MSG_DONTWAIT);
}

static long by_sendmmsg(struct attempt *attempt)
{
	return sendmmsg(attempt->fd, attempt->messages, attempt->number, 0);
}

static long by_writev(struct attempt *attempt)
{
	return writev(attempt->fd, attempt->iov, attempt->number);
}

static long by_readv(struct attempt *attempt)
{
	return readv(attempt->fd, attempt->iov, attempt->number);
}

static long by_write(struct attempt *attempt)
{
	return write(attempt->fd, attempt->bytes, attempt->len);
}

static void untraced(void *arg)
{
	struct attempt **shared = arg;

	must(prctl(PR_SET_NAME, "untraced"), "PR_SET_NAME");
	(*shared)->ret = result_of((*shared)->make(*shared));
}

/* Make the call in a process that is not traced, then here: both must have the same result. */
static long try(struct attempt attempt, long (*make)(struct attempt *attempt),
		const char *what)
{
	struct attempt *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long ret;

	attempt.make = make;
	*shared = attempt;
	in_child(untraced, &shared);
	ret = result_of(make(&attempt));
	check_equal(ret, shared->ret, "%s, traced and not traced", what);
	munmap(shared, sizeof(*shared));
	return ret;
}

static void must_fail(struct attempt attempt, long (*make)(struct attempt *attempt),
		      int error, const char *what)
{
	check_equal(try(attempt, make, what), -error, "%s", what);
}

/* The same, and there is an event. */
static void must_show(struct attempt attempt, long (*make)(struct attempt *attempt),
		      int error, struct event event, const char *what)
{
	event.fd = attempt.fd;
	event.ret = try(attempt, make, what);
	check_equal(event.ret, -error, "%s", what);
	expect_event(&event);
}

static void *nowhere(void)
{
	return mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* ---- Arrays of pieces: the kernel refuses them before it comes to the socket ----------- */

static void vectors(void)
{
	static struct iovec many[1025];
	struct iovec negative = { "x", SIZE_MAX }, good = { "x", 1 };
	struct attempt attempt = { .fd = pair_of(PAIR_UDP4).near, .number = 1 };

	attempt.iov = nowhere();
	attempt.message = (struct msghdr){ .msg_iov = nowhere(), .msg_iovlen = 1 };
	must_fail(attempt, by_writev, EFAULT, "writev without an array");
	must_fail(attempt, by_readv, EFAULT, "readv without an array");
	must_fail(attempt, by_sendmsg, EFAULT, "sendmsg without an array");
	must_fail(attempt, by_recvmsg, EFAULT, "recvmsg without an array");
	for (size_t i = 0; i < COUNT_OF(many); i++)
		many[i] = good;
	attempt.iov = many;
	attempt.number = COUNT_OF(many);
	attempt.message = (struct msghdr){ .msg_iov = many, .msg_iovlen = 1025 };
	must_fail(attempt, by_writev, EINVAL, "writev of too many pieces");
	must_fail(attempt, by_readv, EINVAL, "readv into too many pieces");
	must_fail(attempt, by_sendmsg, EMSGSIZE, "sendmsg of too many pieces");
	must_fail(attempt, by_recvmsg, EMSGSIZE, "recvmsg into too many pieces");
	attempt.iov = &negative;
	attempt.number = 1;
	attempt.message = (struct msghdr){ .msg_iov = &negative, .msg_iovlen = 1 };
	must_fail(attempt, by_writev, EINVAL, "writev of a negative length");
	must_fail(attempt, by_readv, EINVAL, "readv of a negative length");
	must_fail(attempt, by_sendmsg, EINVAL, "sendmsg of a negative length");
	must_fail(attempt, by_recvmsg, EINVAL, "recvmsg of a negative length");
	attempt.number = -1;
	must_fail(attempt, by_writev, EINVAL, "writev of a negative number of pieces");
}

/* Lengths whose sum is more than a call may have: the kernel cuts it there. */
static void lengths(void)
{
	static char bytes[2 * EXPECT_FAILED_MAX];
	struct iovec iov[] = { { bytes, 0x7fffffff }, { bytes, 0x7fffffff } };
	struct attempt attempt = {
		.fd = pair_of(PAIR_UDP4).near,
		.iov = iov,
		.number = 2,
		.message = { .msg_iov = iov, .msg_iovlen = 2 },
	};
	struct event event = {
		.bytes = bytes,
		.len = LONGEST_CALL,
		.where = to_peer(attempt.fd),
	};

	memset(bytes, 'L', sizeof(bytes));
	event.call = "writev";
	must_show(attempt, by_writev, EMSGSIZE, event, "writev of 4 GiB");
	event.call = "sendmsg";
	must_show(attempt, by_sendmsg, EMSGSIZE, event, "sendmsg of 4 GiB");
	event.call = "write";
	attempt.bytes = bytes;
	attempt.len = 0x80000000;
	must_show(attempt, by_write, EMSGSIZE, event, "write of 2 GiB");
}

/* ---- Memory that cannot be read -------------------------------------------------------- */

/* On RT a datagram's peer is named late, and nothing is done late for a call that failed. */
static struct where where_failed(enum pair_kind kind, int fd)
{
	return kind == PAIR_UNIX_DGRAM && is_rt() ? to_nowhere(AF_UNIX) : to_peer(fd);
}

static void memory_of(enum pair_kind kind)
{
	struct iovec iov[] = { { nowhere(), 100 }, { "after", 5 } };
	struct attempt attempt = {
		.fd = pair_of(kind).near,
		.iov = iov,
		.number = 2,
		.message = { .msg_iov = iov, .msg_iovlen = 2 },
		.bytes = iov[0].iov_base,
		.len = 100,
	};
	struct event event = {
		.len = 105,
		.where = where_failed(kind, attempt.fd),
		.why = "failed",
	};

	event.call = "writev";
	must_show(attempt, by_writev, EFAULT, event, "writev of unreadable memory");
	event.call = "sendmsg";
	must_show(attempt, by_sendmsg, EFAULT, event, "sendmsg of unreadable memory");
	event.call = "write";
	event.len = 100;
	must_show(attempt, by_write, EFAULT, event, "write of unreadable memory");
	attempt.bytes = NULL;
	must_show(attempt, by_write, EFAULT, event, "write of NULL");
}

static void memory(void)
{
	memory_of(PAIR_UDP4);
	memory_of(PAIR_TCP4);
	memory_of(PAIR_UNIX_DGRAM);
	memory_of(PAIR_UNIX_STREAM);
}

/* ---- Addresses of every length --------------------------------------------------------- */

/*
 * sendmsg() takes a length beyond the largest as the largest. A shorter one than the family's is
 * shown as what was asked for.
 */
static void addresses(void)
{
	struct address to = udp_sink("127.0.0.1"), peer = udp_sink("127.0.0.2");
	int connected = connected_socket(SOCK_DGRAM, &peer);
	struct iovec iov = { "address", 7 };
	size_t most = sizeof(struct sockaddr_storage);
	char room[2 * sizeof(struct sockaddr_storage)] = { 0 };

	memcpy(room, &to.sa, sizeof(to.sa));
	for (size_t len = 0; len <= most + 1; len++) {
		struct attempt attempt = {
			.fd = connected,
			.message = { .msg_name = room,
				     .msg_namelen = len,
				     .msg_iov = &iov,
				     .msg_iovlen = 1 },
		};
		struct event event = { .call = "sendmsg",
				       .fd = connected,
				       .bytes = "address",
				       .len = 7,
				       .addr_len = len > most ? most : len };

		to.len = len > most ? most : len;
		if (len == 0)
			event.where = to_peer(connected);
		else if (len < sizeof(struct sockaddr_in))
			event.where = to_doubtful(connected, &to, "asked");
		else
			event.where = to_address(connected, &to);
		/* Too short to have a port, or an address: nothing that could be in doubt. */
		if (len && len < 8)
			event.where = to_nowhere(AF_INET);
		event.ret = try(attempt, by_sendmsg, "sendmsg with an address");
		check_equal(event.ret, len && len < 16 ? -EINVAL : 7,
			    "sendmsg with an address of %zu bytes", len);
		expect_event(&event);
	}
}

/* No event: the address is read before the socket is asked. */
static void bad_addresses(void)
{
	struct iovec iov = { "address", 7 };
	struct attempt attempt = { .fd = pair_of(PAIR_UDP4).near };

	attempt.message = (struct msghdr){
		.msg_name = nowhere(), .msg_namelen = 16, .msg_iov = &iov, .msg_iovlen = 1
	};
	must_fail(attempt, by_sendmsg, EFAULT, "sendmsg with an unreadable address");
	attempt.message.msg_namelen = -1;
	must_fail(attempt, by_sendmsg, EINVAL, "sendmsg with a negative length");
}

/* ---- Ancillary data that lies ---------------------------------------------------------- */

struct control {
	struct cmsghdr header;
	int data[300];
};

static void try_control(enum pair_kind kind, struct control *control, size_t len,
			long want, const char *cmsg)
{
	struct iovec iov = { "control", 7 };
	struct attempt attempt = {
		.fd = pair_of(kind).near,
		.message = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = len },
	};
	struct event event = {
		.call = "sendmsg",
		.fd = attempt.fd,
		.bytes = "control",
		.len = 7,
		.where = to_peer(attempt.fd),
		.cmsg = cmsg,
	};

	event.ret = try(attempt, by_sendmsg, "sendmsg with ancillary data");
	check_equal(event.ret, want, "sendmsg with %zu bytes of ancillary data", len);
	if (event.ret < 0)
		event.where = where_failed(kind, attempt.fd);
	expect_event(&event);
}

static void controls(void)
{
	struct control control = { .header = { .cmsg_level = SOL_SOCKET,
					       .cmsg_type = SCM_RIGHTS } };
	size_t whole = CMSG_LEN(sizeof(int)), head = sizeof(struct cmsghdr);

	/* Longer than the buffer; shorter than a header; a header that is cut. */
	control.header.cmsg_len = 10 * whole;
	try_control(PAIR_UNIX_STREAM, &control, whole, -EINVAL, NULL);
	try_control(PAIR_UNIX_DGRAM, &control, whole, -EINVAL, NULL);
	control.header.cmsg_len = head - 1;
	try_control(PAIR_UNIX_STREAM, &control, whole, -EINVAL, NULL);
	control.header.cmsg_len = 0;
	try_control(PAIR_UNIX_STREAM, &control, whole, -EINVAL, NULL);
	control.header.cmsg_len = SIZE_MAX;
	try_control(PAIR_UNIX_STREAM, &control, whole, -EINVAL, NULL);
	control.header.cmsg_len = whole;
	try_control(PAIR_UNIX_STREAM, &control, head - 1, 7, NULL);
	/* No such descriptor; more of them than a message takes. */
	control.data[0] = 12345;
	try_control(PAIR_UNIX_STREAM, &control, whole, -EBADF, "SCM_RIGHTS:1");
	control.header.cmsg_len = CMSG_LEN(254 * sizeof(int));
	try_control(PAIR_UNIX_STREAM, &control, control.header.cmsg_len, -EINVAL,
		    "SCM_RIGHTS:254");
	/* The kernel does not take so much, whatever it is, and cannot read this. */
	try_control(PAIR_UDP4, &control, SIZE_MAX, -ENOBUFS, "SCM_RIGHTS:254");
	try_control(PAIR_UDP4, nowhere(), whole, -EFAULT, NULL);
}

/* ---- Arrays of messages, and io_uring -------------------------------------------------- */

static void messages(void)
{
	struct iovec good = { "good", 4 };
	struct mmsghdr two[2] = {
		{ .msg_hdr = { .msg_iov = &good, .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = nowhere(), .msg_iovlen = 1 } },
	};
	struct attempt attempt = { .fd = pair_of(PAIR_UDP4).near, .number = 2 };
	struct event event = { .call = "sendmmsg",
			       .fd = attempt.fd,
			       .bytes = "good",
			       .len = 4,
			       .where = to_peer(attempt.fd),
			       .ret = 4 };

	attempt.messages = nowhere();
	must_fail(attempt, by_sendmmsg, EFAULT, "sendmmsg without an array");
	attempt.messages = two;
	check_equal(try(attempt, by_sendmmsg, "sendmmsg"), 1,
		    "messages before a bad one");
	expect_event(&event);
	attempt.messages = two + 1;
	attempt.number = 1;
	must_fail(attempt, by_sendmmsg, EFAULT, "sendmmsg of a bad one");
}

static void rings(void)
{
	int fd = pair_of(PAIR_UDP4).near;
	struct io_uring_sqe sqe = uring_request(IORING_OP_SENDMSG, fd, nowhere(), 1);
	struct event event = { .call = "io_uring",
			       .fd = fd,
			       .len = 100,
			       .where = to_peer(fd),
			       .why = "failed" };
	struct uring ring;

	if (!uring_open(&ring, 0))
		skip("io_uring cannot be used here");
	check_errno(uring_call(&ring, &sqe), EFAULT, "SENDMSG without a message");
	sqe = uring_request(IORING_OP_WRITEV, fd, nowhere(), 1);
	check_errno(uring_call(&ring, &sqe), EFAULT, "WRITEV without an array");
	sqe = uring_request(IORING_OP_SEND, fd, nowhere(), 100);
	event.ret = result_of(uring_call(&ring, &sqe));
	check_equal(event.ret, -EFAULT, "SEND of unreadable memory");
	expect_event(&event);
	sqe = uring_request(IORING_OP_SEND, STDIN_FILENO, "x", 1);
	check_errno(uring_call(&ring, &sqe), ENOTSOCK, "SEND to no socket");
	sqe = uring_request(IORING_OP_SEND, 999, "x", 1);
	check_errno(uring_call(&ring, &sqe), EBADF, "SEND to no file");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "vectors", vectors },
		{ "lengths", lengths },
		{ "memory", memory },
		{ "addresses", addresses },
		{ "bad_addresses", bad_addresses },
		{ "controls", controls },
		{ "messages", messages },
		{ "rings", rings },
		{},
	};

	return run_cases(argc, argv, cases);
}
