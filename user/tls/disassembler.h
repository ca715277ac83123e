/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_DISASSEMBLER_H
#define _TLS_DISASSEMBLER_H

/*
 * libcapstone, loaded when the first x86 code is decoded: it is large, and who traces no TLS
 * neither waits for it nor has to install it.
 */
#include <stdbool.h>
#include <capstone/capstone.h>

struct disassembler {
	cs_err (*open)(cs_arch arch, cs_mode mode, csh *handle);
	cs_err (*close)(csh *handle);
	cs_err (*option)(csh handle, cs_opt_type type, size_t value);
	cs_insn *(*allocate)(csh handle);
	void (*free)(cs_insn *instruction, size_t count);
	bool (*next)(csh handle, const uint8_t **code, size_t *size, uint64_t *address,
		     cs_insn *instruction);
	cs_err (*registers)(csh handle, const cs_insn *instruction, cs_regs read,
			    uint8_t *nr_read, cs_regs written, uint8_t *nr_written);
};

/* Return: NULL if the version that this was compiled with is not installed. */
const struct disassembler *disassembler_load(void);

#endif /* _TLS_DISASSEMBLER_H */
