// SPDX-License-Identifier: GPL-2.0
/*
 * The returns of calls. A kretprobe catches them: it keeps an instance for each call, and
 * exchanges its return address. But which functions it does that for is up to us: our entries
 * (entry.c) call what the kernel would call at the entry of a function that the kretprobe is armed
 * at, for each call that is to be recorded. So no kretprobe is ever armed, and two are enough for
 * all hooks.
 *
 * A kretprobe has a fixed number of instances, and a call keeps one until it returns. A call that
 * finds none is missed. The kernel's default is far too small for calls that block, hence the
 * parameter maxactive.
 *
 * Thousands of threads may sleep in a receive or an accept. What is kept of these is small, so
 * they have a kretprobe of their own, with more instances. All others share one. Instances take
 * memory only while a hook that needs them is armed.
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "call.h"
#include "compat.h"
#include "entry.h"
#include "param.h"
#include "returns.h"

#define MEMORY_BY_DEFAULT (8U << 20)
#define MEMORY_AT_MOST	  (64U << 20)
#define BY_DEFAULT_MOST	  4096
#define MOST		  65536

/* The memory is calculated for so many CPUs: a host with more of them has more memory. */
#define CPUS 8

#define CHOOSE U32_MAX
static unsigned int maxactive = CHOOSE;
module_param(maxactive, uint, 0444);
MODULE_PARM_DESC(
	maxactive,
	"concurrent calls that are followed; three times as many receives and accepts (1-65536; default: as many as take 8 MiB, at most 4096)");

/* ---- The two kretprobes ---------------------------------------------------------------- */

enum {
	WHOLE,
	SMALL,
	KINDS
};

ST_SHARE_DEFINE(whole_share);
ST_SHARE_DEFINE(small_share);

/* A kretprobe has to be registered somewhere: at functions of our own, which do not matter. */
static struct st_returns kinds[KINDS] = {
	[WHOLE] = { .share = &whole_share, .anchor = st_returns_get, .per_call = 1 },
	[SMALL] = { .share = &small_share, .anchor = st_returns_put, .per_call = 3 },
};

/**
 * st_returns_of() - which kretprobe catches the returns of a hook
 * @hook: a row of the table
 *
 * Return: that; NULL for a hook that needs no return.
 */
struct st_returns *st_returns_of(const struct st_hook *hook)
{
	if (!hook->size)
		return NULL;
	return &kinds[hook->size < sizeof(struct st_call) / 2 ? SMALL : WHOLE];
}

/* ---- How many instances ---------------------------------------------------------------- */

#ifdef ST_HAVE_OBJPOOL
/* lib/objpool.c: a part of it for each CPU, each with pointers to all objects. */
static u64 memory_for(size_t size, u32 nr)
{
	u64 pointers = roundup_pow_of_two(nr) * sizeof(void *);
	u64 objects = DIV_ROUND_UP(nr, CPUS) * (u64)ALIGN(size, sizeof(long));

	return CPUS * PAGE_ALIGN(sizeof(struct objpool_slot) + pointers + objects);
}
#else
/* Each is a kmalloc() of its own. */
static u64 memory_for(size_t size, u32 nr)
{
	size_t object = max_t(size_t, roundup_pow_of_two(size), KMALLOC_MIN_SIZE);

	if (KMALLOC_MIN_SIZE <= 32 && size > 64 && size <= 96)
		object = 96;
	else if (KMALLOC_MIN_SIZE <= 64 && size > 128 && size <= 192)
		object = 192;
	return (u64)object * nr;
}
#endif

static u64 memory_of_all(u32 calls)
{
	u64 memory = 0;
	int i;

	for (i = 0; i < KINDS; i++)
		if (kinds[i].size)
			memory += memory_for(sizeof(struct kretprobe_instance) +
						     kinds[i].size,
					     calls * kinds[i].per_call);
	return memory;
}

/* The largest maxactive whose instances take no more than @memory. */
static u32 most_in(u64 memory, u32 most)
{
	u32 least = 1, middle;

	while (least < most) {
		middle = least + (most - least + 1) / 2;
		if (memory_of_all(middle) <= memory)
			least = middle;
		else
			most = middle - 1;
	}
	return least;
}

/**
 * st_returns_init() - check the parameter maxactive, or choose it
 * @hooks: the table
 * @nr: its rows
 *
 * Return: 0 or -EINVAL.
 */
int __init st_returns_init(const struct st_hook *hooks, int nr)
{
	struct st_returns *returns;
	int i;

	for (i = 0; i < nr; i++) {
		returns = st_returns_of(&hooks[i]);
		if (returns)
			returns->size = max_t(u32, returns->size, hooks[i].size);
	}
	if (maxactive == CHOOSE)
		maxactive = most_in(MEMORY_BY_DEFAULT, BY_DEFAULT_MOST);
	return st_param_check("maxactive", maxactive, 1, most_in(MEMORY_AT_MOST, MOST));
}

/* ---- Registration ---------------------------------------------------------------------- */

static int do_register(struct st_returns *returns)
{
	u32 instances = maxactive * returns->per_call;
	int err;

	/*
	 * No handler runs, and none will run of the calls that have slept since an earlier
	 * registration: they give nothing back, and must not be counted.
	 */
	st_share_reset(returns->share, instances);
	returns->rp = (struct kretprobe){
		.entry_handler = st_entry_begins,
		.handler = st_entry_ends,
		.maxactive = instances,
		.data_size = returns->size,
		.kp.addr = returns->anchor,
		.kp.flags = KPROBE_FLAG_DISABLED,
	};
	err = register_kretprobe(&returns->rp);
	returns->own = returns->rp.kp.pre_handler;
	if (!err && WARN_ON_ONCE(!returns->own)) {
		unregister_kretprobe(&returns->rp);
		err = -EOPNOTSUPP;
	}
	if (err)
		pr_err("cannot register a kretprobe with %u instances: error %d\n",
		       instances, err);
	return err;
}

/**
 * st_returns_get() - have a kretprobe ready, for one more hook
 * @returns: from st_returns_of()
 *
 * Context: may sleep; one at a time, also with st_returns_put().
 * Return: 0, or what register_kretprobe() returns.
 */
int st_returns_get(struct st_returns *returns)
{
	int err = returns->users ? 0 : do_register(returns);

	if (!err)
		returns->users++;
	return err;
}

/**
 * st_returns_put() - undo st_returns_get(), for several hooks
 * @unused: what each of them got
 * @nr: how many
 *
 * Waits for the handlers that run. Calls that sleep keep their instances: when they return, the
 * kernel's own code frees these, and calls nothing of ours.
 *
 * Context: may sleep; nobody calls st_returns_catch() for these hooks any more, but for those who
 * do it already.
 */
void st_returns_put(struct st_returns **unused, int nr)
{
	struct kretprobe *rps[KINDS];
	int i, nr_rps = 0;

	for (i = 0; i < nr; i++)
		if (!--unused[i]->users)
			rps[nr_rps++] = &unused[i]->rp;
	unregister_kretprobes(rps, nr_rps);
}
