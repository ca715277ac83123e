// SPDX-License-Identifier: GPL-2.0
/*
 * The entries and returns of all hooked functions.
 *
 * Most calls are refused: no session records them. So a filter stands in front, and only a call
 * that a session records is followed until its return (returns.c). A call that is refused has no
 * instance, which takes longer to get and to give back than the question.
 *
 * What calls us at an entry is ftrace, once for all functions (trace.c); or where it cannot, a
 * kprobe for each.
 */
#include <linux/ftrace.h>
#include <linux/hash.h>
#include <linux/indirect_call_wrapper.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>

#include "canary.h"
#include "compat.h"
#include "entry.h"
#include "event.h"
#include "hooks.h"
#include "returns.h"
#include "share.h"
#include "source.h"
#include "tls_note.h"

/* ---- Entries ------------------------------------------------------------------------- */

/* The entry handler, st_entry_begins(), takes what was asked, unless there is no instance. */
static nokprobe_inline void follow(struct st_probe *probe, struct pt_regs *regs)
{
	this_cpu_write(st_asked.hook, probe->hook);
	st_returns_catch(probe->returns, regs);
	if (likely(!st_event_is_asked()))
		return;
	raw_cpu_inc(*probe->misses);
	st_event_asked();
}

/* A hook that needs no return. */
static nokprobe_inline void record_once(const struct st_probe *probe,
					struct pt_regs *regs)
{
	st_event_once(probe->hook, regs);
	st_event_asked();
}

static nokprobe_inline void wanted(struct st_probe *probe, struct pt_regs *regs)
{
	if (probe->returns)
		follow(probe, regs);
	else
		record_once(probe, regs);
}

/* Most often the connection is known, and the call goes through it. */
static noinline void watched(struct st_probe *probe, struct pt_regs *regs)
{
	const struct st_hook *hook = probe->hook;

	if (hook->socket && st_tls_note_known(hook->socket(regs)))
		st_event_refuse();
	else
		wanted(probe, regs);
}
NOKPROBE_SYMBOL(watched);

static noinline void ask_all(struct st_probe *probe, struct pt_regs *regs)
{
	if (!st_event_asks(probe->hook))
		return;
	if (unlikely(st_event_is_watched(probe->hook)))
		watched(probe, regs);
	else
		wanted(probe, regs);
}
NOKPROBE_SYMBOL(ask_all);

/*
 * Returns false if only the sessions can tell whether anybody needs it. Direct, since each received
 * datagram comes here.
 */
static nokprobe_inline bool helped(const struct st_hook *hook, struct pt_regs *regs)
{
	struct st_source_set *set = st_source_set_of(current);
	enum st_answer answer = st_asks_receiver(set);

	if (likely(answer == ST_WANTED))
		INDIRECT_CALL_1(hook->help, st_source_note, set, regs);
	return answer != ST_UNSURE;
}

static nokprobe_inline void entered(struct st_probe *probe, struct pt_regs *regs)
{
	const struct st_hook *hook = probe->hook;

	raw_cpu_inc(*probe->hits);
	if (hook->help && helped(hook, regs))
		return;
	if (hook->concerns && !hook->concerns(regs))
		return;
	switch (st_event_asks_quickly(hook)) {
	case ST_WANTED:
		wanted(probe, regs);
		break;
	case ST_WATCHED:
		watched(probe, regs);
		break;
	case ST_UNSURE:
		ask_all(probe, regs);
		break;
	default:
		break;
	}
}

/**
 * st_entry_probed() - the handler of the kprobe of every hook
 * @kp: its kprobe
 * @regs: the registers at the function's entry
 *
 * Context: the handler of a kprobe.
 * Return: 0.
 */
int st_entry_probed(struct kprobe *kp, struct pt_regs *regs)
{
	entered(container_of(kp, struct st_probe, kp), regs);
	return 0;
}
NOKPROBE_SYMBOL(st_entry_probed);

/* ---- The handlers of the kretprobes -------------------------------------------------- */

static nokprobe_inline struct st_returns *returns_of(const struct kretprobe *rp)
{
	return container_of(rp, struct st_returns, rp);
}

/* Returns false if its user has too many calls already. */
static nokprobe_inline bool may_have(struct kretprobe_instance *ri, struct st_call *call)
{
	struct kretprobe *rp = st_kretprobe_of(ri);

	return likely(rp) && st_share_take(returns_of(rp)->share, &call->account);
}

/**
 * st_entry_begins() - the entry handler of every kretprobe
 * @ri: the call's instance
 * @regs: the registers at the function's entry
 *
 * What was asked is forgotten, but for a call that is missed.
 *
 * Context: the entry handler.
 * Return: 0, or 1 to give the instance back.
 */
int st_entry_begins(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct st_call *call = (void *)ri->data;

	/* Or else the compiler keeps both pointers. */
	OPTIMIZER_HIDE_VAR(call);
	if (!st_event_begin(call, regs)) {
		st_event_asked();
		return 1;
	}
	if (unlikely(!may_have(ri, call)))
		return 1;
	st_event_asked();
	return 0;
}
NOKPROBE_SYMBOL(st_entry_begins);

/**
 * st_entry_ends() - the return handler of every kretprobe
 * @ri: the call's instance
 * @regs: the registers at the function's return
 *
 * Context: the return handler.
 * Return: 0.
 */
int st_entry_ends(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *rp = st_kretprobe_of(ri);
	struct st_call *call = (void *)ri->data;

	/* If not, nobody counts any more. */
	if (likely(rp))
		st_share_give(returns_of(rp)->share, &call->account);
	st_event_end(call, regs_return_value(regs));
	return 0;
}
NOKPROBE_SYMBOL(st_entry_ends);

/* ---- Entries that ftrace sees -------------------------------------------------------- */

#if ST_CAN_TRACE

/* A hash of the functions, with linear probing. A function is never removed. */
#define PLACE_BITS 6
#define PLACES	   (1U << PLACE_BITS)

struct place {
	unsigned long function;
	struct st_probe *probe;
};

static struct place places[PLACES];

static_assert(PLACES >= 2 * ST_HOOKS);

static nokprobe_inline struct place *place_of(unsigned long function)
{
	/* No subscript: it would be kept beside the pointer, at each entry. */
	struct place *place = places + hash_long(function, PLACE_BITS);

	while (unlikely(place->function != function && place->function))
		if (++place == places + PLACES)
			place = places;
	return place;
}

/**
 * st_entry_place() - let st_entry_traced() find a hook by its function
 * @probe: its @symbol has an address
 *
 * Context: one at a time, before ftrace is told of any function.
 */
void st_entry_place(struct st_probe *probe)
{
	unsigned long function = (unsigned long)probe->symbol.addr;
	struct place *place = place_of(function);

	place->probe = probe;
	place->function = function;
}

/**
 * st_entry_traced() - what ftrace calls at the entry of every hooked function
 * @ip: the function, as a kprobe's address
 * @parent_ip: not used
 * @ops: not used
 * @fregs: the registers of the arguments and of the stack
 *
 * The return address, which is exchanged, is on the stack (x86).
 *
 * It needs no lock against recursion: no handler calls a hooked function, and of those that an
 * interrupt calls meanwhile nothing but a count is taken.
 *
 * Context: the function's entry. Switches preemption off, as the kretprobe needs it.
 */
void notrace st_entry_traced(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct st_probe *probe;

	preempt_disable_notrace();
	probe = place_of(ip)->probe;
	if (unlikely(!probe))
		st_canary_called();
	else if (likely(smp_load_acquire(&probe->is_traced))) /* register_entry() */
		entered(probe, st_ftrace_regs(fregs));
	preempt_enable_notrace();
}
NOKPROBE_SYMBOL(st_entry_traced);

#endif /* ST_CAN_TRACE */
