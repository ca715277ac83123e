/* SPDX-License-Identifier: GPL-2.0 */
/* Records whose every byte can be foretold, so that a wrong one is seen. */
#ifndef LOAD_H
#define LOAD_H

#include "shim.h"
#include "ring.h"

/**
 * struct load - what a producer has put into a ring, or a consumer has found there
 * @cpu: the ring's
 * @records: events, and parts of events
 * @bytes: of all records
 * @lost: events that were lost; of the consumer, those that it was told of
 * @losses: LOST records
 * @next_seq: what the next record must say
 * @time: of the last record
 */
struct load {
	u32 cpu;
	u64 records;
	u64 bytes;
	u64 lost;
	u64 losses;
	u64 next_seq;
	u64 time;
};

/* A random number below @limit, from a state of the caller's. */
u64 random_below(u64 *state, u64 limit);

/* Pass some time, less than anybody would notice. */
void spin(u64 *state, u64 limit);

/* Put a record of random size into the ring, or lose it. Return: whether it fitted. */
bool load_put(struct load *load, struct st_ring *ring, u64 *random, u64 time);

/* Look at every byte of a record, and at what must follow from the one before. */
void load_check(struct load *load, const struct sendtrace_record *rec);

/* What was put in and what was found are the same, the losses included. */
void load_compare(const struct load *put, const struct load *found,
		  const struct st_ring *ring);

#endif /* LOAD_H */
