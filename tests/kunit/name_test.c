// SPDX-License-Identifier: GPL-2.0
/* Names as words, and the patterns that are compared with them word by word. */
#include <linux/err.h>

#include "rules.h"
#include "fixture.h"

#define KEPT (SENDTRACE_COMM_LEN - 1)

/* A name in a task that had a longer name before. */
static void set_comm(char comm[SENDTRACE_COMM_LEN], const char *text)
{
	memset(comm, 'z', SENDTRACE_COMM_LEN);
	strscpy(comm, text, SENDTRACE_COMM_LEN);
}

/* ---- What is kept of a name ------------------------------------------------------------- */

static bool is_kept(const char *text)
{
	char comm[SENDTRACE_COMM_LEN], padded[SENDTRACE_COMM_LEN] = {};
	union st_name name;

	set_comm(comm, text);
	strscpy(padded, text, sizeof(padded));
	st_name_read(&name, comm);
	st_name_end(&name);
	return !memcmp(name.text, padded, sizeof(padded));
}

static void bytes_behind_the_end_of_a_name_are_dropped(struct kunit *test)
{
	char text[SENDTRACE_COMM_LEN] = {};
	int len;

	for (len = 0; len < SENDTRACE_COMM_LEN; len++) {
		KUNIT_EXPECT_TRUE(test, is_kept(text));
		text[len] = 'a' + len;
	}
	KUNIT_EXPECT_TRUE(test, is_kept("\x80\xff\x01\x7f\x80\xff\x01"));
	KUNIT_EXPECT_TRUE(test, is_kept("eight  \x80\xff"));
}

static void a_name_without_a_nul_gets_one(struct kunit *test)
{
	union st_name name;
	char comm[SENDTRACE_COMM_LEN];

	memset(comm, 'z', sizeof(comm));
	st_name_read(&name, comm);
	st_name_end(&name);
	KUNIT_EXPECT_EQ(test, strnlen(name.text, sizeof(name.text)), KEPT);
}

/* ---- What matches ------------------------------------------------------------------------ */

static const struct st_rules *filter_of(struct kunit *test, const char *pattern)
{
	struct sendtrace_filter *wanted = test->priv;
	struct st_rules *rules;

	memset(wanted, 0, sizeof(*wanted));
	wanted->nr_patterns = 1;
	strscpy(wanted->patterns[0], pattern, sizeof(wanted->patterns[0]));
	rules = st_rules_create(wanted);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rules));
	return rules;
}

/* A caller whose process and thread have this name. */
static bool matches(const struct st_rules *rules, const char *text)
{
	struct st_caller caller = {};
	char comm[SENDTRACE_COMM_LEN];

	set_comm(comm, text);
	st_name_read(&caller.process, comm);
	caller.comm = caller.process;
	return st_rules_match(rules, &caller);
}

/*
 * Tries all lengths of patterns and of names. A pattern is the beginning of the text,
 * followed by @end; @wanted tells whether it matches the name.
 */
static void expect_lengths(struct kunit *test, const char *end,
			   bool (*wanted)(int pattern, int name))
{
	static const char text[] = "abcdefghijklmnopqrst";
	const struct st_rules *rules;
	char pattern[32], name[32];
	int p, n;

	for (p = *end ? 0 : 1; p < sizeof(text); p++) {
		snprintf(pattern, sizeof(pattern), "%.*s%s", p, text, end);
		rules = filter_of(test, pattern);
		for (n = 0; n <= KEPT; n++) {
			snprintf(name, sizeof(name), "%.*s", n, text);
			KUNIT_EXPECT_EQ_MSG(test, matches(rules, name), wanted(p, n),
					    "%s and %s", pattern, name);
			/* Of the same length, but another character at the end. */
			if (!n || n > p)
				continue;
			name[n - 1] = '#';
			KUNIT_EXPECT_FALSE_MSG(test, matches(rules, name), "%s and %s",
					       pattern, name);
		}
		st_rules_free_rcu((struct st_rules *)rules);
	}
}

static bool as_far_as_names_are_kept(int pattern, int name)
{
	return name == min(pattern, KEPT);
}

static bool at_least_as_long(int pattern, int name)
{
	return name >= pattern;
}

static bool one_longer(int pattern, int name)
{
	return name == pattern + 1;
}

static void patterns_of_every_length_match_names_of_every_length(struct kunit *test)
{
	expect_lengths(test, "", as_far_as_names_are_kept);
	expect_lengths(test, "*", at_least_as_long);
	expect_lengths(test, "**", at_least_as_long);
	expect_lengths(test, "?", one_longer);
	expect_lengths(test, "[a-z]", one_longer);
	expect_lengths(test, "[!#]", one_longer);
}

/* The definition of a match, in its simplest form. */
static bool simple_match(const char *pattern, const char *name)
{
	if (*pattern == '*')
		return simple_match(pattern + 1, name) ||
		       (*name && simple_match(pattern, name + 1));
	if (!*pattern || !*name)
		return *pattern == *name;
	return (*pattern == '?' || *pattern == *name) &&
	       simple_match(pattern + 1, name + 1);
}

/* Number @n of the words that can be written with these letters, the shortest first. */
static void word(char *to, int n, const char *letters)
{
	int base = strlen(letters);

	for (; n > 0; n = (n - 1) / base)
		*to++ = letters[(n - 1) % base];
	*to = '\0';
}

static void stars_and_question_marks_mean_what_they_should(struct kunit *test)
{
	const struct st_rules *rules;
	char pattern[16], name[16];
	int p, n;

	for (p = 1; p <= 4 + 16 + 64 + 256; p++) {
		word(pattern, p, "ab*?");
		rules = filter_of(test, pattern);
		for (n = 0; n <= 2 + 4 + 8 + 16 + 32; n++) {
			word(name, n, "ab");
			KUNIT_EXPECT_EQ_MSG(test, matches(rules, name),
					    simple_match(pattern, name), "%s and %s",
					    pattern, name);
		}
		st_rules_free_rcu((struct st_rules *)rules);
	}
}

static const struct decision {
	const char *pattern;
	const char *name;
	bool match;
} decisions[] = {
	{ "node[0-9]", "node7", true },
	{ "node[0-9]", "node", false },
	{ "node[!0-9]", "nodex", true },
	{ "node[!0-9]", "node7", false },
	{ "node[!0-9]", "node", false },
	{ "node[!0-9]*", "node", false },
	{ "[!a][!b]", "b", false },
	{ "[^a]b", "cb", true },
	{ "[^a]b", "ab", false },
	{ "[^]a]", "b", true },
	{ "[^]a]", "]", false },
	{ "[a^]b", "^b", true },
	{ "[\\]a]b", "]b", true },
	{ "[a\\-c]d", "-d", true },
	{ "[a\\-c]d", "bd", false },
	{ "[a-\\c]d", "bd", true },
	{ "[\\", "[\\", true },
	{ "[a-\\", "[a-\\", true },
	{ "[[:d:]]", "d]", true },
	{ "[]a]", "]", true },
	{ "[]a]", "a", true },
	{ "[!]a]", "]", false },
	{ "[!]a]", "b", true },
	{ "[a-c-e]x", "-x", true },
	{ "[a-c-e]x", "dx", false },
	{ "[a-]x", "-x", true },
	{ "[c-a]x", "bx", false },
	{ "a[b", "a[b", true },
	{ "a[b", "ab", false },
	{ "a[b-", "a[b-", true },
	{ "a[", "a[", true },
	{ "a[!", "a[!", true },
	{ "a[]", "a[]", true },
	{ "\\*a", "*a", true },
	{ "\\*a", "ba", false },
	{ "a\\\\b", "a\\b", true },
	{ "a?\\", "ab\\", true },
	{ "a?\\", "ab", false },
	{ "\\[a]", "[a]", true },
	{ "\\[a]", "a", false },
	{ "*[!x]", "abc", true },
	{ "*[!x]", "abx", false },
	{ "*a*b*c", "xaxbxc", true },
	{ "*a*b*c", "xaxcxb", false },
	{ "[\x80-\xff]*", "\xe4", true },
	{ "[!a]", "", false },
	{ "?[!a]?", "abcdefghijklmno", false },
	{ "??????????????[!a]", "abcdefghijklmno", true },
	{ "???????????????[!a]", "abcdefghijklmno", false },
};

static void classes_and_backslashes_mean_what_they_should(struct kunit *test)
{
	const struct st_rules *rules;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(decisions); i++) {
		rules = filter_of(test, decisions[i].pattern);
		KUNIT_EXPECT_EQ_MSG(test, matches(rules, decisions[i].name),
				    decisions[i].match, "%s and %s", decisions[i].pattern,
				    decisions[i].name);
		st_rules_free_rcu((struct st_rules *)rules);
	}
}

static void bytes_behind_the_end_of_a_name_do_not_matter(struct kunit *test)
{
	const struct st_rules *plain = filter_of(test, "ab");
	const struct st_rules *beginning = filter_of(test, "a*");
	const struct st_rules *glob = filter_of(test, "?b");
	const struct st_rules *longer = filter_of(test, "abz*");

	KUNIT_EXPECT_TRUE(test, matches(plain, "ab"));
	KUNIT_EXPECT_TRUE(test, matches(beginning, "ab"));
	KUNIT_EXPECT_TRUE(test, matches(glob, "ab"));
	/* The bytes that set_comm() leaves behind the NUL would match. */
	KUNIT_EXPECT_FALSE(test, matches(longer, "ab"));
	st_rules_free_rcu((struct st_rules *)plain);
	st_rules_free_rcu((struct st_rules *)beginning);
	st_rules_free_rcu((struct st_rules *)glob);
	st_rules_free_rcu((struct st_rules *)longer);
}

static int name_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct sendtrace_filter), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static struct kunit_case name_cases[] = {
	KUNIT_CASE(bytes_behind_the_end_of_a_name_are_dropped),
	KUNIT_CASE(a_name_without_a_nul_gets_one),
	KUNIT_CASE(patterns_of_every_length_match_names_of_every_length),
	KUNIT_CASE(stars_and_question_marks_mean_what_they_should),
	KUNIT_CASE(classes_and_backslashes_mean_what_they_should),
	KUNIT_CASE(bytes_behind_the_end_of_a_name_do_not_matter),
	{}
};

static struct kunit_suite name_suite = {
	.name = "sendtrace_name",
	.init = name_test_init,
	.test_cases = name_cases,
};
kunit_test_suite(name_suite);
