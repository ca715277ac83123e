/* SPDX-License-Identifier: GPL-2.0 */
/* Whose calls a session records. */
#ifndef _ST_FILTER_H
#define _ST_FILTER_H

#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/sendtrace.h>

struct seq_file;
struct st_filter;

/* Who makes a call, as far as a filter asks. Both names are ended by NUL. */
struct st_caller {
	u32 pid;
	const char *comm; /* the thread's name */
	const char *process; /* its thread-group leader's */
};

struct st_filter *st_filter_create(const struct sendtrace_filter *wanted);
void st_filter_free_rcu(struct st_filter *filter);
bool st_filter_match(const struct st_filter *filter, const struct st_caller *caller);
void st_filter_show(const struct st_filter *filter, struct seq_file *m);

#endif /* _ST_FILTER_H */
