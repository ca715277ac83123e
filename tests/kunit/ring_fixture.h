/* SPDX-License-Identifier: GPL-2.0 */
/* What the suites around the ring share. */
#ifndef _ST_RING_FIXTURE_H
#define _ST_RING_FIXTURE_H

#include <kunit/test.h>

#include "ring.h"

/* An empty ring of CPU 0, freed when the case ends. */
struct st_ring *st_test_ring(struct kunit *test, size_t size);

/* What st_ring_reserve() and st_ring_peek() return, which is not NULL or the case ends. */
struct sendtrace_record *st_test_reserve(struct kunit *test, struct st_ring *ring,
					 u32 size);
const struct sendtrace_record *st_test_peek(struct kunit *test, struct st_ring *ring);
void st_test_commit(struct st_ring *ring, struct sendtrace_record *rec, u32 size,
		    u32 events);

/* Writes a record whose bytes behind its header are all @fill, which is its time, too. */
bool st_test_write(struct st_ring *ring, u32 size, u8 fill);

/* Is this such a record? */
bool st_test_is_filled(const struct sendtrace_record *rec, u32 size, u8 fill);

#endif /* _ST_RING_FIXTURE_H */
