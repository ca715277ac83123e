/* SPDX-License-Identifier: GPL-2.0 */
/* Arms the hooks of the table: kretprobes in the kernel's functions. */
#ifndef _ST_PROBE_H
#define _ST_PROBE_H

#include <linux/types.h>

#include "hooks.h"

int st_probe_init(void);
void st_probe_exit(void);
int st_probe_arm(u64 calls);
void st_probe_disarm(u64 calls);
bool st_probe_armed(void);
bool st_probe_blind(void);
u64 st_probe_missing(void);
u64 st_probe_hits(enum st_hook_id id);
bool st_probe_is_needed(enum st_hook_id id);
bool st_probe_is_armed(enum st_hook_id id);
u64 st_probe_missed(enum st_hook_id id);
u64 st_probe_missed_by(u64 calls);

#endif /* _ST_PROBE_H */
