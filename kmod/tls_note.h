/* SPDX-License-Identifier: GPL-2.0 */
/* The socket calls that are made inside a call of a TLS library. */
#ifndef _ST_TLS_NOTE_H
#define _ST_TLS_NOTE_H

#include <linux/types.h>

struct socket;
struct st_call;

bool st_tls_note_known(struct socket *sock);
void st_tls_note(const struct st_call *call);

#endif /* _ST_TLS_NOTE_H */
