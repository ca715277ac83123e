// SPDX-License-Identifier: GPL-2.0
/*
 * The bell: handlers may take no lock and so wake nobody themselves. They queue irq_work,
 * and only if a reader has said that it is about to sleep.
 */
#include <linux/poll.h>

#include "bell.h"

static void wake_waiters(struct irq_work *work)
{
	struct st_bell *bell = container_of(work, struct st_bell, work);

	WRITE_ONCE(bell->wanted, false);
	wake_up_interruptible_poll(&bell->waiters, EPOLLIN | EPOLLRDNORM);
}

/**
 * st_bell_init() - initialise a bell; no thread waits for it yet
 * @bell: memory of the caller's
 */
void st_bell_init(struct st_bell *bell)
{
	init_waitqueue_head(&bell->waiters);
	init_irq_work(&bell->work, wake_waiters);
	bell->wanted = false;
}

/**
 * st_bell_exit() - wait until no wake-up is under way
 * @bell: no handler can ring it any more. Call st_irq_work_settle() before its memory is
 *	freed
 *
 * Context: may sleep.
 */
void st_bell_exit(struct st_bell *bell)
{
	irq_work_sync(&bell->work);
}

/**
 * st_bell_want() - ask for a wake-up, because the caller is about to sleep
 * @bell: the caller is already in its @waiters
 *
 * The caller must look at every ring once more after this, and only then sleep.
 */
void st_bell_want(struct st_bell *bell)
{
	WRITE_ONCE(bell->wanted, true);
	smp_mb(); /* F, matches E */
}
