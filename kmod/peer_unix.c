// SPDX-License-Identifier: GPL-2.0
/* The addresses of AF_UNIX sockets, and the process at the other end; see peer.c. */
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/processor.h>
#include <linux/spinlock.h>
#include <net/af_unix.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include <asm-generic/kprobes.h>

#include "peer.h"

/*
 * Limits the length of a name to a sockaddr_un. A path of 108 bytes is one byte longer
 * than that, because of the NUL that the kernel adds (unix_mkname_bsd()).
 */
static u16 un_len(int len)
{
	return clamp_t(int, len, 0, sizeof(struct sockaddr_un));
}
NOKPROBE_SYMBOL(un_len);

/*
 * The name of a socket that cannot be freed while we look: our own, one that ours is
 * permanently connected to, or one that stays because a lock is held. A name is set once and
 * lives as long as its socket.
 */
static void set_un(struct st_addr *addr, const struct sock *sk)
{
	const struct unix_address *name;

	/* Pairs with the release in unix_bind_bsd() and its like. */
	name = smp_load_acquire(&unix_sk(sk)->addr);
	st_addr_set_len(addr, name ? un_len(name->len) :
				     offsetof(struct sockaddr_un, sun_path));
	addr->un.sun_family = AF_UNIX;
	if (name)
		memcpy(&addr->un, name->name, addr->len);
}
NOKPROBE_SYMBOL(set_un);

/*
 * A datagram socket's sk_peer_pid is the process that called socketpair(), for connect()
 * does not set it. It counts only while the peer is still the other end of that pair: if
 * the peer has no name, because connect() finds sockets only by their names, which they
 * keep. A peer with a name may be either.
 *
 * The lock of @sk is held, which makes its peer stay: unix_dgram_connect(),
 * unix_dgram_sendmsg() (when the peer is dead) and unix_release_sock() change it under the
 * lock, and @sk has a reference to it until then.
 */
static void name_dgram_peer(const struct sock *sk, struct st_peer *peer)
{
	const struct sock *remote = unix_sk(sk)->peer;

	if (!remote)
		return;
	set_un(&peer->remote, remote);
	if (sk->sk_type == SOCK_DGRAM &&
	    peer->remote.len == offsetof(struct sockaddr_un, sun_path))
		peer->pid = pid_nr(READ_ONCE(sk->sk_peer_pid));
}
NOKPROBE_SYMBOL(name_dgram_peer);

/*
 * How often the lock of a datagram socket is tried: a microsecond or two. Not on RT, where it
 * is a sleeping lock, and to release it may be to wake another thread.
 */
#define LOCK_TRIES (IS_ENABLED(CONFIG_PREEMPT_RT) ? 0 : 32)

/*
 * Another thread may reconnect the socket at any time, and that may free the peer, without a
 * grace period of RCU: so it can be looked at only under the lock.
 *
 * To try the lock is safe in a handler: nothing waits, and no interrupt takes this lock.
 */
static void peer_of_unix_dgram(struct sock *sk, struct st_peer *peer)
{
	const struct sock *remote = READ_ONCE(unix_sk(sk)->peer);
	int tries;

	if (!remote)
		return;
	for (tries = 0; tries < LOCK_TRIES; tries++) {
		if (spin_trylock(&unix_sk(sk)->lock)) {
			name_dgram_peer(sk, peer);
			spin_unlock(&unix_sk(sk)->lock);
			return;
		}
		cpu_relax();
	}
	peer->unnamed = remote;
}
NOKPROBE_SYMBOL(peer_of_unix_dgram);

/**
 * st_peer_name_late() - name the peer that st_peer_of() could not name without waiting
 * @sock: a socket; its file must stay open
 * @peer: from st_peer_of(), with @unnamed set
 *
 * The name stays unknown if that was another socket, or if it has another peer by now. The
 * peer is the same one if it is at the same address; that a new one was put there since the
 * call began cannot be seen.
 *
 * Context: may sleep.
 */
void st_peer_name_late(struct socket *sock, struct st_peer *peer)
{
	struct sock *sk = READ_ONCE(sock->sk);

	/* Numbers of inodes come again. */
	if (!sk || sk->sk_family != AF_UNIX || SOCK_INODE(sock)->i_ino != peer->inode)
		return;
	spin_lock(&unix_sk(sk)->lock);
	if (unix_sk(sk)->peer == peer->unnamed)
		name_dgram_peer(sk, peer);
	spin_unlock(&unix_sk(sk)->lock);
}

/*
 * sk_peer_pid is set once for a connected socket. For a listening socket it is the listener
 * itself; the next listen() replaces it and could free it while we read it.
 */
static u32 unix_peer_pid(const struct sock *sk)
{
	if (READ_ONCE(sk->sk_state) != TCP_ESTABLISHED)
		return 0;
	return pid_nr(READ_ONCE(sk->sk_peer_pid));
}
NOKPROBE_SYMBOL(unix_peer_pid);

/**
 * st_peer_of_unix() - set both ends of a socket of AF_UNIX, and the process at the other
 * @sk: its file must stay open
 * @peer: from st_peer_of(), which calls this
 *
 * Context: any task context; waits for no lock.
 */
void st_peer_of_unix(struct sock *sk, struct st_peer *peer)
{
	struct sock *remote;

	set_un(&peer->local, sk);
	if (sk->sk_type != SOCK_DGRAM)
		peer->pid = unix_peer_pid(sk);
	/* The peer of a seqpacket socket that has died is dropped as a datagram socket's is. */
	if (sk->sk_type != SOCK_STREAM) {
		peer_of_unix_dgram(sk, peer);
		return;
	}
	/* Never reconnected, and not freed: the socket's file is open. */
	remote = READ_ONCE(unix_sk(sk)->peer);
	if (remote)
		set_un(&peer->remote, remote);
}
NOKPROBE_SYMBOL(st_peer_of_unix);
