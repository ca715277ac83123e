// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a connection: accept(), connect(), shutdown() and close(), by system calls and by
 * io_uring.
 *
 * The functions that io_uring calls are also called by those of the system calls (nested.c).
 * Those are given a descriptor, so the socket is looked up here.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/timekeeping.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <asm-generic/kprobes.h>

#include "call.h"
#include "compat.h"
#include "deliver.h"
#include "event.h"
#include "given.h"
#include "lifecycle.h"
#include "nested.h"
#include "syscall.h"

/*
 * Instances are small, and the whole call is put together here: preemption is off in a handler,
 * and no interrupt's work is recorded.
 */
static DEFINE_PER_CPU(struct st_call, scratch);

/* ---- The socket ---------------------------------------------------------------------- */

/* Sockets of the kernel's own, such as those of NFS, are used in the caller's name. */
static nokprobe_inline bool is_traced(const struct socket *sock)
{
	const struct sock *sk = READ_ONCE(sock->sk);

	return sk && !sk->sk_kern_sock;
}

static nokprobe_inline struct socket *socket_of(struct file *file)
{
	return file ? sock_from_file(file) : NULL;
}

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

static void draw(struct st_sketch *sketch, const struct st_peer *peer)
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
NOKPROBE_SYMBOL(draw);

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

/* The socket as it is now, unless the descriptor has become another one since the entry. */
static void look_up_again(int fd, struct st_peer *peer, const struct st_sketch *was)
{
	look_up(fd, peer);
	if (peer->inode != was->inode)
		draw_again(peer, was);
}
NOKPROBE_SYMBOL(look_up_again);

/* ---- The call ------------------------------------------------------------------------ */

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
	memset(call->cmsgs, 0, sizeof(call->cmsgs));
	call->addr = NULL;
	call->addr_len = 0;
}

/* The whole of a call that returns, but for its peer. */
static struct st_call *whole(const struct st_call *small)
{
	struct st_call *call = this_cpu_ptr(&scratch);

	call->entry = small->entry;
	st_event_identify_again(call);
	without_payload(call);
	return call;
}
NOKPROBE_SYMBOL(whole);

/* It is no event: not a socket, or one of the kernel's own. */
static bool pass(struct st_call *call)
{
	st_event_pass(&call->entry);
	return false;
}
NOKPROBE_SYMBOL(pass);

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
	struct st_peer *listener = &this_cpu_ptr(&scratch)->peer;

	note(&call->entry, SENDTRACE_CALL_ACCEPT, (int)regs_get_kernel_argument(regs, 0),
	     (u32)regs_get_kernel_argument(regs, 3));
	call->async = false; /* also of a descriptor that is none */
	look_up(accept->fd, listener);
	draw(&accept->listener, listener);
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
	struct st_call *all = whole(call);
	int ret = (int)value;

	if (ret >= 0)
		look_up(ret, &all->peer);
	else
		look_up_again(accept->fd, &all->peer, &accept->listener);
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
	if (!sock || !is_traced(sock))
		return pass(call);
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
		pass(call);
		return;
	}
	if (!ret)
		sock = socket_of((struct file *)value);
	all = whole(call);
	if (sock)
		st_peer_of(sock, &all->peer);
	else
		st_peer_clear(&all->peer);
	st_deliver(all, SENDTRACE_RECORD_ACCEPT, ret, 0);
}
NOKPROBE_SYMBOL(st_accept_async_ends);

/* ---- connect() ----------------------------------------------------------------------- */

/* Of @peer, what is needed when the call returns. */
static void note_target(struct st_connecting *connect, const struct st_peer *peer)
{
	draw(&connect->was, peer);
	connect->flags_of_target = peer->flags;
	connect->target.len = peer->remote.len;
	memcpy(connect->target.words, peer->remote.words,
	       ALIGN(peer->remote.len, sizeof(u64)));
}
NOKPROBE_SYMBOL(note_target);

/* Returns false if there is no socket to connect. */
static bool note_socket(struct st_connecting *connect)
{
	struct st_peer *peer = &this_cpu_ptr(&scratch)->peer;
	struct fd f = fdget(connect->fd);
	struct socket *sock = socket_of(fd_file(f));
	bool traced = sock && is_traced(sock);

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
	connect->again = false;
	connect->addr = (void __user *)regs_get_kernel_argument(regs, 1);
	connect->addr_len = (int)regs_get_kernel_argument(regs, 2);
	return note_socket(connect) || pass(call);
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
	struct st_peer *peer = &this_cpu_ptr(&scratch)->peer;
	struct socket *sock;

	if (st_nested_in_syscall(ST_NESTED_CONNECT, regs))
		return false;
	sock = socket_of(file);
	if (!sock || !is_traced(sock))
		return pass(call);
	note(&call->entry, SENDTRACE_CALL_IO_URING_CONNECT, -1, 0);
	connect->sock = sock;
	connect->again = (int)regs_get_kernel_argument(regs, 3) & O_NONBLOCK;
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
	if (now->len != asked->len || now->any.sa_family != asked->any.sa_family)
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
	struct st_call *all = whole(call);

	look_up_again(connect->fd, &all->peer, &connect->was);
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

	/* It waits, and tries again. */
	if (ret == -EAGAIN || (connect->again && ret == -EINPROGRESS)) {
		pass(call);
		return;
	}
	all = whole(call);
	st_peer_of(call->sock, &all->peer);
	connected(all, connect, ret);
}
NOKPROBE_SYMBOL(st_connect_async_ends);

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
	return look_up(call->fd, &call->peer) || pass(call);
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
	if (!is_traced(sock))
		return pass(call);
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
 * It is recorded at once: the addresses are gone when the function returns. The descriptor is
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
	if (!is_traced(sock))
		return pass(call);
	is = st_syscall_other();
	note(&call->entry, SENDTRACE_CALL_CLOSE,
	     is.id == SENDTRACE_CALL_CLOSE ? is.fd : -1, 0);
	call->async = false;
	call->enter_time = ktime_get_ns();
	all = whole(call);
	st_peer_of(sock, &all->peer);
	all->peer.unnamed = NULL; /* nobody can look later */
	st_deliver(all, SENDTRACE_RECORD_CLOSE, 0, 0);
	return false;
}
NOKPROBE_SYMBOL(st_close_begins);
