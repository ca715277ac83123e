/* SPDX-License-Identifier: GPL-2.0 */
/* A session: one open file of the device, with its configuration, rings and counters. */
#ifndef _ST_SESSION_H
#define _ST_SESSION_H

#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/sendtrace.h>

#include "bell.h"
#include "ring.h"
#include "rules.h"

struct pid;

#define ST_SNAPLEN_DEFAULT (1U << 20)
#define ST_SNAPLEN_MAX	   (64U << 20)
/* Most that a handler copies: 2 us with a cold cache, perhaps with interrupts off. */
#define ST_INLINE_MAX	   (16U << 10)
/*
 * About what all sessions together copy of one call in a handler: 7 us with a cold cache,
 * perhaps with interrupts off.
 */
#define ST_IRQS_OFF_MAX	   (64U << 10)
/* What task work copies with preemption off before it looks around: 7 us, cold cache. */
#define ST_CHUNK_MAX	   (IS_ENABLED(CONFIG_PREEMPT_RT) ? 16U << 10 : 64U << 10)
#define ST_RING_SIZE_MIN   ((u32)PAGE_SIZE)
#define ST_RING_SIZE_MAX   (1U << 30)

/* How a session's rings are consumed. */
enum st_mode {
	ST_MODE_OPEN, /* not decided yet */
	ST_MODE_READ,
	ST_MODE_MAP,
};

/**
 * struct st_missed - calls that no event record and no loss tells of
 * @all: of all kinds
 * @tls: of TLS libraries
 */
struct st_missed {
	u64 all;
	u64 tls;
};

/**
 * struct st_session - one open file of the device
 * @lock: guards configuring, starting and stopping. Never held while user memory is
 *	accessed, nor by mmap(): its holder arms probes, which takes locks that others hold
 *	around page faults
 * @read_lock: one read() at a time; taken before @lock, held while user memory is written
 * @mode_lock: guards @mode, @claims, @started and the publication of @rings; innermost, and
 *	never held long
 * @rings: nr_cpu_ids pointers, one ring for each possible CPU; NULL until configured, then
 *	invariant (take @mode_lock to see it first)
 * @mode: how the rings are consumed (@mode_lock)
 * @claims: how many users of the rings have chosen @mode (@mode_lock)
 * @rules: never NULL; at first, everyone's calls (RCU; changed under @lock)
 * @calls: SENDTRACE_CALL_BIT() of the calls that are recorded (invariant once configured)
 * @asks: those that handlers look at for it; more than @calls if it records TLS (invariant once
 *	configured)
 * @snaplen: bytes (invariant once configured)
 * @ring_size: bytes (invariant once configured)
 * @inline_max: most bytes that a handler copies of one call (invariant once configured)
 * @inline_why: enum sendtrace_why of a payload that is cut there (invariant once
 *	configured)
 * @chunk_max: most bytes that task work copies into one record (invariant once configured)
 * @tracer: the process that started it, whose own calls are not recorded; a reference while
 *	running. Not its number: when the process has ended, another can get that
 * @since: time of the last start; calls that began before it are not recorded (invariant
 *	while running)
 * @slot: its bit in st_running_slots, and then in st_running_mask (@lock)
 * @read_ring: the ring whose oldest record read() has returned in part (@read_lock)
 * @read_offset: how many bytes of that record; 0 for none (@read_lock)
 * @running: between start and stop (written under @lock, read anywhere)
 * @started: has been started once (@mode_lock)
 * @missed: missed calls of the runs that ended (@lock)
 * @missed_before: the count of hooks and probes when the current run began (@lock)
 * @bell: wakes the reader
 * @entry: in the list of all sessions (list_lock of session.c)
 * @id: a number that counts the sessions since the module was loaded (invariant)
 * @opener_pid: process that opened the device (invariant)
 * @opener_uid: its uid in the initial user namespace (invariant)
 * @opener_comm: its name (invariant)
 * @opened: when; seconds since 1970 (invariant)
 */
struct st_session {
	/* Fields that the handlers read. */
	struct st_rules __rcu *rules;
	struct st_ring **rings;
	u64 since;
	struct pid *tracer;
	u64 calls;
	u64 asks;
	u32 snaplen;
	u32 inline_max;
	u32 chunk_max;
	u16 inline_why;
	struct st_bell bell;

	struct mutex lock;
	struct mutex read_lock;
	spinlock_t mode_lock;
	enum st_mode mode;
	u64 claims;
	struct st_ring *read_ring;
	u32 read_offset;
	bool running;
	bool started;
	int slot;
	u32 ring_size;
	struct st_missed missed;
	struct st_missed missed_before;

	struct list_head entry;
	u64 id;
	u32 opener_pid;
	u32 opener_uid;
	char opener_comm[SENDTRACE_COMM_LEN];
	time64_t opened;
};

int st_session_init(void);
u32 st_session_default_ring_size(void);
u32 st_session_inline_max(void);
u32 st_session_events(u64 calls);
u32 st_session_at_once_max(void);

/**
 * st_session_has_stopped() - is nothing written to its rings any more?
 * @session: was started once
 *
 * Return: true if so; then a look at the rings that follows finds the last records.
 */
static inline bool st_session_has_stopped(const struct st_session *session)
{
	return !smp_load_acquire(&session->running); /* H, matches G */
}

struct st_session *st_session_create(void);
void st_session_destroy(struct st_session *session);
int st_session_complete_config(struct sendtrace_config *config);
int st_session_configure(struct st_session *session,
			 const struct sendtrace_config *config);
void st_session_set_rules(struct st_session *session, struct st_rules *rules);
int st_session_prepare(struct st_session *session);
void st_session_unprepare(struct st_session *session);
void st_session_start(struct st_session *session);
void st_session_stop(struct st_session *session);

void st_session_count(const struct st_session *session, struct st_counters *sum);
void st_sessions_count(int cpu, struct st_counters *sum);
void st_sessions_visit(void (*visit)(const struct st_session *session, void *arg),
		       void *arg);

#endif /* _ST_SESSION_H */
