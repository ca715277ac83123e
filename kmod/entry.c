// SPDX-License-Identifier: GPL-2.0
/*
 * The entries and returns of all hooked functions.
 *
 * Most calls are refused: no session records them. So a filter stands in front of what the
 * kernel does at the entry of a kretprobe's function, struct kprobe.pre_handler, and calls it
 * only for a call that a session records. A call that is refused never has an instance of the
 * kretprobe, which takes longer to get and to give back than the question.
 *
 * What calls the filter is either ftrace, once for all functions (trace.c), or the kprobe of
 * each function, whose pre_handler is exchanged for the filter. Should a kretprobe have no such
 * handler, its entry handler asks, and refuses a call by returning 1, which frees the instance
 * immediately. It always refuses thus a call whose user has too many instances already (share.c).
 */
#include <linux/ftrace.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>

#include "canary.h"
#include "compat.h"
#include "entry.h"
#include "event.h"
#include "hooks.h"

/* ---- The filter ---------------------------------------------------------------------- */

/* The kernel's own handler has the instance of a call that is wanted. */
static nokprobe_inline int pass_on(struct st_probe *probe, struct pt_regs *regs)
{
	smp_rmb(); /* pairs with the releases in probe.c */
	probe->own(&probe->rp.kp, regs);
	st_event_asked();
	return 0;
}

static noinline int filter_all(struct st_probe *probe, struct pt_regs *regs)
{
	return st_event_asks(probe->hook) ? pass_on(probe, regs) : 0;
}
NOKPROBE_SYMBOL(filter_all);

/* No hook that needs a return only helps. */
static nokprobe_inline int ask(struct st_probe *probe, struct pt_regs *regs)
{
	switch (st_event_asks_quickly(probe->hook, false)) {
	case ST_WANTED:
		return pass_on(probe, regs);
	case ST_UNSURE:
		return filter_all(probe, regs);
	default:
		return 0;
	}
}

static int filter(struct kprobe *kp, struct pt_regs *regs)
{
	struct st_probe *probe = container_of(kp, struct st_probe, rp.kp);

	raw_cpu_inc(*probe->hits);
	return ask(probe, regs);
}
NOKPROBE_SYMBOL(filter);

/* Of a hook whose function has calls that do not concern it. */
static int filter_some(struct kprobe *kp, struct pt_regs *regs)
{
	struct st_probe *probe = container_of(kp, struct st_probe, rp.kp);

	raw_cpu_inc(*probe->hits);
	return probe->hook->concerns(regs) ? ask(probe, regs) : 0;
}
NOKPROBE_SYMBOL(filter_some);

/**
 * st_entry_filter() - what to put in front of the pre_handler of a hook's kretprobe
 * @hook: the hook; its @size is not 0
 *
 * Return: the handler; it calls st_probe.own for a call that a session wants.
 */
kprobe_pre_handler_t st_entry_filter(const struct st_hook *hook)
{
	return hook->concerns ? filter_some : filter;
}

/* ---- Hooks that need no return ------------------------------------------------------- */

static nokprobe_inline int record_once(const struct st_probe *probe, struct pt_regs *regs)
{
	st_event_once(probe->hook, regs);
	st_event_asked();
	return 0;
}

static noinline int ask_all_once(const struct st_probe *probe, struct pt_regs *regs)
{
	return st_event_asks(probe->hook) ? record_once(probe, regs) : 0;
}
NOKPROBE_SYMBOL(ask_all_once);

static nokprobe_inline int ask_once(const struct st_probe *probe, struct pt_regs *regs)
{
	switch (st_event_asks_quickly(probe->hook, probe->hook->helps)) {
	case ST_WANTED:
		return record_once(probe, regs);
	case ST_UNSURE:
		return ask_all_once(probe, regs);
	default:
		return 0;
	}
}

/**
 * st_entry_once() - the pre_handler of a hook that needs no return
 * @kp: its kprobe
 * @regs: the registers at the function's entry
 *
 * Context: a kprobe's handler.
 * Return: 0.
 */
int st_entry_once(struct kprobe *kp, struct pt_regs *regs)
{
	const struct st_probe *probe = container_of(kp, struct st_probe, rp.kp);

	raw_cpu_inc(*probe->hits);
	return ask_once(probe, regs);
}
NOKPROBE_SYMBOL(st_entry_once);

/* ---- The handlers of the kretprobes -------------------------------------------------- */

/* Also between the registration of a kretprobe and the exchange of its handler. */
static noinline int entered_without_filter(const struct st_probe *probe,
					   struct st_call *call, struct pt_regs *regs)
{
	int refused;

	raw_cpu_inc(*probe->hits);
	if (!st_event_asks(probe->hook))
		return 1;
	refused = st_event_begin(call, probe->hook, regs);
	st_event_asked();
	return refused;
}
NOKPROBE_SYMBOL(entered_without_filter);

/**
 * st_entry_begins() - the entry handler of every kretprobe
 * @ri: the call's instance
 * @regs: the registers at the function's entry
 *
 * Context: the entry handler.
 * Return: 0, or 1 to give the instance back.
 */
int st_entry_begins(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *rp = st_kretprobe_of(ri);
	const struct st_probe *probe = container_of(rp, struct st_probe, rp);
	struct st_call *call = (void *)ri->data;

	if (unlikely(!rp))
		return 1;
	/* Or else the compiler keeps both pointers. */
	OPTIMIZER_HIDE_VAR(call);
	if (unlikely(!st_event_is_asked()))
		return entered_without_filter(probe, call, regs);
	return st_event_begin(call, probe->hook, regs);
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
	st_event_end((void *)ri->data, regs_return_value(regs));
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
	unsigned int i = hash_long(function, PLACE_BITS);
	struct place *place = &places[i];

	while (place->function != function && place->function)
		place = &places[++i % PLACES];
	return place;
}

/**
 * st_entry_place() - let st_entry_traced() find a hook by its function
 * @probe: its @symbol has an address; it is not traced yet
 *
 * Context: one at a time.
 */
void st_entry_place(struct st_probe *probe)
{
	unsigned long function = (unsigned long)probe->symbol.addr;
	struct place *place = place_of(function);

	place->probe = probe;
	/* st_entry_traced() looks for the function first. */
	smp_store_release(&place->function, function);
}

static nokprobe_inline void entered(struct st_probe *probe, struct pt_regs *regs)
{
	const struct st_hook *hook = probe->hook;

	raw_cpu_inc(*probe->hits);
	if (!hook->size)
		ask_once(probe, regs);
	else if (!hook->concerns || hook->concerns(regs))
		ask(probe, regs);
}

/**
 * st_entry_traced() - what ftrace calls at the entry of every hooked function
 * @ip: the function, as a kprobe's address
 * @parent_ip: not used
 * @ops: not used
 * @fregs: the registers of the arguments and of the stack
 *
 * A kretprobe has rethook exchange the return address, which is on the stack (x86).
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
	else if (likely(READ_ONCE(probe->is_traced)))
		entered(probe, st_ftrace_regs(fregs));
	preempt_enable_notrace();
}
NOKPROBE_SYMBOL(st_entry_traced);

#endif /* ST_CAN_TRACE */
