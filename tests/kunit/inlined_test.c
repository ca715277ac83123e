// SPDX-License-Identifier: GPL-2.0
/* Code that has a call of a function, and code that has none; on the debug kernel's x86. */
#include <linux/init.h>

#undef __init
#define __init
#undef __initdata
#define __initdata
#include "../../kmod/inlined.c"

#include <kunit/test.h>

#include "probe_fixture.h"

#define CALL 0xe8
#define JUMP 0xe9
#define INT3 0xcc
#define NOP  0x90

/* ---- Code of ours ------------------------------------------------------------------------ */

struct code {
	u8 nop[3];
	u8 opcode;
	u8 distance[4];
	u8 end[];
} __packed;

#define DISTANCE 0x123450

static unsigned long target(const struct code *code)
{
	return (unsigned long)code->end + DISTANCE;
}

static void write_code(struct code *code, u8 opcode)
{
	s32 distance = DISTANCE;

	memset(code, NOP, sizeof(*code));
	code->opcode = opcode;
	memcpy(code->distance, &distance, sizeof(distance));
}

static bool calls(const struct code *code, unsigned long function)
{
	return has_call((unsigned long)code, (unsigned long)code->end, function);
}

static void a_call_is_found_and_a_jump_and_a_breakpoint_on_one(struct kunit *test)
{
	static const u8 opcodes[] = { CALL, JUMP, INT3 };
	struct code code;
	int i;

	for (i = 0; i < ARRAY_SIZE(opcodes); i++) {
		write_code(&code, opcodes[i]);
		KUNIT_EXPECT_TRUE(test, calls(&code, target(&code)));
	}
}

/* endbr64 has four bytes: a call may leave it out, and a kprobe is behind it. */
static void a_call_leads_to_the_beginning_or_behind_endbr(struct kunit *test)
{
	struct code code;

	write_code(&code, CALL);
	KUNIT_EXPECT_TRUE(test, calls(&code, target(&code) - 4));
	KUNIT_EXPECT_FALSE(test, calls(&code, target(&code) - 5));
}

/* What the compiler did not put into the function is often just in front of it, and short. */
static void a_call_of_what_is_in_front_of_the_function_is_none(struct kunit *test)
{
	struct code code;

	write_code(&code, CALL);
	KUNIT_EXPECT_FALSE(test, calls(&code, target(&code) + BEFORE + 1));
	KUNIT_EXPECT_FALSE(test, calls(&code, target(&code) + 48));
}

static void behind_the_end_nothing_is_looked_at(struct kunit *test)
{
	struct code code;

	write_code(&code, CALL);
	KUNIT_EXPECT_FALSE(test, has_call((unsigned long)&code,
					  (unsigned long)code.end - 1, target(&code)));
}

/* No kernel address. */
static void code_that_cannot_be_read_may_have_a_call(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, has_call(0x1000, 0x1008, 8));
	KUNIT_EXPECT_FALSE(test, has_call(0x1000, 0x1003, 8));
}

/* ---- Functions of ours ------------------------------------------------------------------- */

noinline void st_test_whole(void);
noinline void st_test_other_part(void) __asm__("st_test_whole.part.0");
noinline void st_test_alone(void);
noinline void st_test_cold_part(void) __asm__("st_test_alone.cold");

/* As if the compiler had divided them. */
void st_test_whole(void)
{
	barrier();
}

void st_test_other_part(void)
{
	st_test_called(1);
	barrier();
}

void st_test_alone(void)
{
	barrier();
}

void st_test_cold_part(void)
{
	barrier();
}

static bool is_inside(const char *caller)
{
	return st_is_inlined(caller, (unsigned long)st_test_called);
}

static void a_function_is_inlined_if_its_caller_does_not_call_it(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, is_inside("st_test_call_hooked"));
	KUNIT_EXPECT_FALSE(test, is_inside("st_no_such_function"));
	KUNIT_EXPECT_TRUE(test, is_inside("st_test_alone"));
}

static void a_part_of_the_caller_may_call_it(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, is_inside("st_test_whole"));
}

static void of_what_is_no_function_nothing_is_said(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, st_is_inlined("st_test_alone", 8));
}

/* A kprobe's breakpoint replaces the first byte of an instruction. */
static void another_probe_on_the_call_does_not_hide_it(struct kunit *test)
{
	unsigned long from, to, at, function = (unsigned long)st_test_called;
	struct kprobe kp = {};

	KUNIT_ASSERT_TRUE(test, find("st_test_call_hooked", &from, &to));
	for (at = from; at < to && !has_call(at, at + 4, function); at++)
		;
	KUNIT_ASSERT_LT(test, at, to);
	kp.addr = (void *)(at - 1);
	KUNIT_ASSERT_EQ(test, register_kprobe(&kp), 0);
	KUNIT_EXPECT_EQ(test, *(const u8 *)kp.addr, INT3);
	KUNIT_EXPECT_FALSE(test, is_inside("st_test_call_hooked"));
	unregister_kprobe(&kp);
}

static struct kunit_case inlined_cases[] = {
	KUNIT_CASE(a_call_is_found_and_a_jump_and_a_breakpoint_on_one),
	KUNIT_CASE(a_call_leads_to_the_beginning_or_behind_endbr),
	KUNIT_CASE(a_call_of_what_is_in_front_of_the_function_is_none),
	KUNIT_CASE(behind_the_end_nothing_is_looked_at),
	KUNIT_CASE(code_that_cannot_be_read_may_have_a_call),
	KUNIT_CASE(a_function_is_inlined_if_its_caller_does_not_call_it),
	KUNIT_CASE(a_part_of_the_caller_may_call_it),
	KUNIT_CASE(of_what_is_no_function_nothing_is_said),
	KUNIT_CASE(another_probe_on_the_call_does_not_hide_it),
	{}
};

static struct kunit_suite inlined_suite = {
	.name = "sendtrace_inlined",
	.test_cases = inlined_cases,
};
kunit_test_suite(inlined_suite);
