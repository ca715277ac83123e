// SPDX-License-Identifier: GPL-2.0
/*
 * Arming by table: a table of its own, some of whose functions this kernel lacks.
 */
#include <linux/init.h>

#include "hooks.h"

#undef __init
#define __init
#undef __initdata
#define __initdata
#define ST_HOOKS 15
#include "../../kmod/canary.c"
#include "../../kmod/symbol.c"
#include "../../kmod/trace.c"
#include "../../kmod/entry.c"
#include "../../kmod/probe.c"

#include <kunit/test.h>

#include "fixture.h"
#include "probe_fixture.h"
#include "session_fixture.h"

kprobe_pre_handler_t *st_test_own(int row)
{
	return &probes[row].returns->own;
}

/* A bit for each row that is registered. */
static unsigned int registered(void)
{
	unsigned int i, mask = 0;

	for (i = 0; i < ST_HOOKS; i++)
		if (probes[i].is_armed)
			mask |= BIT(i);
	return mask;
}

static int probe_suite_init(struct kunit_suite *suite)
{
	return st_probe_init();
}

static void probe_suite_exit(struct kunit_suite *suite)
{
	st_probe_exit();
}

static struct st_symbol symbol_before;

/* Gives a row a function that does not exist, as if it had vanished since the load. */
static void lose_function(int row)
{
	symbol_before = probes[row].symbol;
	probes[row].symbol = (struct st_symbol){ .name = "st_no_such_function" };
}

static int probe_test_init(struct kunit *test)
{
	st_test_begun = 0;
	st_test_ended = 0;
	atomic_set(&seen, 0);
	return 0;
}

static void a_hook_that_no_session_asks_for_is_not_registered(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, registered(), 0);
	KUNIT_EXPECT_FALSE(test, st_probe_armed());
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_ONE), 0);
	KUNIT_EXPECT_EQ(test, registered(), BIT(0));
	KUNIT_EXPECT_TRUE(test, st_probe_armed());
	st_probe_disarm(CALL_ONE);
	KUNIT_EXPECT_EQ(test, registered(), 0);
	KUNIT_EXPECT_FALSE(test, st_probe_armed());
}

static void a_hook_stays_until_its_last_session_stops(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_ONE), 0);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_SHARED), 0);
	KUNIT_EXPECT_EQ(test, registered(), BIT(0) | BIT(7));
	st_probe_disarm(CALL_ONE);
	KUNIT_EXPECT_EQ(test, registered(), BIT(0) | BIT(7));
	st_probe_disarm(CALL_SHARED);
	KUNIT_EXPECT_EQ(test, registered(), 0);
}

static void all_hooks_of_a_call_are_armed(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_MANY), 0);
	KUNIT_EXPECT_EQ(test, registered(), GENMASK(7, 1));
	st_probe_disarm(CALL_MANY);
	KUNIT_EXPECT_EQ(test, registered(), 0);
}

static void a_fallback_is_used_if_the_first_symbol_is_missing(struct kunit *test)
{
	KUNIT_ASSERT_NOT_NULL(test, probes[8].symbol.name);
	KUNIT_EXPECT_STREQ(test, probes[8].symbol.name, "st_test_called");
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_FALLBACK), 0);
	KUNIT_EXPECT_EQ(test, registered(), BIT(8));
	st_probe_disarm(CALL_FALLBACK);
}

/* Not inline, as in the module. */
static void (*volatile place)(const struct st_symbol *symbol,
			      struct kprobe *kp) = st_symbol_place;

static void a_function_is_probed_at_its_address_unless_that_may_move(struct kunit *test)
{
	struct kprobe kp = {};

	KUNIT_EXPECT_NOT_NULL(test, probes[0].symbol.addr);
	place(&probes[0].symbol, &kp);
	KUNIT_EXPECT_PTR_EQ(test, kp.addr, probes[0].symbol.addr);
	KUNIT_EXPECT_NULL(test, kp.symbol_name);
	/* In a module. */
	place(&probes[8].symbol, &kp);
	KUNIT_EXPECT_NULL(test, kp.addr);
	KUNIT_EXPECT_STREQ(test, kp.symbol_name, "st_test_called");
}

static void without_an_optional_function_the_rest_is_armed(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, probes[9].symbol.name);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_MISSING), 0);
	KUNIT_EXPECT_EQ(test, registered(), BIT(10));
	st_probe_disarm(CALL_MISSING);
	KUNIT_EXPECT_EQ(test, registered(), 0);
}

static void without_a_needed_function_nothing_is_armed(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, st_probe_arm(CALL_ONE | CALL_NEEDED), -ENOENT);
	KUNIT_EXPECT_EQ(test, registered(), 0);
	KUNIT_EXPECT_FALSE(test, st_probe_armed());
	KUNIT_EXPECT_EQ(test, st_probe_arm(CALL_ONE), 0);
	st_probe_disarm(CALL_ONE);
}

static void if_one_function_cannot_be_probed_no_other_stays_armed(struct kunit *test)
{
	lose_function(3);
	KUNIT_EXPECT_EQ(test, st_probe_arm(CALL_MANY), -ENOENT);
	probes[3].symbol = symbol_before;
	KUNIT_EXPECT_EQ(test, registered(), 0);
	KUNIT_EXPECT_FALSE(test, st_probe_armed());
	KUNIT_EXPECT_EQ(test, st_probe_arm(CALL_MANY), 0);
	st_probe_disarm(CALL_MANY);
}

static void an_optional_function_that_cannot_be_probed_is_missing(struct kunit *test)
{
	lose_function(9);
	KUNIT_EXPECT_EQ(test, st_probe_arm(CALL_MISSING), 0);
	KUNIT_EXPECT_EQ(test, registered(), BIT(10));
	KUNIT_EXPECT_EQ(test, st_probe_missing(), CALL_MISSING | CALL_NEEDED);
	st_probe_disarm(CALL_MISSING);
	KUNIT_EXPECT_EQ(test, registered(), 0);
	probes[9].symbol = symbol_before;
}

static void
what_could_not_be_probed_is_tried_again_for_the_next_session(struct kunit *test)
{
	symbol_before = probes[9].symbol;
	probes[9].symbol = (struct st_symbol){ .name = "st_no_such_function" };
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_MISSING), 0);
	probes[9].symbol = probes[8].symbol;
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_MISSING), 0);
	KUNIT_EXPECT_EQ(test, registered(), BIT(9) | BIT(10));
	KUNIT_EXPECT_EQ(test, st_probe_missing(), CALL_NEEDED);
	st_probe_disarm(CALL_MISSING);
	KUNIT_EXPECT_EQ(test, registered(), BIT(9) | BIT(10));
	st_probe_disarm(CALL_MISSING);
	KUNIT_EXPECT_EQ(test, registered(), 0);
	probes[9].symbol = symbol_before;
}

static void missing_functions_are_reported_by_their_calls(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, st_probe_missing(), CALL_MISSING | CALL_NEEDED);
}

/* st_test_call_hooked() calls st_test_called(), and nobody else does. */
static void others_stand_in_for_a_function_inside_its_caller(struct kunit *test)
{
	static const struct st_hook hooks[] = {
		{ .symbols = { "st_test_called" }, .callers = { "st_test_call_hooked" } },
		{ .symbols = { "st_test_called" }, .unless_inlined = true },
		{ .symbols = { "st_test_called" }, .if_inlined = true },
		/* Those that call the first do not call the fallback. */
		{ .symbols = { "st_no_such_function", "st_test_called" },
		  .callers = { "st_probe_disarm" } },
		{ .symbols = { "st_test_called" },
		  .callers = { "st_no_such_function", "st_test_call_hooked",
			       "st_probe_disarm" } },
	};
	struct st_symbol apart[4] = {}, found[5] = {};

	KUNIT_ASSERT_EQ(test, st_symbols_find(hooks, apart, 4), 0);
	KUNIT_EXPECT_STREQ(test, apart[0].name, "st_test_called");
	KUNIT_EXPECT_FALSE(test, apart[0].is_partial);
	KUNIT_EXPECT_TRUE(test, apart[0].is_needed);
	KUNIT_EXPECT_TRUE(test, apart[1].is_needed);
	KUNIT_EXPECT_FALSE(test, apart[2].is_needed);
	KUNIT_EXPECT_STREQ(test, apart[3].name, "st_test_called");
	KUNIT_EXPECT_FALSE(test, apart[3].is_partial);
	KUNIT_ASSERT_EQ(test, st_symbols_find(hooks, found, 5), 0);
	KUNIT_EXPECT_TRUE(test, found[4].is_partial);
	KUNIT_EXPECT_TRUE(test, found[4].is_needed);
	KUNIT_EXPECT_FALSE(test, found[1].is_needed);
	KUNIT_EXPECT_TRUE(test, found[2].is_needed);
}

static void missed_calls_are_added_up_by_call(struct kunit *test)
{
	u64 one = st_probe_missed_by(CALL_ONE), shared = st_probe_missed_by(CALL_SHARED);
	u64 seventh = st_probe_missed(7);

	probes[0].missed += 3;
	probes[7].missed += 4;
	KUNIT_EXPECT_EQ(test, st_probe_missed(7), seventh + 4);
	KUNIT_EXPECT_EQ(test, st_probe_missed_by(CALL_SHARED), shared + 7);
	KUNIT_EXPECT_EQ(test, st_probe_missed_by(CALL_ONE), one + 3);
	probes[0].missed -= 3;
	probes[7].missed -= 4;
}

static void missed_calls_are_counted_beyond_what_the_kernel_can_count(struct kunit *test)
{
	u64 before = st_probe_missed(7);

	probes[7].kp.nmissed = INT_MAX;
	KUNIT_EXPECT_EQ(test, st_probe_missed(7), before + INT_MAX);
	probes[7].kp.nmissed = (u32)INT_MIN + 4;
	KUNIT_EXPECT_EQ(test, st_probe_missed(7), before + INT_MAX + 5ULL);
	probes[7].kp.nmissed = 6;
	KUNIT_EXPECT_EQ(test, st_probe_missed(7), before + U32_MAX + 7ULL);
	probes[7].kp.nmissed = 0;
	probes[7].counted = 0;
	probes[7].missed = before;
}

static void a_count_that_two_cpus_have_set_back_is_no_wrap(struct kunit *test)
{
	u64 before = st_probe_missed(7);

	probes[7].kp.nmissed = 100;
	KUNIT_EXPECT_EQ(test, st_probe_missed(7), before + 100);
	probes[7].kp.nmissed = 98;
	KUNIT_EXPECT_EQ(test, st_probe_missed(7), before + 100);
	probes[7].kp.nmissed = 101;
	KUNIT_EXPECT_EQ(test, st_probe_missed(7), before + 101);
	probes[7].kp.nmissed = 0;
	probes[7].counted = 0;
	probes[7].missed = before;
}

/* The functional suite shows the opposite: there root switches ftrace or kprobes off. */
static void an_armed_hook_is_not_blind(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, st_probe_blind());
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_ONE), 0);
	KUNIT_EXPECT_FALSE(test, st_probe_blind());
	KUNIT_EXPECT_EQ(test, atomic_read(&seen), 1);
	KUNIT_EXPECT_FALSE(test, st_probe_blind());
	KUNIT_EXPECT_EQ(test, atomic_read(&seen), 2);
	st_probe_disarm(CALL_ONE);
	KUNIT_EXPECT_FALSE(test, is_registered);
}

/* As in a kernel where ftrace does not call us. */
static void without_ftrace_the_canary_has_a_probe(struct kunit *test)
{
	bool was_on = is_on;

	is_on = false;
	use_ftrace = false;
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_ONE), 0);
	KUNIT_EXPECT_FALSE(test, probes[0].is_traced);
	KUNIT_EXPECT_FALSE(test, st_probe_blind());
	KUNIT_EXPECT_TRUE(test, is_registered);
	KUNIT_EXPECT_GE(test, atomic_read(&seen), 1);
	st_probe_disarm(CALL_ONE);
	KUNIT_EXPECT_FALSE(test, is_registered);
	use_ftrace = true;
	is_on = was_on;
}

/* ---- Handlers ------------------------------------------------------------------------ */

/* Both handlers find the row of the call's own hook. */
static void a_call_runs_its_own_hooks_begin_and_end(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 16 * PAGE_SIZE, 0);

	st_test_choose(session, CALL_FALLBACK);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_FALLBACK), 0);
	st_test_call_hooked(-EBADF);
	st_probe_disarm(CALL_FALLBACK);
	KUNIT_EXPECT_EQ(test, st_test_begun, 1);
	KUNIT_EXPECT_EQ(test, st_test_ended, 1);
	KUNIT_EXPECT_EQ(test, (int)st_test_ended_with, -EBADF);
}

static void a_function_is_hooked_only_while_its_call_is_armed(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 16 * PAGE_SIZE, 0);

	st_test_choose(session, CALL_FALLBACK);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_MANY), 0);
	st_test_call_hooked(0);
	KUNIT_EXPECT_EQ(test, st_test_begun, 0);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_FALLBACK), 0);
	st_probe_disarm(CALL_FALLBACK);
	st_test_call_hooked(0);
	KUNIT_EXPECT_EQ(test, st_test_begun, 0);
	st_probe_disarm(CALL_MANY);
}

/* Lets ftrace call us at the entries of a function of this module, as if it could not move. */
static void trace_it(int row)
{
	unsigned long at = (unsigned long)st_test_called;

	symbol_before = probes[row].symbol;
	probes[row].symbol.addr = (kprobe_opcode_t *)at;
	probes[row].symbol.on_ftrace = true;
	st_entry_place(&probes[row]);
}

static void by_ftrace_a_call_runs_its_hooks_begin_and_end(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 16 * PAGE_SIZE, 0);
	u64 before = st_probe_hits(8);

	st_test_choose(session, CALL_FALLBACK);
	trace_it(8);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_FALLBACK), 0);
	KUNIT_EXPECT_TRUE(test, probes[8].is_traced);
	st_test_call_hooked(-EBADF);
	KUNIT_EXPECT_EQ(test, st_test_begun, 1);
	KUNIT_EXPECT_EQ(test, st_test_ended, 1);
	KUNIT_EXPECT_EQ(test, (int)st_test_ended_with, -EBADF);
	st_test_choose(session, CALL_ONE);
	st_test_call_hooked(0);
	KUNIT_EXPECT_EQ(test, st_test_begun, 1);
	KUNIT_EXPECT_EQ(test, st_probe_hits(8), before + 2);
	st_test_choose(session, CALL_FALLBACK);
	st_probe_disarm(CALL_FALLBACK);
	st_test_call_hooked(0);
	KUNIT_EXPECT_EQ(test, st_test_begun, 1);
	KUNIT_EXPECT_EQ(test, st_probe_hits(8), before + 2);
	probes[8].symbol = symbol_before;
}

static void functions_with_one_hash_are_told_apart(struct kunit *test)
{
	struct place *first = place_of(1), *second;
	unsigned long other = 2;

	KUNIT_ASSERT_EQ(test, first->function, 0);
	first->function = 1;
	while (hash_long(other, PLACE_BITS) != hash_long(1, PLACE_BITS))
		other++;
	second = place_of(other);
	KUNIT_EXPECT_PTR_NE(test, second, first);
	KUNIT_EXPECT_EQ(test, second->function, 0);
	KUNIT_EXPECT_PTR_EQ(test, place_of(1), first);
	first->function = 0;
}

static void ftrace_is_told_only_what_has_changed(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_ONE), 0);
	KUNIT_EXPECT_EQ(test, nr_traced, 2);
	KUNIT_EXPECT_EQ(test, traced[1], (unsigned long)probes[0].symbol.addr);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_SHARED), 0);
	KUNIT_EXPECT_EQ(test, nr_traced, 3);
	st_probe_disarm(CALL_ONE);
	KUNIT_EXPECT_EQ(test, nr_traced, 3);
	st_probe_disarm(CALL_SHARED);
	KUNIT_EXPECT_EQ(test, nr_traced, 1);
	KUNIT_EXPECT_EQ(test, traced[0], st_canary_address());
}

/* As in kernels without rethook, while the kretprobe is being unregistered. */
static void a_call_whose_probe_is_being_unregistered_is_refused(struct kunit *test)
{
	struct kretprobe_instance *ri;
	struct rethook *rethook;

	ri = kunit_kzalloc(test, sizeof(*ri) + sizeof(struct st_call), GFP_KERNEL);
	rethook = kunit_kzalloc(test, sizeof(*rethook), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ri);
	KUNIT_ASSERT_NOT_NULL(test, rethook);
	ri->node.rethook = rethook;
	preempt_disable();
	KUNIT_EXPECT_FALSE(test, may_have(ri, (void *)ri->data));
	preempt_enable();
}

/* ---- Shares -------------------------------------------------------------------------- */

static void a_call_beyond_its_users_share_is_counted_as_missed(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 16 * PAGE_SIZE, 0);
	u64 before = st_probe_missed_by(CALL_FALLBACK);
	struct st_share *share = probes[8].returns->share;

	st_test_choose(session, CALL_FALLBACK);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_FALLBACK), 0);
	atomic_set(&share->over, 1);
	share->most = 0;
	st_test_call_hooked(0);
	KUNIT_EXPECT_EQ(test, st_test_begun, 1);
	KUNIT_EXPECT_EQ(test, st_test_ended, 0);
	KUNIT_EXPECT_EQ(test, st_probe_missed_by(CALL_FALLBACK), before + 1);
	st_probe_disarm(CALL_FALLBACK);
	KUNIT_EXPECT_EQ(test, st_probe_missed_by(CALL_FALLBACK), before + 1);
}

static struct kunit_case probe_cases[] = {
	KUNIT_CASE(a_hook_that_no_session_asks_for_is_not_registered),
	KUNIT_CASE(a_hook_stays_until_its_last_session_stops),
	KUNIT_CASE(all_hooks_of_a_call_are_armed),
	KUNIT_CASE(a_fallback_is_used_if_the_first_symbol_is_missing),
	KUNIT_CASE(a_function_is_probed_at_its_address_unless_that_may_move),
	KUNIT_CASE(without_an_optional_function_the_rest_is_armed),
	KUNIT_CASE(without_a_needed_function_nothing_is_armed),
	KUNIT_CASE(if_one_function_cannot_be_probed_no_other_stays_armed),
	KUNIT_CASE(an_optional_function_that_cannot_be_probed_is_missing),
	KUNIT_CASE(what_could_not_be_probed_is_tried_again_for_the_next_session),
	KUNIT_CASE(missing_functions_are_reported_by_their_calls),
	KUNIT_CASE(others_stand_in_for_a_function_inside_its_caller),
	KUNIT_CASE(missed_calls_are_added_up_by_call),
	KUNIT_CASE(a_count_that_two_cpus_have_set_back_is_no_wrap),
	KUNIT_CASE(missed_calls_are_counted_beyond_what_the_kernel_can_count),
	KUNIT_CASE(an_armed_hook_is_not_blind),
	KUNIT_CASE(without_ftrace_the_canary_has_a_probe),
	KUNIT_CASE(a_call_runs_its_own_hooks_begin_and_end),
	KUNIT_CASE(a_function_is_hooked_only_while_its_call_is_armed),
	KUNIT_CASE(by_ftrace_a_call_runs_its_hooks_begin_and_end),
	KUNIT_CASE(functions_with_one_hash_are_told_apart),
	KUNIT_CASE(ftrace_is_told_only_what_has_changed),
	KUNIT_CASE(a_call_whose_probe_is_being_unregistered_is_refused),
	KUNIT_CASE(a_call_beyond_its_users_share_is_counted_as_missed),
	{}
};

static struct kunit_suite probe_suite = {
	.name = "sendtrace_probe",
	.suite_init = probe_suite_init,
	.suite_exit = probe_suite_exit,
	.init = probe_test_init,
	.test_cases = probe_cases,
};
kunit_test_suite(probe_suite);
