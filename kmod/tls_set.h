/* SPDX-License-Identifier: GPL-2.0 */
/* The probes on one function of a TLS library. */
#ifndef _ST_TLS_SET_H
#define _ST_TLS_SET_H

#include <linux/list.h>
#include <linux/types.h>

struct file;
struct st_tls_set;

/**
 * struct st_tls_function - a place in a file
 * @entry: in the list of all (tls.c)
 * @uses: the sessions that name it
 * @file: let go once no process maps it any more, and the function with it
 * @set: the one in charge, which handlers look at; NULL while no session that names it runs
 * @function: as in struct sendtrace_tls
 * @has_uretprobe: SENDTRACE_TLS_URETPROBE
 * @armed: how many running sessions name it
 * @nr: number of @offsets
 * @offsets: of the entry, then of the returns; bytes
 */
struct st_tls_function {
	struct list_head entry;
	struct list_head uses;
	struct file *file;
	struct st_tls_set *set;
	u16 function;
	bool has_uretprobe;
	u32 armed;
	u32 nr;
	loff_t offsets[];
};

int st_tls_set_exchange(struct st_tls_function *function);
void st_tls_set_drop(struct st_tls_function *function);

#endif /* _ST_TLS_SET_H */
