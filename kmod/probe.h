/* SPDX-License-Identifier: GPL-2.0 */
/* The hooks into the kernel. */
#ifndef _ST_PROBE_H
#define _ST_PROBE_H

#include <linux/types.h>

enum st_probe_id {
	ST_PROBE_SEND,
	ST_PROBE_ACCEPT,
	ST_PROBES,
};

int st_probe_init(void);
int st_probe_arm(void);
void st_probe_disarm(void);
bool st_probe_armed(void);
bool st_probe_blind(void);
u64 st_probe_missed(enum st_probe_id id);

#endif /* _ST_PROBE_H */
