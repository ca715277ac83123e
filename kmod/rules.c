// SPDX-License-Identifier: GPL-2.0
/*
 * A session's rules. They never change once they are made: a session replaces the pointer,
 * and a handler sees the old rules or the new ones, never a mixture.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm-generic/kprobes.h>

#include "rules.h"

static bool is_valid(const struct sendtrace_filter *wanted)
{
	u32 i;

	if (wanted->nr_patterns > SENDTRACE_MAX_PATTERNS ||
	    wanted->nr_pids > SENDTRACE_MAX_PIDS ||
	    memchr_inv(wanted->reserved, 0, sizeof(wanted->reserved)))
		return false;
	for (i = 0; i < wanted->nr_patterns; i++)
		if (!st_pattern_is_valid(wanted->patterns[i]))
			return false;
	return true;
}

/**
 * st_rules_create() - check what user space asks for, and compile it
 * @wanted: a copy of what user space passed, not checked yet
 *
 * Context: may sleep.
 * Return: the rules, to be freed by st_rules_free_rcu(), or ERR_PTR(-EINVAL or -ENOMEM).
 */
struct st_rules *st_rules_create(const struct sendtrace_filter *wanted)
{
	struct st_rules *rules;
	u32 i, nr;

	if (!is_valid(wanted))
		return ERR_PTR(-EINVAL);
	nr = max(wanted->nr_patterns, 1U);
	rules = kzalloc(struct_size(rules, patterns, nr), GFP_KERNEL_ACCOUNT);
	if (!rules)
		return ERR_PTR(-ENOMEM);

	rules->nr_pids = wanted->nr_pids;
	memcpy(rules->pids, wanted->pids, wanted->nr_pids * sizeof(rules->pids[0]));
	rules->nr_patterns = wanted->nr_patterns;
	rules->end = rules->patterns + nr;
	/* If there are none, the pattern that is all zeroes matches every name. */
	for (i = 0; i < wanted->nr_patterns; i++)
		st_pattern_compile(&rules->patterns[i], wanted->patterns[i]);
	rules->single = nr == 1 && !rules->nr_pids && !rules->patterns[0].glob;
	return rules;
}

/**
 * st_rules_free_rcu() - free rules once no handler can be using them
 * @rules: no longer published, or NULL
 */
void st_rules_free_rcu(struct st_rules *rules)
{
	if (rules)
		kfree_rcu(rules, rcu);
}

/**
 * st_rules_match_pid() - does the session record calls of this process, if a name matches?
 * @rules: under RCU
 * @pid: its id
 *
 * Context: any.
 * Return: true if the process is among the pids, or there are none.
 */
bool st_rules_match_pid(const struct st_rules *rules, u32 pid)
{
	u32 i;

	for (i = 0; i < rules->nr_pids; i++)
		if (rules->pids[i] == pid)
			return true;
	return !rules->nr_pids;
}
NOKPROBE_SYMBOL(st_rules_match_pid);

/**
 * st_rules_match_all() - check a caller against all pids and patterns
 * @rules: under RCU
 * @caller: the caller
 *
 * Context: any.
 * Return: true if the process is among the pids, or there are none, and one of the patterns
 * matches.
 */
bool st_rules_match_all(const struct st_rules *rules, const struct st_caller *caller)
{
	const struct st_pattern *pattern;

	if (!st_rules_match_pid(rules, caller->pid))
		return false;
	for (pattern = rules->patterns; pattern != rules->end; pattern++) {
		if (pattern->glob ? st_pattern_match_glob(pattern, caller) :
				    st_pattern_match_plain(pattern, caller))
			return true;
	}
	return false;
}
NOKPROBE_SYMBOL(st_rules_match_all);

/**
 * st_rules_show() - print rules as `comms=A,B pids=1,2`; `.` and `any` stand for all
 * @rules: under RCU
 * @m: where to
 */
void st_rules_show(const struct st_rules *rules, struct seq_file *m)
{
	u32 i;

	seq_puts(m, "comms=");
	if (!rules->nr_patterns)
		seq_putc(m, '.');
	for (i = 0; i < rules->nr_patterns; i++) {
		if (i)
			seq_putc(m, ',');
		seq_escape(m, rules->patterns[i].text, ", \t\n\\");
	}
	seq_puts(m, " pids=");
	if (!rules->nr_pids)
		seq_puts(m, "any");
	for (i = 0; i < rules->nr_pids; i++)
		seq_printf(m, i ? ",%u" : "%u", rules->pids[i]);
}
