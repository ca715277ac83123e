/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_SEQUENCE_H
#define _SENDREAD_SEQUENCE_H

#include <stdint.h>
#include <linux/sendtrace.h>

struct sequence_cpu {
	uint64_t next;
	/* After a type that is not known, what follows cannot be foretold. */
	_Bool unknown;
};

/* What the next record of each CPU must say; zero it to begin. */
struct sequence {
	struct sequence_cpu *cpus;
	uint32_t nr_cpus;
};

struct record;

/**
 * sequence_check - find losses that were not told
 * @sequence: of the session
 * @record: the next record of its CPU
 * @expected: the sequence number that it should have had
 *
 * Return: 0 if it had it, 1 if not, -ENOMEM. The next is expected behind this one.
 */
int sequence_check(struct sequence *sequence, const struct record *record,
		   uint64_t *expected);

void sequence_free(struct sequence *sequence);

#endif /* _SENDREAD_SEQUENCE_H */
