/* SPDX-License-Identifier: GPL-2.0 */
/* One call's story, from its entry to the record. */
#ifndef _ST_EVENT_H
#define _ST_EVENT_H

#include <linux/types.h>
#include <linux/sendtrace.h>

#include "filter.h"
#include "peer.h"

/**
 * struct st_call - all there is to be told of a call; the records are written from it
 * @enter_time: CLOCK_MONOTONIC
 * @exit_time: CLOCK_MONOTONIC; from here to @uid set when it returns
 * @ret: what it returned
 * @type: enum sendtrace_record_type
 * @tid: the thread
 * @uid: effective, in the initial user namespace
 * @wanted: a bit for each running session that records it
 * @caller: who makes it, by the names of that time
 * @len: bytes to send
 * @buf: the payload, in the caller's memory
 * @addr: the address to send to, in the caller's memory
 * @fd: descriptor
 * @flags: MSG_* or SOCK_*
 * @addr_len: bytes at @addr
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
	u16 type;
	u32 tid;
	u32 uid;
	unsigned long wanted;
	struct st_caller caller;
	size_t len;
	const void __user *buf;
	const void __user *addr;
	int fd;
	u32 flags;
	int addr_len;
	struct st_peer peer;
};

unsigned long st_event_wanted(u32 event, struct st_caller *caller);
void st_event_began(struct st_call *call);
void st_event_sent(struct st_call *call, int ret);
void st_event_accepted(struct st_call *call, int ret);

#endif /* _ST_EVENT_H */
