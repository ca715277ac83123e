/* SPDX-License-Identifier: GPL-2.0 */
/* The table of running sessions, which the handlers walk. */
#ifndef _ST_RUNNING_H
#define _ST_RUNNING_H

#include <linux/bitops.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct st_session;

/* Each running session has one bit in st_running_mask. */
#define ST_MAX_RUNNING BITS_PER_LONG

/*
 * A bit and a pointer for each running session, and a bit also for each that is about to run.
 * The pointers are under RCU.
 */
extern unsigned long st_running_mask;
extern unsigned long st_running_slots;
extern struct st_session __rcu *st_running[ST_MAX_RUNNING];

int st_running_reserve(struct st_session *session, u64 *since);
void st_running_show(int slot, u64 *since);
void st_running_remove(int slot);

/**
 * st_running_of() - the session of the lowest bit
 * @mask: at least one bit of what st_running_mask is or was
 *
 * Context: preemption off, so that the session is not freed.
 * Return: the session, or NULL if it was stopped meanwhile.
 */
static __always_inline struct st_session *st_running_of(unsigned long mask)
{
	/* No subscript: UBSAN would check the bound, which __ffs() keeps, in every call. */
	return rcu_dereference_sched(*(st_running + __ffs(mask)));
}

#endif /* _ST_RUNNING_H */
