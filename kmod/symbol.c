// SPDX-License-Identifier: GPL-2.0
/*
 * Which functions of the table this kernel has. Modules may not look symbols up in kallsyms, but
 * a kprobe does.
 */
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "inlined.h"
#include "symbol.h"

/*
 * Registered disabled, it changes no code. Returns 0, -ENOENT, or another errno if the function
 * may not be probed.
 */
static int __init try_symbol(struct kprobe *trial, const char *symbol)
{
	*trial = (struct kprobe){
		.symbol_name = symbol,
		.flags = KPROBE_FLAG_DISABLED,
	};
	return register_kprobe(trial);
}

static void __init report_missing(const struct st_hook *hook, int err)
{
	if (hook->optional)
		pr_warn("cannot probe %s (error %d): some calls of the kind '%s' are not seen\n",
			hook->symbols[0], err, hook->name);
	else
		pr_err("cannot probe %s (error %d): sessions that record '%s' cannot start\n",
		       hook->symbols[0], err, hook->name);
}

/* What is in a module may be unloaded, and its place taken by something else. */
static bool __init may_move(const void *addr)
{
	return is_vmalloc_addr(addr) || ((unsigned long)addr >= MODULES_VADDR &&
					 (unsigned long)addr < MODULES_END);
}

static char text[KSYM_SYMBOL_LEN] __initdata;

/**
 * st_symbol_extent() - where the code of a function begins and ends
 * @at: an address in it
 * @from: set to its first address
 * @to: set to the first one behind it
 *
 * The size is part of what kallsyms writes: "name+0x4/0x1c0".
 *
 * Context: one at a time.
 * Return: true, or false if there is no such function.
 */
bool __init st_symbol_extent(unsigned long at, unsigned long *from, unsigned long *to)
{
	unsigned long offset, size;
	const char *plus;

	sprint_symbol(text, at);
	plus = strchr(text, '+');
	if (!plus || sscanf(plus, "+0x%lx/0x%lx", &offset, &size) != 2)
		return false;
	*from = at - offset;
	*to = *from + size;
	return true;
}

static bool __init is_partial(const struct st_hook *hook, const void *addr)
{
	int i;

	for (i = 0; i < ST_HOOK_CALLERS && hook->callers[i]; i++) {
		if (!st_is_inlined(hook->callers[i], (unsigned long)addr))
			continue;
		pr_info("the compiler of this kernel has put %s() into %s(): calls of the kind '%s' are seen in the functions of IPv4, IPv6, AF_UNIX and netlink instead, and no others\n",
			hook->symbols[0], hook->callers[i], hook->name);
		return true;
	}
	return false;
}

/* Returns 0, whether the function was found or not, or -ENOMEM. */
static int __init find_symbol(const struct st_hook *hook, struct st_symbol *found,
			      struct kprobe *trial)
{
	int i, err;

	for (i = 0; i < ST_HOOK_SYMBOLS && hook->symbols[i]; i++) {
		err = try_symbol(trial, hook->symbols[i]);
		if (err == -ENOMEM)
			return err;
		if (!err) {
			found->name = hook->symbols[i];
			found->addr = may_move(trial->addr) ? NULL : trial->addr;
			found->on_ftrace = trial->flags & KPROBE_FLAG_FTRACE;
			found->is_partial = !i && is_partial(hook, trial->addr);
			return 0;
		}
		if (!i)
			found->err = err;
	}
	return 0;
}

/**
 * st_symbols_find() - find the functions to probe
 * @hooks: the table
 * @found: the function of each row; zero before
 * @nr: its rows
 *
 * A function that is missing is logged.
 *
 * Return: 0, whether all were found or not, or -ENOMEM.
 */
int __init st_symbols_find(const struct st_hook *hooks, struct st_symbol *found, int nr)
{
	struct kprobe **registered, *trials;
	int i, nr_registered = 0, err = 0;
	bool inlined = false;

	trials = kcalloc(nr, sizeof(*trials), GFP_KERNEL);
	registered = kcalloc(nr, sizeof(*registered), GFP_KERNEL);
	if (!trials || !registered)
		err = -ENOMEM;
	for (i = 0; !err && i < nr; i++) {
		err = find_symbol(&hooks[i], &found[i], &trials[i]);
		if (found[i].name)
			registered[nr_registered++] = &trials[i];
	}
	for (i = 0; i < nr; i++)
		inlined |= found[i].is_partial;
	for (i = 0; !err && i < nr; i++) {
		found[i].is_needed = inlined ? !hooks[i].unless_inlined :
					       !hooks[i].if_inlined;
		if (found[i].is_needed && !found[i].name)
			report_missing(&hooks[i], found[i].err);
	}
	/* One grace period for all: unregistering waits for one. */
	unregister_kprobes(registered, nr_registered);
	kfree(registered);
	kfree(trials);
	return err;
}

/**
 * st_symbol_place() - say where a probe is to be
 * @symbol: was found
 * @kp: not registered
 *
 * By its address, if that is known: to find a symbol, older kernels look at one after the other.
 * Kprobes refuses to be told both.
 */
void st_symbol_place(const struct st_symbol *symbol, struct kprobe *kp)
{
	kp->addr = symbol->addr;
	kp->symbol_name = symbol->addr ? NULL : symbol->name;
}
