// SPDX-License-Identifier: GPL-2.0
/*
 * Ciphertext that a library gives to its program, which sends it itself: with memory BIOs (node,
 * python's asyncio), no socket call is made inside the library's.
 *
 * What the library writes to a BIO is seen, and is known by its first bytes: the header of a TLS
 * record, and the beginning of what only this TLS session has encrypted, or of its random number.
 * The socket call of the same process that begins with these bytes tells the connection, whoever
 * makes it and whenever. Where two sessions of a process have left the same bytes, neither is
 * known by them; also not, for a while, if one of them is freed before these bytes are sent.
 *
 * A session waits only while its connection is unknown, so most often for the first bytes of its
 * handshake alone. A call of a library is recorded when it returns, before its bytes are sent: the
 * first one of a session whose handshake was not seen has an unknown connection. It is not held
 * back, since its payload would have to be kept for as long as the program likes.
 *
 * uprobes' handlers fill the table and look into it, one at a time. Handlers of socket calls only
 * look, with preemption off and without a lock: a session is claimed by its state, which is
 * another one after each change.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <asm/processor.h>

#include "call.h"
#include "compat.h"
#include "tls_bio.h"
#include "tls_conn.h"
#include "tls_open.h"
#include "tls_written.h"

/* About 128 KiB, while a session traces BIO_write(). If all wait, the oldest one makes room. */
#define SESSIONS_MAX 256

/* Pieces of each that wait. The program may merge those in the middle with others. */
#define BEGINS_MAX 4

/* A program sends soon, unless the other end does not read. */
#define PATIENCE (60 * HZ)

/* The lowest bits of a state; the others count changes. */
#define STATE  7U
#define CHANGE (STATE + 1)

enum {
	FREE, /* unused, or being changed */
	WAITS,
	CLAIMED, /* a handler writes the socket, with preemption off */
	FOUND,
	GONE, /* freed while it waited: nobody else may be known by these bytes */
};

/**
 * struct waiting - a TLS session that waits for a socket call, or has found it
 * @state: as above
 * @nr: pieces so far; the newest BEGINS_MAX are kept
 * @doubtful: a bit for each piece that another session has left, too
 * @process: its process
 * @ssl: what the library knows it by
 * @since: when its newest piece was written; jiffies
 * @begins: the pieces
 * @socket: FOUND: what one of them was sent through
 */
struct waiting {
	atomic_t state;
	u32 nr;
	unsigned long doubtful;
	struct st_tls_process process;
	u64 ssl;
	unsigned long since;
	struct st_tls_begin begins[BEGINS_MAX];
	struct st_tls_socket socket;
};

/* Guards all of these; handlers of socket calls only exchange states. */
static DEFINE_SPINLOCK(lock);
static struct waiting __rcu *table;
static unsigned int used; /* none behind these was ever used */
static u16 held[ST_TLS_PROCESSES]; /* of each process, not FREE */

atomic_t st_tls_bio_waits[ST_TLS_PROCESSES];

/* ---- States --------------------------------------------------------------------------- */

static struct waiting *all(void)
{
	return rcu_dereference_protected(table, lockdep_is_held(&lock));
}

static u32 state_of(const struct waiting *waiting)
{
	return atomic_read(&waiting->state) & STATE;
}

static nokprobe_inline void count_waiting(const struct waiting *waiting, int more)
{
	atomic_add(more, &st_tls_bio_waits[st_tls_process_hash(waiting->process.pid)]);
	atomic_add(more, &st_tls_open_total);
}

/* No handler of a socket call looks at it then. Returns what state it had. */
static u32 stop(struct waiting *waiting)
{
	int state;

	lockdep_assert_held(&lock);
	do {
		state = atomic_read(&waiting->state);
		while ((state & STATE) == CLAIMED) {
			cpu_relax();
			state = atomic_read(&waiting->state);
		}
	} while (atomic_cmpxchg(&waiting->state, state,
				((u32)state & ~STATE) + CHANGE + FREE) != state);
	state &= STATE;
	if (state == WAITS)
		count_waiting(waiting, -1);
	if (state != FREE)
		held[st_tls_process_hash(waiting->process.pid)]--;
	return state;
}

/* After stop(). */
static void go_on(struct waiting *waiting, u32 state)
{
	lockdep_assert_held(&lock);
	if (state == FREE)
		return;
	held[st_tls_process_hash(waiting->process.pid)]++;
	/* Before it can be claimed. */
	if (state == WAITS)
		count_waiting(waiting, 1);
	atomic_set_release(&waiting->state, atomic_read(&waiting->state) | state);
}

static void let_go(struct waiting *waiting)
{
	u32 state = stop(waiting);

	waiting->ssl = 0;
	go_on(waiting, state == WAITS || state == GONE ? GONE : FREE);
}

/* ---- Looking it up -------------------------------------------------------------------- */

static bool has_any(const struct st_tls_process *process)
{
	return READ_ONCE(held[st_tls_process_hash(process->pid)]);
}

static struct waiting *find(const struct st_tls_process *process, u64 ssl)
{
	struct waiting *each;

	lockdep_assert_held(&lock);
	if (!has_any(process))
		return NULL;
	for (each = all(); each < all() + used; each++)
		if (state_of(each) != FREE && state_of(each) != GONE &&
		    each->ssl == ssl && st_tls_same_process(&each->process, process))
			return each;
	return NULL;
}

static struct waiting *find_room(void)
{
	struct waiting *each, *oldest = all();

	lockdep_assert_held(&lock);
	for (each = all(); each < all() + used; each++) {
		if (state_of(each) == FREE)
			return each;
		if (time_before(each->since, oldest->since))
			oldest = each;
	}
	if (used == SESSIONS_MAX)
		return oldest;
	/* Zeroes: FREE. */
	WRITE_ONCE(used, used + 1);
	return each;
}

/* ---- Leaving -------------------------------------------------------------------------- */

static unsigned int kept(const struct waiting *waiting)
{
	return min_t(unsigned int, READ_ONCE(waiting->nr), BEGINS_MAX);
}
NOKPROBE_SYMBOL(kept);

/* Returns the bit of a piece that begins so; 0 if there is none. */
static unsigned long bit_of(const struct waiting *waiting,
			    const struct st_tls_begin *begin)
{
	const struct st_tls_begin *each = waiting->begins;
	unsigned int i;

	for (i = 0; i < kept(waiting); i++)
		if (each[i].words[0] == begin->words[0] &&
		    each[i].words[1] == begin->words[1])
			return BIT(i);
	return 0;
}
NOKPROBE_SYMBOL(bit_of);

/* Has another session of this process left the same? Then that is not known by it, either. */
static bool doubt(const struct waiting *mine, const struct st_tls_begin *begin)
{
	struct waiting *each;
	bool any = false;
	u32 state;

	for (each = all(); each < all() + used; each++) {
		state = state_of(each);
		if (each == mine || (state != WAITS && state != GONE) ||
		    !bit_of(each, begin) ||
		    !st_tls_same_process(&each->process, &mine->process))
			continue;
		state = stop(each);
		/* If it has been sent meanwhile, it is that one's. */
		any |= state == WAITS || state == GONE;
		each->doubtful |= bit_of(each, begin);
		go_on(each, state);
	}
	return any;
}

/* @waiting is stopped. */
static void add(struct waiting *waiting, const struct st_tls_begin *begin)
{
	unsigned int i = waiting->nr % BEGINS_MAX;

	if (bit_of(waiting, begin))
		return;
	waiting->begins[i] = *begin;
	waiting->doubtful &= ~BIT(i);
	if (doubt(waiting, begin))
		waiting->doubtful |= BIT(i);
	waiting->nr++;
}

/**
 * st_tls_bio_leave() - a session whose connection is unknown has written ciphertext
 * @process: the calling process
 * @ssl: the session
 * @left: the ciphertext
 *
 * Context: a uprobe's handler.
 */
void st_tls_bio_leave(const struct st_tls_process *process, u64 ssl,
		      const struct st_tls_left *left)
{
	struct waiting *waiting;
	u32 i;

	spin_lock(&lock);
	if (!all())
		goto out;
	waiting = find(process, ssl);
	if (waiting && stop(waiting) == FOUND) {
		/* It was sent just now. */
		go_on(waiting, FOUND);
		goto out;
	}
	if (!waiting) {
		waiting = find_room();
		stop(waiting);
		waiting->process = *process;
		waiting->ssl = ssl;
		waiting->nr = 0;
	}
	for (i = 0; i < left->nr; i++)
		add(waiting, &left->begins[i]);
	waiting->since = jiffies;
	go_on(waiting, WAITS);
out:
	spin_unlock(&lock);
}

/**
 * st_tls_bio_drop() - a session is freed, or its connection is known otherwise
 * @process: the calling process
 * @ssl: the session
 *
 * Context: a uprobe's handler.
 */
void st_tls_bio_drop(const struct st_tls_process *process, u64 ssl)
{
	struct waiting *waiting;

	if (!has_any(process))
		return;
	spin_lock(&lock);
	waiting = find(process, ssl);
	if (waiting)
		let_go(waiting);
	spin_unlock(&lock);
}

static bool is_shaking(const struct st_tls_process *process, u64 ssl,
		       const struct st_tls_begin *begin)
{
	const struct waiting *waiting;
	bool is = false;
	unsigned int i;

	if (!has_any(process))
		return false;
	spin_lock(&lock);
	waiting = find(process, ssl);
	for (i = 0; waiting && i < kept(waiting); i++)
		is |= st_tls_begin_is_again(begin, &waiting->begins[i]);
	spin_unlock(&lock);
	return is;
}

/**
 * st_tls_bio_renew() - forget the connection of a session that begins another one
 * @process: the calling process
 * @ssl: the session
 * @begin: what it has written
 *
 * A session may be used again (SSL_clear()), or be another one at the same address whose end was
 * not seen.
 *
 * Context: a uprobe's handler.
 */
void st_tls_bio_renew(const struct st_tls_process *process, u64 ssl,
		      const struct st_tls_begin *begin)
{
	if (!st_tls_begin_is_hello(begin) || is_shaking(process, ssl, begin))
		return;
	st_tls_conn_drop(process, ssl);
	st_tls_bio_drop(process, ssl);
}

/* ---- Finding -------------------------------------------------------------------------- */

/**
 * st_tls_bio_take() - the socket through which a session's ciphertext was sent
 * @process: the calling process
 * @ssl: the session
 * @call: @fd and @peer are filled in, if it is known
 *
 * Context: a uprobe's handler.
 * Return: false if it is not known. Else it is forgotten here.
 */
bool st_tls_bio_take(const struct st_tls_process *process, u64 ssl, struct st_call *call)
{
	struct waiting *waiting;
	u32 state = FREE;

	if (!has_any(process))
		return false;
	spin_lock(&lock);
	waiting = find(process, ssl);
	if (waiting) {
		state = stop(waiting);
		if (state == FOUND) {
			call->fd = waiting->socket.fd;
			st_peer_copy(&call->peer, &waiting->socket.peer);
		} else {
			go_on(waiting, state);
		}
	}
	spin_unlock(&lock);
	return state == FOUND;
}

/* What is read may be changing: then the state is another one. */
static bool claim(struct waiting *waiting, const struct st_tls_process *process,
		  const struct st_tls_begin *begin)
{
	int state = atomic_read_acquire(&waiting->state);
	unsigned long bit;

	if ((state & STATE) != WAITS)
		return false;
	bit = bit_of(waiting, begin);
	return bit && !(waiting->doubtful & bit) &&
	       st_tls_same_process(&waiting->process, process) &&
	       atomic_cmpxchg(&waiting->state, state, state - WAITS + CLAIMED) == state;
}
NOKPROBE_SYMBOL(claim);

static void set_socket(struct waiting *waiting, const struct st_call *call)
{
	waiting->socket.fd = call->fd;
	st_peer_copy(&waiting->socket.peer, &call->peer);
	count_waiting(waiting, -1);
	atomic_set_release(&waiting->state,
			   atomic_read(&waiting->state) - CLAIMED + FOUND);
}
NOKPROBE_SYMBOL(set_socket);

/**
 * st_tls_bio_note() - a socket call returns: does it send what waits?
 * @call: complete; sessions may want it or not
 *
 * Context: the return handler of a hook; preemption off.
 * Return: true if so.
 */
bool st_tls_bio_note(const struct st_call *call)
{
	struct st_tls_process process;
	struct st_tls_begin begin;
	struct waiting *waiting, *first = rcu_dereference_sched(table);
	unsigned int nr = READ_ONCE(used);

	if (!first || call->type != SENDTRACE_RECORD_SEND ||
	    call->ret < (s64)sizeof(begin) ||
	    !atomic_read(&st_tls_bio_waits[st_tls_process_hash(task_tgid_nr(current))]) ||
	    st_payload_copy(&begin, &call->payload, 0, sizeof(begin)) < sizeof(begin))
		return false;
	st_tls_process_read(&process);
	for (waiting = first; waiting < first + nr; waiting++) {
		if (!claim(waiting, &process, &begin))
			continue;
		set_socket(waiting, call);
		return true;
	}
	return false;
}
NOKPROBE_SYMBOL(st_tls_bio_note);

/* ---- The table ------------------------------------------------------------------------ */

/**
 * st_tls_bio_prepare() - make room, unless there is
 *
 * Context: may sleep; one at a time.
 * Return: 0 or -ENOMEM.
 */
int st_tls_bio_prepare(void)
{
	struct waiting *made;

	if (rcu_access_pointer(table))
		return 0;
	made = kvcalloc(SESSIONS_MAX, sizeof(*made), GFP_KERNEL);
	if (!made)
		return -ENOMEM;
	rcu_assign_pointer(table, made);
	return 0;
}

/**
 * st_tls_bio_expire() - forget what was not sent for a long time
 *
 * What was merged with other bytes never is. What was found stays, until the session's next call.
 *
 * Context: may sleep; not together with st_tls_bio_clear().
 */
void st_tls_bio_expire(void)
{
	struct waiting *each;
	u32 state;

	spin_lock(&lock);
	for (each = all(); each && each < all() + used; each++) {
		state = state_of(each);
		if ((state == WAITS || state == GONE) &&
		    time_after(jiffies, each->since + PATIENCE)) {
			state = stop(each);
			go_on(each, state == FOUND ? FOUND : FREE);
		}
	}
	spin_unlock(&lock);
}

/**
 * st_tls_bio_clear() - forget all sessions, and free the room
 *
 * Context: may sleep; no probe is registered.
 */
void st_tls_bio_clear(void)
{
	struct waiting *each, *first;

	spin_lock(&lock);
	first = all();
	for (each = first; each < first + used; each++)
		stop(each);
	RCU_INIT_POINTER(table, NULL);
	used = 0;
	spin_unlock(&lock);
	if (!first)
		return;
	/* Handlers of socket calls may still look. */
	synchronize_rcu();
	kvfree(first);
}
