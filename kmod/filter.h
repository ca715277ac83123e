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
struct st_filter;

/**
 * union st_name - the name of a task: two words instead of a string
 * @text: ended by NUL, and padded with it
 * @half: the same, to be compared and copied with two instructions
 */
union st_name {
	char text[SENDTRACE_COMM_LEN];
	unsigned long half[SENDTRACE_COMM_LEN / sizeof(unsigned long)];
};

/* What stands in a word before the first NUL; false where it has none. */
static __always_inline bool st_name_cut(unsigned long *word)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	unsigned long bits;

	if (!has_zero(*word, &bits, &constants))
		return false;
	bits = prep_zero_mask(*word, bits, &constants);
	*word &= zero_bytemask(create_zero_mask(bits));
	return true;
}

/* @comm may be changed at the same time: whatever comes of that ends, and is padded. */
static __always_inline void st_name_set(union st_name *name, const char *comm)
{
	memcpy(name, comm, sizeof(*name));
	/* What is looked at is what is kept: the compiler must not read comm again. */
	OPTIMIZER_HIDE_VAR(name->half[0]);
	OPTIMIZER_HIDE_VAR(name->half[1]);
	if (st_name_cut(&name->half[0]))
		name->half[1] = 0;
	else if (!st_name_cut(&name->half[1]))
		name->text[SENDTRACE_COMM_LEN - 1] = '\0';
}

/* Who makes a call, as far as a filter asks. */
struct st_caller {
	u32 pid;
	union st_name comm; /* the thread's name */
	union st_name process; /* its thread-group leader's */
};

struct st_filter *st_filter_create(const struct sendtrace_filter *wanted);
void st_filter_free_rcu(struct st_filter *filter);
bool st_filter_match(const struct st_filter *filter, const struct st_caller *caller);
void st_filter_show(const struct st_filter *filter, struct seq_file *m);

#endif /* _ST_FILTER_H */
