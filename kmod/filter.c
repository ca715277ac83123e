// SPDX-License-Identifier: GPL-2.0
/*
 * A filter never changes once it is made: a session swaps the pointer, and the handlers
 * see the old one or the new one, never half of each.
 */
#include <linux/err.h>
#include <linux/glob.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm-generic/kprobes.h>

#include "filter.h"

/**
 * struct st_pattern - one pattern
 * @name: what a name has to be, where it is not a glob: as much of the pattern as the
 *	kernel keeps of a name
 * @glob: has it to be matched?
 * @text: as it was given
 */
struct st_pattern {
	union st_name name;
	bool glob;
	char text[SENDTRACE_PATTERN_LEN];
};

struct st_filter {
	struct rcu_head rcu;
	bool any_name;
	u32 nr_pids;
	u32 nr_patterns;
	u32 pids[SENDTRACE_MAX_PIDS];
	struct st_pattern patterns[];
};

static bool is_any(const char *text)
{
	return !strcmp(text, ".");
}

/* Neither empty, nor without its end, nor with anything behind it. */
static bool pattern_is_valid(const char *text)
{
	size_t len = strnlen(text, SENDTRACE_PATTERN_LEN);

	return len && len < SENDTRACE_PATTERN_LEN &&
	       !memchr_inv(text + len, 0, SENDTRACE_PATTERN_LEN - len);
}

static bool filter_is_valid(const struct sendtrace_filter *wanted)
{
	u32 i;

	if (wanted->nr_patterns > SENDTRACE_MAX_PATTERNS ||
	    wanted->nr_pids > SENDTRACE_MAX_PIDS ||
	    memchr_inv(wanted->reserved, 0, sizeof(wanted->reserved)))
		return false;
	for (i = 0; i < wanted->nr_patterns; i++)
		if (!pattern_is_valid(wanted->patterns[i]))
			return false;
	return true;
}

/**
 * st_filter_create() - check what user space asks for and make a filter of it
 * @wanted: copied in already, not to be trusted
 *
 * Context: may sleep.
 * Return: the filter, for st_filter_free_rcu(), or ERR_PTR(-EINVAL or -ENOMEM).
 */
struct st_filter *st_filter_create(const struct sendtrace_filter *wanted)
{
	struct st_filter *filter;
	u32 i;

	if (!filter_is_valid(wanted))
		return ERR_PTR(-EINVAL);
	filter = kzalloc(struct_size(filter, patterns, wanted->nr_patterns),
			 GFP_KERNEL_ACCOUNT);
	if (!filter)
		return ERR_PTR(-ENOMEM);

	filter->nr_pids = wanted->nr_pids;
	memcpy(filter->pids, wanted->pids, wanted->nr_pids * sizeof(filter->pids[0]));
	filter->any_name = !wanted->nr_patterns;
	filter->nr_patterns = wanted->nr_patterns;
	for (i = 0; i < wanted->nr_patterns; i++) {
		struct st_pattern *pattern = &filter->patterns[i];

		strscpy(pattern->text, wanted->patterns[i], sizeof(pattern->text));
		strscpy(pattern->name.text, pattern->text, sizeof(pattern->name.text));
		pattern->glob = strpbrk(pattern->text, "*?[\\");
		if (is_any(pattern->text))
			filter->any_name = true;
	}
	return filter;
}

/**
 * st_filter_free_rcu() - free a filter once no handler can be using it
 * @filter: unpublished, or NULL
 */
void st_filter_free_rcu(struct st_filter *filter)
{
	if (filter)
		kfree_rcu(filter, rcu);
}

static nokprobe_inline bool same_name(const union st_name *a, const union st_name *b)
{
	return !((a->half[0] ^ b->half[0]) | (a->half[1] ^ b->half[1]));
}

static nokprobe_inline bool pattern_match(const struct st_pattern *pattern,
					  const struct st_caller *caller)
{
	if (unlikely(pattern->glob))
		return glob_match(pattern->text, caller->process.text) ||
		       glob_match(pattern->text, caller->comm.text);
	return same_name(&pattern->name, &caller->process) ||
	       same_name(&pattern->name, &caller->comm);
}

static nokprobe_inline bool match_pid(const struct st_filter *filter, u32 pid)
{
	u32 i;

	for (i = 0; i < filter->nr_pids; i++)
		if (filter->pids[i] == pid)
			return true;
	return !filter->nr_pids;
}

/**
 * st_filter_match() - does the session want this caller's calls?
 * @filter: under RCU
 * @caller: whoever calls
 *
 * Context: any.
 * Return: true if it does.
 */
bool st_filter_match(const struct st_filter *filter, const struct st_caller *caller)
{
	u32 i;

	if (!match_pid(filter, caller->pid))
		return false;
	if (filter->any_name)
		return true;
	for (i = 0; i < filter->nr_patterns; i++)
		if (pattern_match(&filter->patterns[i], caller))
			return true;
	return false;
}
NOKPROBE_SYMBOL(st_filter_match);

/**
 * st_filter_show() - print a filter as `comms=A,B pids=1,2`, `.` and `any` for all
 * @filter: under RCU, or NULL for none
 * @m: where to
 */
void st_filter_show(const struct st_filter *filter, struct seq_file *m)
{
	u32 i;

	seq_puts(m, "comms=");
	if (!filter || !filter->nr_patterns)
		seq_putc(m, '.');
	for (i = 0; filter && i < filter->nr_patterns; i++) {
		if (i)
			seq_putc(m, ',');
		seq_escape(m, filter->patterns[i].text, ", \t\n\\");
	}
	seq_puts(m, " pids=");
	if (!filter || !filter->nr_pids)
		seq_puts(m, "any");
	for (i = 0; filter && i < filter->nr_pids; i++)
		seq_printf(m, i ? ",%u" : "%u", filter->pids[i]);
}
