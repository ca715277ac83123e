/* SPDX-License-Identifier: GPL-2.0 */
/* One call's story, from its entry to the record. */
#ifndef _ST_EVENT_H
#define _ST_EVENT_H

#include <linux/types.h>
#include <linux/sendtrace.h>

#include "filter.h"
#include "peer.h"

struct pt_regs;

/**
 * struct st_call - all there is to be told of a call; the records are written from it
 * @enter_time: CLOCK_MONOTONIC
 * @exit_time: CLOCK_MONOTONIC; set when it returns
 * @ret: what it returned; set then
 * @len: bytes to send
 * @type: enum sendtrace_record_type; set when it returns
 * @wanted: a bit for each running session that records it
 * @buf: the payload, in the caller's memory
 * @addr: the address to send to, in the caller's memory
 * @uid: effective, in the initial user namespace; set when it returns
 * @fd: descriptor
 * @flags: MSG_* or SOCK_*
 * @addr_len: bytes at @addr
 * @caller: who makes it, by the names of its entry, which are ended and padded; its @tid
 *	is set when it returns
 * @peer: the socket as it was at the entry: by the time a call returns that slept, another
 *	thread may have closed the descriptor and got the same number for something else
 *
 * It holds no reference to anything: where the probes are disarmed while the call sleeps,
 * its return is never seen.
 */
struct st_call {
	u64 enter_time;
	u64 exit_time;
	s64 ret;
	size_t len;
	u16 type;
	unsigned long wanted;
	const void __user *buf;
	const void __user *addr;
	u32 uid;
	int fd;
	u32 flags;
	int addr_len;
	struct st_caller caller;
	struct st_peer peer;
};

bool st_event_send_begins(struct st_call *call, struct pt_regs *regs);
bool st_event_accept_begins(struct st_call *call, struct pt_regs *regs);
void st_event_sent(struct st_call *call, int ret);
void st_event_accepted(struct st_call *call, int ret);

#endif /* _ST_EVENT_H */
