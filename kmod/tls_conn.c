// SPDX-License-Identifier: GPL-2.0
/*
 * Which socket a TLS session was last seen to use: many calls of a library make no socket call,
 * since it has read more than was asked for, or keeps what is to be sent.
 *
 * A session is a pointer of its process, which is used again: so what is newer replaces what is
 * older, and what is freed is dropped. Another program in the same process (exec), or another
 * process with the same number, is never taken for it (struct st_tls_process); what these leave
 * behind is the first to go when there is no more room.
 *
 * Context: uprobes' handlers, which may sleep; st_tls_conn_clear() may sleep, too.
 */
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "tls_conn.h"

#define CHAIN_BITS 10

/* About 8 MiB. */
#define SESSIONS_MAX 16384

/**
 * struct conn - one TLS session
 * @chain: others of the same hash
 * @age: all of them, the one that was used last at the end
 * @process: its process
 * @ssl: what the library knows it by
 * @socket: what it was last seen to use
 */
struct conn {
	struct hlist_node chain;
	struct list_head age;
	struct st_tls_process process;
	u64 ssl;
	struct st_tls_socket socket;
};

/* Guards all of these. */
static DEFINE_SPINLOCK(lock);
static struct hlist_head chains[1 << CHAIN_BITS];
static LIST_HEAD(ages);
static unsigned int nr_conns;

static void copy_socket(struct st_tls_socket *to, const struct st_tls_socket *from)
{
	to->candidates = from->candidates;
	to->fd = from->fd;
	st_peer_copy(&to->peer, &from->peer);
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

/* Returns one to be freed, or NULL. */
static struct conn *add(struct conn *conn)
{
	struct conn *oldest = NULL;

	lockdep_assert_held(&lock);
	if (nr_conns >= SESSIONS_MAX) {
		oldest = list_first_entry(&ages, struct conn, age);
		unlink(oldest);
	}
	hlist_add_head(&conn->chain, chain_of(&conn->process, conn->ssl));
	list_add_tail(&conn->age, &ages);
	nr_conns++;
	return oldest;
}

static bool replace(const struct st_tls_process *process, u64 ssl,
		    const struct st_tls_socket *socket)
{
	struct conn *conn;

	spin_lock(&lock);
	conn = find(process, ssl);
	if (conn) {
		copy_socket(&conn->socket, socket);
		list_move_tail(&conn->age, &ages);
	}
	spin_unlock(&lock);
	return conn;
}

/**
 * st_tls_conn_set() - a TLS session uses a socket
 * @process: its process: the calling one, whose threads use the session one after the other
 * @ssl: the session
 * @socket: the socket; copied
 *
 * If there is no memory, it is unknown to calls that make no socket call.
 */
void st_tls_conn_set(const struct st_tls_process *process, u64 ssl,
		     const struct st_tls_socket *socket)
{
	struct conn *conn, *spare;

	if (replace(process, ssl, socket))
		return;
	conn = kmalloc(sizeof(*conn), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!conn)
		return;
	conn->process = *process;
	conn->ssl = ssl;
	copy_socket(&conn->socket, socket);
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
 * @socket: filled in
 *
 * Return: false if none is known.
 */
bool st_tls_conn_get(const struct st_tls_process *process, u64 ssl,
		     struct st_tls_socket *socket)
{
	struct conn *conn;

	spin_lock(&lock);
	conn = find(process, ssl);
	if (conn) {
		copy_socket(socket, &conn->socket);
		list_move_tail(&conn->age, &ages);
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
