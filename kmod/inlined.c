// SPDX-License-Identifier: GPL-2.0
/*
 * Has the compiler put a hooked function into one that calls it in the source? Then these calls
 * do not come through it, and nobody would know. So we look whether that function's code has a
 * call of it.
 */
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/uaccess.h>

#include "inlined.h"
#include "symbol.h"

/*
 * A call leads to the beginning of a function, or behind the first instruction, if that is one for
 * indirect calls. Kernels that track the depth of calls let it lead into the padding in front.
 * Other addresses near by may be those of another function.
 */
#ifdef CONFIG_CALL_PADDING
#define BEFORE CONFIG_FUNCTION_PADDING_BYTES
#else
#define BEFORE 0
#endif
#define BEHIND 4

static bool __init leads_to(unsigned long target, unsigned long function)
{
	return target + BEFORE >= function && target <= function + BEHIND;
}

#ifdef CONFIG_X86_64
#define STEP 1

/*
 * Calls and jumps end with a distance of 32 bits, and it is enough to know that: nothing else has
 * just this distance. The byte in front may be a breakpoint, of another probe.
 */
static unsigned long __init target_of(unsigned long at, u32 code)
{
	return at + sizeof(code) + (long)(s32)code;
}
#else
#define STEP 4

/* BL and B: a distance of 26 bits, in words. No function is at 0. */
static unsigned long __init target_of(unsigned long at, u32 code)
{
	u32 instruction = le32_to_cpu((__force __le32)code);

	if ((instruction & 0x7c000000) != 0x14000000)
		return 0;
	return at + (long)((s32)(instruction << 6) >> 4);
}
#endif

/* Is there a call of @function in the code between? What cannot be read may be one. */
static bool __init has_call(unsigned long from, unsigned long to, unsigned long function)
{
	unsigned long at;
	u32 code;

	for (at = from; at + sizeof(code) <= to; at += STEP)
		if (copy_from_kernel_nofault(&code, (void *)at, sizeof(code)) ||
		    leads_to(target_of(at, code), function))
			return true;
	return false;
}

/* Returns false if there is no such function. */
static bool __init find(const char *name, unsigned long *from, unsigned long *to)
{
	struct kprobe kp = { .symbol_name = name, .flags = KPROBE_FLAG_DISABLED };

	unsigned long at;

	if (register_kprobe(&kp))
		return false;
	at = (unsigned long)kp.addr;
	unregister_kprobe(&kp);
	return st_symbol_extent(at, from, to);
}

/**
 * st_is_inlined() - does a function that calls another in the source have that other inside?
 * @caller: its name
 * @function: the other's address, as a kprobe has it
 *
 * The compiler may have divided the caller: its parts have names of their own.
 *
 * Context: one at a time.
 * Return: true if its code has no call of it; false if it has, or if there is no such caller, or
 * its code cannot be read.
 */
bool __init st_is_inlined(const char *caller, unsigned long function)
{
	static const char *const parts[] = { "", ".part.0", ".cold" };
	static char name[KSYM_NAME_LEN] __initdata;
	unsigned long from, to, end;
	int i;

	if (!st_symbol_extent(function, &function, &end))
		return false;
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(name, sizeof(name), "%s%s", caller, parts[i]);
		if (find(name, &from, &to) ? has_call(from, to, function) : !i)
			return false;
	}
	return true;
}
