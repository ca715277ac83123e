/* SPDX-License-Identifier: GPL-2.0 */
/* Which functions of the table this kernel has. */
#ifndef _ST_SYMBOL_H
#define _ST_SYMBOL_H

#include <linux/kprobes.h>

#include "hook.h"

/**
 * struct st_symbol - the function of a hook in this kernel
 * @name: the first of the hook's symbols that can be probed; NULL if there is none
 * @addr: where that is; NULL if it may move
 * @on_ftrace: a kprobe there is built on ftrace
 * @is_partial: it is the hook's first symbol, and not all calls come through it: the compiler
 *	has put it into a caller
 * @is_needed: the row is for this kernel
 * @err: if there is none, why the hook's first symbol cannot be probed
 */
struct st_symbol {
	const char *name;
	kprobe_opcode_t *addr;
	bool on_ftrace;
	bool is_partial;
	bool is_needed;
	int err;
};

int st_symbols_find(const struct st_hook *hooks, struct st_symbol *found, int nr);
bool st_symbol_extent(unsigned long at, unsigned long *from, unsigned long *to);
void st_symbol_place(const struct st_symbol *symbol, struct kprobe *kp);

#endif /* _ST_SYMBOL_H */
