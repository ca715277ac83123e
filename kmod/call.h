/* SPDX-License-Identifier: GPL-2.0 */
/* What is known of a call. Knows nothing of events, records or sessions. */
#ifndef _ST_CALL_H
#define _ST_CALL_H

#include <linux/types.h>
#include <linux/sendtrace.h>

#include "caller.h"
#include "payload.h"
#include "peer.h"

struct st_hook;

/**
 * struct st_call - all that is known of a call; records are written from it
 * @enter_time: when it was entered; nanoseconds of CLOCK_MONOTONIC
 * @exit_time: when it returned; likewise
 * @ret: what it returned
 * @len: bytes that it was asked to send
 * @hook: the hook that saw it, whose @end completes it
 * @type: enum sendtrace_record_type of its event
 * @account: whose share of the hook's instances it is part of; from st_share_take()
 * @wanted: a bit for each running session that records it, as in st_running_mask
 * @payload: what it sends
 * @addr: the address to send to, in the caller's memory, or NULL. It is read at the entry,
 *	or at the return if it was not resident
 * @uid: effective uid in the initial user namespace
 * @fd: descriptor
 * @flags: MSG_* or SOCK_*
 * @addr_len: bytes at @addr
 * @caller: who makes it, with the names at its entry, ended and padded
 * @peer: the socket at its entry. Not at its return: while the call slept, another thread
 *	may have closed the descriptor and got the same number for another file
 *
 * At the return, @exit_time, @ret, @type, @uid and @caller.tid are set; all else at the
 * entry, and in @peer completed at the return what was not known then.
 *
 * It holds no reference to anything: if the hook is disarmed while the call sleeps, nobody
 * sees its return.
 */
struct st_call {
	u64 enter_time;
	u64 exit_time;
	s64 ret;
	size_t len;
	const struct st_hook *hook;
	u16 type;
	u32 account;
	unsigned long wanted;
	struct st_payload payload;
	const void __user *addr;
	u32 uid;
	int fd;
	u32 flags;
	int addr_len;
	struct st_caller caller;
	struct st_peer peer;
};

#endif /* _ST_CALL_H */
