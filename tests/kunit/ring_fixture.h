/* SPDX-License-Identifier: GPL-2.0 */
/* What the suites around the ring share. */
#ifndef _ST_RING_FIXTURE_H
#define _ST_RING_FIXTURE_H

#include <kunit/test.h>

#include "ring.h"

/* An empty ring of CPU 0, freed when the case ends. */
struct st_ring *st_test_ring(struct kunit *test, size_t size);

/* Writes a record whose bytes behind its header are all @fill, which is its time, too. */
bool st_test_write(struct st_ring *ring, u32 size, u8 fill);

/* Is this such a record? */
bool st_test_is_filled(const struct sendtrace_record *rec, u32 size, u8 fill);

#endif /* _ST_RING_FIXTURE_H */
