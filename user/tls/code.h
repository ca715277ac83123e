/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_CODE_H
#define _TLS_CODE_H

/* Instructions, one after the other, and where each leads. */
#include <stddef.h>
#include <stdint.h>

enum code_kind {
	CODE_PLAIN, /* the next instruction follows */
	CODE_NOTHING, /* so it does, and this one fills a gap */
	CODE_CALL, /* so it does, if the called function returns */
	CODE_STOP, /* nothing follows */
	CODE_RETURN,
	CODE_JUMP, /* to the target */
	CODE_BRANCH, /* to the target or the next instruction */
	CODE_TABLE, /* to one of a table's targets */
	CODE_UNKNOWN, /* for the reason */
};

enum {
	CODE_TABLE_MAX = 1024,
};

/* A table of targets, of a switch: each is @base plus an entry, which is shifted. */
struct code_table {
	uint64_t address, base;
	unsigned int number;
	unsigned int size; /* bytes of an entry */
	unsigned int shift;
	int is_signed;
};

struct code_step {
	enum code_kind kind;
	unsigned int size; /* bytes of the instruction */
	uint64_t target;
	struct code_table table;
	const char *why; /* continues "it ...": static */
};

struct code;

/* To decode a machine's (EM_*) instructions from an address on. Return: NULL with errno set. */
struct code *code_open(uint16_t machine);

/* Forget what was decoded: what comes next stands elsewhere. */
void code_restart(struct code *code);

void code_next(struct code *code, const uint8_t *bytes, size_t left, uint64_t address,
	       struct code_step *step);

void code_close(struct code *code);

#endif /* _TLS_CODE_H */
