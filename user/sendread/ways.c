// SPDX-License-Identifier: GPL-2.0
/* Names of calls and groups of calls, and sets of them. */
#include "ways.h"

#include <sendtrace/calls.h>
#include <stdbool.h>
#include <string.h>

#include "sendtrace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(call)    SENDTRACE_CALL_BIT(SENDTRACE_CALL_##call)

static const struct group {
	const char *name;
	uint64_t calls;
} groups[] = ST_CALL_GROUPS;

enum {
	GROUP_SEND,
	GROUP_RECV,
	GROUP_ACCEPT,
	GROUP_CONNECT,
};

uint64_t ways_default(void)
{
	return groups[GROUP_SEND].calls;
}

uint64_t ways_tls(void)
{
	return SENDTRACE_CALLS_TLS;
}

uint64_t ways_of_type(uint16_t type)
{
	switch (type) {
	case SENDTRACE_RECORD_SEND:
		return groups[GROUP_SEND].calls;
	case SENDTRACE_RECORD_RECV:
		return groups[GROUP_RECV].calls;
	case SENDTRACE_RECORD_ACCEPT:
		return groups[GROUP_ACCEPT].calls;
	case SENDTRACE_RECORD_CONNECT:
		return groups[GROUP_CONNECT].calls;
	case SENDTRACE_RECORD_SHUTDOWN:
		return ST_CALLS_SHUTDOWN;
	case SENDTRACE_RECORD_CLOSE:
		return BIT(CLOSE);
	default:
		return 0;
	}
}

/* ---- From names ------------------------------------------------------------------ */

static bool is_word(const char *name, const char *word, size_t size)
{
	return strlen(name) == size && memcmp(name, word, size) == 0;
}

/* A group's name goes first: "close" is shutdown(), too. Return: the set, 0 for no name. */
static uint64_t named(const char *word, size_t size)
{
	uint64_t ways = 0;
	unsigned int call;
	size_t i;

	for (i = 0; i < COUNT(groups); i++)
		if (is_word(groups[i].name, word, size))
			return groups[i].calls;
	for (call = 1; call < SENDTRACE_CALLS; call++)
		if (is_word(sendtrace_call_name(call), word, size))
			ways |= SENDTRACE_CALL_BIT(call);
	/* Also io_uring's, as of the groups. */
	return ways & BIT(SHUTDOWN) ? ST_CALLS_SHUTDOWN : ways;
}

int ways_choose(uint64_t *ways, const char *list, const char **bad)
{
	uint64_t found;
	bool without;
	size_t size;

	for (;;) {
		without = *list == '!';
		list += without;
		size = strcspn(list, ",");
		found = named(list, size);
		if (!found) {
			*bad = list;
			return -(int)size - 1;
		}
		*ways = without ? *ways & ~found : *ways | found;
		if (list[size] == '\0')
			return 0;
		list += size + 1;
	}
}

/* ---- To names -------------------------------------------------------------------- */

/* Return: what to write between the last word and the next one. */
static const char *comma(const struct words *words, size_t begin)
{
	return words->used > begin ? ", " : "";
}

/* All calls that have the name of this one, which is not a group's. */
static uint64_t namesakes(unsigned int call)
{
	const char *name = sendtrace_call_name(call);

	return named(name, strlen(name));
}

static const char *group_of(unsigned int call)
{
	size_t i;

	for (i = 0; i + 1 < COUNT(groups); i++)
		if (groups[i].calls & SENDTRACE_CALL_BIT(call))
			break;
	return groups[i].name;
}

void ways_describe(struct words *words, uint64_t ways, uint64_t asked)
{
	size_t begin = words->used;
	unsigned int call;
	uint64_t same;

	for (call = 1; call < SENDTRACE_CALLS; call++) {
		const char *name = sendtrace_call_name(call);

		if (!(ways & SENDTRACE_CALL_BIT(call)))
			continue;
		same = SENDTRACE_CALL_BIT(call);
		if (strcmp(name, group_of(call)) != 0)
			same = namesakes(call) & (asked | ways);
		if (same & ~ways)
			words_add(words, "%s%s (%s)", comma(words, begin), name,
				  group_of(call));
		else if (!(same & (SENDTRACE_CALL_BIT(call) - 1)))
			words_add(words, "%s%s", comma(words, begin), name);
	}
	if (words->used == begin)
		words_add(words, "nothing");
}

void ways_all_names(struct words *words)
{
	size_t begin = words->used;
	unsigned int call;
	size_t i;

	for (i = 0; i < COUNT(groups); i++)
		words_add(words, "%s%s", comma(words, begin), groups[i].name);
	for (call = 1; call < SENDTRACE_CALLS; call++) {
		const char *name = sendtrace_call_name(call);

		if (strcmp(name, group_of(call)) == 0 ||
		    namesakes(call) & (SENDTRACE_CALL_BIT(call) - 1))
			continue;
		words_add(words, "%s%s", comma(words, begin), name);
	}
}
