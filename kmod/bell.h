/* SPDX-License-Identifier: GPL-2.0 */
/* Wakes the reader of a session's rings. ring.c explains the letters at the barriers. */
#ifndef _ST_BELL_H
#define _ST_BELL_H

#include <linux/irq_work.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <asm-generic/kprobes.h>

/**
 * struct st_bell - wakes the threads that wait for any of a session's rings
 * @waiters: the threads that wait; wait_event() and poll_wait() use it directly
 * @work: does the wake-up outside the handlers, which may take no lock
 * @wanted: a thread waits, or is about to
 */
struct st_bell {
	wait_queue_head_t waiters;
	struct irq_work work;
	bool wanted;
};

void st_bell_init(struct st_bell *bell);
void st_bell_exit(struct st_bell *bell);
void st_bell_want(struct st_bell *bell);

/**
 * st_bell_ring() - wake the threads that wait; costs next to nothing if none does
 * @bell: the bell of the session in whose ring a record was just committed
 *
 * Context: any, interrupts off included.
 */
static nokprobe_inline void st_bell_ring(struct st_bell *bell)
{
	smp_mb(); /* E, matches F */
	if (unlikely(READ_ONCE(bell->wanted)))
		irq_work_queue(&bell->work);
}

#endif /* _ST_BELL_H */
