// SPDX-License-Identifier: GPL-2.0
/* Follows the instructions of a function until no more are reached. */
#include "reach.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	ROUNDS_MAX = 100, /* compilers' code needs fewer than ten */
};

struct part *part_of(struct part *parts, unsigned int number, uint64_t address)
{
	unsigned int i;

	for (i = 0; i < number; i++)
		if (address >= parts[i].start && address < parts[i].end)
			return &parts[i];
	return NULL;
}

/* Return: whether it was not reached before. */
static bool mark(uint8_t *byte)
{
	bool is_new = !(*byte & BYTE_REACHED);

	*byte |= BYTE_REACHED;
	return is_new;
}

/* From each instruction that is reached to the next ones. Return: whether there are new ones. */
static bool go_on(struct part *part, bool *runs_out)
{
	bool goes_on = false, calls = false, is_new = false;
	uint64_t at;
	uint8_t *byte;

	for (at = 0; at < part->end - part->start; at++) {
		byte = &part->bytes[at];
		if (!(*byte & BYTE_BEGINS))
			continue;
		if (goes_on)
			is_new |= mark(byte);
		/* Behind a call that does not return there may be a gap. */
		calls = *byte & BYTE_CALLS || (calls && goes_on && *byte & BYTE_FILLS);
		goes_on = *byte & BYTE_REACHED && *byte & BYTE_GOES_ON;
	}
	*runs_out = goes_on && !calls;
	return is_new;
}

static bool follow(struct part *parts, unsigned int nr_parts, const struct jump *jumps,
		   unsigned int nr_jumps)
{
	const struct part *from, *to;
	bool is_new = false;
	unsigned int i;

	for (i = 0; i < nr_jumps; i++) {
		from = part_of(parts, nr_parts, jumps[i].from);
		to = part_of(parts, nr_parts, jumps[i].to);
		if (from->bytes[jumps[i].from - from->start] & BYTE_REACHED)
			is_new |= mark(&to->bytes[jumps[i].to - to->start]);
	}
	return is_new;
}

const char *reach(struct part *parts, unsigned int nr_parts, const struct jump *jumps,
		  unsigned int nr_jumps, uint64_t start)
{
	struct part *first = part_of(parts, nr_parts, start);
	bool is_new = true, runs_out, any_runs_out = false;
	unsigned int rounds, i;

	mark(&first->bytes[start - first->start]);
	for (rounds = 0; is_new && rounds < ROUNDS_MAX; rounds++) {
		any_runs_out = false;
		is_new = follow(parts, nr_parts, jumps, nr_jumps);
		for (i = 0; i < nr_parts; i++) {
			is_new |= go_on(&parts[i], &runs_out);
			any_runs_out |= runs_out;
		}
	}
	if (is_new)
		return "jumps to and fro too often";
	return any_runs_out ? "does not end where .eh_frame says" : NULL;
}
