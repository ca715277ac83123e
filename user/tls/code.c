// SPDX-License-Identifier: GPL-2.0
/* Which decoder a machine's instructions need. */
#include "code.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "arm64.h"
#include "x86.h"

struct code {
	uint16_t machine;
	struct x86 x86;
};

struct code *code_open(uint16_t machine)
{
	struct code *code = calloc(1, sizeof(*code));
	int error = 0;

	if (!code)
		return NULL;
	code->machine = machine;
	if (machine != EM_AARCH64)
		error = x86_open(&code->x86, machine == EM_X86_64);
	if (error) {
		free(code);
		errno = -error;
		return NULL;
	}
	return code;
}

void code_restart(struct code *code)
{
	if (code->machine != EM_AARCH64)
		x86_restart(&code->x86);
}

void code_next(struct code *code, const uint8_t *bytes, size_t left, uint64_t address,
	       struct code_step *step)
{
	if (code->machine == EM_AARCH64)
		arm64_next(bytes, left, address, step);
	else
		x86_next(&code->x86, bytes, left, address, step);
}

void code_close(struct code *code)
{
	if (code->machine != EM_AARCH64)
		x86_close(&code->x86);
	free(code);
}
