/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FILES = 12,
	MAPS = 24,
	PAGE = 4096,
};

/* What the threads of a process share; they tear it out of each other's hands. */
struct shared {
	int files[FILES];
	/* Number of the first page, and how many, in one word: they belong together. */
	uint64_t maps[MAPS];
};

/**
 * struct worker - one thread
 * @state: of its own stream of random numbers: seed and number decide all that it does
 * @shared: its process's
 * @child: it was forked off, and does not fork again
 * @calls: how many it has made
 * @digest: of its choices so far
 */
struct worker {
	uint64_t state;
	struct shared *shared;
	bool child;
	uint64_t calls;
	uint64_t digest;
};

/* A number below @end. */
uint64_t pick(struct worker *worker, uint64_t end);

/* True once in @n. */
bool once_in(struct worker *worker, uint64_t n);

/* Small, a power of two and its neighbours, all ones, or anything. */
uint64_t odd_number(struct worker *worker);

/* Any of the process's descriptors, open or not. */
int *any_file(struct worker *worker);

/* Where one of the process's mappings begins, or began; NULL for none. */
char *any_map(struct worker *worker);

/* Calls on mappings and on mapped memory. */
void call_mmap(struct worker *worker, bool dry);
void call_munmap(struct worker *worker, bool dry);
void call_mprotect(struct worker *worker, bool dry);
void call_madvise(struct worker *worker, bool dry);
void call_mremap(struct worker *worker, bool dry);
void call_scribble(struct worker *worker, bool dry);
void call_catch_up(struct worker *worker, bool dry);
void call_look(struct worker *worker, bool dry);
void random_prepare_maps(void);

/*
 * Make one call, or with @dry only choose it. The choice depends on the worker's stream
 * alone, never on what came of earlier calls.
 */
void random_call(struct worker *worker, bool dry);

/* Calls that answered what they must not; the first of them are on standard error. */
extern unsigned int wrong_answers;

/* @ret is that of a call which may fail with one of @errnos only. A descriptor may be closed
 * at any time, so EBADF is always allowed.
 */
void allow(const char *what, long ret, const int *errnos);
#define ALLOW(what, ret, ...) allow(what, ret, (const int[]){ EBADF, __VA_ARGS__, 0 })

/* The far end of a pipe and memory for the calls; once in each process. */
void random_prepare(void);

#endif /* RANDOM_H */
