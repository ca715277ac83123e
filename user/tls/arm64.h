/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_ARM64_H
#define _TLS_ARM64_H

/* The instructions of arm64: words of 32 bits. */
#include <stddef.h>
#include <stdint.h>

struct code_step;

void arm64_next(const uint8_t *bytes, size_t left, uint64_t address,
		struct code_step *step);

#endif /* _TLS_ARM64_H */
