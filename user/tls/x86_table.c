// SPDX-License-Identifier: GPL-2.0
/*
 * Recognises what compilers make of a switch: on x86-64
 *
 *	cmp index, LAST; ja DEFAULT; ...
 *	lea BASE, [rip + TABLE]; movsxd TO, dword [BASE + 4 * index]; add TO, BASE; jmp TO
 *
 * and on i386, where GOT holds the address of the global offset table:
 *
 *	mov TO, dword [GOT + 4 * index + TABLE]; add TO, GOT; jmp TO
 *
 * What the table names is followed wherever it leads. Were the limit misread, it would lead to what
 * is no code, or returns would be left to which nothing leads: either way it is not certain.
 */
#include "x86.h"

static bool writes(const struct x86 *x86, const cs_insn *instruction, unsigned int reg)
{
	cs_regs read, written;
	uint8_t nr_read, nr_written, i;

	if (x86->by->registers(x86->handle, instruction, read, &nr_read, written,
			       &nr_written) != CS_ERR_OK)
		return true;
	for (i = 0; i < nr_written; i++)
		if (written[i] == reg)
			return true;
	return false;
}

/* The last one before the last @back ones that writes a register of 64 bits. */
static const cs_insn *writer(const struct x86 *x86, unsigned int reg, unsigned int *back)
{
	const cs_insn *earlier;

	while ((earlier = x86_earlier(&x86->past, (*back)++)))
		if (writes(x86, earlier, reg))
			return earlier;
	return NULL;
}

static bool is_entry_load(const cs_insn *load)
{
	const cs_x86_op *from = &load->detail->x86.operands[1];

	return load->id == X86_INS_MOVSXD && from->type == X86_OP_MEM &&
	       from->mem.scale == 4 && from->mem.disp == 0 &&
	       from->mem.index != X86_REG_INVALID;
}

static bool is_table_address(const cs_insn *lea)
{
	const cs_x86_op *from = &lea->detail->x86.operands[1];

	return lea->id == X86_INS_LEA && from->mem.base == X86_REG_RIP &&
	       from->mem.index == X86_REG_INVALID;
}

/* How many entries the nearest comparison before allows. Return: 0 if there is none. */
static unsigned int limit(const struct x86_past *past)
{
	const cs_insn *earlier;
	const cs_x86_op *with;
	unsigned int back = 0;

	while ((earlier = x86_earlier(past, back++)) && earlier->id != X86_INS_JA &&
	       earlier->id != X86_INS_JBE)
		;
	while (earlier && (earlier = x86_earlier(past, back++)) &&
	       earlier->id != X86_INS_CMP)
		;
	if (!earlier)
		return 0;
	with = &earlier->detail->x86.operands[1];
	if (with->type != X86_OP_IMM || with->imm < 0 || with->imm >= CODE_TABLE_MAX)
		return 0;
	return (unsigned int)with->imm + 1;
}

static bool take(const struct x86 *x86, struct code_table *table, uint64_t address,
		 uint64_t base)
{
	table->address = address;
	table->base = base;
	table->number = limit(&x86->past);
	table->size = 4;
	table->is_signed = 1;
	return table->number > 0;
}

/* On i386: @back instructions ago the sum was made. */
static bool take_by_got(const struct x86 *x86, const cs_x86_op *parts, unsigned int back,
			struct code_table *table)
{
	const cs_insn *load = writer(x86, parts[0].reg, &back);
	const cs_x86_op *from;

	if (!load || load->id != X86_INS_MOV || parts[1].reg != x86->past.got_register)
		return false;
	from = &load->detail->x86.operands[1];
	return from->type == X86_OP_MEM && from->mem.scale == 4 &&
	       from->mem.index != X86_REG_INVALID &&
	       from->mem.base == x86->past.got_register &&
	       take(x86, table, (uint32_t)(x86->past.got + (uint64_t)from->mem.disp),
		    x86->past.got);
}

/* On x86-64. */
static bool take_by_lea(const struct x86 *x86, const cs_x86_op *parts, unsigned int back,
			struct code_table *table)
{
	unsigned int back_one = back, back_other = back;
	const cs_insn *load, *lea, *one, *other;
	uint64_t address;

	one = writer(x86, parts[0].reg, &back_one);
	other = writer(x86, parts[1].reg, &back_other);
	if (!one || !other)
		return false;
	load = is_entry_load(one) ? one : other;
	if (!is_entry_load(load))
		return false;
	/* The other part of the sum is the base, which the load used. */
	back = load == one ? back_one : back_other;
	lea = writer(x86, load->detail->x86.operands[1].mem.base, &back);
	if (!lea || !is_table_address(lea) || lea != (load == one ? other : one))
		return false;
	address = lea->address + lea->size +
		  (uint64_t)lea->detail->x86.operands[1].mem.disp;
	return take(x86, table, address, address);
}

bool x86_table(const struct x86 *x86, unsigned int to, struct code_table *table)
{
	const cs_x86_op *parts;
	unsigned int back = 0;
	const cs_insn *sum;

	sum = writer(x86, to, &back);
	if (!sum || sum->id != X86_INS_ADD)
		return false;
	parts = sum->detail->x86.operands;
	if (parts[0].reg != to || parts[1].type != X86_OP_REG)
		return false;
	if (x86->past.got_register != X86_REG_INVALID)
		return take_by_got(x86, parts, back, table);
	return take_by_lea(x86, parts, back, table);
}
