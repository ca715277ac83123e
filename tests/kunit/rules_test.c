// SPDX-License-Identifier: GPL-2.0
#include "../../kmod/pattern.c"
#include "../../kmod/rules.c"

#include "fixture.h"

#define ALL_BUT_NUL (SENDTRACE_PATTERN_LEN - 1)

static int rules_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct sendtrace_filter), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

/* ---- Helpers ----------------------------------------------------------------------- */

static void add_pattern(struct sendtrace_filter *wanted, const char *text)
{
	strscpy(wanted->patterns[wanted->nr_patterns++], text, SENDTRACE_PATTERN_LEN);
}

static void free_rules(struct kunit_resource *resource)
{
	st_rules_free_rcu(resource->data);
}

static const struct st_rules *create(struct kunit *test)
{
	struct st_rules *rules = st_rules_create(test->priv);

	KUNIT_ASSERT_FALSE(test, IS_ERR(rules));
	st_test_at_end(test, free_rules, rules);
	return rules;
}

static long creation_error(struct kunit *test)
{
	struct st_rules *rules = st_rules_create(test->priv);

	if (IS_ERR(rules))
		return PTR_ERR(rules);
	st_rules_free_rcu(rules);
	return 0;
}

/* Cut to 15 characters, as the kernel does. */
static union st_name named(const char *text)
{
	union st_name name = {};

	strscpy(name.text, text, sizeof(name.text));
	return name;
}

/* Do rules of this one pattern match a process of this name? */
static bool matches(struct kunit *test, const char *pattern, const char *name)
{
	struct st_caller caller = { .pid = 1, .process = named(name) };
	struct sendtrace_filter *wanted = test->priv;

	wanted->nr_patterns = 0;
	memset(wanted->patterns, 0, sizeof(wanted->patterns));
	add_pattern(wanted, pattern);
	return st_rules_match(create(test), &caller);
}

/* ---- What is accepted ---------------------------------------------------------------- */

static void the_maximum_number_of_patterns_is_accepted(struct kunit *test)
{
	struct sendtrace_filter *wanted = test->priv;
	int i;

	for (i = 0; i < SENDTRACE_MAX_PATTERNS; i++)
		add_pattern(wanted, "a");
	KUNIT_EXPECT_EQ(test, creation_error(test), 0);
}

static void one_pattern_too_many_is_refused(struct kunit *test)
{
	struct sendtrace_filter *wanted = test->priv;
	int i;

	for (i = 0; i < SENDTRACE_MAX_PATTERNS; i++)
		add_pattern(wanted, "a");
	wanted->nr_patterns++;
	KUNIT_EXPECT_EQ(test, creation_error(test), -EINVAL);
	wanted->nr_patterns = U32_MAX;
	KUNIT_EXPECT_EQ(test, creation_error(test), -EINVAL);
}

static void the_maximum_number_of_pids_is_accepted(struct kunit *test)
{
	struct st_caller last = { .pid = 77, .comm.text = "", .process.text = "" };
	struct sendtrace_filter *wanted = test->priv;

	wanted->nr_pids = SENDTRACE_MAX_PIDS;
	wanted->pids[SENDTRACE_MAX_PIDS - 1] = 77;
	KUNIT_EXPECT_TRUE(test, st_rules_match(create(test), &last));
}

static void one_pid_too_many_is_refused(struct kunit *test)
{
	struct sendtrace_filter *wanted = test->priv;

	wanted->nr_pids = SENDTRACE_MAX_PIDS + 1;
	KUNIT_EXPECT_EQ(test, creation_error(test), -EINVAL);
	wanted->nr_pids = U32_MAX;
	KUNIT_EXPECT_EQ(test, creation_error(test), -EINVAL);
}

static void a_reserved_field_that_is_not_zero_is_refused(struct kunit *test)
{
	struct sendtrace_filter *wanted = test->priv;
	size_t i;

	for (i = 0; i < sizeof(wanted->reserved); i++) {
		((u8 *)wanted->reserved)[i] = 1;
		KUNIT_EXPECT_EQ(test, creation_error(test), -EINVAL);
		((u8 *)wanted->reserved)[i] = 0;
	}
	KUNIT_EXPECT_EQ(test, creation_error(test), 0);
}

static void an_empty_pattern_is_refused_at_any_place(struct kunit *test)
{
	struct sendtrace_filter *wanted = test->priv;

	add_pattern(wanted, "");
	KUNIT_EXPECT_EQ(test, creation_error(test), -EINVAL);
	wanted->nr_patterns = 0;
	add_pattern(wanted, "a");
	add_pattern(wanted, "");
	KUNIT_EXPECT_EQ(test, creation_error(test), -EINVAL);
}

static void a_pattern_may_fill_its_field_except_for_the_nul(struct kunit *test)
{
	struct sendtrace_filter *wanted = test->priv;

	wanted->nr_patterns = 1;
	memset(wanted->patterns[0], 'a', ALL_BUT_NUL);
	KUNIT_EXPECT_EQ(test, creation_error(test), 0);
}

static void a_pattern_without_a_nul_is_refused(struct kunit *test)
{
	struct sendtrace_filter *wanted = test->priv;

	wanted->nr_patterns = 1;
	memset(wanted->patterns[0], 'a', SENDTRACE_PATTERN_LEN);
	KUNIT_EXPECT_EQ(test, creation_error(test), -EINVAL);
}

static void bytes_behind_the_nul_of_a_pattern_are_refused(struct kunit *test)
{
	struct sendtrace_filter *wanted = test->priv;

	add_pattern(wanted, "a");
	wanted->patterns[0][2] = 'b';
	KUNIT_EXPECT_EQ(test, creation_error(test), -EINVAL);
	wanted->patterns[0][2] = 0;
	wanted->patterns[0][ALL_BUT_NUL] = 'b';
	KUNIT_EXPECT_EQ(test, creation_error(test), -EINVAL);
}

static void unused_patterns_are_ignored(struct kunit *test)
{
	struct sendtrace_filter *wanted = test->priv;

	add_pattern(wanted, "a");
	memset(wanted->patterns[1], 0xff, SENDTRACE_PATTERN_LEN);
	KUNIT_EXPECT_EQ(test, creation_error(test), 0);
}

static void a_lack_of_memory_is_reported(struct kunit *test)
{
	long err;

	st_test_fail_allocation(1);
	err = creation_error(test);
	KUNIT_EXPECT_TRUE(test, st_test_allocation_failed());
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
}

static void freeing_no_filter_does_nothing(struct kunit *test)
{
	st_rules_free_rcu(NULL);
}

/* ---- What matches ------------------------------------------------------------------- */

static void a_filter_of_nothing_matches_everything(struct kunit *test)
{
	struct st_caller caller = { .pid = 1, .comm.text = "a", .process.text = "b" };

	KUNIT_EXPECT_TRUE(test, st_rules_match(create(test), &caller));
}

static void a_name_matches_only_itself(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, matches(test, "mysqld", "mysqld"));
	KUNIT_EXPECT_FALSE(test, matches(test, "mysqld", "mysql"));
	KUNIT_EXPECT_FALSE(test, matches(test, "mysqld", "mysqld1"));
	KUNIT_EXPECT_FALSE(test, matches(test, "mysqld", "Mysqld"));
	KUNIT_EXPECT_FALSE(test, matches(test, "mysqld", ""));
}

static void a_name_matches_the_process_or_the_thread(struct kunit *test)
{
	struct st_caller by_process = { .comm.text = "connection",
					.process.text = "mysqld" };
	struct st_caller by_thread = { .comm.text = "mysqld", .process.text = "systemd" };
	struct st_caller neither = { .comm.text = "connection",
				     .process.text = "systemd" };
	const struct st_rules *rules;

	add_pattern(test->priv, "mysqld");
	rules = create(test);
	KUNIT_EXPECT_TRUE(test, st_rules_match(rules, &by_process));
	KUNIT_EXPECT_TRUE(test, st_rules_match(rules, &by_thread));
	KUNIT_EXPECT_FALSE(test, st_rules_match(rules, &neither));
}

static void fifteen_characters_match_exactly(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, matches(test, "systemd-resolve", "systemd-resolve"));
	KUNIT_EXPECT_FALSE(test, matches(test, "systemd-resolve", "systemd-resolv"));
	KUNIT_EXPECT_FALSE(test, matches(test, "systemd-resolve", "systemd-resolvx"));
}

static void sixteen_characters_match_the_name_cut_to_fifteen(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, matches(test, "systemd-resolved", "systemd-resolve"));
	KUNIT_EXPECT_FALSE(test, matches(test, "systemd-resolved", "systemd-resolv"));
	KUNIT_EXPECT_FALSE(test, matches(test, "systemd-resolved", "systemd-networkd"));
}

static void a_glob_is_not_cut(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, matches(test, "systemd-resolve?", "systemd-resolve"));
	KUNIT_EXPECT_TRUE(test, matches(test, "systemd-resolve*", "systemd-resolve"));
}

static void a_star_matches_any_characters_and_none(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, matches(test, "my*", "my"));
	KUNIT_EXPECT_TRUE(test, matches(test, "my*d", "mysqld"));
	KUNIT_EXPECT_TRUE(test, matches(test, "*", ""));
	KUNIT_EXPECT_FALSE(test, matches(test, "my*d", "mysql"));
}

static void a_question_mark_matches_one_character(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, matches(test, "mysql?", "mysqld"));
	KUNIT_EXPECT_FALSE(test, matches(test, "mysql?", "mysql"));
	KUNIT_EXPECT_FALSE(test, matches(test, "mysql?", "mysqldd"));
}

static void brackets_match_one_of_their_characters(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, matches(test, "node[0-9]", "node7"));
	KUNIT_EXPECT_FALSE(test, matches(test, "node[0-9]", "nodex"));
	KUNIT_EXPECT_TRUE(test, matches(test, "node[!0-9]", "nodex"));
	KUNIT_EXPECT_TRUE(test, matches(test, "node[0", "node[0"));
}

static void a_backslash_makes_the_next_character_literal(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, matches(test, "a\\*", "a*"));
	KUNIT_EXPECT_FALSE(test, matches(test, "a\\*", "ab"));
}

static void a_dot_alone_matches_every_name(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, matches(test, ".", "mysqld"));
	KUNIT_EXPECT_TRUE(test, matches(test, ".", ""));
	KUNIT_EXPECT_FALSE(test, matches(test, "..", "ab"));
	KUNIT_EXPECT_FALSE(test, matches(test, "a.c", "abc"));
}

static void one_of_several_patterns_is_enough(struct kunit *test)
{
	struct st_caller caller = { .comm.text = "x", .process.text = "nginx" };
	struct sendtrace_filter *wanted = test->priv;

	add_pattern(wanted, "mysqld");
	add_pattern(wanted, "ng*");
	KUNIT_EXPECT_TRUE(test, st_rules_match(create(test), &caller));
	caller.process = named("apache2");
	KUNIT_EXPECT_FALSE(test, st_rules_match(create(test), &caller));
	add_pattern(wanted, ".");
	KUNIT_EXPECT_TRUE(test, st_rules_match(create(test), &caller));
}

static void a_process_must_be_among_the_pids(struct kunit *test)
{
	struct st_caller caller = { .pid = 8, .comm.text = "a", .process.text = "a" };
	struct sendtrace_filter *wanted = test->priv;
	const struct st_rules *rules;

	wanted->nr_pids = 2;
	wanted->pids[0] = 7;
	wanted->pids[1] = 8;
	wanted->pids[2] = 9;
	rules = create(test);
	KUNIT_EXPECT_TRUE(test, st_rules_match(rules, &caller));
	caller.pid = 9;
	KUNIT_EXPECT_FALSE(test, st_rules_match(rules, &caller));
}

static void pid_and_name_must_both_match(struct kunit *test)
{
	struct st_caller right = { .pid = 7, .comm.text = "", .process.text = "mysqld" };
	struct st_caller wrong_pid = { .pid = 8,
				       .comm.text = "",
				       .process.text = "mysqld" };
	struct st_caller wrong_name = { .pid = 7,
					.comm.text = "",
					.process.text = "nginx" };
	struct sendtrace_filter *wanted = test->priv;

	wanted->nr_pids = 1;
	wanted->pids[0] = 7;
	add_pattern(wanted, "mysqld");
	KUNIT_EXPECT_TRUE(test, st_rules_match(create(test), &right));
	KUNIT_EXPECT_FALSE(test, st_rules_match(create(test), &wrong_pid));
	KUNIT_EXPECT_FALSE(test, st_rules_match(create(test), &wrong_name));
}

/* ---- What it says of itself ------------------------------------------------------------ */

static const char *shown(struct kunit *test, const struct st_rules *rules, size_t size)
{
	struct seq_file *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->size = size;
	m->buf = kunit_kzalloc(test, size + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m->buf);
	st_rules_show(rules, m);
	KUNIT_EXPECT_LE(test, m->count, size);
	return m->buf;
}

static void no_filter_is_shown_as_all(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, shown(test, create(test), 64), "comms=. pids=any");
}

static void patterns_and_pids_are_shown_with_commas(struct kunit *test)
{
	struct sendtrace_filter *wanted = test->priv;

	add_pattern(wanted, "mysqld");
	add_pattern(wanted, "ng*");
	wanted->nr_pids = 2;
	wanted->pids[0] = 7;
	wanted->pids[1] = U32_MAX;
	KUNIT_EXPECT_STREQ(test, shown(test, create(test), 64),
			   "comms=mysqld,ng* pids=7,4294967295");
}

static void separators_in_a_pattern_are_escaped(struct kunit *test)
{
	add_pattern(test->priv, "a b,c\n\\");
	KUNIT_EXPECT_STREQ(test, shown(test, create(test), 64),
			   "comms=a\\040b\\054c\\012\\134 pids=any");
}

static void a_buffer_that_is_too_small_is_not_overrun(struct kunit *test)
{
	size_t size;

	add_pattern(test->priv, "a b");
	for (size = 1; size < 32; size++)
		KUNIT_EXPECT_EQ(test, shown(test, create(test), size)[size], 0);
}

static struct kunit_case rules_cases[] = {
	KUNIT_CASE(the_maximum_number_of_patterns_is_accepted),
	KUNIT_CASE(one_pattern_too_many_is_refused),
	KUNIT_CASE(the_maximum_number_of_pids_is_accepted),
	KUNIT_CASE(one_pid_too_many_is_refused),
	KUNIT_CASE(a_reserved_field_that_is_not_zero_is_refused),
	KUNIT_CASE(an_empty_pattern_is_refused_at_any_place),
	KUNIT_CASE(a_pattern_may_fill_its_field_except_for_the_nul),
	KUNIT_CASE(a_pattern_without_a_nul_is_refused),
	KUNIT_CASE(bytes_behind_the_nul_of_a_pattern_are_refused),
	KUNIT_CASE(unused_patterns_are_ignored),
	KUNIT_CASE(a_lack_of_memory_is_reported),
	KUNIT_CASE(freeing_no_filter_does_nothing),
	KUNIT_CASE(a_filter_of_nothing_matches_everything),
	KUNIT_CASE(a_name_matches_only_itself),
	KUNIT_CASE(a_name_matches_the_process_or_the_thread),
	KUNIT_CASE(fifteen_characters_match_exactly),
	KUNIT_CASE(sixteen_characters_match_the_name_cut_to_fifteen),
	KUNIT_CASE(a_glob_is_not_cut),
	KUNIT_CASE(a_star_matches_any_characters_and_none),
	KUNIT_CASE(a_question_mark_matches_one_character),
	KUNIT_CASE(brackets_match_one_of_their_characters),
	KUNIT_CASE(a_backslash_makes_the_next_character_literal),
	KUNIT_CASE(a_dot_alone_matches_every_name),
	KUNIT_CASE(one_of_several_patterns_is_enough),
	KUNIT_CASE(a_process_must_be_among_the_pids),
	KUNIT_CASE(pid_and_name_must_both_match),
	KUNIT_CASE(no_filter_is_shown_as_all),
	KUNIT_CASE(patterns_and_pids_are_shown_with_commas),
	KUNIT_CASE(separators_in_a_pattern_are_escaped),
	KUNIT_CASE(a_buffer_that_is_too_small_is_not_overrun),
	{}
};

static struct kunit_suite rules_suite = {
	.name = "sendtrace_rules",
	.init = rules_test_init,
	.test_cases = rules_cases,
};
kunit_test_suite(rules_suite);
