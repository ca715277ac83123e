// SPDX-License-Identifier: GPL-2.0
/*
 * What is received. All ways but splice() come through sock_recvmsg(), which is given the
 * socket. Their callers hold the socket's file until they return.
 */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/sock.h>
#include <asm-generic/kprobes.h>

#include "cmsg.h"
#include "compat.h"
#include "deliver.h"
#include "event.h"
#include "receive.h"
#include "source.h"
#include "syscall.h"

/* What the kernel returns in a message's flags; else they are as the caller gave them. */
#define RETURNED_FLAGS (MSG_TRUNC | MSG_CTRUNC | MSG_EOR | MSG_ERRQUEUE)

/* ---- A receive begins ------------------------------------------------------------------ */

static nokprobe_inline struct st_receive *receive_of(struct st_call *call)
{
	BUILD_BUG_ON(offsetof(struct st_receive, id) != offsetof(struct st_call, id));
	return (struct st_receive *)call;
}

/* What io_uring adds to the flags that it was given. */
#define ASYNC_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL | MSG_CMSG_COMPAT)

/*
 * The flags are those of the system call: the kernel adds MSG_DONTWAIT for a socket with
 * O_NONBLOCK, for example. io_uring's are known only here.
 */
static noinline void set_async(struct st_receive *receive, u32 flags)
{
	st_syscall_async(&receive->entry, ST_RECEIVES);
	receive->flags = flags & ~ASYNC_FLAGS;
}
NOKPROBE_SYMBOL(set_async);

/*
 * io_uring works for its thread at the end of any system call, also of a read() of this socket.
 * Where the message tells, it is seen.
 */
static nokprobe_inline void set_syscall(struct st_receive *receive,
					const struct msghdr *msg, u32 flags)
{
	bool async;

	st_syscall_of(&receive->entry, ST_RECEIVES);
	switch (receive->id) {
	case SENDTRACE_CALL_READ:
	case SENDTRACE_CALL_READV:
	case SENDTRACE_CALL_PREADV2:
		async = !st_msg_is_sync(msg);
		break;
	default:
		async = receive->async;
	}
	if (unlikely(async))
		set_async(receive, flags);
}

/*
 * The kernel's own users have memory of the kernel's, or pages. A process brings these if it
 * registered them with io_uring, or splices out of a socket that has no function of its own for
 * that: the kernel reads it into a pipe's pages. What is spliced is not copied.
 */
static noinline bool is_of_process(struct st_receive *receive)
{
	if (receive->id == SENDTRACE_CALL_SPLICE_READ) {
		receive->payload.kind = ST_PAYLOAD_NONE;
		return true;
	}
	return receive->async &&
	       (current->flags & PF_IO_WORKER ||
		(receive->payload.kind == ST_PAYLOAD_BVEC && st_uses_io_uring(current)));
}
NOKPROBE_SYMBOL(is_of_process);

/*
 * These show nothing in the caller's buffer: a stream throws away what MSG_TRUNC receives (but
 * AF_UNIX, which does not know it), and memory of a device stays there.
 */
static nokprobe_inline void note_uncopied(struct st_receive *receive, u32 flags)
{
	const struct sock *sk = READ_ONCE(receive->sock->sk);

	if (likely(!(flags & (MSG_TRUNC | ST_MSG_SOCK_DEVMEM))))
		return;
	if (flags & ST_MSG_SOCK_DEVMEM ||
	    (receive->sock->type == SOCK_STREAM && sk && sk->sk_family != AF_UNIX))
		receive->payload.kind = ST_PAYLOAD_NONE;
}

/*
 * A message from the error queue is none that was received.
 *
 * @named: the message will have the address of who sent it, still when the function returns
 */
static bool begins(struct st_receive *receive, const struct msghdr *msg, u32 flags,
		   bool named)
{
	if (unlikely(flags & MSG_ERRQUEUE) || !st_event_traces(receive->sock))
		return false;
	receive->msg = msg;
	receive->len = iov_iter_count(&msg->msg_iter);
	receive->control = st_msg_control_user(msg);
	st_payload_of_iter(&receive->payload, &msg->msg_iter);
	set_syscall(receive, msg, flags);
	/* Memory of a process: then task work can read it, too. */
	if (unlikely(!st_payload_lasts(&receive->payload)) && !is_of_process(receive))
		return false;
	note_uncopied(receive, flags);
	if (!st_event_refine(&receive->entry))
		return false;
	if (receive->sock->type == SOCK_DGRAM)
		st_source_expect(current, named);
	return true;
}
NOKPROBE_SYMBOL(begins);

/**
 * st_recv_begins() - read the arguments of sock_recvmsg()
 * @call: a struct st_receive
 * @regs: the registers at its entry
 *
 *	int sock_recvmsg(struct socket *sock, struct msghdr *msg, int flags)	(net/socket.c)
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_recv_begins(struct st_call *call, struct pt_regs *regs)
{
	struct st_receive *receive = receive_of(call);

	const struct msghdr *msg = (void *)regs_get_kernel_argument(regs, 1);

	receive->sock = (void *)regs_get_kernel_argument(regs, 0);
	receive->asks_name = msg->msg_name;
	return begins(receive, msg, (u32)regs_get_kernel_argument(regs, 2),
		      receive->asks_name);
}
NOKPROBE_SYMBOL(st_recv_begins);

static bool proto_begins(struct st_receive *receive, struct socket *sock,
			 struct pt_regs *regs)
{
	const struct msghdr *msg = (void *)regs_get_kernel_argument(regs, 1);

	receive->sock = sock;
	receive->asks_name = msg->msg_name;
	return begins(receive, msg, (u32)regs_get_kernel_argument(regs, 3),
		      receive->asks_name);
}
NOKPROBE_SYMBOL(proto_begins);

/**
 * st_proto_recv_begins() - read the arguments of what sock_recvmsg() calls
 * @call: a struct st_receive
 * @regs: the registers at its entry
 *
 *	int (*recvmsg)(struct socket *sock, struct msghdr *m, size_t total_len, int flags)
 *							(struct proto_ops, linux/net.h)
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_proto_recv_begins(struct st_call *call, struct pt_regs *regs)
{
	return proto_begins(receive_of(call), (void *)regs_get_kernel_argument(regs, 0),
			    regs);
}
NOKPROBE_SYMBOL(st_proto_recv_begins);

/**
 * st_unix_recv_begins() - the same for datagram and seqpacket sockets of AF_UNIX
 * @call: a struct st_receive
 * @regs: the registers at its entry
 *
 *	int __unix_dgram_recvmsg(struct sock *sk, struct msghdr *msg, size_t size, int flags)
 *							(net/unix/af_unix.c)
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_unix_recv_begins(struct st_call *call, struct pt_regs *regs)
{
	const struct sock *sk = (void *)regs_get_kernel_argument(regs, 0);
	struct socket *sock = READ_ONCE(sk->sk_socket);

	return sock && proto_begins(receive_of(call), sock, regs);
}
NOKPROBE_SYMBOL(st_unix_recv_begins);

/**
 * st_seqpacket_recv_begins() - the same for a seqpacket socket that is not connected
 * @call: a struct st_receive
 * @regs: the registers at its entry, those of st_proto_recv_begins()
 *
 * unix_seqpacket_recvmsg() refuses it. A connected one's receive is seen later, in
 * __unix_dgram_recvmsg().
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_seqpacket_recv_begins(struct st_call *call, struct pt_regs *regs)
{
	struct socket *sock = (void *)regs_get_kernel_argument(regs, 0);

	return READ_ONCE(sock->sk->sk_state) != TCP_ESTABLISHED &&
	       proto_begins(receive_of(call), sock, regs);
}
NOKPROBE_SYMBOL(st_seqpacket_recv_begins);

/**
 * st_recvmmsg_concerns() - is this a message of a recvmmsg() after its first?
 * @regs: the registers at the entry of ____sys_recvmsg()
 *
 * All others come through sock_recvmsg(), too.
 *
 * Context: a handler.
 * Return: true if it is.
 */
bool st_recvmmsg_concerns(struct pt_regs *regs)
{
	return (int)regs_get_kernel_argument(regs, 5);
}
NOKPROBE_SYMBOL(st_recvmmsg_concerns);

/**
 * st_recvmmsg_begins() - read the arguments of ____sys_recvmsg()
 * @call: a struct st_receive
 * @regs: the registers at its entry
 *
 *	int ____sys_recvmsg(struct socket *sock, struct msghdr *msg_sys,
 *			    struct user_msghdr __user *msg, struct sockaddr __user *uaddr,
 *			    unsigned int flags, int nosec)	(net/socket.c)
 *
 * The messages of a recvmmsg() after its first, which do not come through sock_recvmsg().
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_recvmmsg_begins(struct st_call *call, struct pt_regs *regs)
{
	struct st_receive *receive = receive_of(call);

	receive->sock = (void *)regs_get_kernel_argument(regs, 0);
	receive->asks_name = regs_get_kernel_argument(regs, 3);
	return begins(receive, (void *)regs_get_kernel_argument(regs, 1),
		      (u32)regs_get_kernel_argument(regs, 4), false);
}
NOKPROBE_SYMBOL(st_recvmmsg_begins);

/**
 * st_splice_read_begins() - read the arguments of sock_splice_read()
 * @call: a struct st_receive
 * @regs: the registers at its entry
 *
 *	ssize_t sock_splice_read(struct file *file, loff_t *ppos, struct pipe_inode_info *pipe,
 *				 size_t len, unsigned int flags)	(net/socket.c)
 *
 * Where the socket has no function for it, the kernel reads it through sock_recvmsg().
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_splice_read_begins(struct st_call *call, struct pt_regs *regs)
{
	const struct file *file = (void *)regs_get_kernel_argument(regs, 0);
	struct st_receive *receive = receive_of(call);
	const struct proto_ops *ops;

	receive->sock = file->private_data;
	ops = READ_ONCE(receive->sock->ops);
	if (!st_event_traces(receive->sock) || !ops || !ops->splice_read)
		return false;
	receive->msg = NULL;
	receive->control = NULL;
	receive->asks_name = false;
	receive->len = regs_get_kernel_argument(regs, 3);
	receive->payload.kind = ST_PAYLOAD_NONE;
	st_syscall_of(&receive->entry, ST_RECEIVES);
	return st_event_refine(&receive->entry);
}
NOKPROBE_SYMBOL(st_splice_read_begins);

/* ---- A receive returns ----------------------------------------------------------------- */

/* Preemption is off in the return handler, and interrupts' receives do not come there. */
static DEFINE_PER_CPU(struct st_call, scratch);

static nokprobe_inline void expand(struct st_call *call, const struct st_receive *receive)
{
	call->entry = receive->entry;
	call->nr_cmsgs = 0;
	call->payload = receive->payload;
	call->addr = NULL;
	call->addr_len = 0;
	st_event_identify_again(call);
	st_peer_of(call->sock, &call->peer);
	if (call->peer.type == SOCK_STREAM)
		st_peer_note_received(call->sock, &call->peer);
}

/*
 * The kernel moves the pointer on behind what it has written; 32-bit programs have other headers.
 */
static nokprobe_inline void read_control(struct st_call *call,
					 const struct st_receive *receive)
{
	const void __user *end = st_msg_control_user(receive->msg);

	if (likely(end == receive->control) || !receive->control)
		return;
	st_cmsg_read(call, receive->control, end - receive->control,
		     receive->msg->msg_flags & MSG_CMSG_COMPAT);
}

/*
 * @name is the kernel's copy, which recvmsg() makes in any case. Whether io_uring's caller asks
 * for it is not known here.
 */
static nokprobe_inline void read_message(struct st_call *call,
					 const struct st_receive *receive,
					 const struct sockaddr *name)
{
	const struct msghdr *msg = receive->msg;

	call->flags |= msg->msg_flags & RETURNED_FLAGS;
	if (receive->asks_name && !call->async)
		call->addr_len = msg->msg_namelen;
	read_control(call, receive);
	st_source_set(call->sock, &call->peer, name, name ? msg->msg_namelen : 0);
}

static void ends(const struct st_receive *receive, long ret, const struct sockaddr *name)
{
	struct st_call *call = this_cpu_ptr(&scratch);

	expand(call, receive);
	if (ret >= 0 && receive->msg)
		read_message(call, receive, name);
	else
		st_source_unknown(call->sock, &call->peer);
	st_deliver(call, SENDTRACE_RECORD_RECV, ret, min_t(u64, ret, call->len));
}
NOKPROBE_SYMBOL(ends);

/* Returns false if nothing was received, because it would have blocked, or is still to come. */
static bool is_event(struct st_receive *receive, long ret)
{
	if (likely(ret != -EAGAIN && ret != -EIOCBQUEUED))
		return true;
	st_event_pass(&receive->entry);
	return false;
}
NOKPROBE_SYMBOL(is_event);

/**
 * st_receive_ends() - record what was received, when the function returns
 * @call: a struct st_receive, filled in at its entry, wanted by at least one session
 * @value: what the function returned: bytes or a negative errno
 *
 * Context: the return handler.
 */
void st_receive_ends(struct st_call *call, long value)
{
	struct st_receive *receive = receive_of(call);
	long ret = receive->hook->returns_int ? (int)value : value;

	if (!is_event(receive, ret))
		return;
	if (receive->id == SENDTRACE_CALL_RECVMSG ||
	    receive->id == SENDTRACE_CALL_RECVMMSG)
		receive->asks_name = st_syscall_asks_name();
	ends(receive, ret, receive->msg ? receive->msg->msg_name : NULL);
}
NOKPROBE_SYMBOL(st_receive_ends);

/**
 * st_receive_ends_unnamed() - the same, where the message's name is gone already
 * @call: a struct st_receive, filled in at its entry, wanted by at least one session
 * @value: what the function returned: bytes or a negative errno
 *
 * ____sys_recvmsg() has it among its own variables.
 *
 * Context: the return handler.
 */
void st_receive_ends_unnamed(struct st_call *call, long value)
{
	struct st_receive *receive = receive_of(call);
	int ret = (int)value;

	if (is_event(receive, ret))
		ends(receive, ret, NULL);
}
NOKPROBE_SYMBOL(st_receive_ends_unnamed);
