// SPDX-License-Identifier: GPL-2.0
/*
 * connect(), by the system call and by io_uring. The event shows the address that was given, as
 * it was at the entry, and the socket's own address at the return.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <asm-generic/kprobes.h>

#include "call.h"
#include "compat.h"
#include "deliver.h"
#include "event.h"
#include "given.h"
#include "life.h"
#include "lifecycle.h"
#include "nested.h"

/* Of @peer, what is needed when the call returns. */
static void note_target(struct st_connecting *connect, const struct st_peer *peer)
{
	st_life_draw(&connect->was, peer);
	connect->flags_of_target = peer->flags;
	connect->target.len = peer->remote.len;
	memcpy(connect->target.words, peer->remote.words,
	       ALIGN(peer->remote.len, sizeof(u64)));
}
NOKPROBE_SYMBOL(note_target);

/* Returns false if there is no socket to connect. */
static bool note_socket(struct st_connecting *connect)
{
	struct st_peer *peer = &this_cpu_ptr(&st_life_scratch)->peer;
	struct fd f = fdget(connect->fd);
	struct socket *sock = socket_of(fd_file(f));
	bool traced = sock && st_event_traces(sock);

	if (traced) {
		st_peer_of(sock, peer);
		st_given_connect(sock->sk, peer, connect->addr, connect->addr_len);
		note_target(connect, peer);
	}
	fdput(f);
	return traced;
}
NOKPROBE_SYMBOL(note_socket);

/**
 * st_connect_begins() - read the arguments of __sys_connect()
 * @call: a struct st_connecting
 * @regs: the registers at its entry
 *
 *	int __sys_connect(int fd, struct sockaddr __user *uservaddr, int addrlen)
 *								(net/socket.c)
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_connect_begins(struct st_call *call, struct pt_regs *regs)
{
	struct st_connecting *connect = (void *)call;

	note(&call->entry, SENDTRACE_CALL_CONNECT, (int)regs_get_kernel_argument(regs, 0),
	     0);
	connect->addr = (void __user *)regs_get_kernel_argument(regs, 1);
	connect->addr_len = (int)regs_get_kernel_argument(regs, 2);
	return note_socket(connect) || st_life_drop(call);
}
NOKPROBE_SYMBOL(st_connect_begins);

/**
 * st_connect_async_begins() - read the arguments of __sys_connect_file()
 * @call: a struct st_connecting
 * @regs: the registers at its entry
 *
 *	int __sys_connect_file(struct file *file, struct sockaddr_storage *address,
 *			       int addrlen, int file_flags)	(net/socket.c)
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_connect_async_begins(struct st_call *call, struct pt_regs *regs)
{
	struct file *file = (void *)regs_get_kernel_argument(regs, 0);
	struct st_connecting *connect = (void *)call;
	struct st_peer *peer = &this_cpu_ptr(&st_life_scratch)->peer;
	struct socket *sock;

	if (st_nested_in_syscall(ST_NESTED_CONNECT, regs))
		return false;
	sock = socket_of(file);
	if (!sock || !st_event_traces(sock))
		return st_life_drop(call);
	note(&call->entry, SENDTRACE_CALL_IO_URING_CONNECT, -1, 0);
	connect->sock = sock;
	connect->addr = NULL;
	connect->addr_len = (int)regs_get_kernel_argument(regs, 2);
	st_peer_of(sock, peer);
	st_given_connect_kernel(sock->sk, peer, (void *)regs_get_kernel_argument(regs, 1),
				connect->addr_len);
	note_target(connect, peer);
	return true;
}
NOKPROBE_SYMBOL(st_connect_async_begins);

/* A BPF program of the cgroup may have changed where it goes (BPF_CGROUP_INET4_CONNECT). */
static bool is_elsewhere(const struct st_addr *now, const struct st_addr *asked)
{
	/* Without a length, there is no family either. */
	if (!now->len || now->len != asked->len ||
	    now->any.sa_family != asked->any.sa_family)
		return false; /* cannot be compared */
	if (now->any.sa_family == AF_INET)
		return now->in.sin_port != asked->in.sin_port ||
		       now->in.sin_addr.s_addr != asked->in.sin_addr.s_addr;
	if (now->any.sa_family == AF_INET6)
		return now->in6.sin6_port != asked->in6.sin6_port ||
		       !ipv6_addr_equal(&now->in6.sin6_addr, &asked->in6.sin6_addr);
	return false;
}
NOKPROBE_SYMBOL(is_elsewhere);

static void set_target(struct st_peer *peer, const struct st_connecting *connect)
{
	peer->flags = connect->flags_of_target;
	peer->remote.len = connect->target.len;
	memcpy(peer->remote.words, connect->target.words,
	       ALIGN(connect->target.len, sizeof(u64)));
}
NOKPROBE_SYMBOL(set_target);

/*
 * @peer is the socket now, and becomes what the event shows: where the call was asked to
 * connect to, or where it did, if that is not sure from the address.
 */
static void aim(struct st_peer *peer, const struct st_connecting *connect, int ret)
{
	bool connected = (!ret || ret == -EINPROGRESS) && peer->remote.len;
	u32 doubt = SENDTRACE_EVENT_PEER_LATE | SENDTRACE_EVENT_PEER_ASKED;
	struct st_addr now;

	peer->unnamed = NULL;
	if (connected && connect->flags_of_target & doubt)
		return;
	if (ret)
		peer->pid = 0;
	now.len = 0;
	if (connected)
		now = peer->remote;
	set_target(peer, connect);
	if (is_elsewhere(&now, &peer->remote))
		peer->flags |= SENDTRACE_EVENT_PEER_ASKED;
	if (peer->flags & SENDTRACE_EVENT_PEER_LATE && connect->addr)
		st_given_connect(NULL, peer, connect->addr, connect->addr_len);
}
NOKPROBE_SYMBOL(aim);

static void connected(struct st_call *all, const struct st_connecting *connect, int ret)
{
	all->addr_len = connect->addr_len;
	aim(&all->peer, connect, ret);
	st_deliver(all, SENDTRACE_RECORD_CONNECT, ret, 0);
}
NOKPROBE_SYMBOL(connected);

/**
 * st_connect_ends() - record a connect() that returns
 * @call: a struct st_connecting, wanted by at least one session
 * @value: what the function returned: an int, 0 or a negative errno
 *
 * Context: the return handler.
 */
void st_connect_ends(struct st_call *call, long value)
{
	const struct st_connecting *connect = (void *)call;
	struct st_call *all = st_life_whole(call);

	st_life_look_up_again(connect->fd, &all->peer, &connect->was);
	connected(all, connect, (int)value);
}
NOKPROBE_SYMBOL(st_connect_ends);

/**
 * st_connect_async_ends() - record a connect of io_uring that returns
 * @call: a struct st_connecting, wanted by at least one session
 * @value: what the function returned: an int, 0 or a negative errno
 *
 * Context: the return handler.
 */
void st_connect_async_ends(struct st_call *call, long value)
{
	const struct st_connecting *connect = (void *)call;
	struct st_call *all;
	int ret = (int)value;

	/*
	 * It waits, and tries again. But one that is under way is shown: of its result, newer
	 * kernels ask the socket, and this function is not called.
	 */
	if (ret == -EAGAIN) {
		st_event_pass(&call->entry);
		return;
	}
	all = st_life_whole(call);
	st_peer_of(call->sock, &all->peer);
	connected(all, connect, ret);
}
NOKPROBE_SYMBOL(st_connect_async_ends);
