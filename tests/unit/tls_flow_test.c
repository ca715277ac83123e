// SPDX-License-Identifier: GPL-2.0
/* By which instructions functions leave: the functions of tls/flow.s and tls/arm64.s. */
#include "test.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "flow.h"
#include "image.h"
#include "tls_sample.h"

static struct image image;
static struct code *code;
static unsigned char *bytes;
static size_t size;

static void use(const char *name, uint16_t machine)
{
	bytes = tls_sample(name, &size);
	((Elf64_Ehdr *)bytes)->e_machine = machine;
	assert_int_equal(image_open(&image, tls_file(bytes, size)), 0);
	code = code_open(machine);
	assert_non_null(code);
}

static void done(void)
{
	code_close(code);
	close(image.fd);
	free(bytes);
}

struct wanted {
	const char *name;
	struct image_symbol symbol;
	bool is_there;
};

static void look(const char *name, const struct image_symbol *symbol, void *arg)
{
	struct wanted *wanted = arg;

	if (strcmp(name, wanted->name))
		return;
	wanted->symbol = *symbol;
	wanted->is_there = true;
}

static struct image_symbol symbol_of(const char *name)
{
	struct wanted wanted = { .name = name };

	assert_int_equal(image_each_function(&image, IMAGE_SYMTAB, look, &wanted), 0);
	if (!wanted.is_there)
		fail_msg("there is no function '%s'", name);
	return wanted.symbol;
}

static const char *find(const char *name, struct flow_returns *returns)
{
	struct image_symbol symbol = symbol_of(name);

	return flow_returns(&image, code, symbol.address, symbol.size, returns);
}

static bool is_return(uint64_t address)
{
	static const unsigned char arm64[] = { 0xc0, 0x03, 0x5f, 0xd6 };
	uint64_t offset;

	assert_true(image_offset(&image, address, 4, PF_X, &offset));
	if (image.machine == EM_AARCH64)
		return !memcmp(bytes + offset, arm64, sizeof(arm64));
	if (bytes[offset] == 0xf3)
		offset++;
	return bytes[offset] == 0xc3 || bytes[offset] == 0xc2;
}

static void returns_by(const char *name, unsigned int number)
{
	struct flow_returns returns;
	const char *why = find(name, &returns);
	unsigned int i, other;

	if (why)
		fail_msg("%s: it %s", name, why);
	if (returns.number != number)
		fail_msg("%s: %u returns, expected %u", name, returns.number, number);
	for (i = 0; i < number; i++) {
		assert_true(is_return(returns.at[i]));
		for (other = 0; other < i; other++)
			assert_true(returns.at[i] != returns.at[other]);
	}
}

static void is_unknown(const char *name, const char *expected)
{
	struct flow_returns returns;
	const char *why = find(name, &returns);

	if (!why)
		fail_msg("%s: %u returns, expected: it %s", name, returns.number,
			 expected);
	assert_string_equal(why, expected);
}

static void all_returns_of_a_function_are_found(void **state)
{
	(void)state;
	use("flow.so", EM_X86_64);
	returns_by("one", 1);
	returns_by("several", 3);
	returns_by("unsized", 1);
	returns_by("ends_in_call", 1);
	returns_by("returns_64", 64);
	returns_by("largest", 1);
	is_unknown("returns_65", "has too many return instructions");
	is_unknown("large", "is too large, or jumps to a function that is");
	is_unknown("none", "has no return instruction");
	done();
}

static void jumps_are_followed(void **state)
{
	(void)state;
	use("flow.so", EM_X86_64);
	returns_by("tail", 3);
	returns_by("tail_if", 5);
	returns_by("round_1", 1);
	returns_by("split", 2);
	returns_by("chain_31", 1);
	returns_by("jumps_8192", 1);
	is_unknown("chain_32", "jumps to too many other functions");
	is_unknown("jumps_8193", "has too many jumps");
	is_unknown("to_and_fro", "jumps to and fro too often");
	done();
}

static void the_targets_of_a_switch_are_followed(void **state)
{
	static const char jump[] = "leaves by a jump through a register";

	(void)state;
	use("flow.so", EM_X86_64);
	returns_by("switch", 5);
	returns_by("switch_memory", 3);
	is_unknown("switch_unlimited", jump);
	is_unknown("switch_scaled", jump);
	is_unknown("switch_base_again", jump);
	is_unknown("switch_otherwise", jump);
	is_unknown("switch_beyond", "jumps to code that has no extent in .eh_frame");
	is_unknown("switch_written", "jumps by a table that is not in constant memory");
	done();
}

static void a_way_out_that_is_not_certain_has_a_reason(void **state)
{
	(void)state;
	use("flow.so", EM_X86_64);
	is_unknown("by_register", "leaves by a jump through a register");
	is_unknown("by_memory", "leaves by a jump through memory");
	is_unknown("by_plt", "leaves by a jump through memory");
	is_unknown("by_thunk", "leaves by a return to an address that it wrote");
	is_unknown("by_push", "leaves by a return to an address that it wrote");
	is_unknown("far", "holds an instruction that no function of a library has");
	is_unknown("unknown", "holds bytes that are no known instruction");
	is_unknown("half", "holds bytes that are no known instruction");
	is_unknown("runs_on", "does not end where .eh_frame says");
	is_unknown("ends_in_call_not", "does not end where .eh_frame says");
	is_unknown("in_the_middle", "jumps into the middle of an instruction");
	is_unknown("short_jump", "jumps in an unknown way");
	done();
}

/* What looks like a return may be data. */
static void a_return_that_nothing_leads_to_is_not_certain(void **state)
{
	static const char why[] = "has a return instruction that nothing leads to";

	(void)state;
	use("flow.so", EM_X86_64);
	is_unknown("data_behind_return", why);
	is_unknown("split_middle", why);
	done();
}

static void symbols_and_extents_must_agree(void **state)
{
	static const char other[] =
		"has another extent in .eh_frame than in the symbol table";

	(void)state;
	use("flow.so", EM_X86_64);
	is_unknown("no_extent", "has no extent in .eh_frame");
	is_unknown("to_no_extent", "jumps to code that has no extent in .eh_frame");
	is_unknown("other_size", other);
	is_unknown("behind", other);
	is_unknown("behind_unsized", other);
	done();
}

/* Let a function's entry of .eh_frame cover @more bytes: it is found by its address and size. */
static void enlarge(const char *name, uint64_t more)
{
	struct image_symbol symbol = symbol_of(name);
	unsigned int changed = 0;
	uint32_t range;
	int32_t start;
	size_t at;

	for (at = 0; at + 8 <= size; at += 4) {
		memcpy(&start, bytes + at, sizeof(start));
		memcpy(&range, bytes + at + 4, sizeof(range));
		/* .eh_frame stands at its address. */
		if (at + (uint64_t)start != symbol.address || range != symbol.size)
			continue;
		range += (uint32_t)more;
		memcpy(bytes + at + 4, &range, sizeof(range));
		changed++;
	}
	assert_int_equal(changed, 1);
	close(image.fd);
	assert_int_equal(image_open(&image, tls_file(bytes, size)), 0);
}

static void a_return_in_two_extents_is_one(void **state)
{
	(void)state;
	use("flow.so", EM_X86_64);
	enlarge("one", symbol_of("several").size);
	returns_by("tail_if", 5);
	done();
}

static void the_same_holds_for_arm64(void **state)
{
	static const char unknown[] = "holds bytes that are no known instruction";

	(void)state;
	use("arm64.so", EM_AARCH64);
	returns_by("one", 1);
	returns_by("several", 3);
	returns_by("tail", 3);
	returns_by("tail_if", 4);
	returns_by("detour", 1);
	is_unknown("no_detour", "jumps to code that has no extent in .eh_frame");
	is_unknown("by_register", "leaves by a jump through a register");
	is_unknown("by_other", "leaves by a return through another register than x30");
	is_unknown("signed", "returns by an instruction that the kernel cannot probe "
			     "(retaa or retab)");
	is_unknown("data", unknown);
	is_unknown("half", "holds half an instruction");
	is_unknown("runs_on", "does not end where .eh_frame says");
	done();
}

/* Each word is decoded, and a jump's target is where it must be. */
static void any_word_of_arm64_has_a_kind(void **state)
{
	struct code_step step;
	uint32_t seed = 1, word;
	unsigned int i;

	(void)state;
	code = code_open(EM_AARCH64);
	for (i = 0; i < 200000; i++) {
		word = test_random(&seed) << 16 ^ test_random(&seed);
		code_next(code, (const uint8_t *)&word, sizeof(word), 1 << 30, &step);
		assert_int_equal(step.size, 4);
		assert_true(step.kind != CODE_UNKNOWN || step.why);
		if (step.kind == CODE_JUMP || step.kind == CODE_BRANCH)
			assert_true(step.target % 4 == 0 &&
				    step.target - (1 << 29) < 1 << 30);
	}
	word = 0x17ffffff;
	code_next(code, (const uint8_t *)&word, sizeof(word), 0x1000, &step);
	assert_int_equal(step.target, 0xffc);
	word = 0x36040000; /* tbz, the farthest back */
	code_next(code, (const uint8_t *)&word, sizeof(word), 0x10000, &step);
	assert_int_equal(step.target, 0x8000);
	code_close(code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(all_returns_of_a_function_are_found),
		test_case(jumps_are_followed),
		test_case(the_targets_of_a_switch_are_followed),
		test_case(a_way_out_that_is_not_certain_has_a_reason),
		test_case(a_return_that_nothing_leads_to_is_not_certain),
		test_case(symbols_and_extents_must_agree),
		test_case(a_return_in_two_extents_is_one),
		test_case(the_same_holds_for_arm64),
		test_case(any_word_of_arm64_has_a_kind),
	};

	return run_all("tls_flow", tests);
}
