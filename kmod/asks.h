/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The question in front of every call: does any session want it? Inline, since every call of every
 * process on the host pays for it.
 */
#ifndef _ST_ASKS_H
#define _ST_ASKS_H

#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <asm-generic/kprobes.h>

#include "caller.h"
#include "hook.h"
#include "running.h"
#include "session.h"
#include "source.h"
#include "tls_open.h"

/**
 * struct st_asked - what st_event_asks() has found out, for what follows on this CPU
 * @wanted: a bit for each session that wants the call; 0 if there is no such call
 * @hook: the hook that saw it, if it needs a return
 * @caller: who makes it
 *
 * Preemption is off from st_event_asks() to st_event_asked(), and no interrupt's work asks.
 */
struct st_asked {
	unsigned long wanted;
	const struct st_hook *hook;
	struct st_caller caller;
};

DECLARE_PER_CPU(struct st_asked, st_asked);

/**
 * enum st_answer - does any session want a call?
 * @ST_REFUSED: none does
 * @ST_WANTED: some do; st_event_asked() must follow, after st_event_begin() or without it
 * @ST_WATCHED: likewise, though none records it: it may tell which connection a TLS session has
 * @ST_UNSURE: only st_event_asks() can tell
 */
enum st_answer {
	ST_REFUSED,
	ST_WANTED,
	ST_WATCHED,
	ST_UNSURE,
};

bool st_event_asks(const struct st_hook *hook);

static nokprobe_inline struct st_ring *st_ring_here(const struct st_session *session)
{
	return session->rings[smp_processor_id()];
}

/* The mask changes nothing: with it, UBSAN does not check the shift in every call. */
static nokprobe_inline bool st_asks_has(const struct st_session *session, u16 id)
{
	return session->calls & SENDTRACE_CALL_BIT(id % 64);
}

static nokprobe_inline void st_asks_who(struct st_caller *caller)
{
	/* Preemption is off, so an exec() cannot free the leader meanwhile. */
	const struct task_struct *leader = current->group_leader;

	caller->pid = task_tgid_nr(current);
	st_name_read(&caller->comm, current->comm);
	st_name_read(&caller->process, leader->comm);
}

static nokprobe_inline void st_count_filtered(struct st_ring *ring)
{
	st_count(ring->count.hits, 1);
	st_count(ring->count.filtered, 1);
}

/*
 * The functions of sockets have callers that nobody traces: kernel threads, and interrupts.
 * PF_IO_WORKER: the kernel's threads that work for a process's io_uring; they are threads of
 * that process.
 */
static nokprobe_inline bool st_asks_process(void)
{
	return in_task() && !(current->flags & PF_KTHREAD);
}

/**
 * st_asks_receiver() - is a receive recorded that this thread has begun, and is its source needed?
 * @set: the thread's
 *
 * A recorded receive has said so when it began: so no session needs to be asked. And no thread of
 * the kernel's own, which begins none, needs to be told apart.
 *
 * Context: a hook that helps; preemption off.
 * Return: as enum st_answer.
 */
static nokprobe_inline enum st_answer st_asks_receiver(const struct st_source_set *set)
{
	unsigned long receiver = READ_ONCE(set->receiver);

	if (unlikely(!in_task()))
		return ST_REFUSED;
	if (likely(receiver == (unsigned long)current))
		return ST_WANTED;
	return receiver == ((unsigned long)current | ST_SOURCE_NAMED) ? ST_REFUSED :
									ST_UNSURE;
}

/**
 * st_event_asks_quickly() - does any session want a call of this thread?
 * @hook: the hook that saw it
 *
 * Decides the usual case, in which one session runs that looks for one plain name. It calls
 * nothing, so no register has to be saved.
 *
 * Context: before the entry handler; preemption off.
 * Return: as enum st_answer.
 */
static nokprobe_inline enum st_answer st_event_asks_quickly(const struct st_hook *hook)
{
	struct st_asked *asked = this_cpu_ptr(&st_asked);
	unsigned long mask = READ_ONCE(st_running_mask);
	const struct st_session *session;
	const struct st_rules *rules;

	if (unlikely(!st_asks_process()))
		return ST_REFUSED;
	if (unlikely(!mask || mask & (mask - 1)))
		return ST_UNSURE;
	session = st_running_of(mask);
	if (unlikely(!session))
		return ST_REFUSED;
	rules = rcu_dereference_sched(session->rules);
	if (unlikely(!rules->single))
		return ST_UNSURE;
	st_asks_who(&asked->caller);
	/* The tracer last: most calls of others do not match, and pay nothing for it. */
	if (session->asks & hook->calls &&
	    st_pattern_match_plain(rules->patterns, &asked->caller) &&
	    session->tracer != task_tgid(current)) {
		if (likely(session->calls & hook->calls)) {
			asked->wanted = mask;
			return ST_WANTED;
		}
		if (st_tls_is_watched()) {
			asked->wanted = mask;
			return ST_WATCHED;
		}
	}
	if (!hook->help)
		st_count_filtered(st_ring_here(session));
	return ST_REFUSED;
}

#endif /* _ST_ASKS_H */
