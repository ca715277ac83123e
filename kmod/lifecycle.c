// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a connection: accept(), shutdown() and close(), by system calls and by io_uring;
 * connect() is in connect.c.
 *
 * The functions that io_uring calls are also called by those of the system calls (nested.c).
 * Those are given a descriptor, so the socket is looked up here.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/timekeeping.h>
#include <net/sock.h>
#include <asm-generic/kprobes.h>

#include "call.h"
#include "compat.h"
#include "deliver.h"
#include "event.h"
#include "life.h"
#include "lifecycle.h"
#include "nested.h"
#include "syscall.h"

/*
 * Instances are small, and the whole call is put together here: preemption is off in a handler,
 * and no interrupt's work is recorded.
 */
DEFINE_PER_CPU(struct st_call, st_life_scratch);

/* ---- The socket ---------------------------------------------------------------------- */

/*
 * Like any system call, takes no reference if the thread shares its descriptors with no
 * other: then no one else can close the file. If one is taken, and is the last to be
 * dropped, the kernel closes the file later, in task work.
 *
 * Returns false if it is not a socket.
 */
static bool look_up(int fd, struct st_peer *peer)
{
	struct fd f = fdget(fd);
	struct socket *sock = socket_of(fd_file(f));

	if (sock)
		st_peer_of(sock, peer);
	else
		st_peer_clear(peer);
	fdput(f);
	return sock;
}
NOKPROBE_SYMBOL(look_up);

/**
 * st_life_draw() - keep what matters of a socket
 * @sketch: to be filled in
 * @peer: the socket
 */
void st_life_draw(struct st_sketch *sketch, const struct st_peer *peer)
{
	u16 len = peer->local.len;

	sketch->inode = peer->inode;
	sketch->cookie = peer->cookie;
	sketch->netns = peer->netns;
	sketch->family = peer->family;
	sketch->type = peer->type;
	sketch->protocol = peer->protocol;
	sketch->local_len = len <= sizeof(sketch->local) ? len : 0;
	memcpy(sketch->local, peer->local.words,
	       ALIGN(sketch->local_len, sizeof(sketch->local[0])));
}
NOKPROBE_SYMBOL(st_life_draw);

static void draw_again(struct st_peer *peer, const struct st_sketch *sketch)
{
	st_peer_clear(peer);
	peer->inode = sketch->inode;
	peer->cookie = sketch->cookie;
	peer->netns = sketch->netns;
	peer->family = sketch->family;
	peer->type = sketch->type;
	peer->protocol = sketch->protocol;
	peer->local.len = sketch->local_len;
	memcpy(peer->local.words, sketch->local,
	       ALIGN(sketch->local_len, sizeof(sketch->local[0])));
}
NOKPROBE_SYMBOL(draw_again);

/**
 * st_life_look_up_again() - describe a socket as it is now
 * @fd: its descriptor
 * @peer: to be filled in; as at the entry, if the descriptor has become another socket since
 * @was: the socket at the entry
 *
 * Context: the return handler.
 */
void st_life_look_up_again(int fd, struct st_peer *peer, const struct st_sketch *was)
{
	look_up(fd, peer);
	if (peer->inode != was->inode)
		draw_again(peer, was);
}
NOKPROBE_SYMBOL(st_life_look_up_again);

/* ---- The call ------------------------------------------------------------------------ */

/**
 * st_life_whole() - the whole of a call that returns, but for its peer
 * @small: what its instance holds: begins with a struct st_entry
 *
 * Context: a handler.
 * Return: this CPU's scratch; valid until the handler returns.
 */
struct st_call *st_life_whole(const struct st_call *small)
{
	struct st_call *call = this_cpu_ptr(&st_life_scratch);

	call->entry = small->entry;
	st_event_identify_again(call);
	without_payload(call);
	return call;
}
NOKPROBE_SYMBOL(st_life_whole);

/**
 * st_life_drop() - count a call that is no event: not a socket, or one of the kernel's own
 * @call: wanted by sessions
 *
 * Context: a handler.
 * Return: false, for the caller to return.
 */
bool st_life_drop(struct st_call *call)
{
	st_event_drop(&call->entry);
	return false;
}
NOKPROBE_SYMBOL(st_life_drop);

/* ---- accept() ------------------------------------------------------------------------ */

/**
 * st_accept_begins() - read the arguments of __sys_accept4()
 * @call: a struct st_accepting
 * @regs: the registers at its entry
 *
 *	int __sys_accept4(int fd, struct sockaddr __user *upeer_sockaddr,
 *			  int __user *upeer_addrlen, int flags)	(net/socket.c)
 *
 * Context: the entry handler.
 * Return: true.
 */
bool st_accept_begins(struct st_call *call, struct pt_regs *regs)
{
	struct st_accepting *accept = (void *)call;
	struct st_peer *listener = &this_cpu_ptr(&st_life_scratch)->peer;

	note(&call->entry, SENDTRACE_CALL_ACCEPT, (int)regs_get_kernel_argument(regs, 0),
	     (u32)regs_get_kernel_argument(regs, 3));
	call->async = false; /* also of a descriptor that is none */
	look_up(accept->fd, listener);
	st_life_draw(&accept->listener, listener);
	return true;
}
NOKPROBE_SYMBOL(st_accept_begins);

/**
 * st_accept_ends() - record an accept() or accept4() that returns
 * @call: a struct st_accepting, wanted by at least one session
 * @value: what the function returned: an int, the new descriptor or a negative errno; if it
 *	failed, the listening socket is described
 *
 * Context: the return handler.
 */
void st_accept_ends(struct st_call *call, long value)
{
	const struct st_accepting *accept = (void *)call;
	struct st_call *all = st_life_whole(call);
	int ret = (int)value;

	if (ret >= 0)
		look_up(ret, &all->peer);
	else
		st_life_look_up_again(accept->fd, &all->peer, &accept->listener);
	st_deliver(all, SENDTRACE_RECORD_ACCEPT, ret, 0);
}
NOKPROBE_SYMBOL(st_accept_ends);

/**
 * st_accept_async_begins() - read the arguments of do_accept()
 * @call: a struct st_entry
 * @regs: the registers at its entry
 *
 *	struct file *do_accept(struct file *file, ..., struct sockaddr __user *upeer_sockaddr,
 *			       int __user *upeer_addrlen, int flags)	(net/socket.c)
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_accept_async_begins(struct st_call *call, struct pt_regs *regs)
{
	struct file *file = (void *)regs_get_kernel_argument(regs, 0);
	struct socket *sock;

	if (st_nested_in_syscall(ST_NESTED_ACCEPT, regs))
		return false;
	sock = socket_of(file);
	if (!sock || !st_event_traces(sock))
		return st_life_drop(call);
	note(&call->entry, SENDTRACE_CALL_IO_URING_ACCEPT, -1,
	     (u32)regs_get_kernel_argument(regs, 4));
	call->sock = sock;
	return true;
}
NOKPROBE_SYMBOL(st_accept_async_begins);

/**
 * st_accept_async_ends() - record an accept of io_uring that returns
 * @call: a struct st_entry, wanted by at least one session
 * @value: what the function returned: the new file, which no descriptor has yet, or a negative
 *	errno; if it failed, the listening socket is described
 *
 * Context: the return handler.
 */
void st_accept_async_ends(struct st_call *call, long value)
{
	struct socket *sock = call->sock;
	long ret = IS_ERR_VALUE(value) ? value : 0;
	struct st_call *all;

	/* It waits, and tries again. */
	if (ret == -EAGAIN) {
		st_event_pass(&call->entry);
		return;
	}
	if (!ret)
		sock = socket_of((struct file *)value);
	all = st_life_whole(call);
	if (sock)
		st_peer_of(sock, &all->peer);
	else
		st_peer_clear(&all->peer);
	st_deliver(all, SENDTRACE_RECORD_ACCEPT, ret, 0);
}
NOKPROBE_SYMBOL(st_accept_async_ends);

/* ---- shutdown() ---------------------------------------------------------------------- */

/**
 * st_shutdown_begins() - read the arguments of __sys_shutdown()
 * @call: the call
 * @regs: the registers at its entry
 *
 *	int __sys_shutdown(int fd, int how)	(net/socket.c)
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_shutdown_begins(struct st_call *call, struct pt_regs *regs)
{
	note(&call->entry, SENDTRACE_CALL_SHUTDOWN,
	     (int)regs_get_kernel_argument(regs, 0),
	     (u32)regs_get_kernel_argument(regs, 1));
	without_payload(call);
	return look_up(call->fd, &call->peer) || st_life_drop(call);
}
NOKPROBE_SYMBOL(st_shutdown_begins);

/**
 * st_shutdown_async_begins() - read the arguments of __sys_shutdown_sock()
 * @call: the call
 * @regs: the registers at its entry
 *
 *	int __sys_shutdown_sock(struct socket *sock, int how)	(net/socket.c)
 *
 * Context: the entry handler.
 * Return: as struct st_hook.begin.
 */
bool st_shutdown_async_begins(struct st_call *call, struct pt_regs *regs)
{
	struct socket *sock = (void *)regs_get_kernel_argument(regs, 0);

	if (st_nested_in_syscall(ST_NESTED_SHUTDOWN, regs))
		return false;
	if (!st_event_traces(sock))
		return st_life_drop(call);
	note(&call->entry, SENDTRACE_CALL_IO_URING_SHUTDOWN, -1,
	     (u32)regs_get_kernel_argument(regs, 1));
	without_payload(call);
	st_peer_of(sock, &call->peer);
	return true;
}
NOKPROBE_SYMBOL(st_shutdown_async_begins);

/**
 * st_shutdown_ends() - record a shutdown that returns, with the addresses before it
 * @call: filled in at its entry, wanted by at least one session
 * @value: what the function returned: an int, 0 or a negative errno
 *
 * Context: the return handler.
 */
void st_shutdown_ends(struct st_call *call, long value)
{
	st_deliver(call, SENDTRACE_RECORD_SHUTDOWN, (int)value, 0);
}
NOKPROBE_SYMBOL(st_shutdown_ends);

/* ---- close() ------------------------------------------------------------------------- */

/**
 * st_close_begins() - record that the last descriptor of a socket is closed
 * @call: a struct st_entry
 * @regs: the registers at the entry of sock_close()
 *
 *	int sock_close(struct inode *inode, struct file *file)	(net/socket.c)
 *
 * It is recorded immediately: the addresses are gone when the function returns. The descriptor is
 * that of close(), if the thread is in one; a socket that lay in another file, such as a
 * message that nobody received, has that file's. It is unknown if the thread exits, for
 * close_range(), dup2() and io_uring.
 *
 * Context: the entry handler.
 * Return: false.
 */
bool st_close_begins(struct st_call *call, struct pt_regs *regs)
{
	struct socket *sock = SOCKET_I((void *)regs_get_kernel_argument(regs, 0));
	struct st_syscall is;
	struct st_call *all;

	/* Without a sock: accept() failed, and drops the socket that it had prepared. */
	if (!st_event_traces(sock))
		return st_life_drop(call);
	is = st_syscall_other();
	note(&call->entry, SENDTRACE_CALL_CLOSE,
	     is.id == SENDTRACE_CALL_CLOSE ? is.fd : -1, 0);
	call->async = false;
	call->enter_time = ktime_get_ns();
	all = st_life_whole(call);
	st_peer_of(sock, &all->peer);
	all->peer.unnamed = NULL; /* nobody can look later */
	st_deliver(all, SENDTRACE_RECORD_CLOSE, 0, 0);
	return false;
}
NOKPROBE_SYMBOL(st_close_begins);
