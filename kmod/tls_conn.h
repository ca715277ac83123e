/* SPDX-License-Identifier: GPL-2.0 */
/* Which socket a TLS session was last seen to use. */
#ifndef _ST_TLS_CONN_H
#define _ST_TLS_CONN_H

#include <linux/types.h>

struct st_call;
struct st_tls_process;

void st_tls_conn_set(const struct st_tls_process *process, u64 ssl,
		     const struct st_call *call);
bool st_tls_conn_get(const struct st_tls_process *process, u64 ssl, struct st_call *call);
void st_tls_conn_drop(const struct st_tls_process *process, u64 ssl);
void st_tls_conn_clear(void);

#endif /* _ST_TLS_CONN_H */
