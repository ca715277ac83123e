/* SPDX-License-Identifier: GPL-2.0 */
/* Payloads that a handler cannot copy: too long, or not resident. */
#ifndef _ST_LATE_H
#define _ST_LATE_H

#include <linux/types.h>

struct st_call;

bool st_late_record(const struct st_call *call, u64 sent, unsigned long sessions);

#endif /* _ST_LATE_H */
