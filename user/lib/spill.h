/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_SPILL_H
#define _SENDTRACE_SPILL_H

/*
 * Payloads that do not fit into memory: all of a handle in one unnamed file, in $TMPDIR or
 * /tmp, which is opened once, when the program still has the rights and the descriptors for
 * it. The file is cut into blocks, and each payload is a chain of them. Free blocks are used
 * first: so the file is never longer than the most that it had to hold, which is what SPILL_MAX
 * and the limit of a file's size (RLIMIT_FSIZE) allow.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum spill_limits {
	SPILL_BLOCK = 64 << 10, /* the most that the module puts into a fragment */
	SPILL_MAX = 1 << 30,
	SPILL_BLOCKS = SPILL_MAX / SPILL_BLOCK,
};

/**
 * struct spilled - one payload's blocks, zeroed to begin with
 * @first: number of its first block; 0: it has none
 * @last: number of its last block
 */
struct spilled {
	uint16_t first;
	uint16_t last;
};

/**
 * struct spill - the file
 * @file: descriptor, or the negative errno that opening it failed with
 * @error: the first failure that cost a payload, a negative errno; see spill_append()
 * @folder: where the file is or should be, or NULL where there was no memory for the name
 * @used: blocks of all payloads
 * @top: blocks that the file has, in use or free; the first one is number 1
 * @free: number of the first free block below @top, 0 for none
 * @next: for each block the number of the next one in its chain, 0 in the last one
 */
struct spill {
	int file;
	int error;
	char *folder;
	uint16_t used;
	uint16_t top;
	uint16_t free;
	uint16_t next[SPILL_BLOCKS + 1];
};

/*
 * Open the file. A failure is none before the file is needed: then spill_append() returns it.
 * The environment is read here, and not later.
 */
void spill_open(struct spill *spill);

void spill_close(struct spill *spill);

/**
 * spill_append - write more of a payload
 * @spill: file
 * @spilled: the payload
 * @at: bytes that it has
 * @from: what follows
 * @size: bytes
 *
 * Return: 0; what opening the file or writing it failed with; -ENOBUFS beyond SPILL_MAX; -EFBIG
 * beyond the limit of a file's size, without the signal that the kernel would send. After a
 * failure nothing can be done with the payload but spill_release().
 */
int spill_append(struct spill *spill, struct spilled *spilled, uint64_t at,
		 const void *from, size_t size);

/**
 * spill_read - read a part of a payload
 * @spill: file
 * @spilled: the payload, which has the @size bytes from @offset on
 * @offset: bytes
 * @to: room
 * @size: bytes of it, more than 0
 *
 * Return: bytes, perhaps fewer than @size but not 0, or a negative errno.
 */
ssize_t spill_read(struct spill *spill, const struct spilled *spilled, uint64_t offset,
		   void *to, size_t size);

/* Give a payload's blocks back, and their room to the file system. */
void spill_release(struct spill *spill, struct spilled *spilled);

#endif /* _SENDTRACE_SPILL_H */
