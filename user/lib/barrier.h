/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_BARRIER_H
#define _SENDTRACE_BARRIER_H

/*
 * The reader's half of the ring's contract, quoted from <linux/sendtrace.h>; the other
 * half is in kmod/ring.c. These are the only barriers of user/.
 *
 *	kernel				reader
 *
 *	write the record		LOAD_ACQUIRE producer->pos	(B)
 *	STORE_RELEASE producer->pos (A)	read the record
 *
 *	LOAD_ACQUIRE consumer->pos  (D)	read the record
 *	write over the record		STORE_RELEASE consumer->pos	(C)
 *
 * A pairs with B: "what is below head is complete". Without it the reader could see the
 * new position before the record's bytes.
 *
 * C pairs with D: "the kernel may write over all below tail". Without it the kernel could
 * see the new position while the reader's loads of the record are still to come.
 *
 * Acquire and release are enough, as for perf's rings: there is one producer and one
 * consumer, and neither decides by a position of its own that it has just stored.
 */
#include <stdint.h>
#include <linux/types.h>

static inline uint64_t load_acquire(const __u64 *pos)
{
	return __atomic_load_n(pos, __ATOMIC_ACQUIRE);
}

static inline void store_release(__u64 *pos, uint64_t value)
{
	__atomic_store_n(pos, value, __ATOMIC_RELEASE);
}

#endif /* _SENDTRACE_BARRIER_H */
