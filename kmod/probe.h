/* SPDX-License-Identifier: GPL-2.0 */
/* Arms the hooks of the table: kretprobes in the kernel's functions. */
#ifndef _ST_PROBE_H
#define _ST_PROBE_H

#include <linux/types.h>

#include "hooks.h"

int st_probe_init(void);
int st_probe_arm(u32 events);
void st_probe_disarm(u32 events);
bool st_probe_armed(void);
bool st_probe_blind(void);
u32 st_probe_missing(void);
u64 st_probe_missed(enum st_hook_id id);
u64 st_probe_missed_by(u32 events);

#endif /* _ST_PROBE_H */
