/* SPDX-License-Identifier: GPL-2.0 */
/* A call begins, and ends: what all hooks have in common. */
#ifndef _ST_EVENT_H
#define _ST_EVENT_H

#include <linux/indirect_call_wrapper.h>
#include <linux/ktime.h>
#include <linux/net.h>
#include <linux/percpu.h>
#include <net/sock.h>
#include <asm-generic/kprobes.h>

#include "asks.h"
#include "call.h"
#include "hook.h"
#include "sendto.h"

struct pt_regs;

void st_event_once(const struct st_hook *hook, struct pt_regs *regs);
void st_event_identify_another(struct st_caller *caller);
bool st_event_refine_each(struct st_entry *call);
void st_event_refuse(void);
bool st_event_is_watched(const struct st_hook *hook);
void st_event_pass(struct st_entry *call);
void st_event_drop(struct st_entry *call);

/**
 * st_event_is_asked() - does a session want the call whose entry is being handled?
 *
 * Context: preemption off.
 * Return: true between an st_event_asks() that returned true and st_event_asked().
 */
static nokprobe_inline bool st_event_is_asked(void)
{
	return this_cpu_read(st_asked.wanted);
}

/**
 * st_event_asked() - forget what st_event_asks() has found out
 *
 * Context: preemption off since st_event_asks() returned true.
 */
static nokprobe_inline void st_event_asked(void)
{
	this_cpu_write(st_asked.wanted, 0);
}

/**
 * st_event_traces() - is a call on this socket the caller's own?
 * @sock: a socket that is held
 *
 * Sockets of the kernel's own, such as those of NFS, are used in the caller's name.
 *
 * Context: the entry handler.
 * Return: false for those, and for a socket that is being closed.
 */
static nokprobe_inline bool st_event_traces(const struct socket *sock)
{
	const struct sock *sk = READ_ONCE(sock->sk);

	return sk && !sk->sk_kern_sock;
}

/**
 * st_event_begin() - note a call that a session wants
 * @call: filled in; if the hook's @size is smaller than a struct st_call, only so much of it
 * @regs: the registers at the function's entry
 *
 * Context: the entry handler, after st_event_asks().
 * Return: is the call to be recorded at its return?
 */
static nokprobe_inline bool st_event_begin(struct st_call *call, struct pt_regs *regs)
{
	call->hook = this_cpu_read(st_asked.hook);
	call->wanted = this_cpu_read(st_asked.wanted);
	call->enter_time = ktime_get_ns();
	/* Read again: it is not worth a register that has to be saved. */
	if (call->hook->size >= sizeof(*call))
		st_caller_copy_ended(&call->caller, &this_cpu_ptr(&st_asked)->caller);
	return INDIRECT_CALL_1(call->hook->begin, st_sendto_begins, call, regs);
}

/**
 * st_event_refine() - ask the sessions again, where a hook serves several calls
 * @call: its @id is set; on return @wanted is without those that do not record such calls
 *
 * Context: the entry handler.
 * Return: is the call to be followed until it returns?
 */
static nokprobe_inline bool st_event_refine(struct st_entry *call)
{
	const struct st_session *session = st_running_of(call->wanted);

	if (likely(session && !(call->wanted & (call->wanted - 1)) &&
		   st_asks_has(session, call->id)))
		return true;
	return st_event_refine_each(call);
}

/**
 * st_event_identify_again() - say who makes a call that returns
 * @call: its @caller is set. Before, it has what an earlier call set, or zeroes
 *
 * Names that are those of the earlier call, up to their last byte, have been ended already.
 *
 * Context: the return handler.
 */
static nokprobe_inline void st_event_identify_again(struct st_call *call)
{
	/* Preemption is off, so an exec() cannot free the leader meanwhile. */
	const struct task_struct *leader = current->group_leader;
	struct st_caller *caller = &call->caller;
	union st_name comm, process;

	st_name_read(&comm, current->comm);
	st_name_read(&process, leader->comm);
	if (unlikely(!st_name_same(&comm, &caller->comm) ||
		     !st_name_same(&process, &caller->process)))
		st_event_identify_another(caller);
	caller->pid = task_tgid_nr(current);
}

/**
 * st_event_end() - record a call that returns
 * @call: filled in by st_event_begin()
 * @value: what the function returned
 *
 * Where indirect calls are costly (retpolines), the most frequent one is direct.
 *
 * Context: the return handler.
 */
static nokprobe_inline void st_event_end(struct st_call *call, long value)
{
	INDIRECT_CALL_1(call->hook->end, st_sendto_ends, call, value);
}

#endif /* _ST_EVENT_H */
