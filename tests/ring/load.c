// SPDX-License-Identifier: GPL-2.0
#include "load.h"

#include <err.h>
#include <sched.h>

enum {
	/* Types that the reader does not know, so that it does not check their contents. */
	EVENT = 77,
	PART = 78,
	HEADER = sizeof(struct sendtrace_record),
	SPINS_IN_A_ROW = 4096,
};

u64 random_below(u64 *state, u64 limit)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (*state >> 33) % limit;
}

void spin(u64 *state, u64 limit)
{
	u64 i, count = random_below(state, limit);

	for (i = 0; i < count; i++) {
		__asm__ volatile("" ::: "memory");
		if (i % SPINS_IN_A_ROW == SPINS_IN_A_ROW - 1)
			sched_yield();
	}
}

/* No two records have the same @time. */
static u64 word(u64 time, u32 cpu, u64 i)
{
	return (time * 8 + cpu + 1) * 0x9e3779b97f4a7c15u + i * 0xbf58476d1ce4e5b9u;
}

/* Mostly short, like messages; sometimes the maximum size. */
static u32 random_size(u64 *random, u64 ring_size)
{
	u64 choice = random_below(random, 512), limit = 160;

	if (choice == 0)
		return (u32)(ring_size / 2);
	if (choice < 4)
		limit = ring_size / 4;
	else if (choice < 32)
		limit = 1024;
	return HEADER + SENDTRACE_ALIGN * (u32)(1 + random_below(random, limit / 8));
}

static void fill(struct sendtrace_record *rec, u32 size, u32 events)
{
	u64 *words = (u64 *)(rec + 1), i;

	rec->header_size = HEADER;
	rec->type = events ? EVENT : PART;
	for (i = 0; i < (size - HEADER) / sizeof(*words); i++)
		words[i] = word(rec->time, rec->cpu, i);
}

bool load_put(struct load *load, struct st_ring *ring, u64 *random, u64 time)
{
	u32 size = random_size(random, ring->size);
	struct sendtrace_record *rec = st_ring_reserve(ring, size, time);
	u32 events;

	if (!rec) {
		st_ring_lose(ring, random_below(random, SENDTRACE_LOST_REASONS));
		load->lost++;
		return false;
	}
	/* Sometimes less than the reserved size, as if a payload could not be read. */
	if (random_below(random, 8) == 0)
		size = HEADER + (size - HEADER) / 16 * 8;
	events = random_below(random, 4) != 0;
	fill(rec, size, events);
	st_ring_commit(ring, rec, size, events);
	load->records++;
	load->bytes += size;
	return true;
}

static void check_lost(struct load *load, const struct sendtrace_lost *lost)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < SENDTRACE_LOST_REASONS; i++)
		sum += lost->reasons[i];
	if (lost->rec.size != sizeof(*lost) || lost->count != sum || !sum)
		errx(1,
		     "LOST record: size %u, count %llu, sum of reasons %llu; "
		     "expected size %zu and both numbers equal and not 0",
		     lost->rec.size, lost->count, sum, sizeof(*lost));
	load->next_seq += lost->count;
	load->lost += lost->count;
	load->losses++;
}

static void check_event(struct load *load, const struct sendtrace_record *rec)
{
	const u64 *words = (const u64 *)(rec + 1);
	u64 i;

	if ((rec->type != EVENT && rec->type != PART) || rec->header_size != HEADER)
		errx(1,
		     "record %llu: type %u, header_size %u; "
		     "expected type %d or %d, header_size %d",
		     rec->seq, rec->type, rec->header_size, EVENT, PART, HEADER);
	for (i = 0; i < (rec->size - HEADER) / sizeof(*words); i++) {
		if (words[i] != word(rec->time, rec->cpu, i))
			errx(1, "record %llu: word %llu is %llx, expected %llx", rec->seq,
			     i, words[i], word(rec->time, rec->cpu, i));
	}
	load->next_seq += rec->type == EVENT;
	load->records++;
	load->bytes += rec->size;
}

void load_check(struct load *load, const struct sendtrace_record *rec)
{
	if (rec->cpu != load->cpu || rec->reserved)
		errx(1, "record of cpu %u, reserved %u; expected cpu %u, reserved 0",
		     rec->cpu, rec->reserved, load->cpu);
	if (rec->seq != load->next_seq)
		errx(1, "cpu %u: seq is %llu, expected %llu", rec->cpu, rec->seq,
		     load->next_seq);
	if (rec->time < load->time)
		errx(1, "cpu %u: time is %llu, expected at least %llu", rec->cpu,
		     rec->time, load->time);
	load->time = rec->time;
	if (rec->type == SENDTRACE_RECORD_LOST)
		check_lost(load, (const void *)rec);
	else
		check_event(load, rec);
}

void load_compare(const struct load *put, const struct load *found,
		  const struct st_ring *ring)
{
	struct st_counters sum = { .hits = 0 };
	u64 counted = 0;
	int i;

	st_counters_add(&sum, &ring->count);
	for (i = 0; i < SENDTRACE_LOST_REASONS; i++)
		counted += sum.lost[i];
	if (put->records != found->records || put->bytes != found->bytes)
		errx(1, "%llu records written (%llu bytes), %llu found (%llu bytes)",
		     put->records, put->bytes, found->records, found->bytes);
	if (put->lost != found->lost + ring->unreported || put->lost != counted)
		errx(1,
		     "%llu events lost; %llu reported, %llu not yet reported, %llu counted",
		     put->lost, found->lost, ring->unreported, counted);
}
