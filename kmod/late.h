/* SPDX-License-Identifier: GPL-2.0 */
/* What a handler cannot do: payloads that are too long or not resident, names behind a lock. */
#ifndef _ST_LATE_H
#define _ST_LATE_H

#include <linux/types.h>

struct st_call;
struct st_deferred;

bool st_late_record(const struct st_call *call, u64 sent, unsigned long sessions);
bool st_late_after(const struct st_call *call,
		   void (*finish)(struct st_deferred *deferred));

#endif /* _ST_LATE_H */
