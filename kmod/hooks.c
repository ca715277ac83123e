// SPDX-License-Identifier: GPL-2.0
/*
 * The table of hooks: the functions that together see each call once (net/socket.c).
 *
 * __sys_sendto() is where every send() and sendto() comes through, including those of
 * 32-bit programs and of socketcall() (net/compat.c); __sys_accept4() likewise.
 */
#include "compat.h"
#include "event.h"
#include "hooks.h"
#include "message.h"
#include "receive.h"
#include "share.h"
#include "source.h"

#define CALL(name)	   SENDTRACE_CALL_BIT(SENDTRACE_CALL_##name)
#define CALLS_WRITE	   (CALL(WRITE) | CALL(WRITEV) | CALL(PWRITEV2) | CALL(IO_SUBMIT_WRITE))
#define CALLS_SPLICE_WRITE (CALL(SENDFILE) | CALL(SPLICE_WRITE))
#define CALLS_READ	   (CALL(READ) | CALL(READV) | CALL(PREADV2) | CALL(IO_SUBMIT_READ))
#define CALLS_RECV                                                      \
	(CALL(RECVFROM) | CALL(RECVMSG) | CALL(RECVMMSG) | CALLS_READ | \
	 CALL(SPLICE_READ) | CALL(IO_URING_RECV))

ST_SHARE_DEFINE(sendto);
ST_SHARE_DEFINE(sendmsg);
ST_SHARE_DEFINE(write);
ST_SHARE_DEFINE(sendmsg_async);
ST_SHARE_DEFINE(accept);
ST_SHARE_DEFINE(recv);
ST_SHARE_DEFINE(recvmmsg);
ST_SHARE_DEFINE(splice_read);
#ifdef ST_HAVE_SENDPAGE
ST_SHARE_DEFINE(splice_write);
#endif

const struct st_hook st_hooks[ST_HOOKS] = {
	[ST_HOOK_SENDTO] = {
		.name = "send",
		.symbols = { "__sys_sendto" },
		.calls = CALL(SENDTO),
		.size = sizeof(struct st_call),
		.share = &sendto,
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
		.share = &sendmsg,
		.returns_int = true,
		.begin = st_sendmsg_begins,
		.end = st_message_ends,
	},
	[ST_HOOK_WRITE] = {
		.name = "write",
		.symbols = { "sock_write_iter" },
		.calls = CALLS_WRITE | CALL(IO_URING_SEND),
		.optional = true,
		.size = sizeof(struct st_call),
		.share = &write,
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
		.share = &sendmsg_async,
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
		.share = &splice_write,
		.begin = st_sendpage_begins,
		.end = st_message_ends,
	},
#endif
	[ST_HOOK_ACCEPT] = {
		.name = "accept",
		.symbols = { "__sys_accept4" },
		.calls = CALL(ACCEPT),
		.size = sizeof(struct st_call),
		.share = &accept,
		.returns_int = true,
		.begin = st_accept_begins,
		.end = st_accept_ends,
	},
	[ST_HOOK_RECV] = {
		.name = "recv",
		.symbols = { "sock_recvmsg" },
		.calls = CALLS_RECV,
		.optional = true,
		.size = sizeof(struct st_receive),
		.sixteenths = 128,
		.share = &recv,
		.returns_int = true,
		.begin = st_recv_begins,
		.end = st_receive_ends,
	},
	[ST_HOOK_RECVMMSG] = {
		.name = "recvmmsg",
		.symbols = { "____sys_recvmsg" },
		.calls = CALL(RECVMMSG),
		.optional = true,
		.size = sizeof(struct st_receive),
		.sixteenths = 8,
		.share = &recvmmsg,
		.returns_int = true,
		.begin = st_recvmmsg_begins,
		.end = st_receive_ends_unnamed,
	},
	[ST_HOOK_SPLICE_READ] = {
		.name = "splice_read",
		.symbols = { "sock_splice_read" },
		.calls = CALL(SPLICE_READ) | CALL(IO_URING_RECV),
		.optional = true,
		.size = sizeof(struct st_receive),
		.sixteenths = 8,
		.share = &splice_read,
		.begin = st_splice_read_begins,
		.end = st_receive_ends,
	},
	[ST_HOOK_UDP_SOURCE] = {
		.name = "udp_source",
		.symbols = { "skb_consume_udp" },
		.calls = CALLS_RECV,
		.optional = true,
		.helps = true,
		.begin = st_source_begins,
	},
};
