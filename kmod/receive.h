/* SPDX-License-Identifier: GPL-2.0 */
/* What a socket's own functions receive: for recv(), read(), splice(), io_uring and their like. */
#ifndef _ST_RECEIVE_H
#define _ST_RECEIVE_H

#include <linux/types.h>

#include "call.h"

struct msghdr;
struct pt_regs;

/**
 * struct st_receive - a call that waits for something to receive
 * @entry: as in struct st_call
 * @msg: the message, which lives until the function returns; NULL: it is spliced
 * @control: where ancillary data goes, in the caller's memory
 * @payload: where the bytes go
 * @asks_name: the caller wants the address of who sent it
 *
 * Many threads sleep in such calls, so this is all that is kept of each.
 */
struct st_receive {
	union {
		struct st_entry entry;
		struct {
			ST_ENTRY_FIELDS;
		};
	};
	const struct msghdr *msg;
	const void __user *control;
	struct st_payload payload;
	bool asks_name;
};

bool st_recv_begins(struct st_call *call, struct pt_regs *regs);
bool st_proto_recv_begins(struct st_call *call, struct pt_regs *regs);
bool st_unix_recv_begins(struct st_call *call, struct pt_regs *regs);
bool st_seqpacket_recv_begins(struct st_call *call, struct pt_regs *regs);
bool st_recvmmsg_concerns(struct pt_regs *regs);
bool st_recvmmsg_begins(struct st_call *call, struct pt_regs *regs);
bool st_splice_read_begins(struct st_call *call, struct pt_regs *regs);
void st_receive_ends(struct st_call *call, long value);
void st_receive_ends_unnamed(struct st_call *call, long value);

#endif /* _ST_RECEIVE_H */
