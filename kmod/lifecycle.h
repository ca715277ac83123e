/* SPDX-License-Identifier: GPL-2.0 */
/* accept(), connect(), shutdown() and close(). */
#ifndef _ST_LIFECYCLE_H
#define _ST_LIFECYCLE_H

#include <linux/types.h>

#include "call.h"

struct pt_regs;

/**
 * struct st_sketch - a socket, in less room than struct st_peer
 * @inode: as in struct st_peer; likewise @cookie, @netns, @family, @type and @protocol
 * @local_len: bytes of the local address; 0 if it is longer than @local
 * @local: enough for IPv4 and IPv6, and for short names
 */
struct st_sketch {
	u64 inode;
	u64 cookie;
	u32 netns;
	u16 family;
	u16 type;
	u16 protocol;
	u16 local_len;
	u64 local[4];
};

/**
 * struct st_accepting - an accept() that has not returned; many threads sleep in one
 * @listener: the listening socket. It may be closed, and its descriptor another file's, when
 *	the call returns
 */
struct st_accepting {
	ST_ENTRY_FIELDS;
	struct st_sketch listener;
};

/**
 * struct st_connecting - a connect() that has not returned
 * @again: io_uring tries without waiting, and again if that does not do
 * @addr_len: bytes at @addr
 * @addr: the address that was given, in the caller's memory; NULL for io_uring
 * @was: the socket at the entry
 * @flags_of_target: SENDTRACE_EVENT_PEER_*
 * @target: the address, as it was at the entry
 */
struct st_connecting {
	ST_ENTRY_FIELDS;
	bool again;
	int addr_len;
	const void __user *addr;
	struct st_sketch was;
	u32 flags_of_target;
	struct st_addr target;
};

bool st_accept_begins(struct st_call *call, struct pt_regs *regs);
void st_accept_ends(struct st_call *call, long value);
bool st_accept_async_begins(struct st_call *call, struct pt_regs *regs);
void st_accept_async_ends(struct st_call *call, long value);
bool st_connect_begins(struct st_call *call, struct pt_regs *regs);
void st_connect_ends(struct st_call *call, long value);
bool st_connect_async_begins(struct st_call *call, struct pt_regs *regs);
void st_connect_async_ends(struct st_call *call, long value);
bool st_shutdown_begins(struct st_call *call, struct pt_regs *regs);
bool st_shutdown_async_begins(struct st_call *call, struct pt_regs *regs);
void st_shutdown_ends(struct st_call *call, long value);
bool st_close_begins(struct st_call *call, struct pt_regs *regs);

#endif /* _ST_LIFECYCLE_H */
