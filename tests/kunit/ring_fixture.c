// SPDX-License-Identifier: GPL-2.0
#include <linux/preempt.h>
#include <linux/string.h>

#include "fixture.h"
#include "ring_fixture.h"

static void free_ring(struct kunit_resource *resource)
{
	st_ring_free(resource->data);
}

struct st_ring *st_test_ring(struct kunit *test, size_t size)
{
	struct st_ring *ring = st_ring_alloc(0, size);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ring);
	st_test_at_end(test, free_ring, ring);
	return ring;
}

struct sendtrace_record *st_test_reserve(struct kunit *test, struct st_ring *ring,
					 u32 size)
{
	struct sendtrace_record *rec;

	preempt_disable();
	rec = st_ring_reserve(ring, size, 1);
	preempt_enable();
	KUNIT_ASSERT_NOT_NULL(test, rec);
	return rec;
}

void st_test_commit(struct st_ring *ring, struct sendtrace_record *rec, u32 size,
		    u32 events)
{
	preempt_disable();
	st_ring_commit(ring, rec, size, events);
	preempt_enable();
}

const struct sendtrace_record *st_test_peek(struct kunit *test, struct st_ring *ring)
{
	const struct sendtrace_record *rec = st_ring_peek(ring);

	KUNIT_ASSERT_NOT_NULL(test, rec);
	return rec;
}

bool st_test_write(struct st_ring *ring, u32 size, u8 fill)
{
	struct sendtrace_record *rec;

	preempt_disable();
	rec = st_ring_reserve(ring, size, fill);
	if (rec) {
		rec->header_size = sizeof(*rec);
		rec->type = SENDTRACE_RECORD_SEND;
		memset(rec + 1, fill, size - sizeof(*rec));
		st_ring_commit(ring, rec, size, 1);
	}
	preempt_enable();
	return rec;
}

bool st_test_is_filled(const struct sendtrace_record *rec, u32 size, u8 fill)
{
	return rec && rec->size == size && rec->time == fill &&
	       !memchr_inv(rec + 1, fill, size - sizeof(*rec));
}
