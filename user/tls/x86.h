/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_X86_H
#define _TLS_X86_H

/* The instructions of x86-64 and i386, by capstone. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "code.h"
#include "disassembler.h"

enum {
	X86_PAST = 16, /* instructions that are kept */
};

/* What was decoded last, in the order of addresses. */
struct x86_past {
	cs_insn instructions[X86_PAST];
	cs_detail details[X86_PAST];
	unsigned int number; /* of all; the last one stands at (number - 1) % X86_PAST */
	/* i386: which register holds the address of the global offset table, and that address. */
	unsigned int got_register;
	uint64_t got;
};

struct x86 {
	const struct disassembler *by;
	csh handle;
	cs_insn *instruction;
	struct x86_past past;
};

void x86_restart(struct x86 *x86);

/* Return: 0; -ENOPKG if libcapstone is not installed; or -ENOMEM. */
int x86_open(struct x86 *x86, bool wide);

void x86_next(struct x86 *x86, const uint8_t *bytes, size_t left, uint64_t address,
	      struct code_step *step);

void x86_close(struct x86 *x86);

/*
 * The one before the last @back ones that are kept. Return: NULL if there is none.
 */
const cs_insn *x86_earlier(const struct x86_past *past, unsigned int back);

/* Whether a jump to a register's address is that of a switch, and which is its table. */
bool x86_table(const struct x86 *x86, unsigned int jump_register,
	       struct code_table *table);

#endif /* _TLS_X86_H */
