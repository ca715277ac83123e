/* SPDX-License-Identifier: GPL-2.0 */
/* io_uring by its system calls: one request at a time, and what the kernel says of it. */
#ifndef URING_H
#define URING_H

#include <linux/io_uring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uring {
	int fd;
	unsigned int setup;
	unsigned int *sq_tail;
	unsigned int *sq_flags;
	unsigned int *sq_array;
	unsigned int sq_mask;
	unsigned int *cq_head;
	unsigned int *cq_tail;
	unsigned int cq_mask;
	struct io_uring_cqe *cqes;
	struct io_uring_sqe *sqes;
	/* The flags of the last completion. */
	unsigned int flags;
};

/* Open a ring, with IORING_SETUP_* @setup. False, with errno, if the kernel refuses it. */
bool uring_open(struct uring *ring, unsigned int setup);
void uring_close(struct uring *ring);

/* Does the kernel have operation @op? */
bool uring_has(const struct uring *ring, int op);

/* Skip the case, with the reason, if the kernel has no such operation. */
void uring_need(const struct uring *ring, int op, const char *name);

/* Register one buffer, number 0, for IORING_OP_*_FIXED. */
void uring_register(struct uring *ring, void *bytes, size_t len);

/* Submit one request; do not wait for its completion. */
void uring_submit(struct uring *ring, const struct io_uring_sqe *sqe);

/* Wait for a completion: its result, or -1 with errno. */
long uring_wait(struct uring *ring);

/*
 * Make one call: its result, or -1 with errno, also if the kernel does not take the request. Of a
 * call with two completions (SEND_ZC), both have come when this returns.
 */
long uring_call(struct uring *ring, const struct io_uring_sqe *sqe);

/* A request of @op on @fd with @bytes. */
struct io_uring_sqe uring_request(int op, int fd, const void *bytes, size_t len);

#endif /* URING_H */
