// SPDX-License-Identifier: GPL-2.0
/*
 * The table of hooks: the functions that together see each call once (net/socket.c).
 *
 * __sys_sendto() is where every send() and sendto() comes through, including those of
 * 32-bit programs and of socketcall() (net/compat.c); __sys_accept4(), __sys_connect() and
 * __sys_shutdown() likewise. What these call in turn, io_uring calls, too (nested.c).
 */
#include <linux/fs.h>
#include <linux/ptrace.h>
#include <asm-generic/kprobes.h>

#include "compat.h"
#include "event.h"
#include "hooks.h"
#include "lifecycle.h"
#include "message.h"
#include "receive.h"
#include "source.h"

#define CALL(name)	   SENDTRACE_CALL_BIT(SENDTRACE_CALL_##name)
#define CALLS_WRITE	   (CALL(WRITE) | CALL(WRITEV) | CALL(PWRITEV2) | CALL(IO_SUBMIT_WRITE))
#define CALLS_SPLICE_WRITE (CALL(SENDFILE) | CALL(SPLICE_WRITE))
#define CALLS_READ	   (CALL(READ) | CALL(READV) | CALL(PREADV2) | CALL(IO_SUBMIT_READ))
#define CALLS_RECV                                                      \
	(CALL(RECVFROM) | CALL(RECVMSG) | CALL(RECVMMSG) | CALLS_READ | \
	 CALL(SPLICE_READ) | CALL(IO_URING_RECV))

/* Of the functions that are given the socket. */
static struct socket *first_argument(struct pt_regs *regs)
{
	return (void *)regs_get_kernel_argument(regs, 0);
}
NOKPROBE_SYMBOL(first_argument);

static struct socket *socket_of_iocb(struct pt_regs *regs)
{
	const struct kiocb *iocb = (void *)regs_get_kernel_argument(regs, 0);

	return iocb->ki_filp->private_data;
}
NOKPROBE_SYMBOL(socket_of_iocb);

/*
 * Where the compiler has put sock_recvmsg() into its callers, the functions that it calls for each
 * family are hooked instead: these are in other files, and each is called once for a receive. Other
 * families are not seen then, nor what a security module refuses before. Only a stream's socket is
 * asked for (hook.h).
 */
#define RECV_OF(named, symbol, socket_of, begins)                                        \
	{                                                                                \
		.name = named, .symbols = { symbol }, .calls = CALLS_RECV,               \
		.optional = true, .if_inlined = true, .size = sizeof(struct st_receive), \
		.returns_int = true, .socket = socket_of, .begin = begins,               \
		.end = st_receive_ends,                                                  \
	}

const struct st_hook st_hooks[ST_HOOKS] = {
	[ST_HOOK_SENDTO] = {
		.name = "send",
		.symbols = { "__sys_sendto" },
		.calls = CALL(SENDTO),
		.size = sizeof(struct st_call),
		.returns_int = true,
		.begin = st_sendto_begins,
		.end = st_sendto_ends,
	},
	[ST_HOOK_SENDMSG] = {
		.name = "sendmsg",
		.symbols = { "____sys_sendmsg" },
		.calls = CALL(SENDMSG) | CALL(SENDMMSG) | CALL(IO_URING_SEND),
		.optional = true,
		.size = sizeof(struct st_call),
		.returns_int = true,
		.socket = first_argument,
		.begin = st_sendmsg_begins,
		.end = st_message_ends,
	},
	[ST_HOOK_WRITE] = {
		.name = "write",
		.symbols = { "sock_write_iter" },
		.calls = CALLS_WRITE | CALL(IO_URING_SEND),
		.optional = true,
		.size = sizeof(struct st_call),
		.socket = socket_of_iocb,
		.begin = st_write_begins,
		.end = st_message_ends,
	},
	[ST_HOOK_SENDMSG_ASYNC] = {
		.name = "sendmsg_async",
		.symbols = { "sock_sendmsg" },
#ifdef ST_HAVE_SENDPAGE
		.calls = CALL(IO_URING_SEND),
#else
		.calls = CALL(IO_URING_SEND) | CALLS_SPLICE_WRITE,
#endif
		.optional = true,
		.size = sizeof(struct st_call),
		.returns_int = true,
		.begin = st_sock_sendmsg_begins,
		.end = st_message_ends,
	},
#ifdef ST_HAVE_SENDPAGE
	[ST_HOOK_SPLICE_WRITE] = {
		.name = "splice_write",
		.symbols = { "sock_sendpage" },
		.calls = CALLS_SPLICE_WRITE | CALL(IO_URING_SEND),
		.optional = true,
		.size = sizeof(struct st_call),
		.begin = st_sendpage_begins,
		.end = st_message_ends,
	},
#endif
	[ST_HOOK_ACCEPT] = {
		.name = "accept",
		.symbols = { "__sys_accept4" },
		.calls = CALL(ACCEPT),
		.size = sizeof(struct st_accepting),
		.returns_int = true,
		.begin = st_accept_begins,
		.end = st_accept_ends,
	},
	[ST_HOOK_RECV] = {
		.name = "recv",
		.symbols = { "sock_recvmsg" },
		.calls = CALLS_RECV,
		.optional = true,
		.callers = { "__sys_recvfrom", "____sys_recvmsg", "sock_read_iter" },
		.unless_inlined = true,
		.size = sizeof(struct st_receive),
		.returns_int = true,
		.socket = first_argument,
		.begin = st_recv_begins,
		.end = st_receive_ends,
	},
	[ST_HOOK_RECVMMSG] = {
		.name = "recvmmsg",
		.symbols = { "____sys_recvmsg" },
		.calls = CALL(RECVMMSG),
		.unless_inlined = true,
		.optional = true,
		.size = sizeof(struct st_receive),
		.returns_int = true,
		.concerns = st_recvmmsg_concerns,
		.begin = st_recvmmsg_begins,
		.end = st_receive_ends_unnamed,
	},
	[ST_HOOK_RECV_INET] = RECV_OF("recv_inet", "inet_recvmsg", first_argument, st_proto_recv_begins),
	[ST_HOOK_RECV_INET6] = RECV_OF("recv_inet6", "inet6_recvmsg", first_argument, st_proto_recv_begins),
	[ST_HOOK_RECV_UNIX] =
		RECV_OF("recv_unix", "unix_stream_recvmsg", first_argument, st_proto_recv_begins),
	[ST_HOOK_RECV_UNIX_DGRAM] = RECV_OF("recv_unix_dgram", "__unix_dgram_recvmsg", NULL,
					    st_unix_recv_begins),
	[ST_HOOK_RECV_UNIX_SEQPACKET] =
		RECV_OF("recv_unix_seqpacket", "unix_seqpacket_recvmsg", NULL,
			st_seqpacket_recv_begins),
	[ST_HOOK_RECV_NETLINK] =
		RECV_OF("recv_netlink", "netlink_recvmsg", NULL, st_proto_recv_begins),
	/* IPv6's raw sockets, and L2TP's. */
	[ST_HOOK_RECV_COMMON] =
		RECV_OF("recv_common", "sock_common_recvmsg", NULL, st_proto_recv_begins),
	[ST_HOOK_SPLICE_READ] = {
		.name = "splice_read",
		.symbols = { "sock_splice_read" },
		.calls = CALL(SPLICE_READ) | CALL(IO_URING_RECV),
		.optional = true,
		.size = sizeof(struct st_receive),
		.begin = st_splice_read_begins,
		.end = st_receive_ends,
	},
	[ST_HOOK_UDP_SOURCE] = {
		.name = "udp_source",
		.symbols = { "skb_consume_udp" },
		.calls = CALLS_RECV,
		.optional = true,
		.help = st_source_note,
	},
	[ST_HOOK_ACCEPT_ASYNC] = {
		.name = "accept_async",
		.symbols = { "do_accept" },
		.calls = CALL(IO_URING_ACCEPT),
		.optional = true,
		.size = sizeof(struct st_entry),
		.begin = st_accept_async_begins,
		.end = st_accept_async_ends,
	},
	[ST_HOOK_CONNECT] = {
		.name = "connect",
		.symbols = { "__sys_connect" },
		.calls = CALL(CONNECT),
		.optional = true,
		.size = sizeof(struct st_connecting),
		.returns_int = true,
		.begin = st_connect_begins,
		.end = st_connect_ends,
	},
	[ST_HOOK_CONNECT_ASYNC] = {
		.name = "connect_async",
		.symbols = { "__sys_connect_file" },
		.calls = CALL(IO_URING_CONNECT),
		.optional = true,
		.size = sizeof(struct st_connecting),
		.returns_int = true,
		.begin = st_connect_async_begins,
		.end = st_connect_async_ends,
	},
	[ST_HOOK_SHUTDOWN] = {
		.name = "shutdown",
		.symbols = { "__sys_shutdown" },
		.calls = CALL(SHUTDOWN),
		.optional = true,
		.size = sizeof(struct st_call),
		.returns_int = true,
		.begin = st_shutdown_begins,
		.end = st_shutdown_ends,
	},
	[ST_HOOK_SHUTDOWN_ASYNC] = {
		.name = "shutdown_async",
		.symbols = { "__sys_shutdown_sock" },
		.calls = CALL(IO_URING_SHUTDOWN),
		.optional = true,
		.size = sizeof(struct st_call),
		.returns_int = true,
		.begin = st_shutdown_async_begins,
		.end = st_shutdown_ends,
	},
	[ST_HOOK_CLOSE] = {
		.name = "close",
		.symbols = { "sock_close" },
		.calls = CALL(CLOSE),
		.optional = true,
		.returns_int = true,
		.begin = st_close_begins,
	},
};
