// SPDX-License-Identifier: GPL-2.0
/*
 * send() and sendto(): the calls that send and whose function is given a descriptor, so that the
 * socket is looked up here.
 */
#include <linux/file.h>
#include <linux/net.h>
#include <linux/ptrace.h>
#include <linux/socket.h>
#include <asm-generic/kprobes.h>

#include "call.h"
#include "compat.h"
#include "deliver.h"
#include "event.h"
#include "given.h"
#include "hook.h"
#include "sendto.h"
#include "share.h"

/* ---- The socket ---------------------------------------------------------------------- */

/*
 * Like any system call, takes no reference if the thread shares its descriptors with no
 * other: then no one else can close the file. If one is taken, and is the last to be
 * dropped, the kernel closes the file later, in task work.
 *
 * @given: a call that begins, whose address may be the destination; else NULL
 */
static nokprobe_inline void look_up_peer(unsigned int fd, struct st_peer *peer,
					 const struct st_call *given)
{
	struct fd f = fdget(fd);
	struct socket *sock = NULL;

	if (fd_file(f))
		sock = sock_from_file(fd_file(f));
	if (sock) {
		st_peer_of(sock, peer);
		if (given)
			st_given_read(sock, peer, given->addr, given->addr_len);
	} else {
		st_peer_clear(peer);
	}
	fdput(f);
}

/* Not inline, so that a call without an address pays for none of this. */
static noinline void look_up_destination(struct st_call *call)
{
	look_up_peer(call->fd, &call->peer, call);
}
NOKPROBE_SYMBOL(look_up_destination);

/*
 * The addresses are read again then, unless the descriptor has become another socket. Not
 * inline: many kernels zero the local variables of a function (INIT_STACK_ALL_ZERO), and few
 * calls need these.
 */
static noinline void look_up_again(struct st_call *call)
{
	struct st_peer now;

	look_up_peer(call->fd, &now, NULL);
	if (now.inode == call->peer.inode)
		st_peer_complete(&call->peer, &now);
}
NOKPROBE_SYMBOL(look_up_again);

static noinline void complete_addresses(struct st_call *call)
{
	if (st_peer_is_unbound(&call->peer) || st_peer_asks_to_connect(&call->peer))
		look_up_again(call);
	if (call->peer.flags)
		st_given_read_late(&call->peer, call->addr, call->addr_len);
}
NOKPROBE_SYMBOL(complete_addresses);

/* ---- The call begins ---------------------------------------------------------------- */

/**
 * st_sendto_begins() - read the arguments of __sys_sendto()
 * @call: the call
 * @regs: the registers at its entry
 *
 *	int __sys_sendto(int fd, void __user *buff, size_t len, unsigned int flags,
 *			 struct sockaddr __user *addr, int addr_len)	(net/socket.c)
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_sendto_begins(struct st_call *call, struct pt_regs *regs)
{
	call->fd = (int)regs_get_kernel_argument(regs, 0);
	st_payload_set_user(&call->payload,
			    (void __user *)regs_get_kernel_argument(regs, 1));
	call->len = regs_get_kernel_argument(regs, 2);
	call->flags = (u32)regs_get_kernel_argument(regs, 3);
	call->addr = (void __user *)regs_get_kernel_argument(regs, 4);
	call->addr_len = (int)regs_get_kernel_argument(regs, 5);
	call->id = SENDTRACE_CALL_SENDTO;
	call->async = false;
	call->sock = NULL;
	call->nr_cmsgs = 0;
	if (!st_event_refine(&call->entry))
		return false;
	if (unlikely(call->addr))
		look_up_destination(call);
	else
		look_up_peer(call->fd, &call->peer, NULL);
	return true;
}
NOKPROBE_SYMBOL(st_sendto_begins);

/* ---- The call returns --------------------------------------------------------------- */

static nokprobe_inline void deliver(struct st_call *call, int ret)
{
	st_deliver(call, SENDTRACE_RECORD_SEND, ret, min_t(u64, ret, call->len));
}

static noinline void complete_and_deliver(struct st_call *call, int ret)
{
	complete_addresses(call);
	deliver(call, ret);
}
NOKPROBE_SYMBOL(complete_and_deliver);

/**
 * st_sendto_ends() - record a send() or sendto() that returns
 * @call: filled in at its entry, wanted by at least one session
 * @value: what the function returned: an int, bytes or a negative errno
 *
 * Context: the return handler.
 */
void st_sendto_ends(struct st_call *call, long value)
{
	int ret = (int)value;

	if (unlikely(st_peer_is_unbound(&call->peer)) || unlikely(call->peer.flags))
		complete_and_deliver(call, ret);
	else
		deliver(call, ret);
}
NOKPROBE_SYMBOL(st_sendto_ends);
