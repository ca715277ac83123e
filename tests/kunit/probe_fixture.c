// SPDX-License-Identifier: GPL-2.0
/* A table of hooks, some of whose functions this kernel lacks. */
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>

#include "hooks.h"
#include "probe_fixture.h"
#include "source.h"

unsigned int st_test_begun, st_test_ended;
long st_test_ended_with;

bool st_test_refuses;

static bool begins(struct st_call *call, struct pt_regs *regs)
{
	st_test_begun++;
	call->fd = -1;
	return !st_test_refuses;
}

struct st_entry st_test_begun_once;

static bool begins_once(struct st_call *call, struct pt_regs *regs)
{
	st_test_begun++;
	st_test_begun_once = call->entry;
	return true;
}

unsigned int st_test_helped;

static void helps(struct st_source_set *set, struct pt_regs *regs)
{
	st_test_helped += set == st_source_set_of(current);
}

static void ends(struct st_call *call, long ret)
{
	st_test_ended++;
	st_test_ended_with = ret;
}

noinline int st_test_called(int value)
{
	barrier();
	return value;
}

noinline int st_test_called_once(int value)
{
	barrier();
	return value;
}

/* Calls both as a process does: cases run in kernel threads, which nobody traces. */
void st_test_call_hooked(int value)
{
	preempt_disable();
	current->flags &= ~PF_KTHREAD;
	st_test_called(value);
	st_test_called_once(value);
	current->flags |= PF_KTHREAD;
	preempt_enable();
}

struct socket *st_test_hooked_socket;

static struct socket *hooked_socket(struct pt_regs *regs)
{
	return st_test_hooked_socket;
}

static bool concerns_odd_values(struct pt_regs *regs)
{
	return regs_get_kernel_argument(regs, 0) & 1;
}

#define HOOK(of, ...)                                                         \
	{                                                                     \
		.calls = of, .size = sizeof(struct st_call), .begin = begins, \
		.end = ends, .name = "test", .symbols = {                     \
			__VA_ARGS__                                           \
		}                                                             \
	}
#define OPTIONAL(of, ...)                                                     \
	{                                                                     \
		.calls = of, .size = sizeof(struct st_call), .begin = begins, \
		.end = ends, .name = "test", .symbols = { __VA_ARGS__ },      \
		.optional = true                                              \
	}

const struct st_hook st_hooks[] = {
	HOOK(CALL_ONE | CALL_SHARED, "__sys_socket"),
	HOOK(CALL_MANY, "__sys_connect"),
	HOOK(CALL_MANY, "__sys_bind"),
	HOOK(CALL_MANY, "__sys_listen"),
	HOOK(CALL_MANY, "__sys_getsockname"),
	HOOK(CALL_MANY, "__sys_getpeername"),
	HOOK(CALL_MANY, "__sys_sendmsg"),
	HOOK(CALL_MANY | CALL_SHARED, "__sys_recvfrom"),
	[ROW_CALLED] = {
		.name = "called",
		.symbols = { "st_no_such_function", "st_test_called" },
		.calls = CALL_FALLBACK,
		.size = sizeof(struct st_call),
		.socket = hooked_socket,
		.begin = begins,
		.end = ends,
	},
	OPTIONAL(CALL_MISSING, "st_no_such_function", "st_nor_this_one"),
	HOOK(CALL_MISSING, "__sys_accept4"),
	HOOK(CALL_NEEDED, "st_no_such_function"),
	{
		.name = "once",
		.symbols = { "st_test_called_once" },
		.calls = CALL_ONCE,
		.begin = begins_once,
	},
	{
		.name = "some",
		.symbols = { "st_test_called" },
		.calls = CALL_SOME,
		.size = sizeof(struct st_call),
		.concerns = concerns_odd_values,
		.begin = begins,
		.end = ends,
	},
	{
		.name = "helps",
		.symbols = { "st_test_called_once" },
		.calls = CALL_HELPED,
		.help = helps,
	},
};
