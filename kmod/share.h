/* SPDX-License-Identifier: GPL-2.0 */
/* Shares: how much of a pool one user may hold when little of it is left. */
#ifndef _ST_SHARE_H
#define _ST_SHARE_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <asm-generic/kprobes.h>

#define ST_SHARE_BITS	  8
#define ST_SHARE_ACCOUNTS (1U << ST_SHARE_BITS)
/* Not 0: compilers need one instruction more to compare memory with that. */
#define ST_SHARE_NONE	  U32_MAX

/**
 * struct st_share - who holds how much of one pool
 * @pending: for each CPU, objects taken minus objects given back that are not in @over yet
 * @batch: most of @pending, in both directions
 * @most: objects of the last quarter that one account may have
 * @over: objects in use, but for what is pending, minus those that anybody may have: the first
 *	three quarters. Written only when a CPU passes its batch
 * @refused: how often an account had its share already; since the module was loaded
 * @held: objects that an account has of the last quarter; accounts are hashes of user ids
 *
 * @pending, @batch and @most do not change between two st_share_reset(). Defined by
 * ST_SHARE_DEFINE().
 */
struct st_share {
	s32 __percpu *pending;
	s32 batch;
	s32 most;
	atomic_t over ____cacheline_aligned_in_smp;
	atomic_long_t refused ____cacheline_aligned_in_smp;
	atomic_t held[ST_SHARE_ACCOUNTS];
};

/* To be followed by st_share_reset(), before anybody takes an object. */
#define ST_SHARE_DEFINE(name)                       \
	static DEFINE_PER_CPU(s32, name##_pending); \
	static struct st_share name = {             \
		.pending = &name##_pending,         \
	}

void st_share_reset(struct st_share *share, u32 size);
void st_share_flush(struct st_share *share);
bool st_share_take_last(struct st_share *share, u32 *account);
void st_share_give_last(struct st_share *share, const u32 *account);

/**
 * st_share_take() - count an object that the calling thread takes out of the pool
 * @share: of the pool
 * @account: set to what st_share_give() needs: the account that was charged, or ST_SHARE_NONE
 *
 * The usual case writes nothing that other CPUs read.
 *
 * Context: any, also a handler.
 * Return: true; or false if its user has its share already, and must not take the object.
 */
static nokprobe_inline bool st_share_take(struct st_share *share, u32 *account)
{
	s32 __percpu *pending = share->pending;

	*account = ST_SHARE_NONE;
	this_cpu_inc(*pending);
	if (unlikely(this_cpu_read(*pending) > share->batch))
		st_share_flush(share);
	if (likely(atomic_read(&share->over) <= 0))
		return true;
	return st_share_take_last(share, account);
}

/**
 * st_share_give() - count an object that is given back
 * @share: of the pool
 * @account: from st_share_take(), perhaps on another CPU, or under another user id
 *
 * Context: any, also a handler.
 */
static nokprobe_inline void st_share_give(struct st_share *share, const u32 *account)
{
	s32 __percpu *pending = share->pending;

	this_cpu_dec(*pending);
	if (unlikely(this_cpu_read(*pending) + share->batch < 0))
		st_share_flush(share);
	if (unlikely(*account != ST_SHARE_NONE))
		st_share_give_last(share, account);
}

#endif /* _ST_SHARE_H */
