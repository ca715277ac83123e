/* SPDX-License-Identifier: GPL-2.0 */
/* The chains of open calls: for tls_open.c, which fills them, and tls_around.c, which looks. */
#ifndef _ST_TLS_CHAIN_H
#define _ST_TLS_CHAIN_H

#include <linux/hash.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <asm-generic/kprobes.h>

#include "tls_open.h"

#define ST_TLS_CHAIN_BITS 8
#define ST_TLS_CHAINS	  (1U << ST_TLS_CHAIN_BITS)

/**
 * struct st_tls_chain - open calls of the same hash
 * @lock: guards @calls, and what socket calls note in them; raw (tls_open.c)
 * @calls: struct st_tls_open
 */
struct st_tls_chain {
	raw_spinlock_t lock;
	struct hlist_head calls;
};

/*
 * So much of the address space is in one chain: a call, and the stack pointer of a socket call inside
 * it, most often are.
 */
#define ST_TLS_WINDOW (1UL << 20)
static_assert(ST_TLS_WINDOW >= ST_TLS_DEEPEST);

extern struct st_tls_chain st_tls_chains[ST_TLS_CHAINS];

/* Calls of one process that are not further than ST_TLS_DEEPEST apart are in one chain or two. */
static nokprobe_inline unsigned int st_tls_chain_of(u32 pid, unsigned long sp)
{
	return hash_64((u64)pid << 40 ^ sp / ST_TLS_WINDOW, ST_TLS_CHAIN_BITS);
}

const struct task_struct *st_tls_thread_of(const struct st_tls_open *call);

#endif /* _ST_TLS_CHAIN_H */
