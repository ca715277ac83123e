/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_IMAGE_H
#define _TLS_IMAGE_H

/*
 * An ELF file of a program that is not trusted, and that may change it at any time: each part is
 * read once, and checked in that copy. Not libelf, which allocates and fills what a file's header
 * asks for: the header can change after it was checked.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	IMAGE_SEGMENTS_MAX = 64,
	IMAGE_SYMBOLS_MAX = 128 << 20, /* bytes of a symbol table, and of its names */
};

struct image_segment {
	uint32_t type, flags;
	uint64_t offset, address;
	uint64_t size; /* in the file */
};

struct image_table {
	uint64_t offset, size;
	uint64_t names_offset, names_size;
};

enum image_tables {
	IMAGE_DYNSYM,
	IMAGE_SYMTAB,
	IMAGE_TABLES,
};

struct image {
	int fd;
	uint16_t machine; /* EM_X86_64, EM_386 or EM_AARCH64 */
	bool wide; /* of 64 bits */
	unsigned int nr_segments;
	struct image_segment segments[IMAGE_SEGMENTS_MAX];
	struct image_table tables[IMAGE_TABLES]; /* of size 0: there is none */
	uint64_t frames_offset, frames_size; /* the section .eh_frame; of size 0: none */
	uint64_t frames_address;
};

struct image_symbol {
	uint64_t address, size;
	bool is_local;
};

/*
 * @fd stays the caller's. Return: 0; -ENOEXEC for what is no ELF program or library of a known
 * machine; or what reading said.
 */
int image_open(struct image *image, int fd);

/* Return: 0, or a negative errno: -ENODATA if the file ends before. */
int image_read(const struct image *image, uint64_t offset, void *bytes, size_t size);

/*
 * Where in the file @size bytes at an address are. @flags: PF_X, PF_R, ... that the segment must
 * have; PF_W only if they name it, too. Return: whether they are in one segment.
 */
bool image_offset(const struct image *image, uint64_t address, uint64_t size,
		  uint32_t flags, uint64_t *offset);

/*
 * Call @look for each function that is defined. Return: 0; -EFBIG if the table is larger than
 * IMAGE_SYMBOLS_MAX; or another negative errno.
 */
int image_each_function(const struct image *image, enum image_tables table,
			void (*look)(const char *name, const struct image_symbol *symbol,
				     void *arg),
			void *arg);

#endif /* _TLS_IMAGE_H */
