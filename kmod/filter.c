// SPDX-License-Identifier: GPL-2.0
/*
 * A filter never changes once it is made: a session swaps the pointer, and the handlers
 * see the old one or the new one, never half of each.
 */
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm-generic/kprobes.h>

#include "filter.h"

static bool is_any(const char *text)
{
	return !strcmp(text, ".");
}

/* Neither empty, nor without its end, nor with anything behind it. */
static bool pattern_is_valid(const char *text)
{
	size_t len = strnlen(text, SENDTRACE_PATTERN_LEN);

	return len && len < SENDTRACE_PATTERN_LEN &&
	       !memchr_inv(text + len, 0, SENDTRACE_PATTERN_LEN - len);
}

static bool filter_is_valid(const struct sendtrace_filter *wanted)
{
	u32 i;

	if (wanted->nr_patterns > SENDTRACE_MAX_PATTERNS ||
	    wanted->nr_pids > SENDTRACE_MAX_PIDS ||
	    memchr_inv(wanted->reserved, 0, sizeof(wanted->reserved)))
		return false;
	for (i = 0; i < wanted->nr_patterns; i++)
		if (!pattern_is_valid(wanted->patterns[i]))
			return false;
	return true;
}

/* Of a name, the first @len bytes count. */
static void compare_bytes(struct st_pattern *pattern, size_t len)
{
	memcpy(pattern->name.text, pattern->text, len);
	memset(pattern->mask.text, 0xff, len);
}

/*
 * A name that is longer than what the kernel keeps of one is compared as far as that; a
 * shorter one with the NUL behind it. The beginning of a name that no name is long enough
 * for is left to glob_matches(), which finds that out.
 */
static void compile_pattern(struct st_pattern *pattern, const char *text)
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

/**
 * st_filter_create() - check what user space asks for and make a filter of it
 * @wanted: copied in already, not to be trusted
 *
 * Context: may sleep.
 * Return: the filter, for st_filter_free_rcu(), or ERR_PTR(-EINVAL or -ENOMEM).
 */
struct st_filter *st_filter_create(const struct sendtrace_filter *wanted)
{
	struct st_filter *filter;
	u32 i, nr;

	if (!filter_is_valid(wanted))
		return ERR_PTR(-EINVAL);
	nr = max(wanted->nr_patterns, 1U);
	filter = kzalloc(struct_size(filter, patterns, nr), GFP_KERNEL_ACCOUNT);
	if (!filter)
		return ERR_PTR(-ENOMEM);

	filter->nr_pids = wanted->nr_pids;
	memcpy(filter->pids, wanted->pids, wanted->nr_pids * sizeof(filter->pids[0]));
	filter->nr_patterns = wanted->nr_patterns;
	filter->end = filter->patterns + nr;
	/* Without any, the one that is all zeroes stands for every name. */
	for (i = 0; i < wanted->nr_patterns; i++)
		compile_pattern(&filter->patterns[i], wanted->patterns[i]);
	return filter;
}

/**
 * st_filter_free_rcu() - free a filter once no handler can be using it
 * @filter: unpublished, or NULL
 */
void st_filter_free_rcu(struct st_filter *filter)
{
	if (filter)
		kfree_rcu(filter, rcu);
}

/**
 * st_filter_match_pid() - is that process among those that are wanted?
 * @filter: under RCU
 * @pid: its id
 *
 * Context: any.
 * Return: true if it is.
 */
bool st_filter_match_pid(const struct st_filter *filter, u32 pid)
{
	u32 i;

	for (i = 0; i < filter->nr_pids; i++)
		if (filter->pids[i] == pid)
			return true;
	return false;
}
NOKPROBE_SYMBOL(st_filter_match_pid);

/* A character of a set, of which a backslash takes the meaning away. 0 at the end. */
static nokprobe_inline u8 member(const char **at)
{
	u8 c = *(*at)++;

	if (c == '\\' && **at)
		c = *(*at)++;
	return c;
}

/*
 * Is @c in a set, of whose `[' @set points to what is behind? Sets @end behind the `]', or
 * to NULL where there is none, and the `[' means itself.
 */
static nokprobe_inline bool set_holds(const char *set, u8 c, const char **end)
{
	bool inverted = *set == '!' || *set == '^';
	bool holds = false;
	u8 first, last;

	*end = NULL;
	set += inverted;
	do { /* at least once: a `]' that comes first means itself */
		first = last = member(&set);
		if (first && set[0] == '-' && set[1] != ']') {
			set++;
			last = member(&set);
		}
		if (!first || !last)
			return false;
		holds |= first <= c && c <= last;
	} while (*set != ']');
	*end = set + 1;
	return holds != inverted;
}

/* Is @c what the pattern wants next? Moves @at behind that. */
static nokprobe_inline bool takes(const char **at, u8 c)
{
	u8 wanted = *(*at)++;
	const char *end;
	bool holds;

	if (wanted == '?')
		return true;
	if (wanted == '[') {
		holds = set_holds(*at, c, &end);
		if (end) {
			*at = end;
			return holds;
		}
	} else if (wanted == '\\' && **at) {
		wanted = *(*at)++;
	}
	return wanted == c;
}

/*
 * The kernel's glob_match() is not for us: its `[!x]' takes the NUL at the end of a name for
 * a character, and goes on behind it (lib/glob.c).
 *
 * Where it does not go on, the last star takes one character more; no star before it need
 * be asked, for what that one could take, the last one can.
 */
static bool glob_matches(const char *at, const char *name)
{
	const char *star = NULL, *taken = NULL;

	while (*name) {
		if (*at == '*') {
			star = ++at;
			taken = name;
		} else if (*at && takes(&at, *name)) {
			name++;
		} else if (star) {
			at = star;
			name = ++taken;
		} else {
			return false;
		}
	}
	while (*at == '*')
		at++;
	return !*at;
}
NOKPROBE_SYMBOL(glob_matches);

static nokprobe_inline bool matches_name(const struct st_pattern *pattern,
					 union st_name name)
{
	name.text[SENDTRACE_COMM_LEN - 1] = '\0';
	return glob_matches(pattern->text, name.text);
}

/**
 * st_pattern_match_glob() - does one of a caller's names match a pattern?
 * @pattern: one with wildcards
 * @caller: whoever calls
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

/**
 * st_filter_show() - print a filter as `comms=A,B pids=1,2`, `.` and `any` for all
 * @filter: under RCU, or NULL for none
 * @m: where to
 */
void st_filter_show(const struct st_filter *filter, struct seq_file *m)
{
	u32 i;

	seq_puts(m, "comms=");
	if (!filter || !filter->nr_patterns)
		seq_putc(m, '.');
	for (i = 0; filter && i < filter->nr_patterns; i++) {
		if (i)
			seq_putc(m, ',');
		seq_escape(m, filter->patterns[i].text, ", \t\n\\");
	}
	seq_puts(m, " pids=");
	if (!filter || !filter->nr_pids)
		seq_puts(m, "any");
	for (i = 0; filter && i < filter->nr_pids; i++)
		seq_printf(m, i ? ",%u" : "%u", filter->pids[i]);
}
