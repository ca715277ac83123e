/* SPDX-License-Identifier: GPL-2.0 */
/* send() and sendto(). */
#ifndef _ST_SENDTO_H
#define _ST_SENDTO_H

#include <linux/types.h>

struct pt_regs;
struct st_call;

bool st_sendto_begins(struct st_call *call, struct pt_regs *regs);
void st_sendto_ends(struct st_call *call, long value);

#endif /* _ST_SENDTO_H */
