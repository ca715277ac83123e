// SPDX-License-Identifier: GPL-2.0
/* Where the instructions of x86-64 and i386 lead. */
#include "x86.h"

#include <errno.h>

enum {
	OPERAND_SIZE = 0x66, /* a prefix that some processors ignore before a jump */
};

void x86_restart(struct x86 *x86)
{
	x86->past.number = 0;
	x86->past.got_register = X86_REG_INVALID;
}

int x86_open(struct x86 *x86, bool wide)
{
	cs_mode mode = wide ? CS_MODE_64 : CS_MODE_32;

	x86_restart(x86);
	x86->by = disassembler_load();
	if (!x86->by)
		return -ENOPKG;
	if (x86->by->open(CS_ARCH_X86, mode, &x86->handle) != CS_ERR_OK)
		return -ENOMEM;
	x86->by->option(x86->handle, CS_OPT_DETAIL, CS_OPT_ON);
	x86->instruction = x86->by->allocate(x86->handle);
	if (!x86->instruction) {
		x86->by->close(&x86->handle);
		return -ENOMEM;
	}
	return 0;
}

void x86_close(struct x86 *x86)
{
	x86->by->free(x86->instruction, 1);
	x86->by->close(&x86->handle);
}

const cs_insn *x86_earlier(const struct x86_past *past, unsigned int back)
{
	if (back >= past->number || back >= X86_PAST)
		return NULL;
	return &past->instructions[(past->number - 1 - back) % X86_PAST];
}

/* i386 knows where it is by a call that returns its address: call THUNK; add REGISTER, DISTANCE. */
static void remember_got(struct x86_past *past, const cs_insn *instruction)
{
	const cs_x86_op *parts = instruction->detail->x86.operands;
	const cs_insn *before = x86_earlier(past, 0);

	if (instruction->id != X86_INS_ADD || parts[0].type != X86_OP_REG ||
	    parts[1].type != X86_OP_IMM || !before || before->id != X86_INS_CALL)
		return;
	past->got_register = parts[0].reg;
	past->got = (uint32_t)(instruction->address + (uint64_t)parts[1].imm);
}

static void remember(struct x86_past *past, const cs_insn *instruction)
{
	unsigned int at;

	remember_got(past, instruction);
	at = past->number++ % X86_PAST;
	past->instructions[at] = *instruction;
	past->details[at] = *instruction->detail;
	past->instructions[at].detail = &past->details[at];
}

static bool in_group(const cs_insn *instruction, unsigned int group)
{
	unsigned int i;

	for (i = 0; i < instruction->detail->groups_count; i++)
		if (instruction->detail->groups[i] == group)
			return true;
	return false;
}

/* What thunks against speculation do: their `ret` is a jump. */
static bool writes_return_address(const cs_insn *before)
{
	const cs_x86_op *to;

	if (!before)
		return false;
	if (before->id == X86_INS_PUSH)
		return true;
	to = &before->detail->x86.operands[0];
	return before->id == X86_INS_MOV && to->type == X86_OP_MEM && to->mem.disp == 0 &&
	       (to->mem.base == X86_REG_RSP || to->mem.base == X86_REG_ESP);
}

static void unknown(struct code_step *step, const char *why)
{
	step->kind = CODE_UNKNOWN;
	step->why = why;
}

static void take_return(struct x86 *x86, struct code_step *step)
{
	if (writes_return_address(x86_earlier(&x86->past, 0)))
		unknown(step, "leaves by a return to an address that it wrote");
	else
		step->kind = CODE_RETURN;
}

/* A jump, also one with a condition. */
static void take_jump(struct x86 *x86, const cs_insn *jump, struct code_step *step)
{
	const cs_x86 *detail = &jump->detail->x86;

	if (detail->op_count != 1) {
		unknown(step, "jumps in an unknown way");
	} else if (detail->operands[0].type == X86_OP_IMM &&
		   detail->prefix[2] != OPERAND_SIZE) {
		step->kind = jump->id == X86_INS_JMP ? CODE_JUMP : CODE_BRANCH;
		step->target = (uint64_t)detail->operands[0].imm;
	} else if (detail->operands[0].type == X86_OP_MEM) {
		unknown(step, "leaves by a jump through memory");
	} else if (detail->operands[0].type != X86_OP_REG) {
		unknown(step, "jumps in an unknown way");
	} else if (x86_table(x86, detail->operands[0].reg, &step->table)) {
		step->kind = CODE_TABLE;
	} else {
		unknown(step, "leaves by a jump through a register");
	}
}

static void take(struct x86 *x86, const cs_insn *instruction, struct code_step *step)
{
	switch (instruction->id) {
	case X86_INS_RET:
		take_return(x86, step);
		break;
	case X86_INS_CALL:
		step->kind = CODE_CALL;
		break;
	case X86_INS_UD2:
	case X86_INS_HLT:
	case X86_INS_INT3:
		step->kind = CODE_STOP;
		break;
	case X86_INS_NOP:
		step->kind = CODE_NOTHING;
		break;
	case X86_INS_RETF:
	case X86_INS_RETFQ:
	case X86_INS_IRET:
	case X86_INS_IRETD:
	case X86_INS_IRETQ:
	case X86_INS_LCALL:
	case X86_INS_LJMP:
	case X86_INS_SYSEXIT:
	case X86_INS_SYSRET:
	case X86_INS_XBEGIN:
		unknown(step, "holds an instruction that no function of a library has");
		break;
	default:
		step->kind = CODE_PLAIN;
		if (in_group(instruction, X86_GRP_JUMP) ||
		    in_group(instruction, X86_GRP_BRANCH_RELATIVE))
			take_jump(x86, instruction, step);
		break;
	}
}

void x86_next(struct x86 *x86, const uint8_t *bytes, size_t left, uint64_t address,
	      struct code_step *step)
{
	*step = (struct code_step){ 0 };
	if (!x86->by->next(x86->handle, &bytes, &left, &address, x86->instruction)) {
		unknown(step, "holds bytes that are no known instruction");
		return;
	}
	step->size = x86->instruction->size;
	take(x86, x86->instruction, step);
	remember(&x86->past, x86->instruction);
}
