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
	unsigned long first, second;

	memcpy(&first, comm, sizeof(first));
	memcpy(&second, comm + sizeof(first), sizeof(second));
	/*
	 * Another thread may change @comm meanwhile. The bytes that are checked must be the
	 * bytes that are kept, so the compiler must not read them twice.
	 */
	OPTIMIZER_HIDE_VAR(first);
	OPTIMIZER_HIDE_VAR(second);
	name->half[0] = first;
	name->half[1] = second;
}

/* Ends a name with NUL and pads it with NUL, whatever was read. */
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

#endif /* _ST_CALLER_H */
