// SPDX-License-Identifier: GPL-2.0
/* io_uring by its system calls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "uring.h"

enum {
	ENTRIES = 8,
	/* How long a thread of the kernel waits for requests before it sleeps. */
	IDLE_MS = 50,
	/* Added in 6.0. */
	CQE_NOTIF = 1U << 3,
};

static void *map_of(int fd, size_t size, off_t offset)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
			offset);

	if (at == MAP_FAILED)
		die("mapping a ring");
	return at;
}

bool uring_open(struct uring *ring, unsigned int setup)
{
	struct io_uring_params params = { .flags = setup, .sq_thread_idle = IDLE_MS };
	char *sq, *cq;

	*ring = (struct uring){ .setup = setup };
	ring->fd = syscall(SYS_io_uring_setup, ENTRIES, &params);
	if (ring->fd < 0)
		return false;
	sq = map_of(ring->fd,
		    params.sq_off.array + params.sq_entries * sizeof(unsigned int),
		    IORING_OFF_SQ_RING);
	cq = map_of(ring->fd,
		    params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
		    IORING_OFF_CQ_RING);
	ring->sqes = map_of(ring->fd, params.sq_entries * sizeof(struct io_uring_sqe),
			    IORING_OFF_SQES);
	ring->sq_tail = (unsigned int *)(sq + params.sq_off.tail);
	ring->sq_flags = (unsigned int *)(sq + params.sq_off.flags);
	ring->sq_array = (unsigned int *)(sq + params.sq_off.array);
	ring->sq_mask = *(unsigned int *)(sq + params.sq_off.ring_mask);
	ring->cq_head = (unsigned int *)(cq + params.cq_off.head);
	ring->cq_tail = (unsigned int *)(cq + params.cq_off.tail);
	ring->cq_mask = *(unsigned int *)(cq + params.cq_off.ring_mask);
	ring->cqes = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
	return true;
}

/* The mappings go with the process. */
void uring_close(struct uring *ring)
{
	close(ring->fd);
}

bool uring_has(const struct uring *ring, int op)
{
	enum {
		MOST = 256
	};
	size_t size =
		sizeof(struct io_uring_probe) + MOST * sizeof(struct io_uring_probe_op);
	struct io_uring_probe *probe = calloc(1, size);
	bool has;

	must(syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_PROBE, probe, MOST),
	     "IORING_REGISTER_PROBE");
	has = op <= probe->last_op && probe->ops[op].flags & IO_URING_OP_SUPPORTED;
	free(probe);
	return has;
}

void uring_need(const struct uring *ring, int op, const char *name)
{
	if (!uring_has(ring, op))
		skip("this kernel's io_uring has no %s", name);
}

void uring_register(struct uring *ring, void *bytes, size_t len)
{
	struct iovec buffer = { bytes, len };

	must(syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_BUFFERS, &buffer,
		     1),
	     "IORING_REGISTER_BUFFERS");
}

static long enter(struct uring *ring, unsigned int submit, unsigned int wait,
		  unsigned int flags)
{
	long ret;

	do {
		ret = syscall(SYS_io_uring_enter, ring->fd, submit, wait, flags, NULL, 0);
	} while (ret < 0 && errno == EINTR);
	return ret;
}

/* False, with errno, if the kernel does not take the request: then it is no request. */
static bool submit(struct uring *ring, const struct io_uring_sqe *sqe)
{
	unsigned int tail = *ring->sq_tail, index = tail & ring->sq_mask;

	ring->sqes[index] = *sqe;
	ring->sq_array[index] = index;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	if (!(ring->setup & IORING_SETUP_SQPOLL)) {
		if (enter(ring, 1, 0, 0) >= 0)
			return true;
		__atomic_store_n(ring->sq_tail, tail, __ATOMIC_RELEASE);
		return false;
	}
	/* The thread may be about to sleep: it looks at the tail after it has said so. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(ring->sq_flags, __ATOMIC_RELAXED) & IORING_SQ_NEED_WAKEUP)
		must(enter(ring, 1, 0, IORING_ENTER_SQ_WAKEUP), "io_uring_enter");
	return true;
}

void uring_submit(struct uring *ring, const struct io_uring_sqe *sqe)
{
	if (!submit(ring, sqe))
		die("io_uring_enter failed");
}

long uring_wait(struct uring *ring)
{
	unsigned int head = *ring->cq_head;
	struct io_uring_cqe *cqe;
	long ret;

	while (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE))
		must(enter(ring, 0, 1, IORING_ENTER_GETEVENTS), "io_uring_enter");
	cqe = &ring->cqes[head & ring->cq_mask];
	ret = cqe->res;
	ring->flags = cqe->flags;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

static bool is_zero_copy(int op)
{
	return op == IORING_OP_SEND_ZC || op == IORING_OP_SENDMSG_ZC;
}

long uring_call(struct uring *ring, const struct io_uring_sqe *sqe)
{
	long ret, error;

	if (!submit(ring, sqe))
		return -1;
	ret = uring_wait(ring);
	error = errno;
	if (is_zero_copy(sqe->opcode) && ring->flags & IORING_CQE_F_MORE) {
		uring_wait(ring);
		check(ring->flags & CQE_NOTIF, "the second completion is a notification");
	}
	errno = error;
	return ret;
}

struct io_uring_sqe uring_request(int op, int fd, const void *bytes, size_t len)
{
	return (struct io_uring_sqe){
		.opcode = op,
		.fd = fd,
		.addr = (uintptr_t)bytes,
		.len = len,
	};
}
