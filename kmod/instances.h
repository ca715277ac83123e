/* SPDX-License-Identifier: GPL-2.0 */
/* How many concurrent calls each hook can follow, within one bound in memory. */
#ifndef _ST_INSTANCES_H
#define _ST_INSTANCES_H

#include <linux/types.h>

#include "hook.h"

int st_instances_init(const struct st_hook *hooks, int nr);
u32 st_instances_of(const struct st_hook *hook);

#endif /* _ST_INSTANCES_H */
