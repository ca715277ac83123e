// SPDX-License-Identifier: GPL-2.0
/*
 * What a library writes to its BIOs, and for which TLS session.
 *
 * Inside a call that is followed to its return, it is that call's session (tls_open.c). A
 * handshake has a function of its own, SSL_do_handshake(), which often leaves by a jump through a
 * register: its return is not seen. So of what is written after its entry only a hello counts,
 * with which each handshake begins: what else a thread writes may be another session's. And the
 * thread must be deeper in its stack, where on x86 the return address still stands.
 *
 * Context: uprobes' handlers, which may sleep.
 */
#include <linux/hash.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "tls_open.h"
#include "tls_written.h"

/* ---- Bytes ---------------------------------------------------------------------------- */

/**
 * st_tls_begin_is_record() - does a TLS record begin with these bytes? (RFC 8446, 5.1)
 * @begin: them
 *
 * Return: false also for DTLS: there they are numbers, equal on many connections.
 */
bool st_tls_begin_is_record(const struct st_tls_begin *begin)
{
	return begin->bytes[0] >= 20 && begin->bytes[0] <= 24 && begin->bytes[1] == 3;
}

/**
 * st_tls_begin_is_hello() - is it a ClientHello or a ServerHello? (RFC 8446, 4)
 * @begin: the first bytes of a record
 *
 * Return: true if so. One that is encrypted is not known.
 */
bool st_tls_begin_is_hello(const struct st_tls_begin *begin)
{
	return begin->bytes[0] == 22 && (begin->bytes[5] == 1 || begin->bytes[5] == 2) &&
	       begin->bytes[9] == 3;
}

/**
 * st_tls_begin_is_again() - is a hello of the same handshake as another record?
 * @hello: a hello
 * @begin: the other one
 *
 * A client that a HelloRetryRequest asks says hello twice, with the same random number, of which
 * these bytes have the first five.
 *
 * Return: true if so.
 */
bool st_tls_begin_is_again(const struct st_tls_begin *hello,
			   const struct st_tls_begin *begin)
{
	return st_tls_begin_is_hello(begin) && hello->bytes[5] == begin->bytes[5] &&
	       !memcmp(hello->bytes + 11, begin->bytes + 11, 5);
}

/**
 * st_tls_left_add() - a call writes a piece of ciphertext
 * @left: what it has written so far
 * @begin: the piece's first bytes
 */
void st_tls_left_add(struct st_tls_left *left, const struct st_tls_begin *begin)
{
	if (!left->nr) {
		left->begins[0] = *begin;
		left->nr = 1;
	} else if (memcmp(&left->begins[0], begin, sizeof(*begin))) {
		left->begins[1] = *begin;
		left->nr = 2;
	}
}

/* ---- Handshakes ----------------------------------------------------------------------- */

#define ROW_BITS 7

/**
 * struct row - the newest handshake of a thread
 * @process: the thread's process
 * @task: the thread; only compared
 * @task_start: when it was started
 * @shake: the handshake
 */
struct row {
	struct st_tls_process process;
	const struct task_struct *task;
	u64 task_start;
	struct st_tls_shake shake;
};

/* Threads that share a row take it from each other: then less is known. */
static struct row rows[1 << ROW_BITS];
static DEFINE_SPINLOCK(lock);

static struct row *row_of_current(void)
{
	return &rows[hash_ptr(current, ROW_BITS)];
}

/* Has the row the calling thread's handshake? */
static bool is_own(const struct row *row)
{
	struct st_tls_process process;

	st_tls_process_read(&process);
	return row->task == current && row->task_start == current->start_time &&
	       st_tls_same_process(&row->process, &process);
}

static bool still_stands(const struct st_tls_shake *shake)
{
	u64 word = 0;

	return !shake->width ||
	       (!copy_from_user(&word, (const void __user *)shake->sp, shake->width) &&
		word == shake->returns_to);
}

/**
 * st_tls_shake_begins() - the calling thread goes on with a handshake
 * @shake: copied
 */
void st_tls_shake_begins(const struct st_tls_shake *shake)
{
	struct row *row = row_of_current();

	spin_lock(&lock);
	st_tls_process_read(&row->process);
	row->task = current;
	row->task_start = current->start_time;
	row->shake = *shake;
	spin_unlock(&lock);
}

/**
 * st_tls_shake_around() - the handshake that the calling thread is in
 * @sp: its stack pointer in user mode
 * @shake: filled in
 *
 * Return: false if it is in none. If true, it may be in none all the same (arm64).
 */
bool st_tls_shake_around(unsigned long sp, struct st_tls_shake *shake)
{
	const struct row *row = row_of_current();
	bool is;

	spin_lock(&lock);
	is = is_own(row);
	*shake = row->shake;
	spin_unlock(&lock);
	return is && shake->ssl && sp < shake->sp && shake->sp - sp <= ST_TLS_DEEPEST &&
	       still_stands(shake);
}

/**
 * st_tls_shake_drop() - a session is freed
 * @ssl: the session, of the calling process
 */
void st_tls_shake_drop(u64 ssl)
{
	struct row *row = row_of_current();

	spin_lock(&lock);
	if (row->shake.ssl == ssl && is_own(row))
		row->shake.ssl = 0;
	spin_unlock(&lock);
}
