// SPDX-License-Identifier: GPL-2.0
/*
 * A kretprobe has a fixed number of instances, and a call keeps one until it returns. A call
 * that finds none is missed. The kernel's default is far too small for calls that block, hence
 * the parameter maxactive.
 *
 * Hooks differ: thousands of threads may sleep in a receive, whose instances are small; few are
 * in a splice at the same time. So each has its portion of maxactive, and one bound holds for
 * all of them together, however many rows the table has. Only hooks that are armed have
 * instances.
 *
 * Not one pool for all hooks: the kernel gives each kretprobe instances of its own, so such a
 * pool would come on top of them, and each call would have to take two objects.
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "compat.h"
#include "instances.h"
#include "param.h"

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
	"concurrent calls that each probe can follow (1-65536; default: as many as take 8 MiB, at most 4096)");

static u32 portion(const struct st_hook *hook, u32 whole)
{
	u64 instances = (u64)whole * (hook->sixteenths ?: 16) / 16;

	return hook->size ? max(instances, 1ULL) : 0;
}

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

static u64 memory_of_all(const struct st_hook *hooks, int nr, u32 whole)
{
	u64 memory = 0;
	u32 instances;
	int i;

	for (i = 0; i < nr; i++) {
		instances = portion(&hooks[i], whole);
		if (instances)
			memory += memory_for(sizeof(struct kretprobe_instance) +
						     hooks[i].size,
					     instances);
	}
	return memory;
}

/* The largest maxactive whose instances take no more than @memory. */
static u32 most_in(const struct st_hook *hooks, int nr, u64 memory, u32 most)
{
	u32 least = 1, middle;

	while (least < most) {
		middle = least + (most - least + 1) / 2;
		if (memory_of_all(hooks, nr, middle) <= memory)
			least = middle;
		else
			most = middle - 1;
	}
	return least;
}

/**
 * st_instances_init() - check the parameter maxactive, or choose it
 * @hooks: the table
 * @nr: its rows
 *
 * Return: 0 or -EINVAL.
 */
int __init st_instances_init(const struct st_hook *hooks, int nr)
{
	if (maxactive == CHOOSE)
		maxactive = most_in(hooks, nr, MEMORY_BY_DEFAULT, BY_DEFAULT_MOST);
	return st_param_check("maxactive", maxactive, 1,
			      most_in(hooks, nr, MEMORY_AT_MOST, MOST));
}

/**
 * st_instances_of() - how many instances a hook's kretprobe has
 * @hook: a row of the table
 *
 * Return: at least 1; 0 for a hook that needs no kretprobe.
 */
u32 st_instances_of(const struct st_hook *hook)
{
	return portion(hook, maxactive);
}
