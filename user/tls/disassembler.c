// SPDX-License-Identifier: GPL-2.0
/* Loads libcapstone. */
#include "disassembler.h"

#include <dlfcn.h>

#define TEXT(number)   #number
#define LIBRARY(major) "libcapstone.so." TEXT(major)

static struct disassembler disassembler;

static bool take(void *library, const char *name, void *function)
{
	/* POSIX lets a function's address be stored so. */
	*(void **)function = dlsym(library, name);
	return *(void **)function != NULL;
}

const struct disassembler *disassembler_load(void)
{
	static bool is_loaded;
	void *library;

	if (is_loaded)
		return &disassembler;
	/* Structures differ between major versions, which are part of the library's name. */
	library = dlopen(LIBRARY(CS_API_MAJOR), RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return NULL;
	is_loaded = take(library, "cs_open", &disassembler.open) &&
		    take(library, "cs_close", &disassembler.close) &&
		    take(library, "cs_option", &disassembler.option) &&
		    take(library, "cs_malloc", &disassembler.allocate) &&
		    take(library, "cs_free", &disassembler.free) &&
		    take(library, "cs_disasm_iter", &disassembler.next) &&
		    take(library, "cs_regs_access", &disassembler.registers);
	return is_loaded ? &disassembler : NULL;
}
