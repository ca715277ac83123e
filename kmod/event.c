// SPDX-License-Identifier: GPL-2.0
/*
 * The beginning of a call: who makes it, and who wants to know. What follows is in the files of
 * the ways to send and to receive (sendto.c, message.c, ...), and in deliver.c.
 *
 * All of these run in the calling thread, at a function's entry or inside a kretprobe handler:
 * preemption off, interrupts perhaps off too (5.10, arm64). So: no lock that is waited for (but for
 * a raw one of a few instructions, where a TLS library is traced: tls_open.c), no
 * allocation, no wake-up, no printk, and no page fault that would wait. What needs any of these
 * is left to task work (late.c).
 */
#include <linux/bitops.h>
#include <linux/indirect_call_wrapper.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>
#include <asm-generic/kprobes.h>

#include "compat.h"
#include "event.h"
#include "running.h"
#include "session.h"
#include "share.h"
#include "source.h"
#include "tls_open.h"

DEFINE_PER_CPU(struct st_asked, st_asked);

/* One that records TLS looks at what else may tell a connection. */
static nokprobe_inline bool session_wants(const struct st_session *session, u64 calls,
					  const struct st_caller *caller)
{
	const struct st_rules *rules = rcu_dereference_sched(session->rules);

	return (session->asks & calls) && st_rules_match(rules, caller) &&
	       session->tracer != task_tgid(current) &&
	       (session->calls & calls || st_tls_is_watched());
}

/*
 * Returns the bit of each session that wants a call, as in st_running_mask. The other sessions
 * count it as filtered, if it is a call of its own.
 */
static nokprobe_inline unsigned long
wanted_by(unsigned long bit, const struct st_hook *hook, const struct st_caller *caller)
{
	struct st_session *session = st_running_of(bit);

	if (unlikely(!session))
		return 0;
	if (session_wants(session, hook->calls, caller))
		return bit;
	if (!hook->help)
		st_count_filtered(st_ring_here(session));
	return 0;
}

/**
 * st_event_asks() - does any session want a call of this thread?
 * @hook: the hook that saw it
 *
 * Context: before the entry handler, or in it; preemption off.
 * Return: true if so: then st_event_asked() must follow, after st_event_begin() or without it.
 */
bool st_event_asks(const struct st_hook *hook)
{
	struct st_asked *asked = this_cpu_ptr(&st_asked);
	unsigned long mask = READ_ONCE(st_running_mask), wanted = 0;

	if (unlikely(!st_asks_process()))
		return false;
	st_asks_who(&asked->caller);
	for (; mask; mask &= mask - 1)
		wanted |= wanted_by(mask & -mask, hook, &asked->caller);
	if (likely(!wanted))
		return false;
	asked->wanted = wanted;
	return true;
}
NOKPROBE_SYMBOL(st_event_asks);

/**
 * st_event_refuse() - the sessions that were found to want a call do not record it
 *
 * Context: the function's entry, instead of st_event_asked().
 */
void st_event_refuse(void)
{
	unsigned long mask = this_cpu_read(st_asked.wanted);
	const struct st_session *session;

	for (; mask; mask &= mask - 1) {
		session = st_running_of(mask & -mask);
		if (session)
			st_count_filtered(st_ring_here(session));
	}
	st_event_asked();
}
NOKPROBE_SYMBOL(st_event_refuse);

/**
 * st_event_is_watched() - does none of the sessions that want a call record it?
 * @hook: the hook that saw it
 *
 * Context: the function's entry, after st_event_asks().
 * Return: true if so: it may only tell which connection a TLS session has.
 */
bool st_event_is_watched(const struct st_hook *hook)
{
	unsigned long mask = this_cpu_read(st_asked.wanted);
	const struct st_session *session;

	for (; mask; mask &= mask - 1) {
		session = st_running_of(mask & -mask);
		if (session && session->calls & hook->calls)
			return false;
	}
	return true;
}
NOKPROBE_SYMBOL(st_event_is_watched);

/* Not inline: many kernels zero the local variables of a function (INIT_STACK_ALL_ZERO). */
static noinline void record_once(const struct st_hook *hook, struct pt_regs *regs)
{
	struct st_entry entry = {
		.hook = hook,
		.wanted = this_cpu_read(st_asked.wanted),
		.enter_time = ktime_get_ns(),
	};

	hook->begin((struct st_call *)&entry, regs);
}
NOKPROBE_SYMBOL(record_once);

/**
 * st_event_once() - let a hook record a call that a session wants, at its entry
 * @hook: the hook that saw it, whose @size is 0
 * @regs: the registers at the function's entry
 *
 * Context: the function's entry, after st_event_asks().
 */
void st_event_once(const struct st_hook *hook, struct pt_regs *regs)
{
	if (hook->help)
		hook->help(st_source_set_of(current), regs);
	else
		record_once(hook, regs);
}
NOKPROBE_SYMBOL(st_event_once);

/**
 * st_event_identify_another() - read the names of a thread, and end them
 * @caller: all but its @pid and @tid is set
 *
 * Context: as st_event_identify_again(), which calls this.
 */
void st_event_identify_another(struct st_caller *caller)
{
	/* Preemption is off, so an exec() cannot free the leader meanwhile. */
	const struct task_struct *leader = current->group_leader;

	st_name_read(&caller->comm, current->comm);
	st_name_read(&caller->process, leader->comm);
	st_caller_copy_ended(caller, caller);
}
NOKPROBE_SYMBOL(st_event_identify_another);

/**
 * st_event_refine_each() - ask the sessions again, where a hook serves several calls
 * @call: as of st_event_refine(), which calls this
 *
 * Context: the entry handler.
 * Return: is the call to be followed until it returns?
 */
bool st_event_refine_each(struct st_entry *call)
{
	unsigned long mask = call->wanted, rest;
	struct st_session *session;

	for (; mask; mask = rest) {
		rest = mask & (mask - 1);
		session = st_running_of(mask);
		if (likely(session && st_asks_has(session, call->id)))
			continue;
		call->wanted &= ~(mask ^ rest);
		if (session)
			st_count_filtered(st_ring_here(session));
	}
	/* Wanted by none, it may still tell which connection a call of a TLS library is for. */
	return call->wanted || st_tls_is_watched();
}
NOKPROBE_SYMBOL(st_event_refine_each);

/* The sessions that have seen it begin. */
static void count_each(const struct st_entry *call, bool blocked)
{
	struct st_session *session;
	unsigned long mask;

	for (mask = call->wanted; mask; mask &= mask - 1) {
		session = st_running_of(mask);
		if (!session || session->since > call->enter_time)
			continue;
		st_count_filtered(st_ring_here(session));
		if (blocked)
			st_count(st_ring_here(session)->count.blocked, 1);
	}
}
NOKPROBE_SYMBOL(count_each);

/**
 * st_event_pass() - count a call that is no event after all, by its result
 * @call: wanted by sessions; by none on return
 *
 * Context: a handler.
 */
void st_event_pass(struct st_entry *call)
{
	count_each(call, true);
	call->wanted = 0;
}
NOKPROBE_SYMBOL(st_event_pass);

/**
 * st_event_drop() - count a call that is none that sessions record
 * @call: wanted by sessions; by none on return
 *
 * Context: a handler.
 */
void st_event_drop(struct st_entry *call)
{
	count_each(call, false);
	call->wanted = 0;
}
NOKPROBE_SYMBOL(st_event_drop);
