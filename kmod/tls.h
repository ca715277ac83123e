/* SPDX-License-Identifier: GPL-2.0 */
/* The functions of TLS libraries that are traced. */
#ifndef _ST_TLS_H
#define _ST_TLS_H

#include <linux/types.h>

struct sendtrace_tls;
struct st_session;

int st_tls_init(void);
void st_tls_exit(void);
int st_tls_add(struct st_session *session, const struct sendtrace_tls *wanted);
int st_tls_arm(struct st_session *session);
void st_tls_disarm(struct st_session *session);
void st_tls_forget(struct st_session *session);
int st_tls_refilter(void);

#endif /* _ST_TLS_H */
