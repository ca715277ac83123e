// SPDX-License-Identifier: GPL-2.0
/* Checks that the records of each CPU follow each other without a gap. */
#include "sequence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sendtrace.h"

static int grow(struct sequence *sequence, uint32_t nr_cpus)
{
	struct sequence_cpu *cpus;

	cpus = realloc(sequence->cpus, nr_cpus * sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	memset(cpus + sequence->nr_cpus, 0,
	       (nr_cpus - sequence->nr_cpus) * sizeof(*cpus));
	sequence->cpus = cpus;
	sequence->nr_cpus = nr_cpus;
	return 0;
}

/* Not inline: its registers would have to be saved for each record. */
static __attribute__((noinline)) int grow_and_check(struct sequence *sequence,
						    struct sendtrace_item *item)
{
	if (grow(sequence, item->rec.cpu + 1))
		return -ENOMEM;
	return sequence_check(sequence, item);
}

/* How many events are missing where a record is not the expected one. */
static uint64_t gap(uint64_t seq, uint64_t expected)
{
	/* A step back: nobody can say how many, but something is wrong. */
	return seq < expected ? 1 : seq - expected;
}

int sequence_check(struct sequence *sequence, struct sendtrace_item *item)
{
	const struct sendtrace_record *rec = &item->rec;
	struct sequence_cpu *cpu;

	if (rec->cpu >= sequence->nr_cpus)
		return grow_and_check(sequence, item);
	cpu = &sequence->cpus[rec->cpu];
	item->missing = cpu->unknown ? 0 : gap(rec->seq, cpu->next);
	cpu->unknown = 0;
	cpu->next = rec->seq;
	if (sendtrace_is_event(item)) {
		cpu->next += 1;
		return 0;
	}
	switch (rec->type) {
	case SENDTRACE_RECORD_LOST:
		cpu->next += item->lost.count;
		return 0;
	case SENDTRACE_RECORD_FRAGMENT:
		return 0;
	default:
		cpu->unknown = 1;
		item->missing = 0;
		return 0;
	}
}

void sequence_free(struct sequence *sequence)
{
	free(sequence->cpus);
	memset(sequence, 0, sizeof(*sequence));
}
