// SPDX-License-Identifier: GPL-2.0
/*
 * The table of running sessions.
 *
 * How a session comes into it: it gets a slot, with its pointer, so that those who decide which
 * programs are probed can look at it; later its bit in the mask, and its calls are seen.
 *
 * How a session leaves it: its pointer is cleared, and a grace period later no handler has
 * the pointer any more, because handlers run with preemption off. Only then is its slot
 * free, so that another session can get it.
 *
 * A call that sleeps has noted the bits of the sessions that want it. The next session of such
 * a bit must not record it: its rules never saw it. So a session's time begins when it is shown,
 * which is later than the grace period that freed the slot, and it records only calls that were
 * entered since (st_record_session_of()).
 */
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include "compat.h" /* 5.10-rt: <linux/mutex.h> alone is not enough */
#include "running.h"

unsigned long st_running_mask;
unsigned long st_running_slots;
struct st_session __rcu *st_running[ST_MAX_RUNNING];

/* Guards the table. */
static DEFINE_MUTEX(table_lock);

/**
 * st_running_reserve() - give a session a slot
 * @session: complete but for *@since; none of its calls is seen before st_running_show()
 * @since: set to a time that never comes
 *
 * Context: may sleep.
 * Return: its slot, for st_running_remove(), or -EUSERS if all are in use.
 */
int st_running_reserve(struct st_session *session, u64 *since)
{
	int slot = -EUSERS;

	mutex_lock(&table_lock);
	if (~st_running_slots) {
		slot = ffz(st_running_slots);
		*since = U64_MAX;
		rcu_assign_pointer(st_running[slot], session);
		WRITE_ONCE(st_running_slots, st_running_slots | BIT(slot));
	}
	mutex_unlock(&table_lock);
	return slot;
}

/**
 * st_running_show() - show a session to the handlers
 * @slot: from st_running_reserve()
 * @since: set to the time from which on its calls are seen, before handlers see it; nanoseconds
 *	of CLOCK_MONOTONIC
 *
 * Context: may sleep.
 */
void st_running_show(int slot, u64 *since)
{
	mutex_lock(&table_lock);
	WRITE_ONCE(*since, ktime_get_ns());
	WRITE_ONCE(st_running_mask, st_running_mask | BIT(slot));
	mutex_unlock(&table_lock);
}

/**
 * st_running_remove() - hide a session from the handlers
 * @slot: from st_running_reserve(); shown or not
 *
 * When it returns, no handler uses the session any more.
 *
 * Context: may sleep.
 */
void st_running_remove(int slot)
{
	mutex_lock(&table_lock);
	RCU_INIT_POINTER(st_running[slot], NULL);
	mutex_unlock(&table_lock);
	synchronize_rcu();
	mutex_lock(&table_lock);
	WRITE_ONCE(st_running_mask, st_running_mask & ~BIT(slot));
	WRITE_ONCE(st_running_slots, st_running_slots & ~BIT(slot));
	mutex_unlock(&table_lock);
}
