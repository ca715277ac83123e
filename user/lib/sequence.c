// SPDX-License-Identifier: GPL-2.0
#include "sequence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"

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

/* Not in line: the registers that it takes would be saved for each record. */
static __attribute__((noinline)) int
grow_and_check(struct sequence *sequence, const struct record *record, uint64_t *expected)
{
	if (grow(sequence, record->rec.cpu + 1))
		return -ENOMEM;
	return sequence_check(sequence, record, expected);
}

int sequence_check(struct sequence *sequence, const struct record *record,
		   uint64_t *expected)
{
	const struct sendtrace_record *rec = &record->rec;
	struct sequence_cpu *cpu;
	int gap;

	if (rec->cpu >= sequence->nr_cpus)
		return grow_and_check(sequence, record, expected);
	cpu = &sequence->cpus[rec->cpu];
	*expected = cpu->next;
	gap = !cpu->unknown && rec->seq != cpu->next;
	cpu->unknown = 0;
	cpu->next = rec->seq;
	switch (rec->type) {
	case SENDTRACE_RECORD_SEND:
	case SENDTRACE_RECORD_ACCEPT:
		cpu->next += 1;
		return gap;
	case SENDTRACE_RECORD_LOST:
		cpu->next += record->lost.count;
		return gap;
	case SENDTRACE_RECORD_FRAGMENT:
		return gap;
	default:
		cpu->unknown = 1;
		return 0;
	}
}

void sequence_free(struct sequence *sequence)
{
	free(sequence->cpus);
	memset(sequence, 0, sizeof(*sequence));
}
