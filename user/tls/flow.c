// SPDX-License-Identifier: GPL-2.0
/*
 * Decodes a function whole, and what it jumps to: other parts of itself, which compilers put
 * elsewhere, and the functions that it ends with. Each is what one entry of .eh_frame covers.
 */
#include "flow.h"

#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "frame.h"
#include "image.h"
#include "reach.h"

enum {
	PARTS_MAX = 32,
	PART_MAX = 64 << 10, /* bytes */
	JUMPS_MAX = 8192,
};

struct flow {
	const struct image *image;
	struct code *code;
	struct flow_returns *returns;
	struct part parts[PARTS_MAX];
	unsigned int nr_parts;
	struct jump jumps[JUMPS_MAX];
	unsigned int nr_jumps;
};

static const char *add_part(struct flow *flow, uint64_t start, uint64_t end)
{
	if (flow->nr_parts == PARTS_MAX)
		return "jumps to too many other functions";
	if (end - start > PART_MAX)
		return "is too large, or jumps to a function that is";
	flow->parts[flow->nr_parts++] = (struct part){ .start = start, .end = end };
	return NULL;
}

/*
 * Linkers for arm64 avoid errata of a processor so: an instruction stands elsewhere, where no entry
 * covers it, between a jump there and one back.
 */
static bool is_detour(const struct flow *flow, uint64_t target, uint64_t behind)
{
	struct code_step moved, back;
	uint8_t bytes[8];
	uint64_t offset;

	if (flow->image->machine != EM_AARCH64 ||
	    !image_offset(flow->image, target, sizeof(bytes), PF_X, &offset) ||
	    image_read(flow->image, offset, bytes, sizeof(bytes)))
		return false;
	code_next(flow->code, bytes, 4, target, &moved);
	code_next(flow->code, bytes + 4, 4, target + 4, &back);
	return moved.kind == CODE_PLAIN && back.kind == CODE_JUMP &&
	       back.target == behind;
}

static const char *add_jump(struct flow *flow, uint64_t from, uint64_t to)
{
	uint64_t start, end;

	if (flow->nr_jumps == JUMPS_MAX)
		return "has too many jumps";
	flow->jumps[flow->nr_jumps++] = (struct jump){ .from = from, .to = to };
	if (part_of(flow->parts, flow->nr_parts, to))
		return NULL;
	if (!frame_extent(flow->image, to, &start, &end))
		return "jumps to code that has no extent in .eh_frame";
	return add_part(flow, start, end);
}

static const char *add_return(struct flow_returns *returns, uint64_t address)
{
	unsigned int i;

	for (i = 0; i < returns->number; i++)
		if (returns->at[i] == address)
			return NULL;
	if (returns->number == FLOW_RETURNS_MAX)
		return "has too many return instructions";
	returns->at[returns->number++] = address;
	return NULL;
}

/* All targets of a table in memory that is never written. */
static const char *add_table(struct flow *flow, uint64_t from,
			     const struct code_table *table)
{
	const char *why = NULL;
	uint64_t offset, entry;
	unsigned int i;

	for (i = 0; !why && i < table->number; i++) {
		if (!image_offset(flow->image, table->address + i * table->size,
				  table->size, PF_R, &offset))
			return "jumps by a table that is not in constant memory";
		entry = 0;
		if (image_read(flow->image, offset, &entry, table->size))
			return "jumps by a table that cannot be read";
		if (table->is_signed && entry >> (8 * table->size - 1))
			entry |= ~0ULL << 8 * table->size;
		why = add_jump(flow, from, table->base + (entry << table->shift));
	}
	return why;
}

static const char *take(struct flow *flow, const struct code_step *step, uint64_t address)
{
	switch (step->kind) {
	case CODE_RETURN:
		return add_return(flow->returns, address);
	case CODE_JUMP:
	case CODE_BRANCH:
		return add_jump(flow, address, step->target);
	case CODE_TABLE:
		return add_table(flow, address, &step->table);
	case CODE_UNKNOWN:
		return step->why;
	default:
		return NULL;
	}
}

static uint8_t flags_of(enum code_kind kind)
{
	switch (kind) {
	case CODE_PLAIN:
	case CODE_BRANCH:
		return BYTE_BEGINS | BYTE_GOES_ON;
	case CODE_NOTHING:
		return BYTE_BEGINS | BYTE_GOES_ON | BYTE_FILLS;
	case CODE_CALL:
		return BYTE_BEGINS | BYTE_GOES_ON | BYTE_CALLS;
	default:
		return BYTE_BEGINS;
	}
}

static const char *decode(struct flow *flow, struct part *part, const uint8_t *bytes)
{
	size_t size = part->end - part->start, at;
	const char *why = NULL;
	struct code_step step;

	code_restart(flow->code);
	for (at = 0; !why && at < size; at += step.size) {
		code_next(flow->code, bytes + at, size - at, part->start + at, &step);
		if (step.kind == CODE_JUMP &&
		    is_detour(flow, step.target, part->start + at + step.size))
			step.kind = CODE_PLAIN;
		part->bytes[at] = flags_of(step.kind);
		why = take(flow, &step, part->start + at);
	}
	return why;
}

static const char *read_part(struct flow *flow, struct part *part)
{
	uint64_t size = part->end - part->start, offset;
	const char *why = "cannot be read";
	uint8_t *bytes;

	if (!image_offset(flow->image, part->start, size, PF_X, &offset))
		return "is not in executable memory, or jumps to what is not";
	bytes = malloc(size);
	part->bytes = calloc(1, size);
	if (bytes && part->bytes && image_read(flow->image, offset, bytes, size) == 0)
		why = decode(flow, part, bytes);
	free(bytes);
	return why;
}

/* Jumps into the middle of an instruction would make other instructions of its bytes. */
static const char *check_jumps(struct flow *flow)
{
	const struct part *part;
	unsigned int i;

	for (i = 0; i < flow->nr_jumps; i++) {
		part = part_of(flow->parts, flow->nr_parts, flow->jumps[i].to);
		if (!(part->bytes[flow->jumps[i].to - part->start] & BYTE_BEGINS))
			return "jumps into the middle of an instruction";
	}
	return NULL;
}

static const char *check_returns(struct flow *flow)
{
	const struct part *part;
	unsigned int i;

	for (i = 0; i < flow->returns->number; i++) {
		part = part_of(flow->parts, flow->nr_parts, flow->returns->at[i]);
		if (!(part->bytes[flow->returns->at[i] - part->start] & BYTE_REACHED))
			return "has a return instruction that nothing leads to";
	}
	return flow->returns->number ? NULL : "has no return instruction";
}

static const char *follow(struct flow *flow, uint64_t address, uint64_t size)
{
	const char *why = NULL;
	uint64_t start, end;
	unsigned int i;

	if (!frame_extent(flow->image, address, &start, &end))
		return "has no extent in .eh_frame";
	if (start != address || (size && end - start != size))
		return "has another extent in .eh_frame than in the symbol table";
	why = add_part(flow, start, end);
	/* More are added meanwhile. */
	for (i = 0; !why && i < flow->nr_parts; i++)
		why = read_part(flow, &flow->parts[i]);
	if (!why)
		why = check_jumps(flow);
	if (!why)
		why = reach(flow->parts, flow->nr_parts, flow->jumps, flow->nr_jumps,
			    address);
	return why ? why : check_returns(flow);
}

const char *flow_returns(const struct image *image, struct code *code, uint64_t address,
			 uint64_t size, struct flow_returns *returns)
{
	struct flow *flow = calloc(1, sizeof(*flow));
	const char *why;
	unsigned int i;

	returns->number = 0;
	if (!flow)
		return "was not read: there is not enough memory";
	flow->image = image;
	flow->code = code;
	flow->returns = returns;
	why = follow(flow, address, size);
	for (i = 0; i < flow->nr_parts; i++)
		free(flow->parts[i].bytes);
	free(flow);
	return why;
}
