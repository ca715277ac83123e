// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

enum {
	MAX_ARGUMENTS = 80
};

static struct options options;

/* Splits @line at its blanks, as a shell does. */
static int parse(const char *line)
{
	static char *arguments; /* the options point into it */
	char *argv[MAX_ARGUMENTS] = { "sendread" }, *word, *rest;
	int argc = 1, err;

	free(arguments);
	arguments = rest = strdup(line);
	while ((word = strsep(&rest, " ")) && argc < MAX_ARGUMENTS - 1)
		argv[argc++] = word;
	err = options_parse(&options, argc, argv);
	if (err || options.action != OPTIONS_TRACE)
		return err;
	return options_check_device(&options);
}

static void assert_refused(const char *line, const char *quoted)
{
	assert_int_equal(parse(line), -EINVAL);
	if (!strstr(options.error, quoted))
		fail_msg("'%s' does not quote %s", options.error, quoted);
	if (!strstr(options.error, "expected"))
		fail_msg("'%s' does not say what was expected", options.error);
	assert_null(strchr(options.error, '\n'));
}

static void a_name_alone_means_the_defaults(void **state)
{
	(void)state;
	assert_int_equal(parse("mysqld"), 0);
	assert_int_equal(options.action, OPTIONS_TRACE);
	assert_int_equal(options.filter.nr_patterns, 1);
	assert_string_equal(options.filter.patterns[0], "mysqld");
	assert_int_equal(options.snaplen, 0);
	assert_int_equal(options.ring_size, 0);
	assert_string_equal(options.device, SENDTRACE_DEVICE);
	assert_false(options.quiet || options.verbose || options.use_read ||
		     options.no_load);
}

static void every_option_is_understood_in_both_spellings(void **state)
{
	(void)state;
	assert_int_equal(
		parse("-a -B 64 -c 7 -d 1.5 -p 1,22 -q -s 100 -v --read --no-load "
		      "--device /dev/other m*"),
		0);
	assert_true(options.quiet && options.verbose && options.use_read &&
		    options.no_load);
	assert_true(options.calls & SENDTRACE_CALL_BIT(SENDTRACE_CALL_ACCEPT));
	assert_int_equal(options.ring_size, 64 * 1024);
	assert_int_equal(options.snaplen, 100);
	assert_int_equal(options.count, 7);
	assert_int_equal(options.duration, 1500000000);
	assert_int_equal(options.filter.nr_pids, 2);
	assert_int_equal(options.filter.pids[1], 22);
	assert_string_equal(options.device, "/dev/other");
	assert_int_equal(
		parse("--accepts --buffer-size=64 --count=7 --duration=1.5 --pid=1 "
		      "--pid=22 --quiet --snaplen 100 --verbose"),
		0);
	assert_int_equal(options.filter.nr_pids, 2);
	assert_int_equal(options.ring_size, 64 * 1024);
	assert_int_equal(parse("--help"), 0);
	assert_int_equal(options.action, OPTIONS_HELP);
	assert_int_equal(parse("-V"), 0);
	assert_int_equal(options.action, OPTIONS_VERSION);
}

static void a_sort_may_have_a_window(void **state)
{
	(void)state;
	assert_int_equal(parse("mysqld"), 0);
	assert_false(options.sort);
	assert_int_equal(parse("--sort=100ms mysqld"), 0);
	assert_true(options.sort);
	assert_int_equal(options.window, 100000000);
	assert_int_equal(parse("--sort=3600 mysqld"), 0);
	assert_int_equal(options.window, 3600000000000);
	assert_refused("--sort=3600.1 mysqld", "'3600.1'");
	assert_refused("--sort= mysqld", "''");
	assert_refused("--sort=never mysqld", "'never'");
	/* A word behind it is a name. */
	assert_refused("--sort 100ms", "'--sort=100ms'");
	assert_int_equal(options.filter.nr_patterns, 1);
	assert_int_equal(options_check_saved(&options), -EINVAL);
	assert_int_equal(parse("--sort"), -EINVAL);
	assert_int_equal(options_check_saved(&options), 0);
	assert_true(options.sort);
	assert_int_equal(options.window, 0);
}

static void options_may_stand_behind_names_and_names_may_begin_with_a_dash(void **state)
{
	(void)state;
	assert_int_equal(parse("mysqld -c 3 nginx"), 0);
	assert_int_equal(options.filter.nr_patterns, 2);
	assert_int_equal(options.count, 3);
	assert_int_equal(parse("-- -sh"), 0);
	assert_string_equal(options.filter.patterns[0], "-sh");
}

static void values_up_to_the_limits_are_accepted_and_others_refused(void **state)
{
	(void)state;
	assert_int_equal(parse("-s 1 ."), 0);
	assert_int_equal(parse("-s 67108864 ."), 0);
	assert_int_equal(options.snaplen, 64 << 20);
	assert_refused("-s 67108865 .", "'67108865'");
	assert_refused("-s 0 .", "'0'");
	assert_int_equal(parse("-B 4 ."), 0);
	assert_int_equal(parse("-B 1048576 ."), 0);
	assert_int_equal(options.ring_size, 1U << 30);
	assert_refused("-B 1048577 .", "'1048577'");
	assert_refused("-B 1048577 .", "from 4 to 1048576");
	assert_refused("-B 3 .", "'3'");
	assert_int_equal(parse("-c 18446744073709551615 ."), 0);
	assert_refused("-c 18446744073709551616 .", "'18446744073709551616'");
	assert_refused("-c 0 .", "'0'");
	assert_int_equal(parse("-p 4194304"), 0);
	assert_refused("-p 4194305", "'4194305'");
	assert_refused("-p 0", "'0'");
}

static void a_value_that_is_no_number_is_quoted(void **state)
{
	(void)state;
	assert_refused("-s 1k .", "'1k'");
	assert_refused("-B -5 .", "'-5'");
	assert_refused("-c +1 .", "'+1'");
	assert_refused("-c 1.5 .", "'1.5'");
	assert_refused("-d 0 .", "'0'");
	assert_refused("-d 1e3 .", "'1e3'");
	assert_refused("-d forever .", "'forever'");
	assert_refused("-p mysqld", "'mysqld'");
	assert_refused("-p 1,", "'1,'");
	assert_refused("-p 1,,2", "'1,,2'");
	assert_refused("--device= .", "''");
}

static void an_unknown_option_is_quoted(void **state)
{
	(void)state;
	assert_refused("-x .", "'-x'");
	assert_refused("-qx .", "'-x'");
	assert_refused("--foo .", "'--foo'");
	assert_refused("--foo=3 .", "'--foo=3'");
	assert_refused("--ver .", "'--ver'");
	assert_refused("--quiet=3 .", "'--quiet=3'");
	assert_refused(". -c", "'-c'");
	assert_refused(". --count", "'--count'");
}

static void a_name_or_a_process_is_required(void **state)
{
	(void)state;
	assert_refused("-q", "COMM");
	assert_refused("-c 5", "'.'");
	assert_int_equal(parse("-p 5"), 0);
}

static void patterns_are_checked_before_the_kernel_sees_them(void **state)
{
	char longest[2 * SENDTRACE_PATTERN_LEN];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[SENDTRACE_PATTERN_LEN - 1] = '\0';
	assert_int_equal(parse(longest), 0);
	assert_string_equal(options.filter.patterns[0], longest);
	longest[SENDTRACE_PATTERN_LEN - 1] = 'x';
	longest[SENDTRACE_PATTERN_LEN] = '\0';
	assert_refused(longest, longest);
	assert_refused("a  b", "''");
	assert_refused("my[sql", "'my[sql'");
	assert_refused("my[", "'my['");
	assert_refused("my[!", "'my[!'");
	assert_refused("my[]", "'my[]'");
	assert_refused("my[!]", "'my[!]'");
	assert_refused("my[^]", "'my[^]'");
	assert_refused("my[a\\]", "'my[a\\]'");
	assert_refused("my[a\\", "'my[a\\'");
	assert_refused("node[[:digit:]]", "[0-9]");
	assert_refused("node[![.a.]]", "[0-9]");
	assert_refused("node[a[=b=]]", "[0-9]");
	assert_refused("my\\", "'my\\'");
}

/* The kernel keeps 15 characters of a name. A longer plain name is compared up to there. */
static void patterns_that_can_match_no_name_are_refused(void **state)
{
	(void)state;
	assert_refused("systemd-resolved*", "'systemd-resolved*'");
	assert_refused("*systemd-resolved", "at most 15");
	assert_refused("????????????????", "at most 15");
	assert_refused("12345678[9a]1234567*", "at most 15");
	assert_refused("systemd\\-resolved", "at most 15");
	assert_refused("[z-a]", "'[z-a]'");
	assert_refused("a[!\x01-\xff]", "holds none");
	assert_int_equal(parse("systemd-resolved"), 0);
	assert_int_equal(parse("systemd-resolve*"), 0);
	assert_int_equal(parse("???????????????"), 0);
	assert_int_equal(parse("*s*y*s*t*e*m*d*-*r*e*s*o*l*v*e*"), 0);
	assert_int_equal(parse("12345678[9a-f]\\*12345"), 0);
}

static void patterns_that_a_shell_accepts_are_accepted(void **state)
{
	static const char *const patterns[] = { ".",	   "*",	    "my*d",  "[a-z]?",
						"[]a]",	   "[!]a]", "[!a]",  "my\\[",
						"\\\\",	   "a]b",   "[[]",   "\\.",
						"[a][b]",  "\\*",   "[^]a]", "[\\]a]",
						"[a\\-c]", "[:a]",  "[a[]:", "[\\[:]" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (parse(patterns[i]))
			fail_msg("%s", options.error);
		assert_string_equal(options.filter.patterns[0], patterns[i]);
	}
}

static void as_many_names_and_processes_as_the_kernel_accepts_may_be_given(void **state)
{
	char line[8 * SENDTRACE_MAX_PATTERNS] = "n0",
		      pids[16 * SENDTRACE_MAX_PIDS] = "-p1";
	int i;

	(void)state;
	for (i = 1; i < SENDTRACE_MAX_PATTERNS; i++)
		sprintf(line + strlen(line), " n%d", i);
	assert_int_equal(parse(line), 0);
	assert_int_equal(options.filter.nr_patterns, SENDTRACE_MAX_PATTERNS);
	assert_string_equal(options.filter.patterns[SENDTRACE_MAX_PATTERNS - 1], "n31");
	strcat(line, " more");
	assert_refused(line, "'more'");
	for (i = 1; i < SENDTRACE_MAX_PIDS; i++)
		sprintf(pids + strlen(pids), ",%d", i + 1);
	assert_int_equal(parse(pids), 0);
	assert_int_equal(options.filter.nr_pids, SENDTRACE_MAX_PIDS);
	strcat(pids, ",4711");
	assert_refused(pids, "'4711'");
}

/* Not as the number that their first digits are. */
static void numbers_that_are_too_long_are_refused_as_a_whole(void **state)
{
	(void)state;
	assert_int_equal(parse("-p 00000000000000000812"), 0);
	assert_int_equal(options.filter.pids[0], 812);
	assert_refused("-p 000000000000000000812", "'000000000000000000812'");
	assert_refused("-p 0000000000000000000812", "'0000000000000000000812'");
	assert_refused("-p 7,0000000000000000000812,9", "'7,0000000000000000000812,9'");
	assert_refused("-p 00000000000000000812x", "'00000000000000000812x'");
	assert_int_equal(parse("-c 00000000000000000812 ."), 0);
	assert_int_equal(options.count, 812);
	assert_refused("-c 000000000000000000812 .", "'000000000000000000812'");
	assert_refused("-d 000000000000000000001.5 .", "'000000000000000000001.5'");
}

static void what_was_expected_stands_behind_the_longest_text(void **state)
{
	static char line[3000] = "-s ";

	(void)state;
	memset(line + 3, '9', sizeof(line) - 4);
	assert_refused(line, "...");
	assert_refused(line, "999', expected a whole number from 1 to 67108864");
	memcpy(line, "-p ", 3);
	assert_refused(line, "--pid is '999");
}

static void unset_options_are_zero_for_the_kernel(void **state)
{
	struct sendtrace_filter filter = { .nr_patterns = 1,
					   .nr_pids = 1,
					   .pids = { 9 } };

	(void)state;
	strcpy(filter.patterns[0], "a");
	assert_int_equal(parse("-p 1,2,3 xxxxxxxxx yyyyyyyyy"), 0);
	assert_int_equal(parse("-p 9 a"), 0);
	assert_memory_equal(&options.filter, &filter, sizeof(filter));
}

static void a_saved_stream_takes_no_filter(void **state)
{
	(void)state;
	assert_int_equal(parse("--device f ."), 0);
	assert_int_equal(options_check_saved(&options), 0);
	assert_int_equal(parse("--device f mysqld"), 0);
	assert_int_equal(options_check_saved(&options), -EINVAL);
	assert_non_null(strstr(options.error, "'f'"));
	assert_int_equal(parse("--device f -p 1 ."), 0);
	assert_int_equal(options_check_saved(&options), -EINVAL);
	assert_int_equal(parse("--device f"), -EINVAL);
	assert_int_equal(options_check_saved(&options), 0);
}

static void the_usage_names_every_option_and_ends_with_examples(void **state)
{
	static const char *const names[] = { "-a, --accepts",
					     "-B, --buffer-size KIB",
					     "-c, ",
					     "-d, ",
					     "-e, --events LIST",
					     "-p, ",
					     "-q, ",
					     "-s, ",
					     "-v, ",
					     "--read",
					     "--no-load",
					     "--device FILE",
					     "-V, ",
					     "-h, " };
	char *text;
	size_t size, i;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	options_usage(to);
	fclose(to);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_non_null(strstr(text, names[i]));
	assert_non_null(strstr(strstr(text, "EXAMPLES:"), "sendread mysqld"));
	for (char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 80);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(a_name_alone_means_the_defaults),
		test_case(every_option_is_understood_in_both_spellings),
		test_case(a_sort_may_have_a_window),
		test_case(options_may_stand_behind_names_and_names_may_begin_with_a_dash),
		test_case(values_up_to_the_limits_are_accepted_and_others_refused),
		test_case(a_value_that_is_no_number_is_quoted),
		test_case(an_unknown_option_is_quoted),
		test_case(a_name_or_a_process_is_required),
		test_case(patterns_are_checked_before_the_kernel_sees_them),
		test_case(patterns_that_can_match_no_name_are_refused),
		test_case(patterns_that_a_shell_accepts_are_accepted),
		test_case(as_many_names_and_processes_as_the_kernel_accepts_may_be_given),
		test_case(numbers_that_are_too_long_are_refused_as_a_whole),
		test_case(what_was_expected_stands_behind_the_longest_text),
		test_case(unset_options_are_zero_for_the_kernel),
		test_case(a_saved_stream_takes_no_filter),
		test_case(the_usage_names_every_option_and_ends_with_examples),
	};

	return run_all("options", tests);
}
