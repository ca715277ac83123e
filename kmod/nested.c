// SPDX-License-Identifier: GPL-2.0
/*
 * Some functions that are probed are called by others that are probed, too, and also by io_uring
 * directly. One event must come of each call, so the inner probe is to tell its callers apart:
 * by its return address.
 *
 * Another tracer may have put its own return address in that place (kretprobes, fprobe and the
 * function graph tracer all do). Then the system call that the thread is in decides. That alone
 * would not do: io_uring works for a thread at the end of any of its system calls.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include <linux/sendtrace.h>

#include "nested.h"
#include "symbol.h"
#include "syscall.h"

#define CALLERS 3

/**
 * struct caller - a function that calls a nested one
 * @symbol: its name; not every kernel has each of them, for the compiler may inline it
 * @from: where its code begins
 * @to: where it ends; equal to @from if the kernel has none
 */
struct caller {
	const char *symbol;
	unsigned long from;
	unsigned long to;
};

/**
 * struct nested - a nested function
 * @syscall: what calls it in a system call (net/socket.c)
 * @io_uring: what calls it in io_uring (io_uring/net.c)
 * @call: enum sendtrace_call of the system call
 */
struct nested {
	struct caller syscall[CALLERS];
	struct caller io_uring[CALLERS];
	u16 call;
};

/* io_issue_sqe() has what was inlined into it. Written once, by st_nested_init(). */
static struct nested nested[ST_NESTED] __ro_after_init = {
	[ST_NESTED_ACCEPT] = {
		.syscall = { { "__sys_accept4" }, { "__sys_accept4_file" } },
		.io_uring = { { "io_accept" }, { "io_issue_sqe" } },
		.call = SENDTRACE_CALL_ACCEPT,
	},
	[ST_NESTED_CONNECT] = {
		.syscall = { { "__sys_connect" } },
		.io_uring = { { "io_connect" }, { "io_issue_sqe" } },
		.call = SENDTRACE_CALL_CONNECT,
	},
	[ST_NESTED_SHUTDOWN] = {
		.syscall = { { "__sys_shutdown" } },
		.io_uring = { { "io_shutdown" }, { "io_issue_sqe" } },
		.call = SENDTRACE_CALL_SHUTDOWN,
	},
	/*
	 * Before 6.6, and before the stable kernels of October 2023 ("net: prevent rewrite of
	 * msg_name in sock_sendmsg()"), system calls come through it, too.
	 */
	[ST_NESTED_SEND] = {
		.syscall = { { "__sys_sendto" }, { "____sys_sendmsg" }, { "sock_write_iter" } },
		.io_uring = { { "io_send" }, { "io_send_zc" }, { "io_issue_sqe" } },
		.call = SENDTRACE_CALLS, /* none, as st_syscall_other() knows no send */
	},
};

static struct kprobe trials[ST_NESTED * 2 * CALLERS] __initdata;
static struct kprobe *found[ARRAY_SIZE(trials)] __initdata;

/* Modules may not look symbols up, but a kprobe does. Registered disabled, it changes no code. */
static int __init find_address(struct caller *caller, int *nr)
{
	struct kprobe *trial = &trials[*nr];
	int err;

	*trial = (struct kprobe){
		.symbol_name = caller->symbol,
		.flags = KPROBE_FLAG_DISABLED,
	};
	err = register_kprobe(trial);
	if (err)
		return err;
	found[(*nr)++] = trial;
	caller->from = (unsigned long)trial->addr;
	caller->to = caller->from;
	return 0;
}

static int __init find_callers(struct caller *callers, int *nr)
{
	int i, err;

	for (i = 0; i < CALLERS && callers[i].symbol; i++) {
		err = find_address(&callers[i], nr);
		if (err == -ENOMEM)
			return err;
		if (!err)
			st_symbol_extent(callers[i].from, &callers[i].from,
					 &callers[i].to);
	}
	return 0;
}

/**
 * st_nested_init() - find the functions that call the nested ones
 *
 * What is not found is not missed: then the system call decides.
 *
 * Return: 0 or -ENOMEM.
 */
int __init st_nested_init(void)
{
	int i, nr = 0, err = 0;

	for (i = 0; !err && i < ST_NESTED; i++)
		err = find_callers(nested[i].syscall, &nr) ?:
			      find_callers(nested[i].io_uring, &nr);
	unregister_kprobes(found, nr);
	return err;
}

/* Where a function that has just been entered returns to. */
static nokprobe_inline unsigned long caller_of(const struct pt_regs *regs)
{
#ifdef CONFIG_X86_64
	return *(const unsigned long *)regs->sp;
#else
	return regs->regs[30];
#endif
}

static nokprobe_inline bool is_in(const struct caller callers[CALLERS], unsigned long at)
{
	int i;

	for (i = 0; i < CALLERS; i++)
		if (at >= callers[i].from && at < callers[i].to)
			return true;
	return false;
}

/**
 * st_nested_in_syscall() - is a nested function called by a system call's own function?
 * @which: the nested function
 * @regs: the registers at its entry
 *
 * Context: the entry handler.
 * Return: true if so; false if io_uring calls it.
 */
bool st_nested_in_syscall(enum st_nested which, const struct pt_regs *regs)
{
	const struct nested *function = &nested[which];
	unsigned long at = caller_of(regs);

	if (likely(is_in(function->syscall, at)))
		return true;
	if (is_in(function->io_uring, at))
		return false;
	return st_syscall_other().id == function->call;
}
NOKPROBE_SYMBOL(st_nested_in_syscall);
