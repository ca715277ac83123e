// SPDX-License-Identifier: GPL-2.0
/*
 * Name patterns. Most are a plain name, a prefix, or `.`: those are compiled into a value
 * and a mask. Others are matched character by character, with the grammar of
 * <sendtrace/pattern.h>.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <sendtrace/pattern.h>
#include <asm-generic/kprobes.h>

#include "pattern.h"

static bool is_any(const char *text)
{
	return !strcmp(text, ".");
}

/**
 * st_pattern_is_valid() - check a pattern from user space
 * @text: SENDTRACE_PATTERN_LEN bytes
 *
 * Return: true if it is not empty, ends within its array, and only NUL follows.
 */
bool st_pattern_is_valid(const char *text)
{
	size_t len = strnlen(text, SENDTRACE_PATTERN_LEN);

	return len && len < SENDTRACE_PATTERN_LEN &&
	       !memchr_inv(text + len, 0, SENDTRACE_PATTERN_LEN - len);
}

/* Compares the first @len bytes of a name. */
static void compare_bytes(struct st_pattern *pattern, size_t len)
{
	memcpy(pattern->name.text, pattern->text, len);
	memset(pattern->mask.text, 0xff, len);
}

/**
 * st_pattern_compile() - prepare a pattern for matching
 * @pattern: zeroed; set on return
 * @text: a valid pattern
 *
 * The kernel keeps 15 characters of a name. A plain name that is longer is compared up to
 * there, a shorter one together with its NUL. A prefix that is longer than any name can
 * match none: glob_matches() finds that.
 */
void st_pattern_compile(struct st_pattern *pattern, const char *text)
{
	size_t kept = SENDTRACE_COMM_LEN - 1;
	size_t plain, len;

	len = strscpy(pattern->text, text, sizeof(pattern->text));
	plain = strcspn(text, "*?[\\");
	if (is_any(text))
		return;
	if (plain == len)
		compare_bytes(pattern, min(len + 1, kept));
	else if (plain == len - 1 && text[plain] == '*' && plain <= kept)
		compare_bytes(pattern, plain);
	else
		pattern->glob = true;
}

static bool glob_matches(const char *at, const char *name)
{
	return st_pattern_matches(at, name);
}
NOKPROBE_SYMBOL(glob_matches);

static nokprobe_inline bool matches_name(const struct st_pattern *pattern,
					 union st_name name)
{
	name.text[SENDTRACE_COMM_LEN - 1] = '\0';
	return glob_matches(pattern->text, name.text);
}

/**
 * st_pattern_match_glob() - does one of a caller's names match a pattern with wildcards?
 * @pattern: compiled
 * @caller: the caller
 *
 * Context: any.
 * Return: true if it does.
 */
bool st_pattern_match_glob(const struct st_pattern *pattern,
			   const struct st_caller *caller)
{
	return matches_name(pattern, caller->process) ||
	       matches_name(pattern, caller->comm);
}
NOKPROBE_SYMBOL(st_pattern_match_glob);
