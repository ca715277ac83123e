// SPDX-License-Identifier: GPL-2.0
/*
 * Which socket a TLS session was last seen to use: many calls of a library make no socket call,
 * since it has read more than was asked for, or keeps what is to be sent.
 *
 * A session is a pointer of its process, which is used again: so what is newer replaces what is
 * older, and what is freed is dropped. Another program in the same process (exec), or another
 * process with the same number, is never taken for it (struct st_tls_process). When there is no
 * more room, the oldest one goes that was not used since it was last looked at.
 *
 * Context: uprobes' handlers, which may sleep; st_tls_conn_clear() may sleep, too.
 */
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "call.h"
#include "tls_conn.h"
#include "tls_open.h"

#define CHAIN_BITS 10

/* About 8 MiB. */
#define SESSIONS_MAX 16384

/* How many are looked at for one that was not used: the lock is held. */
#define LOOKS_MAX 32

/**
 * struct conn - one TLS session
 * @chain: others of the same hash
 * @age: all of them, the newest at the end
 * @used: it was used since it was put there
 * @process: its process
 * @ssl: what the library knows it by
 * @socket: what it was last seen to use
 */
struct conn {
	struct hlist_node chain;
	struct list_head age;
	bool used;
	struct st_tls_process process;
	u64 ssl;
	struct st_tls_socket socket;
};

/* Guards all of these. */
static DEFINE_SPINLOCK(lock);
static struct hlist_head chains[1 << CHAIN_BITS];
static LIST_HEAD(ages);
static unsigned int nr_conns;

static void set_socket(struct conn *conn, const struct st_call *call)
{
	conn->socket.fd = call->fd;
	st_peer_copy(&conn->socket.peer, &call->peer);
}

static struct hlist_head *chain_of(const struct st_tls_process *process, u64 ssl)
{
	return &chains[hash_64(ssl ^ ((u64)process->pid << 48), CHAIN_BITS)];
}

static struct conn *find(const struct st_tls_process *process, u64 ssl)
{
	struct conn *conn;

	lockdep_assert_held(&lock);
	hlist_for_each_entry(conn, chain_of(process, ssl), chain)
		if (conn->ssl == ssl && st_tls_same_process(&conn->process, process))
			return conn;
	return NULL;
}

static void unlink(struct conn *conn)
{
	lockdep_assert_held(&lock);
	hlist_del(&conn->chain);
	list_del(&conn->age);
	nr_conns--;
}

static struct conn *oldest(void)
{
	struct conn *conn = list_first_entry(&ages, struct conn, age);
	int i;

	for (i = 0; i < LOOKS_MAX && conn->used; i++) {
		conn->used = false;
		list_move_tail(&conn->age, &ages);
		conn = list_first_entry(&ages, struct conn, age);
	}
	return conn;
}

/* Returns one to be freed, or NULL. */
static struct conn *add(struct conn *conn)
{
	struct conn *gone = NULL;

	lockdep_assert_held(&lock);
	if (nr_conns >= SESSIONS_MAX) {
		gone = oldest();
		unlink(gone);
	}
	hlist_add_head(&conn->chain, chain_of(&conn->process, conn->ssl));
	list_add_tail(&conn->age, &ages);
	nr_conns++;
	return gone;
}

static bool replace(const struct st_tls_process *process, u64 ssl,
		    const struct st_call *call)
{
	struct conn *conn;

	spin_lock(&lock);
	conn = find(process, ssl);
	if (conn) {
		set_socket(conn, call);
		conn->used = true;
	}
	spin_unlock(&lock);
	return conn;
}

/**
 * st_tls_conn_set() - a TLS session uses a socket
 * @process: its process: the calling one, whose threads use the session one after the other
 * @ssl: the session
 * @call: the socket is its @fd and @peer; copied
 *
 * If there is no memory, it is unknown to calls that make no socket call.
 */
void st_tls_conn_set(const struct st_tls_process *process, u64 ssl,
		     const struct st_call *call)
{
	struct conn *conn, *spare;

	if (replace(process, ssl, call))
		return;
	conn = kmalloc(sizeof(*conn), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!conn)
		return;
	conn->process = *process;
	conn->ssl = ssl;
	conn->used = false;
	set_socket(conn, call);
	spin_lock(&lock);
	spare = find(process, ssl);
	if (spare)
		unlink(spare);
	/* At most one of both: with one unlinked, there is room. */
	spare = add(conn) ?: spare;
	spin_unlock(&lock);
	kfree(spare);
}

/**
 * st_tls_conn_get() - the socket that a TLS session was last seen to use
 * @process: the calling process
 * @ssl: the session
 * @call: @fd and @peer are filled in
 *
 * Return: false if none is known.
 */
bool st_tls_conn_get(const struct st_tls_process *process, u64 ssl, struct st_call *call)
{
	struct conn *conn;

	spin_lock(&lock);
	conn = find(process, ssl);
	if (conn) {
		call->fd = conn->socket.fd;
		st_peer_copy(&call->peer, &conn->socket.peer);
		conn->used = true;
	}
	spin_unlock(&lock);
	return conn;
}

/**
 * st_tls_conn_drop() - a TLS session is freed
 * @process: the calling process
 * @ssl: the session
 */
void st_tls_conn_drop(const struct st_tls_process *process, u64 ssl)
{
	struct conn *conn;

	spin_lock(&lock);
	conn = find(process, ssl);
	if (conn)
		unlink(conn);
	spin_unlock(&lock);
	kfree(conn);
}

/**
 * st_tls_conn_clear() - forget all TLS sessions
 *
 * No probe is registered.
 */
void st_tls_conn_clear(void)
{
	struct conn *conn, *next;

	list_for_each_entry_safe(conn, next, &ages, age) {
		spin_lock(&lock);
		unlink(conn);
		spin_unlock(&lock);
		kfree(conn);
	}
}
