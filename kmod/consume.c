// SPDX-License-Identifier: GPL-2.0
/*
 * The consumer's side of a session: which way its rings are consumed, and what read()
 * returns. The mapped way needs nothing of this file but the claim.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "consume.h"

/* ---- Which way --------------------------------------------------------------------- */

/**
 * st_consume_was_started() - has the session ever been started?
 * @session: any
 *
 * Return: true if it has; then its rings may be looked at.
 */
bool st_consume_was_started(struct st_session *session)
{
	bool started;

	spin_lock(&session->mode_lock);
	started = session->started;
	spin_unlock(&session->mode_lock);
	return started;
}

/**
 * st_consume_claim() - choose how the rings are consumed
 * @session: any
 * @mode: ST_MODE_READ or ST_MODE_MAP
 *
 * The choice is final, unless each claim is undone by st_consume_unclaim().
 *
 * Return: 0, or -EBUSY if the other way was chosen.
 */
int st_consume_claim(struct st_session *session, enum st_mode mode)
{
	int err = 0;

	spin_lock(&session->mode_lock);
	if (session->mode != ST_MODE_OPEN && session->mode != mode) {
		err = -EBUSY;
	} else {
		session->mode = mode;
		session->claims++;
	}
	spin_unlock(&session->mode_lock);
	return err;
}

/**
 * st_consume_unclaim() - undo a claim, because what it was made for has failed
 * @session: claimed by the caller
 */
void st_consume_unclaim(struct st_session *session)
{
	spin_lock(&session->mode_lock);
	if (!--session->claims)
		session->mode = ST_MODE_OPEN;
	spin_unlock(&session->mode_lock);
}

/**
 * st_consume_ring() - one CPU's ring, to be mapped
 * @session: any
 * @cpu: any number
 *
 * Return: the ring, ERR_PTR(-ENXIO) before the session was configured, ERR_PTR(-EINVAL) if
 * there can be no such CPU.
 */
struct st_ring *st_consume_ring(struct st_session *session, u64 cpu)
{
	struct st_ring **rings;

	spin_lock(&session->mode_lock);
	rings = session->rings;
	spin_unlock(&session->mode_lock);
	if (!rings)
		return ERR_PTR(-ENXIO);
	if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return ERR_PTR(-EINVAL);
	return rings[cpu];
}

/* ---- Finding records ---------------------------------------------------------------- */

/**
 * st_consume_readable() - is there a record in any ring?
 * @session: configured
 *
 * Return: true if there is.
 */
bool st_consume_readable(const struct st_session *session)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (st_ring_readable(session->rings[cpu]))
			return true;
	return false;
}

static struct st_ring *scan_oldest(struct st_session *session,
				   const struct sendtrace_record **rec)
{
	const struct sendtrace_record *head;
	struct st_ring *oldest = NULL;
	int cpu;

	for_each_possible_cpu(cpu) {
		head = st_ring_peek(session->rings[cpu]);
		if (head && (!oldest || head->time < (*rec)->time)) {
			oldest = session->rings[cpu];
			*rec = head;
		}
	}
	return oldest;
}

/**
 * st_consume_oldest() - the record that read() returns next
 * @session: configured, claimed for read()
 * @rec: set to the record if there is one
 *
 * A thread's records may lie in several rings. A scan that finds the later one may have
 * passed the earlier one's ring while that was still empty; but what was written before the
 * later one is visible to a second scan. So a record is returned only when two scans agree.
 *
 * Context: one caller at a time.
 * Return: the record's ring, for st_ring_release(), or NULL if all are empty.
 */
struct st_ring *st_consume_oldest(struct st_session *session,
				  const struct sendtrace_record **rec)
{
	struct st_ring *ring = scan_oldest(session, rec);
	struct st_ring *before;

	do {
		before = ring;
		ring = scan_oldest(session, rec);
	} while (ring != before);
	return ring;
}

/* ---- read() ------------------------------------------------------------------------- */

/* The next record, or the one of which read() has returned a part already. */
static struct st_ring *next_to_read(struct st_session *session,
				    const struct sendtrace_record **rec)
{
	if (!session->read_offset)
		session->read_ring = st_consume_oldest(session, rec);
	else
		*rec = st_ring_peek(session->read_ring);
	return session->read_ring;
}

/*
 * Whole records, as many as fit. A record that is larger than the whole buffer is returned
 * in pieces: `cat` must not fail because a process sent much in one call.
 */
static ssize_t copy_records(struct st_session *session, char __user *buf, size_t size)
{
	const struct sendtrace_record *rec;
	size_t done = 0, piece;
	struct st_ring *ring;

	while (done < size && (ring = next_to_read(session, &rec))) {
		piece = rec->size - session->read_offset;
		if (piece > size - done) {
			if (done)
				break;
			piece = size;
		}
		if (copy_to_user(buf + done, (const u8 *)rec + session->read_offset,
				 piece))
			return done ?: -EFAULT;
		done += piece;
		session->read_offset += piece;
		if (session->read_offset == rec->size) {
			session->read_offset = 0;
			st_ring_release(ring, rec);
		}
	}
	return done;
}

/* Asks for a wake-up before it looks, so that no record can slip in between. */
static bool worth_looking(struct st_session *session)
{
	st_bell_want(&session->bell);
	return st_session_has_stopped(session) || st_consume_readable(session);
}

/**
 * st_consume_lock() - take @read_lock for a read()
 * @session: any
 * @nonblock: do not wait for another thread, which may sleep in its read() with the lock
 *
 * Return: 0, -EAGAIN, or -EINTR.
 */
int st_consume_lock(struct st_session *session, bool nonblock)
{
	if (nonblock)
		return mutex_trylock(&session->read_lock) ? 0 : -EAGAIN;
	return mutex_lock_interruptible(&session->read_lock);
}

/**
 * st_consume_unlock() - undo st_consume_lock()
 * @session: locked by the caller
 */
void st_consume_unlock(struct st_session *session)
{
	mutex_unlock(&session->read_lock);
}

/**
 * st_consume_read() - copy records to the reader, and wait until there is one
 * @session: started once, claimed for read()
 * @buf: user memory
 * @size: bytes at @buf, more than 0
 * @nonblock: do not wait
 *
 * Context: may sleep; @session->read_lock is held.
 * Return: bytes copied; 0 if the session was stopped and its rings are empty; -EAGAIN,
 * -EFAULT or -ERESTARTSYS.
 */
ssize_t st_consume_read(struct st_session *session, char __user *buf, size_t size,
			bool nonblock)
{
	bool stopped;
	ssize_t done;
	int err;

	lockdep_assert_held(&session->read_lock);
	for (;;) {
		/* In this order: what was written before the stop is still returned. */
		stopped = st_session_has_stopped(session);
		done = copy_records(session, buf, size);
		if (done || stopped)
			return done;
		if (nonblock)
			return -EAGAIN;
		err = wait_event_interruptible(session->bell.waiters,
					       worth_looking(session));
		if (err)
			return err;
	}
}
