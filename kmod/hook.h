/* SPDX-License-Identifier: GPL-2.0 */
/* One hook: a kernel function, the calls that come through it, and what is done with them. */
#ifndef _ST_HOOK_H
#define _ST_HOOK_H

#include <linux/types.h>

struct pt_regs;
struct socket;
struct st_call;
struct st_source_set;

#define ST_HOOK_SYMBOLS 3
#define ST_HOOK_CALLERS 3

/**
 * struct st_hook - one row: a kernel function, and what is done at its entry and return
 * @name: what the counters and messages call it; `missed_<name>` of /proc/sendtrace/stats
 * @symbols: the function, then its fallbacks in the order of preference; NULL for no more
 * @calls: SENDTRACE_CALL_BIT() of each call that needs this hook; it is armed while a session
 *	asks for one
 * @optional: if none of @symbols can be probed, a session that asks for one of @calls starts
 *	without the hook; otherwise its START fails
 * @callers: functions that call the first of @symbols, as far as it is known that compilers put
 *	it into them; NULL for no more
 * @if_inlined: used only in a kernel where that has happened to a row of the table
 * @unless_inlined: used only in one where it has not
 * @help: if not NULL: what it sees is no call, but belongs to a receive that another hook sees.
 *	Nothing is counted, and it has no @begin: this is called instead, if that receive is
 *	recorded. Context: the function's entry, the thread that receives, whose @set it is
 * @returns_int: the function returns an int: the upper half of the register is undefined
 * @size: bytes of an instance: of struct st_call, or of a struct that begins with struct
 *	st_entry; 0 if @begin records the call itself and never asks for its return
 * @socket: if not NULL: returns the socket of a call that no session records, but that may tell
 *	the connection of a TLS session (tls_note.c). Context: the function's entry
 * @concerns: if not NULL: is a call of the function one of @calls at all? Asked before the
 *	sessions are
 * @begin: reads the function's arguments, for a call that a session records. @call has its
 *	hook, wanted and, if it is a struct st_call, caller. If @size is 0 it is a struct
 *	st_entry that ends with this call of @begin, and has enter_time, too. Return: false if
 *	this is no call to be recorded, or nobody asked for this one. Context: the entry handler
 * @end: records the call. Context: the return handler
 *
 * Invariant. Adding a way of sending means adding a row, and its @begin and @end.
 */
struct st_hook {
	const char *name;
	const char *symbols[ST_HOOK_SYMBOLS];
	u64 calls;
	bool optional;
	const char *callers[ST_HOOK_CALLERS];
	bool if_inlined;
	bool unless_inlined;
	bool returns_int;
	u16 size;
	void (*help)(struct st_source_set *set, struct pt_regs *regs);
	struct socket *(*socket)(struct pt_regs *regs);
	bool (*concerns)(struct pt_regs *regs);
	bool (*begin)(struct st_call *call, struct pt_regs *regs);
	void (*end)(struct st_call *call, long ret);
};

#endif /* _ST_HOOK_H */
