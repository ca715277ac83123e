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
#include <linux/string.h>
#include <linux/uaccess.h>

#include "inlined.h"
#include "symbol.h"

/*
 * A call may lead to the beginning of a function's padding, in front of it, and a kprobe's
 * address is behind the first instruction, if that is one for indirect calls.
 */
#define BEFORE 64
#define BEHIND 4

static bool __init leads_to(unsigned long target, unsigned long function)
{
	return target + BEFORE >= function && target <= function + BEHIND;
}

#ifdef CONFIG_X86_64
#define STEP 1

/* call and jmp with a distance of 32 bits. */
static bool __init is_call(unsigned long at, unsigned long function)
{
	u8 code[5];
	s32 distance;

	if (copy_from_kernel_nofault(code, (void *)at, sizeof(code)) ||
	    (code[0] != 0xe8 && code[0] != 0xe9))
		return false;
	memcpy(&distance, &code[1], sizeof(distance));
	return leads_to(at + sizeof(code) + distance, function);
}
#else
#define STEP 4

/* BL and B: a distance of 26 bits, in words. */
static bool __init is_call(unsigned long at, unsigned long function)
{
	u32 code;

	if (copy_from_kernel_nofault(&code, (void *)at, sizeof(code)) ||
	    (code & 0x7c000000) != 0x14000000)
		return false;
	return leads_to(at + (long)((s32)(code << 6) >> 4), function);
}
#endif

/* Is there a call of @function in the code between? */
static bool __init has_call(unsigned long from, unsigned long to, unsigned long function)
{
	unsigned long at;

	for (at = from; at < to; at += STEP)
		if (is_call(at, function))
			return true;
	return false;
}

/**
 * st_is_inlined() - does a function that calls another in the source have that other inside?
 * @caller: its name
 * @function: the other's address, as a kprobe has it
 *
 * Return: true if its code has no call of it; false if it has, or if there is no such caller.
 */
bool __init st_is_inlined(const char *caller, unsigned long function)
{
	struct kprobe kp = { .symbol_name = caller, .flags = KPROBE_FLAG_DISABLED };
	unsigned long from, to;

	if (register_kprobe(&kp))
		return false;
	from = (unsigned long)kp.addr;
	unregister_kprobe(&kp);
	return st_symbol_extent(from, &from, &to) && !has_call(from, to, function);
}
