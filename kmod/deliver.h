/* SPDX-License-Identifier: GPL-2.0 */
/* The end of a call: its record, for every session that wants it. */
#ifndef _ST_DELIVER_H
#define _ST_DELIVER_H

#include <linux/types.h>

struct st_call;

void st_deliver(struct st_call *call, u16 type, long ret, u64 payload);

#endif /* _ST_DELIVER_H */
