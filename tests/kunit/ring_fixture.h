/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the suites for the ring. */
#ifndef _ST_RING_FIXTURE_H
#define _ST_RING_FIXTURE_H

#include <kunit/test.h>

#include "ring.h"

/* An empty ring of CPU 0, freed when the case ends. */
struct st_ring *st_test_ring(struct kunit *test, size_t size);

/* As st_ring_reserve() and st_ring_peek(), but end the case instead of returning NULL. */
struct sendtrace_record *st_test_reserve(struct kunit *test, struct st_ring *ring,
					 u32 size);
const struct sendtrace_record *st_test_peek(struct kunit *test, struct st_ring *ring);
void st_test_commit(struct st_ring *ring, struct sendtrace_record *rec, u32 size,
		    u32 events);

/* Writes a record with time @fill, whose bytes behind the header are all @fill. */
bool st_test_write(struct st_ring *ring, u32 size, u8 fill);

/* Is this a record that was written in this way? */
bool st_test_is_filled(const struct sendtrace_record *rec, u32 size, u8 fill);

#endif /* _ST_RING_FIXTURE_H */
