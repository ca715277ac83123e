/* SPDX-License-Identifier: GPL-2.0 */
/* Records with predictable contents, so that the consumer can check every byte. */
#ifndef LOAD_H
#define LOAD_H

#include "shim.h"
#include "ring.h"

/**
 * struct load - what a producer wrote to a ring, or a consumer read from it
 * @cpu: CPU of the ring
 * @records: number of events and parts of events
 * @bytes: total size of @records
 * @lost: producer: events lost; consumer: events reported as lost
 * @losses: number of LOST records
 * @next_seq: expected sequence number of the next record
 * @time: time stamp of the last record
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

/* Return: a random number below @limit; @state belongs to the caller. */
u64 random_below(u64 *state, u64 limit);

/* Busy-wait for a random, short time: fewer than @limit iterations. */
void spin(u64 *state, u64 limit);

/* Write a record of random size, or count it as lost. Return: true if it fitted. */
bool load_put(struct load *load, struct st_ring *ring, u64 *random, u64 time);

/* Check every byte of a record, and its cpu, seq and time against the records before. */
void load_check(struct load *load, const struct sendtrace_record *rec);

/* Check that the consumer found every record, and that every loss is accounted for. */
void load_compare(const struct load *put, const struct load *found,
		  const struct st_ring *ring);

#endif /* LOAD_H */
