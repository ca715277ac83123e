/* SPDX-License-Identifier: GPL-2.0 */
/* The table of hooks: which kernel functions are probed, and for which calls. */
#ifndef _ST_HOOKS_H
#define _ST_HOOKS_H

#include "compat.h"
#include "hook.h"

/* The rows of the table. */
enum st_hook_id {
	ST_HOOK_SENDTO,
	ST_HOOK_SENDMSG,
	ST_HOOK_WRITE,
	ST_HOOK_SENDMSG_ASYNC,
#ifdef ST_HAVE_SENDPAGE
	ST_HOOK_SPLICE_WRITE,
#endif
	ST_HOOK_ACCEPT,
	ST_HOOK_RECV,
	ST_HOOK_RECVMMSG,
	ST_HOOK_RECV_INET,
	ST_HOOK_RECV_INET6,
	ST_HOOK_RECV_UNIX,
	ST_HOOK_RECV_UNIX_DGRAM,
	ST_HOOK_RECV_UNIX_SEQPACKET,
	ST_HOOK_RECV_NETLINK,
	ST_HOOK_SPLICE_READ,
	ST_HOOK_UDP_SOURCE,
	ST_HOOK_ACCEPT_ASYNC,
	ST_HOOK_CONNECT,
	ST_HOOK_CONNECT_ASYNC,
	ST_HOOK_SHUTDOWN,
	ST_HOOK_SHUTDOWN_ASYNC,
	ST_HOOK_CLOSE,
	ST_HOOKS,
};

/* ST_HOOKS rows. */
extern const struct st_hook st_hooks[];

#endif /* _ST_HOOKS_H */
