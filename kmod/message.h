/* SPDX-License-Identifier: GPL-2.0 */
/* What is sent by a socket's own functions: sendmsg(), write() and io_uring. */
#ifndef _ST_MESSAGE_H
#define _ST_MESSAGE_H

#include <linux/types.h>

struct pt_regs;
struct st_call;

bool st_sendmsg_begins(struct st_call *call, struct pt_regs *regs);
bool st_write_begins(struct st_call *call, struct pt_regs *regs);
bool st_sock_sendmsg_begins(struct st_call *call, struct pt_regs *regs);
bool st_sendpage_begins(struct st_call *call, struct pt_regs *regs);
void st_message_ends(struct st_call *call, long value);

#endif /* _ST_MESSAGE_H */
