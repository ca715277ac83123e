/* SPDX-License-Identifier: GPL-2.0 */
/* Whose calls a session records. */
#ifndef _ST_FILTER_H
#define _ST_FILTER_H

#include <linux/compiler.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/sendtrace.h>
#include <asm/word-at-a-time.h>

struct seq_file;

/**
 * union st_name - the name of a task: two words instead of a string
 * @text: after st_name_end() ended by NUL, and padded with it
 * @half: the same, to be compared and copied with two instructions
 */
union st_name {
	char text[SENDTRACE_COMM_LEN];
	unsigned long half[SENDTRACE_COMM_LEN / sizeof(unsigned long)];
};

/* What stands in a word before the first NUL; false where it has none. */
static __always_inline bool st_word_cut(unsigned long *word)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	unsigned long bits;

	if (!has_zero(*word, &bits, &constants))
		return false;
	bits = prep_zero_mask(*word, bits, &constants);
	*word &= zero_bytemask(create_zero_mask(bits));
	return true;
}

/* As it stands in the task: what is behind its end is whatever it was. */
static __always_inline void st_name_read(union st_name *name, const char *comm)
{
	unsigned long first, second;

	memcpy(&first, comm, sizeof(first));
	memcpy(&second, comm + sizeof(first), sizeof(second));
	/*
	 * @comm may be changed at the same time: what is looked at is what is kept, and
	 * the compiler must not read it again.
	 */
	OPTIMIZER_HIDE_VAR(first);
	OPTIMIZER_HIDE_VAR(second);
	name->half[0] = first;
	name->half[1] = second;
}

/* Whatever was read ends, and is padded. */
static __always_inline void st_name_end(union st_name *name)
{
	if (st_word_cut(&name->half[0]))
		name->half[1] = 0;
	else if (!st_word_cut(&name->half[1]))
		name->text[SENDTRACE_COMM_LEN - 1] = '\0';
}

/**
 * struct st_caller - who makes a call
 * @pid: process id
 * @tid: thread id, for which no filter asks: here because both stand side by side in the
 *	record, too, and are copied as one
 * @comm: the thread's name; for a filter, both may be as st_name_read() has them
 * @process: its thread-group leader's
 */
struct st_caller {
	u32 pid;
	u32 tid;
	union st_name comm;
	union st_name process;
};

/**
 * struct st_pattern - one pattern
 * @name: what a name has to be, in the bits that are set in @mask. That is all there is to
 *	a plain name (with the NUL behind it, or as much as the kernel keeps of a name), to
 *	the beginning of one (`mysql*`) and to `.`, whose mask is empty
 * @mask: no bit behind a name's end, so what stands there does not matter
 * @glob: anything else: st_pattern_match_glob() has to say
 * @text: as it was given
 */
struct st_pattern {
	union st_name name;
	union st_name mask;
	bool glob;
	char text[SENDTRACE_PATTERN_LEN];
};

/**
 * struct st_filter - whose calls a session records
 * @rcu: frees it
 * @nr_pids: how many of @pids there are; 0 for any process
 * @nr_patterns: how many of @patterns user space gave
 * @pids: process ids
 * @end: behind the last of @patterns
 * @patterns: one at least: `.`, where none was given
 */
struct st_filter {
	struct rcu_head rcu;
	u32 nr_pids;
	u32 nr_patterns;
	u32 pids[SENDTRACE_MAX_PIDS];
	const struct st_pattern *end;
	struct st_pattern patterns[];
};

bool st_filter_match_pid(const struct st_filter *filter, u32 pid);
bool st_pattern_match_glob(const struct st_pattern *pattern,
			   const struct st_caller *caller);

/* The bits in which a name is not what the pattern wants. */
static __always_inline unsigned long st_name_differs(const struct st_pattern *pattern,
						     const union st_name *name)
{
	return ((name->half[0] ^ pattern->name.half[0]) & pattern->mask.half[0]) |
	       ((name->half[1] ^ pattern->name.half[1]) & pattern->mask.half[1]);
}

/**
 * st_filter_match() - does the session want this caller's calls?
 * @filter: under RCU
 * @caller: whoever calls
 *
 * Context: any. Inline, for every call of every process pays for it.
 * Return: true if it does.
 */
static __always_inline bool st_filter_match(const struct st_filter *filter,
					    const struct st_caller *caller)
{
	const struct st_pattern *pattern = filter->patterns;

	if (unlikely(filter->nr_pids) && !st_filter_match_pid(filter, caller->pid))
		return false;
	do {
		if (unlikely(pattern->glob)) {
			if (st_pattern_match_glob(pattern, caller))
				return true;
		} else if (!st_name_differs(pattern, &caller->process) ||
			   !st_name_differs(pattern, &caller->comm)) {
			return true;
		}
	} while (++pattern != filter->end);
	return false;
}

struct st_filter *st_filter_create(const struct sendtrace_filter *wanted);
void st_filter_free_rcu(struct st_filter *filter);
void st_filter_show(const struct st_filter *filter, struct seq_file *m);

#endif /* _ST_FILTER_H */
