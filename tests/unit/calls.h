/* SPDX-License-Identifier: GPL-2.0 */
/* Streams of many threads' calls, with all that a stream can have. */
#ifndef CALLS_H
#define CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CALLS_THREADS = 20, /* their tids are 1 to 20 */
};

/**
 * struct calls - a stream
 * @number: calls
 * @seed: the same stream for the same seed
 * @resolution: times are multiples of it; 0 for 1
 * @shuffled: times are random: no order, not even within a thread
 * @large: some calls have payloads of 300 KiB
 */
struct calls {
	size_t number;
	uint32_t seed;
	uint64_t resolution;
	bool shuffled;
	bool large;
};

/*
 * Write the stream to a new file; @path is a template for mkstemp(). Sends and accepts stand
 * where they returned, among them are LOST records, gaps, fragments and unknown types.
 */
void calls_write(const struct calls *calls, char *path);

/* The memory that the largest of its records can need, with its payload; bytes. */
size_t calls_largest(const struct calls *calls);

#endif /* CALLS_H */
