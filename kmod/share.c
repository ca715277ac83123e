// SPDX-License-Identifier: GPL-2.0
/*
 * One user whose calls all sleep could hold a whole pool, and everybody else's calls would be
 * missed or cut. So the last quarter of a pool is shared: each user gets at most a sixteenth
 * of the pool out of it. The first three quarters are for anybody: a database server is one
 * user, and may need them alone.
 *
 * Users are not looked at until the last quarter is reached: only what is taken then is
 * charged to an account, so all that a call usually pays for is to be counted on its own CPU.
 * These counts are added up only when a CPU's has moved by more than a batch. So the last
 * quarter begins a few objects early or late: at most an eighth of the pool, and where there
 * are few CPUs, at most a 32nd.
 *
 * A user is a real user id in the initial user namespace, so a program that is set-uid counts
 * for the one who runs it. Ids that have the same hash have one account: then they get less of
 * the last quarter, and nothing else changes.
 */
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "share.h"

/* Below this size, a share of one object would be the whole last quarter. */
#define SIZE_LEAST 8

/*
 * Together, what all CPUs have pending must be little compared with a quarter of the pool. Zero
 * counts exactly, but then all CPUs write to one cache line in each call.
 */
static s32 batch_for(u32 size, u32 cpus)
{
	if (size / 8 < cpus)
		return 0;
	return max(size / 32 / cpus, 1U);
}

/**
 * st_share_reset() - begin at zero, for a pool of which nothing is in use
 * @share: of the pool; nobody takes or gives meanwhile
 * @size: objects in the pool
 *
 * @share->refused stays.
 */
void st_share_reset(struct st_share *share, u32 size)
{
	int cpu;

	for_each_possible_cpu(cpu)
		*per_cpu_ptr(share->pending, cpu) = 0;
	memset(share->held, 0, sizeof(share->held));
	share->batch = batch_for(size, num_possible_cpus());
	atomic_set(&share->over, -(int)(size < SIZE_LEAST ? size : size - size / 4));
	share->most = max(size / 16, 1U);
}

/**
 * st_share_flush() - move what is pending on this CPU to where all see it
 * @share: of a pool
 *
 * Context: any, also a handler. In a thread that has moved to another CPU meanwhile it moves
 * that one's.
 */
void st_share_flush(struct st_share *share)
{
	atomic_add(this_cpu_xchg(*share->pending, 0), &share->over);
}
NOKPROBE_SYMBOL(st_share_flush);

static nokprobe_inline bool charge(struct st_share *share, u32 uid, u32 *account)
{
	u32 index = hash_32(uid, ST_SHARE_BITS);

	if (atomic_inc_return(&share->held[index]) <= share->most) {
		*account = index;
		return true;
	}
	atomic_dec(&share->held[index]);
	atomic_long_inc(&share->refused);
	st_share_give(share, account);
	return false;
}

/**
 * st_share_take_last() - take an object of the last quarter, if the user has a share left
 * @share: of the pool; the object is counted already
 * @account: set if so
 *
 * Context: as st_share_take(), which calls this.
 * Return: false if it has none; then the object is no longer counted.
 */
bool st_share_take_last(struct st_share *share, u32 *account)
{
	return charge(share, __kuid_val(current_uid()), account);
}
NOKPROBE_SYMBOL(st_share_take_last);

/**
 * st_share_give_last() - give an object of the last quarter back to the user's share
 * @share: of the pool
 * @account: from st_share_take(), not ST_SHARE_NONE
 *
 * Context: as st_share_give(), which calls this.
 */
void st_share_give_last(struct st_share *share, const u32 *account)
{
	atomic_dec(&share->held[*account]);
}
NOKPROBE_SYMBOL(st_share_give_last);
