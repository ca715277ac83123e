// SPDX-License-Identifier: GPL-2.0
/*
 * What is sent by functions that are given the socket: sendmsg(), write(), splice(), io_uring
 * and their like. Their callers hold the socket's file until they return.
 */
#include <linux/bvec.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/sock.h>
#include <asm-generic/kprobes.h>

#include "call.h"
#include "cmsg.h"
#include "compat.h"
#include "deliver.h"
#include "event.h"
#include "given.h"
#include "message.h"
#include "nested.h"
#include "syscall.h"

/* Flags that the kernel adds on the way; the caller did not pass them. */
#define INTERNAL_FLAGS (MSG_CMSG_COMPAT | MSG_BATCH | ST_MSG_SPLICE_PAGES)

/* What io_uring adds to the flags that it was given. */
#define ASYNC_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL | MSG_ZEROCOPY)

/*
 * @flags: as the function was given them. A system call that never comes to this function is
 * one at whose end io_uring works for the thread.
 */
static nokprobe_inline void set_syscall(struct st_call *call, struct st_syscall is,
					u32 flags)
{
	if (unlikely(!(call->hook->calls & SENDTRACE_CALL_BIT(is.id))))
		is = st_syscall_async(ST_SENDS);
	call->id = is.id;
	call->fd = is.fd;
	call->async = is.id == SENDTRACE_CALL_IO_URING_SEND;
	call->flags = flags & ~INTERNAL_FLAGS;
	if (call->async)
		call->flags &= ~ASYNC_FLAGS;
}

/* @sock and its @id are set, and of the payload what is sent. */
static nokprobe_inline bool noted(struct st_call *call)
{
	call->addr = NULL;
	call->addr_len = 0;
	call->nr_cmsgs = 0;
	if (!st_event_refine(&call->entry))
		return false;
	st_peer_of(call->sock, &call->peer);
	return true;
}

/* Where a message goes that has an address of its own, in the kernel's memory. */
static nokprobe_inline void read_name(struct st_call *call, const struct msghdr *msg)
{
	call->addr_len = msg->msg_namelen;
	if (msg->msg_name)
		st_given_note(call->sock, &call->peer, msg->msg_name, msg->msg_namelen);
}

/**
 * st_sendmsg_begins() - read the arguments of ____sys_sendmsg()
 * @call: the call
 * @regs: the registers at its entry
 *
 *	int ____sys_sendmsg(struct socket *sock, struct msghdr *msg_sys, unsigned int flags,
 *			    struct used_address *used_address,
 *			    unsigned int allowed_msghdr_flags)	(net/socket.c)
 *
 * Each sendmsg(), each message of a sendmmsg(), and SENDMSG of io_uring.
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_sendmsg_begins(struct st_call *call, struct pt_regs *regs)
{
	const struct msghdr *msg = (void *)regs_get_kernel_argument(regs, 1);

	call->sock = (void *)regs_get_kernel_argument(regs, 0);
	if (!st_event_traces(call->sock))
		return false;
	set_syscall(call, st_syscall_of(call->sock, ST_SENDS),
		    (u32)regs_get_kernel_argument(regs, 2));
	call->len = iov_iter_count(&msg->msg_iter);
	st_payload_of_iter(&call->payload, &msg->msg_iter);
	if (!noted(call))
		return false;
	read_name(call, msg);
	if (unlikely(msg->msg_controllen))
		st_cmsg_read(call, st_msg_control_user(msg), msg->msg_controllen,
			     regs_get_kernel_argument(regs, 2) & MSG_CMSG_COMPAT);
	return true;
}
NOKPROBE_SYMBOL(st_sendmsg_begins);

/**
 * st_write_begins() - read the arguments of sock_write_iter()
 * @call: the call
 * @regs: the registers at its entry
 *
 *	ssize_t sock_write_iter(struct kiocb *iocb, struct iov_iter *from)	(net/socket.c)
 *
 * write(), writev(), pwritev2(), io_submit(), and WRITE of io_uring.
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_write_begins(struct st_call *call, struct pt_regs *regs)
{
	struct kiocb *iocb = (void *)regs_get_kernel_argument(regs, 0);
	const struct iov_iter *from = (void *)regs_get_kernel_argument(regs, 1);
	struct st_syscall is;

	call->sock = iocb->ki_filp->private_data;
	st_payload_of_iter(&call->payload, from);
	if (!st_event_traces(call->sock) || call->payload.kind == ST_PAYLOAD_NONE)
		return false;
	is = st_syscall_of(call->sock, ST_SENDS);
	/* An asynchronous one that is made in a write() is io_uring's, which works for it. */
	if (!is_sync_kiocb(iocb) && is.id != SENDTRACE_CALL_IO_SUBMIT_WRITE)
		is = st_syscall_async(ST_SENDS);
	set_syscall(call, is, 0);
	call->len = iov_iter_count(from);
	return noted(call);
}
NOKPROBE_SYMBOL(st_write_begins);

/* Its workers use no io_uring themselves. */
static nokprobe_inline bool is_of_io_uring(void)
{
	return current->flags & PF_IO_WORKER || st_uses_io_uring(current);
}

/*
 * Of what comes through sock_sendmsg(), the kernel's own users have memory of the kernel's, or
 * pages. Pages are a process's if it splices, or registered them with io_uring. All else comes
 * from io_uring: of a system call that comes here, too (nested.c), another hook sees it.
 */
static bool is_of_process(const struct st_payload *payload, u32 flags)
{
	switch (payload->kind) {
	case ST_PAYLOAD_USER:
	case ST_PAYLOAD_IOVEC:
		return is_of_io_uring();
	case ST_PAYLOAD_BVEC:
		return flags & ST_MSG_SPLICE_PAGES ? st_syscall_is_splice() :
						     is_of_io_uring();
	default:
		return false;
	}
}
NOKPROBE_SYMBOL(is_of_process);

/**
 * st_sock_sendmsg_begins() - read the arguments of sock_sendmsg()
 * @call: the call
 * @regs: the registers at its entry
 *
 *	int sock_sendmsg(struct socket *sock, struct msghdr *msg)	(net/socket.c)
 *
 * SEND and SEND_ZC of io_uring; from Linux 6.5 on also what is spliced into a socket. In older
 * kernels, also sendto(), sendmsg() and write(), which other hooks see.
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_sock_sendmsg_begins(struct st_call *call, struct pt_regs *regs)
{
	const struct msghdr *msg = (void *)regs_get_kernel_argument(regs, 1);

	call->sock = (void *)regs_get_kernel_argument(regs, 0);
	st_payload_of_iter(&call->payload, &msg->msg_iter);
	if (!st_event_traces(call->sock) ||
	    !is_of_process(&call->payload, msg->msg_flags))
		return false;
	if (!(msg->msg_flags & ST_MSG_SPLICE_PAGES) &&
	    st_nested_in_syscall(ST_NESTED_SEND, regs))
		return false;
	if (msg->msg_flags & ST_MSG_SPLICE_PAGES)
		set_syscall(call, st_syscall_of(call->sock, ST_SENDS), msg->msg_flags);
	else
		set_syscall(call, st_syscall_async(ST_SENDS), msg->msg_flags);
	call->len = iov_iter_count(&msg->msg_iter);
	if (!noted(call))
		return false;
	read_name(call, msg);
	return true;
}
NOKPROBE_SYMBOL(st_sock_sendmsg_begins);

/**
 * st_sendpage_begins() - read the arguments of sock_sendpage()
 * @call: the call
 * @regs: the registers at its entry
 *
 *	ssize_t sock_sendpage(struct file *file, struct page *page, int offset, size_t size,
 *			      loff_t *ppos, int more)	(net/socket.c, before Linux 6.5)
 *
 * Each page that sendfile() or splice() hands to a socket.
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_sendpage_begins(struct st_call *call, struct pt_regs *regs)
{
	const struct file *file = (void *)regs_get_kernel_argument(regs, 0);
	const struct page *page = (void *)regs_get_kernel_argument(regs, 1);

	call->sock = file->private_data;
	if (!st_event_traces(call->sock))
		return false;
	set_syscall(call, st_syscall_of(call->sock, ST_SENDS),
		    (int)regs_get_kernel_argument(regs, 5) ? MSG_MORE : 0);
	st_payload_of_page(&call->payload, page, (int)regs_get_kernel_argument(regs, 2));
	call->len = regs_get_kernel_argument(regs, 3);
	return noted(call);
}
NOKPROBE_SYMBOL(st_sendpage_begins);

/* Not inline, as in sendto.c; nor the one into the other. */
static noinline void look_up_again(struct st_call *call)
{
	struct st_peer now;

	st_peer_of(call->sock, &now);
	st_peer_complete(&call->peer, &now);
}
NOKPROBE_SYMBOL(look_up_again);

static noinline void complete_addresses(struct st_call *call)
{
	if (st_peer_is_unbound(&call->peer) || st_peer_asks_to_connect(&call->peer))
		look_up_again(call);
}
NOKPROBE_SYMBOL(complete_addresses);

static nokprobe_inline void deliver(struct st_call *call, long ret)
{
	st_deliver(call, SENDTRACE_RECORD_SEND, ret, min_t(u64, ret, call->len));
}

static noinline void complete_and_deliver(struct st_call *call, long ret)
{
	complete_addresses(call);
	deliver(call, ret);
}
NOKPROBE_SYMBOL(complete_and_deliver);

/**
 * st_message_ends() - record what was sent, when the function returns
 * @call: filled in at its entry, wanted by at least one session
 * @value: what the function returned: bytes or a negative errno
 *
 * Context: the return handler.
 */
void st_message_ends(struct st_call *call, long value)
{
	long ret = call->hook->returns_int ? (int)value : value;

	/* It tries again itself, or has a poll wait for the socket. */
	if (unlikely(call->async) && (ret == -EAGAIN || ret == -EIOCBQUEUED)) {
		st_event_pass(&call->entry);
		return;
	}
	if (unlikely(st_peer_is_unbound(&call->peer)) || unlikely(call->peer.flags))
		complete_and_deliver(call, ret);
	else
		deliver(call, ret);
}
NOKPROBE_SYMBOL(st_message_ends);
