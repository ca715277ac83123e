/* SPDX-License-Identifier: GPL-2.0 */
/* What lifecycle.c and connect.c share. */
#ifndef _ST_LIFE_H
#define _ST_LIFE_H

#include <linux/net.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <net/sock.h>
#include <asm-generic/kprobes.h>

#include "call.h"
#include "compat.h"
#include "lifecycle.h"

/* Where a call is put together: instances are small. Only for handlers. */
DECLARE_PER_CPU(struct st_call, st_life_scratch);

void st_life_draw(struct st_sketch *sketch, const struct st_peer *peer);
void st_life_look_up_again(int fd, struct st_peer *peer, const struct st_sketch *was);
struct st_call *st_life_whole(const struct st_call *small);
bool st_life_drop(struct st_call *call);

static nokprobe_inline struct socket *socket_of(struct file *file)
{
	return file ? sock_from_file(file) : NULL;
}

static nokprobe_inline void note(struct st_entry *call, u16 id, int fd, u32 flags)
{
	call->id = id;
	call->fd = fd;
	call->flags = flags;
	call->len = 0;
	call->sock = NULL;
	call->async = fd < 0;
}

/* What a call has none of. */
static nokprobe_inline void without_payload(struct st_call *call)
{
	st_payload_set_user(&call->payload, NULL);
	call->nr_cmsgs = 0;
	call->addr = NULL;
	call->addr_len = 0;
}

#endif /* _ST_LIFE_H */
