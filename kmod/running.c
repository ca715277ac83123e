// SPDX-License-Identifier: GPL-2.0
/*
 * The table of running sessions.
 *
 * How a session leaves it: its pointer is cleared, and a grace period later no handler has
 * the pointer any more, because handlers run with preemption off. Only then is its bit
 * cleared, so that another session can get it: a handler that has noted the bit in a call,
 * and finds no session there, must not record that call for the next one.
 */
#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include "running.h"

unsigned long st_running_mask;
struct st_session __rcu *st_running[ST_MAX_RUNNING];

/* Guards the table. */
static DEFINE_MUTEX(table_lock);

/**
 * st_running_add() - show a session to the handlers
 * @session: complete; handlers use it before this returns
 *
 * Context: may sleep.
 * Return: its slot, for st_running_remove(), or -EUSERS if all are in use.
 */
int st_running_add(struct st_session *session)
{
	int slot = -EUSERS;

	mutex_lock(&table_lock);
	if (~st_running_mask) {
		slot = ffz(st_running_mask);
		rcu_assign_pointer(st_running[slot], session);
		WRITE_ONCE(st_running_mask, st_running_mask | BIT(slot));
	}
	mutex_unlock(&table_lock);
	return slot;
}

/**
 * st_running_remove() - hide a session from the handlers
 * @slot: from st_running_add()
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
	mutex_unlock(&table_lock);
}
