/* SPDX-License-Identifier: GPL-2.0 */
/* The calls of every way that faults are injected in. */
#ifndef INJECT_TABLE_H
#define INJECT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "ways_calls.h"
#include "ways_pairs.h"

enum {
	SHORT_TEXT = 3000,
	/* Longer than the module copies inline, so that the rest is copied late. */
	LONG_TEXT = 40000,
	SUBJECTS_MAX = 160,
};

/**
 * struct subject - one kind of call
 * @name: how it is reported
 * @way: how it sends or receives; NULL: it is of a connection's life
 * @kind: between which sockets
 * @receives: the near end receives; else it sends
 * @len: bytes
 * @life: of a connection's life: the call; io_uring's if @way_of_ring
 * @type: enum sendtrace_record_type of its event
 * @success: what it returns without a fault
 * @places: the least number of points where it can fail
 * @copies: the least number of them that are the module's own copies, or else pass unnoticed
 */
struct subject {
	char name[64];
	const struct way *way;
	enum pair_kind kind;
	bool receives;
	size_t len;
	long (*life)(struct subject *subject);
	int type;
	long success;
	int places;
	int copies;
};

extern struct subject subject[SUBJECTS_MAX];
extern int subjects;

/* Fill the table: the same in both processes. */
void subjects_choose(void);

/* In the process that makes the calls. */
void subjects_open(void);
void subject_prepare(struct subject *subject);
long subject_make(struct subject *subject);
void subject_clean(struct subject *subject);

/* LONG_TEXT bytes, of which each subject sends or receives the first. */
const char *subject_text(void);

#endif /* INJECT_TABLE_H */
