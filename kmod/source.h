/* SPDX-License-Identifier: GPL-2.0 */
/* Who sent what was received. */
#ifndef _ST_SOURCE_H
#define _ST_SOURCE_H

#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/hash.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/types.h>
#include <asm-generic/kprobes.h>

struct pt_regs;
struct sk_buff;
struct sock;
struct sockaddr;
struct socket;
struct st_addr;
struct st_peer;

#define ST_SOURCE_BITS 6
#define ST_SOURCE_SETS (1U << ST_SOURCE_BITS)
/* Threads of one set whose sources can be noted at the same time. */
#define ST_SOURCE_WAYS 4

#define ST_SOURCE_FREE 0UL
/* Somebody reads or writes it: only with preemption off, and nobody waits. */
#define ST_SOURCE_BUSY 1UL

/* An address of IPv4 or IPv6: the family tells which. It is padded as in struct st_addr. */
struct st_source {
	union {
		u64 words[4];
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
};

/**
 * struct st_source_slot - the source of a datagram that a thread has received
 * @sk: the socket, only to be compared
 * @time: when it was noted; jiffies
 * @from: the source
 */
struct st_source_slot {
	const struct sock *sk;
	unsigned long time;
	struct st_source from;
};

/**
 * struct st_source_set - what is noted for some threads; each belongs to one set
 * @receiver: which of them has begun a recorded receive of datagrams last; with ST_SOURCE_NAMED,
 *	if its caller asks for the address. Another thread may take its place at any time: then
 *	the sessions are asked, and all the rest is as without it
 * @owner: whose @slot is, only to be compared; ST_SOURCE_FREE or ST_SOURCE_BUSY
 * @slot: sources
 */
struct st_source_set {
	unsigned long receiver;
	unsigned long owner[ST_SOURCE_WAYS];
	struct st_source_slot slot[ST_SOURCE_WAYS];
} ____cacheline_aligned_in_smp;

/* With its alignment it takes a power of two, and is found without a multiplication. */
static_assert(sizeof(struct st_source_set) <= 256);

/* In @receiver: the pointer's lowest bit. */
#define ST_SOURCE_NAMED 1UL

extern struct st_source_set st_source_sets[ST_SOURCE_SETS];

static nokprobe_inline struct st_source_set *st_source_set_of(const void *owner)
{
	/* No subscript: UBSAN would check the bound each time. */
	return st_source_sets + hash_ptr(owner, ST_SOURCE_BITS);
}

void st_source_forget_all(struct st_source_set *set, const void *owner);

/*
 * Forgets what a thread has noted. Nobody but a thief of its slots writes them meanwhile. Written
 * out: most often there is nothing, and a loop would take twice as long to see that.
 */
static nokprobe_inline void st_source_forget(struct st_source_set *set, const void *owner)
{
	const unsigned long *at = set->owner;
	unsigned long own = (unsigned long)owner;

	BUILD_BUG_ON(ST_SOURCE_WAYS != 4);
	if (unlikely(READ_ONCE(at[0]) == own || READ_ONCE(at[1]) == own ||
		     READ_ONCE(at[2]) == own || READ_ONCE(at[3]) == own))
		st_source_forget_all(set, owner);
}

/**
 * st_source_expect() - a thread begins to receive a datagram
 * @owner: the thread
 * @named: its caller asks for the address, so that nothing needs to be noted
 *
 * What it finds noted when the call returns was noted in this call: what is older is forgotten
 * here.
 *
 * Context: the thread, preemption off; takes no lock.
 */
static nokprobe_inline void st_source_expect(const void *owner, bool named)
{
	struct st_source_set *set = st_source_set_of(owner);

	st_source_forget(set, owner);
	WRITE_ONCE(set->receiver, (unsigned long)owner | (named ? ST_SOURCE_NAMED : 0));
}

void st_source_note(struct st_source_set *set, struct pt_regs *regs);
void st_source_set(struct socket *sock, struct st_peer *peer, const struct sockaddr *name,
		   int len);
void st_source_unknown(struct socket *sock, struct st_peer *peer);

#endif /* _ST_SOURCE_H */
