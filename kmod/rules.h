/* SPDX-License-Identifier: GPL-2.0 */
/* Whose calls a session records. */
#ifndef _ST_RULES_H
#define _ST_RULES_H

#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/sendtrace.h>

#include "caller.h"
#include "pattern.h"

struct seq_file;

/**
 * struct st_rules - whose calls a session records
 * @rcu: frees it
 * @nr_pids: how many of @pids are used; 0 for any process
 * @nr_patterns: how many of @patterns user space passed
 * @pids: process ids
 * @single: one pattern that is not a glob, and no pid: nothing else has to be looked at
 * @end: behind the last of @patterns
 * @patterns: at least one: `.` if user space passed none
 *
 * Never changes once it is made.
 */
struct st_rules {
	struct rcu_head rcu;
	u32 nr_pids;
	u32 nr_patterns;
	u32 pids[SENDTRACE_MAX_PIDS];
	bool single;
	const struct st_pattern *end;
	struct st_pattern patterns[];
};

bool st_rules_match_pid(const struct st_rules *rules, u32 pid);
bool st_rules_match_all(const struct st_rules *rules, const struct st_caller *caller);

/**
 * st_rules_match() - does the session record this caller's calls?
 * @rules: under RCU
 * @caller: the caller
 *
 * Context: any. Only the case of one plain name is inline: every call of every process pays
 * for it.
 * Return: true if it does.
 */
static __always_inline bool st_rules_match(const struct st_rules *rules,
					   const struct st_caller *caller)
{
	if (likely(rules->single))
		return st_pattern_match_plain(rules->patterns, caller);
	return st_rules_match_all(rules, caller);
}

struct st_rules *st_rules_create(const struct sendtrace_filter *wanted);
void st_rules_free_rcu(struct st_rules *rules);
void st_rules_show(const struct st_rules *rules, struct seq_file *m);

#endif /* _ST_RULES_H */
