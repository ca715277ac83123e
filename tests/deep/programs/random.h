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

/* What the threads of a process share and change concurrently. */
struct shared {
	int files[FILES];
	/* Number of the first page and number of pages, in one word: they belong together. */
	uint64_t maps[MAPS];
};

/**
 * struct worker - one thread
 * @state: of its own stream of random numbers: seed and number decide everything it does
 * @shared: what it shares with its process's other threads
 * @child: it is a forked child, which does not fork
 * @calls: how many calls it has made
 * @forks: how many of them were forks
 * @digest: of its choices so far
 */
struct worker {
	uint64_t state;
	struct shared *shared;
	bool child;
	uint64_t calls;
	uint64_t forks;
	uint64_t digest;
};

/* A number below @end. */
uint64_t pick(struct worker *worker, uint64_t end);

/* True once in @n. */
bool once_in(struct worker *worker, uint64_t n);

/* A small number, a power of two or its neighbour, all ones, or any number. */
uint64_t odd_number(struct worker *worker);

/* Any of the process's descriptors, open or not. */
int *any_file(struct worker *worker);

/* Where one of the process's mappings begins, or began before it was unmapped; NULL for none. */
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
 * alone, never on the results of earlier calls.
 */
void random_call(struct worker *worker, bool dry);

/* How many calls gave a wrong answer; the first of them are on standard error. */
extern unsigned int wrong_answers;

/* Count a wrong answer if a call failed (@ret is -1) with none of @errnos. A descriptor may be
 * closed at any time, so EBADF is always allowed.
 */
void allow(const char *what, long ret, const int *errnos);
#define ALLOW(what, ret, ...) allow(what, ret, (const int[]){ EBADF, __VA_ARGS__, 0 })

/* Prepare sockets and memory for the calls, once in each process. */
void random_prepare(void);

#endif /* RANDOM_H */
