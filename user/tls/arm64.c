// SPDX-License-Identifier: GPL-2.0
/* Where the instructions of arm64 lead: all that change the program counter have one encoding. */
#include "arm64.h"

#include <string.h>

#include "code.h"

/* A signed number of @bits bits in a word, from bit @low on, times the size of an instruction. */
static uint64_t distance(uint32_t word, unsigned int low, unsigned int bits)
{
	uint64_t value = (word >> low) & ((1U << bits) - 1);

	if (value >> (bits - 1))
		value |= ~0ULL << bits;
	return 4 * value;
}

static void unknown(struct code_step *step, const char *why)
{
	step->kind = CODE_UNKNOWN;
	step->why = why;
}

static void to(struct code_step *step, enum code_kind kind, uint64_t target)
{
	step->kind = kind;
	step->target = target;
}

/* br, blr, ret, and the same with authentication. */
static void take_register(uint32_t word, struct code_step *step)
{
	switch (word >> 21 & 0xf) {
	case 0x1:
	case 0x9:
		step->kind = CODE_CALL;
		break;
	case 0x2:
		if (word == 0xd65f03c0)
			step->kind = CODE_RETURN;
		else if (word == 0xd65f0bff || word == 0xd65f0fff)
			/* arm_probe_decode_insn() in the kernel: a probe on it is refused */
			unknown(step,
				"returns by an instruction that the kernel cannot probe "
				"(retaa or retab)");
		else
			unknown(step,
				"leaves by a return through another register than x30");
		break;
	default:
		unknown(step, "leaves by a jump through a register");
		break;
	}
}

static void take_branch(uint32_t word, uint64_t address, struct code_step *step)
{
	if ((word & 0xfc000000) == 0x14000000)
		to(step, CODE_JUMP, address + distance(word, 0, 26));
	else if ((word & 0xfc000000) == 0x94000000)
		step->kind = CODE_CALL;
	else if ((word & 0x7e000000) == 0x34000000) /* cbz, cbnz */
		to(step, CODE_BRANCH, address + distance(word, 5, 19));
	else if ((word & 0x7e000000) == 0x36000000) /* tbz, tbnz */
		to(step, CODE_BRANCH, address + distance(word, 5, 14));
	else if ((word & 0xff000000) == 0x54000000) /* b.COND, bc.COND */
		to(step, CODE_BRANCH, address + distance(word, 5, 19));
	else if ((word & 0xfe000000) == 0xd6000000)
		take_register(word, step);
	else if ((word & 0xffe0001f) == 0xd4200000 || (word & 0xffe0001f) == 0xd4400000)
		step->kind = CODE_STOP; /* brk, hlt */
	else if ((word & 0xffe0001f) == 0xd4000001 || (word & 0xff000000) == 0xd5000000)
		step->kind = word == 0xd503201f ? CODE_NOTHING :
						  CODE_PLAIN; /* svc, system */
	else
		unknown(step, "holds bytes that are no known instruction");
}

void arm64_next(const uint8_t *bytes, size_t left, uint64_t address,
		struct code_step *step)
{
	uint32_t word, group;

	*step = (struct code_step){ .size = sizeof(word) };
	if (left < sizeof(word) || address % sizeof(word)) {
		unknown(step, "holds half an instruction");
		return;
	}
	memcpy(&word, bytes, sizeof(word));
	group = word >> 25 & 0xf;
	if ((group & 0xe) == 0xa)
		take_branch(word, address, step);
	else if (group == 0 || group == 1 ||
		 group == 3) /* not allocated: data, for instance */
		unknown(step, "holds bytes that are no known instruction");
	else
		step->kind = CODE_PLAIN;
}
