// SPDX-License-Identifier: GPL-2.0
/*
 * The beginning of a call: who makes it, and who wants to know. What follows is in the files of
 * the ways to send and to receive (sendto.c, message.c, ...), and in deliver.c.
 *
 * All of these run in the calling thread, inside a kretprobe handler: preemption off, interrupts perhaps off too (5.10,
 * arm64), and the handlers of other probes do not run meanwhile. So: no lock that is waited
 * for, no allocation, no wake-up, no printk, and no page fault that would wait. What needs any
 * of these is left to task work (late.c).
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

static nokprobe_inline struct st_ring *this_ring(const struct st_session *session)
{
	return session->rings[smp_processor_id()];
}

static nokprobe_inline bool session_wants(const struct st_session *session, u64 calls,
					  const struct st_caller *caller)
{
	const struct st_rules *rules = rcu_dereference_sched(session->rules);

	/* The tracer last: most calls of others do not match, and pay nothing for it. */
	return (session->calls & calls) && st_rules_match(rules, caller) &&
	       session->tracer != task_tgid(current);
}

static nokprobe_inline void identify(struct st_caller *caller)
{
	/* Preemption is off, so an exec() cannot free the leader meanwhile. */
	const struct task_struct *leader = current->group_leader;

	caller->pid = task_tgid_nr(current);
	st_name_read(&caller->comm, current->comm);
	st_name_read(&caller->process, leader->comm);
}

static nokprobe_inline void count_filtered(struct st_ring *ring)
{
	st_count(ring->count.hits, 1);
	st_count(ring->count.filtered, 1);
}

/*
 * Fills in the caller, and returns a bit for each session that records the call, as in
 * st_running_mask. The other sessions count it as filtered.
 */
static nokprobe_inline unsigned long who_wants(u64 calls, struct st_caller *caller)
{
	unsigned long mask = READ_ONCE(st_running_mask);
	unsigned long rest, wanted = 0;
	struct st_session *session;

	identify(caller);
	for (; mask; mask = rest) {
		rest = mask & (mask - 1);
		session = st_running_of(mask);
		if (unlikely(!session))
			continue;
		if (session_wants(session, calls, caller))
			wanted |= mask ^ rest;
		else
			count_filtered(this_ring(session));
	}
	return wanted;
}

/*
 * What st_event_asks() has found out, for the entry handler that follows it on this CPU:
 * preemption is off from one to the other, and no interrupt's work asks.
 */
static DEFINE_PER_CPU(
	struct {
		unsigned long wanted;
		struct st_caller caller;
	},
	asked);

/*
 * The functions of sockets have callers that nobody traces: kernel threads, and interrupts.
 * PF_IO_WORKER: the kernel's threads that work for a process's io_uring; they are threads of
 * that process.
 */
static nokprobe_inline bool is_a_process(void)
{
	return in_task() && !(current->flags & PF_KTHREAD);
}

/**
 * st_event_asks() - does any session want a call of this thread?
 * @hook: the hook that saw it
 *
 * Context: before the entry handler, or in it; preemption off from here to st_event_begin().
 * Return: true if so.
 */
bool st_event_asks(const struct st_hook *hook)
{
	unsigned long wanted;

	if (unlikely(!is_a_process()))
		return false;
	wanted = who_wants(hook->calls, &this_cpu_ptr(&asked)->caller);
	this_cpu_write(asked.wanted, wanted);
	return wanted;
}
NOKPROBE_SYMBOL(st_event_asks);

/**
 * st_event_begin() - note a call that a session wants
 * @call: filled in; if the hook's @size is smaller than a struct st_call, only so much of it
 * @hook: the hook that saw it
 * @regs: the registers at the function's entry
 *
 * Context: the entry handler, after st_event_asks().
 * Return: what the entry handler returns: 0, or 1 if the call is not to be recorded at its
 * return, or if its user has too many calls already.
 */
int st_event_begin(struct st_call *call, const struct st_hook *hook, struct pt_regs *regs)
{
	call->hook = hook;
	call->wanted = this_cpu_read(asked.wanted);
	if (hook->size == sizeof(*call))
		st_event_identify(call);
	if (!INDIRECT_CALL_1(hook->begin, st_sendto_begins, call, regs))
		return 1;
	call->enter_time = ktime_get_ns();
	return !st_share_take(hook->share, &call->account);
}
NOKPROBE_SYMBOL(st_event_begin);

/**
 * st_event_identify() - say who makes a call
 * @call: its @caller is set
 *
 * Context: the entry handler, after st_event_asks().
 */
void st_event_identify(struct st_call *call)
{
	call->caller = this_cpu_ptr(&asked)->caller;
	st_name_end(&call->caller.comm);
	st_name_end(&call->caller.process);
}
NOKPROBE_SYMBOL(st_event_identify);

/**
 * st_event_identify_again() - say who makes a call that returns
 * @call: its @caller is set
 *
 * Context: the return handler.
 */
void st_event_identify_again(struct st_call *call)
{
	identify(&call->caller);
	st_name_end(&call->caller.comm);
	st_name_end(&call->caller.process);
}
NOKPROBE_SYMBOL(st_event_identify_again);

/**
 * st_event_refine() - ask the sessions again, where a hook serves several calls
 * @call: its @id is set; on return @wanted is without those that do not record such calls
 *
 * Context: the entry handler.
 * Return: is any session left?
 */
bool st_event_refine(struct st_entry *call)
{
	unsigned long mask = call->wanted, rest;
	struct st_session *session;

	for (; mask; mask = rest) {
		rest = mask & (mask - 1);
		session = st_running_of(mask);
		if (likely(session && session->calls & SENDTRACE_CALL_BIT(call->id)))
			continue;
		call->wanted &= ~(mask ^ rest);
		if (session)
			count_filtered(this_ring(session));
	}
	return call->wanted;
}
NOKPROBE_SYMBOL(st_event_refine);

/**
 * st_event_pass() - count a call that is no event after all
 * @call: wanted by sessions; by none on return
 *
 * Context: a handler.
 */
void st_event_pass(struct st_entry *call)
{
	unsigned long mask;
	struct st_session *session;

	for (mask = call->wanted; mask; mask &= mask - 1) {
		session = st_running_of(mask);
		if (session)
			count_filtered(this_ring(session));
	}
	call->wanted = 0;
}
NOKPROBE_SYMBOL(st_event_pass);
