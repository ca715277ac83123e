/* SPDX-License-Identifier: GPL-2.0 */
/* Who makes a call. Knows nothing of rules, events or sessions. */
#ifndef _ST_CALLER_H
#define _ST_CALLER_H

#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/sendtrace.h>
#include <asm/word-at-a-time.h>

/**
 * union st_name - the name of a task, as two words instead of a string
 * @text: after st_name_end(), ended by NUL and padded with NUL
 * @half: the same bytes, compared and copied with two instructions
 */
union st_name {
	char text[SENDTRACE_COMM_LEN];
	unsigned long half[SENDTRACE_COMM_LEN / sizeof(unsigned long)];
};

/* Clears what follows the first NUL of a word. Returns false if the word has no NUL. */
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

/* Copies a name as it is in the task: the bytes behind its NUL are undefined. */
static __always_inline void st_name_read(union st_name *name, const char *comm)
{
	/*
	 * Another thread may change @comm meanwhile. The bytes that are checked must be the
	 * bytes that are kept, so the compiler must not read them twice.
	 */
	name->half[0] = READ_ONCE(*(const unsigned long *)comm);
	name->half[1] = READ_ONCE(*(const unsigned long *)(comm + sizeof(long)));
}

/* Copies a name, ends it with NUL and pads it with NUL, whatever was read. */
static __always_inline void st_name_copy_ended(union st_name *to,
					       const union st_name *from)
{
	unsigned long first = from->half[0], second = from->half[1];
	bool ended = true;

	if (st_word_cut(&first))
		second = 0;
	else
		ended = st_word_cut(&second);
	to->half[0] = first;
	to->half[1] = second;
	if (unlikely(!ended))
		to->text[SENDTRACE_COMM_LEN - 1] = '\0';
}

static __always_inline void st_name_end(union st_name *name)
{
	st_name_copy_ended(name, name);
}

static __always_inline bool st_name_same(const union st_name *a, const union st_name *b)
{
	return a->half[0] == b->half[0] && a->half[1] == b->half[1];
}

/**
 * struct st_caller - who makes a call
 * @pid: process id
 * @tid: thread id. No rule asks for it; it is here because a record has both ids side by
 *	side, and they are copied as one word
 * @comm: the thread's name; rules accept it as st_name_read() left it
 * @process: the name of its thread-group leader; likewise
 */
struct st_caller {
	u32 pid;
	u32 tid;
	union st_name comm;
	union st_name process;
};

/**
 * st_caller_copy_ended() - copy a caller, and end both names
 * @to: all but its @tid is set
 * @from: with names as st_name_read() left them
 *
 * The first thread of a process usually has its name.
 */
static __always_inline void st_caller_copy_ended(struct st_caller *to,
						 const struct st_caller *from)
{
	to->pid = from->pid;
	st_name_copy_ended(&to->comm, &from->comm);
	if (st_name_same(&from->process, &from->comm))
		to->process = to->comm;
	else
		st_name_copy_ended(&to->process, &from->process);
}

#endif /* _ST_CALLER_H */
