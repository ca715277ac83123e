/* SPDX-License-Identifier: GPL-2.0 */
/* Ciphertext that a library gives to its program, which sends it itself. */
#ifndef _ST_TLS_BIO_H
#define _ST_TLS_BIO_H

#include <linux/atomic.h>
#include <linux/types.h>

struct st_call;
struct st_tls_begin;
struct st_tls_left;
struct st_tls_process;

/* Sessions of each process that wait for a socket call; a hash of the processes. */
extern atomic_t st_tls_bio_waits[];

void st_tls_bio_renew(const struct st_tls_process *process, u64 ssl,
		      const struct st_tls_begin *begin);
void st_tls_bio_leave(const struct st_tls_process *process, u64 ssl,
		      const struct st_tls_left *left);
bool st_tls_bio_take(const struct st_tls_process *process, u64 ssl, struct st_call *call);
void st_tls_bio_drop(const struct st_tls_process *process, u64 ssl);
bool st_tls_bio_note(const struct st_call *call);

int st_tls_bio_prepare(void);
void st_tls_bio_expire(void);
void st_tls_bio_clear(void);

#endif /* _ST_TLS_BIO_H */
