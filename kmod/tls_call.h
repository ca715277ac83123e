/* SPDX-License-Identifier: GPL-2.0 */
/* A call of a TLS library begins, and ends. */
#ifndef _ST_TLS_CALL_H
#define _ST_TLS_CALL_H

#include <linux/types.h>

struct pt_regs;
struct st_call;

bool st_tls_call_begins(u16 id, struct pt_regs *regs);
bool st_tls_call_ends(struct pt_regs *regs, unsigned long sp);
void st_tls_call_frees(struct pt_regs *regs);
void st_tls_call_shakes(struct pt_regs *regs);
void st_tls_call_writes(struct pt_regs *regs);
u64 st_tls_missed(void);

#endif /* _ST_TLS_CALL_H */
