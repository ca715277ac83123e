// SPDX-License-Identifier: GPL-2.0
/* Sets of calls, in the words of sendread's option -e. Nothing here runs in a handler. */
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/sendtrace.h>

#include <sendtrace/calls.h>

#include "calls.h"

static const char *const names[SENDTRACE_CALLS] = ST_CALL_NAMES;

static const struct group {
	const char *name;
	u64 calls;
} groups[] = ST_CALL_GROUPS;

/* A list that is being written, and what it stands for. */
struct list {
	struct seq_file *m; /* NULL: only to see what the list would stand for */
	u64 calls;
	bool begun;
};

static void add_word(struct list *list, const char *sign, const char *name)
{
	if (list->m)
		seq_printf(list->m, "%s%s%s", list->begun ? "," : "", sign, name);
	list->begun = true;
}

static void add(struct list *list, const char *name, u64 calls)
{
	add_word(list, "", name);
	list->calls |= calls;
}

static void remove(struct list *list, const char *name, u64 calls)
{
	add_word(list, "!", name);
	list->calls &= ~calls;
}

/* All calls that the name of this one stands for. */
static u64 meant_by(unsigned int call)
{
	u64 calls = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (!strcmp(groups[i].name, names[call]))
			return groups[i].calls;
	for (i = 1; i < SENDTRACE_CALLS; i++)
		if (!strcmp(names[i], names[call]))
			calls |= SENDTRACE_CALL_BIT(i);
	return call == SENDTRACE_CALL_SHUTDOWN ? ST_CALLS_SHUTDOWN : calls;
}

/* Groups that are whole, then names of the others; these may stand for more than @calls. */
static void add_all(struct list *list, u64 calls)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(groups) - 1; i++)
		if (!(groups[i].calls & ~calls))
			add(list, groups[i].name, groups[i].calls);
	for (i = 1; i < SENDTRACE_CALLS; i++)
		if (calls & ~list->calls & SENDTRACE_CALL_BIT(i))
			add(list, names[i], meant_by(i));
}

/* Takes away what is too much, where a name stands for nothing else of the list. */
static void remove_others(struct list *list, u64 calls)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (groups[i].calls & list->calls && !(groups[i].calls & calls))
			remove(list, groups[i].name, groups[i].calls);
	for (i = 1; i < SENDTRACE_CALLS; i++)
		if (list->calls & ~calls & SENDTRACE_CALL_BIT(i) &&
		    !(meant_by(i) & calls))
			remove(list, names[i], meant_by(i));
}

static u64 write_list(u64 calls, struct seq_file *m)
{
	struct list list = { .m = m };

	if (calls == SENDTRACE_CALLS_ALL) {
		add(&list, "all", calls);
	} else {
		add_all(&list, calls);
		remove_others(&list, calls);
	}
	return list.calls;
}

/**
 * st_calls_show() - print a set of calls as the list that would choose it
 * @calls: SENDTRACE_CALL_BIT() of each
 * @m: where to; such as `send,accept` or `sendto,accept,!io_uring`. A set that no list chooses,
 *	which a program of one's own can ask for, is printed as a number, and none as `none`
 */
void st_calls_show(u64 calls, struct seq_file *m)
{
	if (!calls)
		seq_puts(m, "none");
	else if (write_list(calls, NULL) == calls)
		write_list(calls, m);
	else
		seq_printf(m, "0x%llx", calls);
}
