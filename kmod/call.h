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
struct socket;

/*
 * What is known of each call from its entry on; see struct st_call. A receive keeps no more
 * than this and where its bytes go, since many threads sleep in one. @fd and @flags are in a
 * record's order, so that they are copied as one word; likewise @id and @nr_cmsgs behind it.
 */
#define ST_ENTRY_FIELDS             \
	const struct st_hook *hook; \
	unsigned long wanted;       \
	u64 enter_time;             \
	struct socket *sock;        \
	size_t len;                 \
	int fd;                     \
	u32 flags;                  \
	u32 account;                \
	u16 async;                  \
	u16 id

/* The beginning of what each kretprobe instance of ours holds. */
struct st_entry {
	ST_ENTRY_FIELDS;
};

/**
 * struct st_call - all that is known of a call; records are written from it
 * @entry: the fields up to @id
 * @hook: the hook that saw it, whose @end completes it
 * @wanted: a bit for each running session that records it, as in st_running_mask
 * @enter_time: when it was entered; nanoseconds of CLOCK_MONOTONIC
 * @sock: the socket, where the kernel holds its file open until the function returns: all
 *	hooks but those of sendto() and accept()
 * @len: bytes that it was asked to send or had room for
 * @flags: MSG_*, SOCK_* or SHUT_*
 * @fd: descriptor, or -1
 * @account: whose share of the hook's instances it is part of; from st_share_take()
 * @async: io_uring makes it, so its caller may change the payload as soon as it has returned
 * @id: enum sendtrace_call
 * @nr_cmsgs: pieces of ancillary data
 * @exit_time: when it returned; likewise
 * @ret: what it returned
 * @cgroup: id of the thread's cgroup in the unified hierarchy; 0 without one
 * @type: enum sendtrace_record_type of its event
 * @cmsgs: the first of them, and zeroes; undefined if there are none
 * @payload: what it sends or has received
 * @addr: the address to send to, in the caller's memory, or NULL. It is read at the entry,
 *	or at the return if it was not resident
 * @uid: effective uid in the initial user namespace
 * @addr_len: bytes at @addr
 * @caller: who makes it, with the names at its entry, ended and padded
 * @peer: the socket at its entry. Not at its return: while the call slept, another thread
 *	may have closed the descriptor and got the same number for another file
 *
 * At the return, @exit_time, @ret, @type, @uid and @caller.tid are set; all else at the
 * entry, and in @peer completed at the return what was not known then.
 *
 * It holds no reference to anything: if all hooks are disarmed while the call sleeps, nobody
 * sees its return.
 */
struct st_call {
	union {
		struct st_entry entry;
		struct {
			ST_ENTRY_FIELDS;
		};
	};
	u16 nr_cmsgs;
	u16 type;
	u64 exit_time;
	s64 ret;
	u64 cgroup;
	struct sendtrace_cmsg cmsgs[SENDTRACE_CMSGS];
	struct st_payload payload;
	const void __user *addr;
	u32 uid;
	int addr_len;
	struct st_caller caller;
	struct st_peer peer;
};

#endif /* _ST_CALL_H */
