/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_FRAME_H
#define _TLS_FRAME_H

/*
 * Where the code of a function begins and ends, as .eh_frame says: exceptions and debuggers rely
 * on it, and stripped files keep it.
 */
#include <stdbool.h>
#include <stdint.h>

struct image;

/*
 * The entry that covers an address, @end being behind its last byte. Each part of a function that
 * the compiler has split has one. Return: whether there is one.
 */
bool frame_extent(const struct image *image, uint64_t address, uint64_t *start,
		  uint64_t *end);

#endif /* _TLS_FRAME_H */
