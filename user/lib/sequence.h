/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_SEQUENCE_H
#define _SENDTRACE_SEQUENCE_H

#include <stdint.h>

struct sendtrace_item;

struct sequence_cpu {
	uint64_t next;
	/* After a record of an unknown type: the next number cannot be predicted. */
	_Bool unknown;
};

/* What the next record of each CPU must say; zero it to begin. */
struct sequence {
	struct sequence_cpu *cpus;
	uint32_t nr_cpus;
};

/**
 * sequence_check - find losses that no record reports
 * @sequence: of the session
 * @item: the next record of its CPU; @item->missing is set on return
 *
 * Return: 0 or -ENOMEM. The next record is expected to follow this one.
 */
int sequence_check(struct sequence *sequence, struct sendtrace_item *item);

void sequence_free(struct sequence *sequence);

#endif /* _SENDTRACE_SEQUENCE_H */
