// SPDX-License-Identifier: GPL-2.0
/* Names as words, and the patterns that are compared with them as such. */
#include <linux/err.h>
#include <linux/glob.h>

#include "filter.h"
#include "fixture.h"

#define KEPT (SENDTRACE_COMM_LEN - 1)

/* As a task has it where a longer name stood there before. */
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

static void of_a_name_nothing_behind_its_end_is_kept(struct kunit *test)
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

static void a_name_that_does_not_end_is_ended(struct kunit *test)
{
	union st_name name;
	char comm[SENDTRACE_COMM_LEN];

	memset(comm, 'z', sizeof(comm));
	st_name_read(&name, comm);
	st_name_end(&name);
	KUNIT_EXPECT_EQ(test, strnlen(name.text, sizeof(name.text)), KEPT);
}

/* ---- What matches ------------------------------------------------------------------------ */

static const struct st_filter *filter_of(struct kunit *test, const char *pattern)
{
	struct sendtrace_filter *wanted = test->priv;
	struct st_filter *filter;

	memset(wanted, 0, sizeof(*wanted));
	wanted->nr_patterns = 1;
	strscpy(wanted->patterns[0], pattern, sizeof(wanted->patterns[0]));
	filter = st_filter_create(wanted);
	KUNIT_ASSERT_FALSE(test, IS_ERR(filter));
	return filter;
}

/* Of a process of that name whose thread has none. */
static bool matches(const struct st_filter *filter, const char *text)
{
	struct st_caller caller = {};
	char comm[SENDTRACE_COMM_LEN];

	set_comm(comm, text);
	st_name_read(&caller.process, comm);
	return st_filter_match(filter, &caller);
}

/* What the pattern says of each beginning of @text, and of each that ends otherwise. */
static void expect_as_glob_match(struct kunit *test, const char *pattern,
				 const char *text)
{
	const struct st_filter *filter = filter_of(test, pattern);
	char name[SENDTRACE_COMM_LEN] = {};
	bool unnamed = glob_match(pattern, "");
	size_t len;

	for (len = 0; len <= KEPT; len++) {
		KUNIT_EXPECT_EQ_MSG(test, matches(filter, name),
				    unnamed || glob_match(pattern, name), "%s and %s",
				    pattern, name);
		name[len] = '#';
		if (len < KEPT)
			KUNIT_EXPECT_EQ_MSG(test, matches(filter, name),
					    unnamed || glob_match(pattern, name),
					    "%s and %s", pattern, name);
		name[len] = len < KEPT ? text[len] : 0;
	}
	st_filter_free_rcu((struct st_filter *)filter);
}

static void a_pattern_says_what_glob_match_says(struct kunit *test)
{
	static const char text[] = "abcdefghijklmnopqrst";
	static const char *const ends[] = { "",	   "*",	  "**",	    "?",  "*?",
					    "\\*", "[*]", "*[a-z]", "*e", "*o",
					    "\\",  "[",	  "[!#]" };
	char pattern[SENDTRACE_PATTERN_LEN];
	size_t len, i;

	for (i = 0; i < ARRAY_SIZE(ends); i++)
		for (len = 0; len < sizeof(text); len++) {
			/* Plain ones are cut as names are, and none may be empty. */
			if (!*ends[i] && (len == 0 || len > KEPT))
				continue;
			snprintf(pattern, sizeof(pattern), "%.*s%s", (int)len, text,
				 ends[i]);
			expect_as_glob_match(test, pattern, text);
		}
}

static void what_stood_behind_a_name_does_not_matter(struct kunit *test)
{
	const struct st_filter *plain = filter_of(test, "ab");
	const struct st_filter *beginning = filter_of(test, "a*");
	const struct st_filter *glob = filter_of(test, "?b");
	const struct st_filter *longer = filter_of(test, "abz*");

	KUNIT_EXPECT_TRUE(test, matches(plain, "ab"));
	KUNIT_EXPECT_TRUE(test, matches(beginning, "ab"));
	KUNIT_EXPECT_TRUE(test, matches(glob, "ab"));
	/* With what set_comm() leaves there it would, were it not for the NUL. */
	KUNIT_EXPECT_FALSE(test, matches(longer, "ab"));
	st_filter_free_rcu((struct st_filter *)plain);
	st_filter_free_rcu((struct st_filter *)beginning);
	st_filter_free_rcu((struct st_filter *)glob);
	st_filter_free_rcu((struct st_filter *)longer);
}

static int name_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct sendtrace_filter), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static struct kunit_case name_cases[] = {
	KUNIT_CASE(of_a_name_nothing_behind_its_end_is_kept),
	KUNIT_CASE(a_name_that_does_not_end_is_ended),
	KUNIT_CASE(a_pattern_says_what_glob_match_says),
	KUNIT_CASE(what_stood_behind_a_name_does_not_matter),
	{}
};

static struct kunit_suite name_suite = {
	.name = "sendtrace_name",
	.init = name_test_init,
	.test_cases = name_cases,
};
kunit_test_suite(name_suite);
