// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a session: created by open(), configured once, started and stopped any number
 * of times, destroyed by the release of its file.
 *
 * How it stops: first no handler may use it any more (running.c). Then no wake-up can be
 * queued, and the one that may be under way is waited for. The rings stay until the file is
 * released, so what they hold can still be read; a mapping holds the file.
 */
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <asm-generic/kprobes.h>

#include <sendtrace/calls.h>

#include "compat.h"
#include "param.h"
#include "running.h"
#include "session.h"

#define RINGS_TOTAL	 (64U << 20)
#define RING_DEFAULT_MAX (16U << 20)

static unsigned int inline_max = IS_ENABLED(CONFIG_PREEMPT_RT) ? 64 << 10 : 1 << 20;
module_param(inline_max, uint, 0444);
MODULE_PARM_DESC(
	inline_max,
	"bytes copied per call by all sessions without task_work_add() (4096-67108864; at most 65536 with interrupts off)");

/* Guards the list of all open sessions, and the counters of the closed ones. */
static DEFINE_MUTEX(list_lock);
static LIST_HEAD(sessions);
static u64 sessions_so_far;
static DEFINE_PER_CPU(struct st_counters, closed);

/**
 * st_session_init() - check the parameters
 *
 * Return: 0 or -EINVAL.
 */
int __init st_session_init(void)
{
	return st_param_check("inline_max", inline_max, 4096, ST_SNAPLEN_MAX);
}

/**
 * st_session_default_ring_size() - default size of a ring, in bytes per CPU
 *
 * Return: 16 MiB, or less if all CPUs' rings together would exceed 64 MiB.
 */
u32 st_session_default_ring_size(void)
{
	u32 share = rounddown_pow_of_two(RINGS_TOTAL / num_possible_cpus());

	return clamp_t(u32, share, ST_RING_SIZE_MIN, RING_DEFAULT_MAX);
}

/**
 * st_session_inline_max() - maximum bytes per call that a handler copies
 *
 * Return: ST_INLINE_MAX if longer payloads can be copied later; else the module
 * parameter.
 */
u32 st_session_inline_max(void)
{
	return ST_CAN_DEFER ? ST_INLINE_MAX : inline_max;
}

/**
 * st_session_at_once_max() - maximum bytes per call that all sessions together copy in a
 *	handler, where longer payloads cannot be copied later
 *
 * Whether interrupts are off differs by kernel and architecture: they are in 5.10's return
 * handlers, and in arm64's again from 6.12 on.
 *
 * Context: the return handler.
 * Return: the module parameter, but not more than ST_IRQS_OFF_MAX if interrupts are off.
 */
u32 st_session_at_once_max(void)
{
	return irqs_disabled() ? min(inline_max, ST_IRQS_OFF_MAX) : inline_max;
}
NOKPROBE_SYMBOL(st_session_at_once_max);

/**
 * st_session_create() - create a session that is not configured, for everyone's calls
 *
 * Context: the process that opens the device.
 * Return: the session, for st_session_destroy(), or NULL if there is not enough memory.
 */
struct st_session *st_session_create(void)
{
	static const struct sendtrace_filter everyone;
	struct st_session *session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);
	struct st_rules *rules;

	if (!session)
		return NULL;
	rules = st_rules_create(&everyone);
	if (IS_ERR(rules)) {
		kfree(session);
		return NULL;
	}
	RCU_INIT_POINTER(session->rules, rules);
	mutex_init(&session->lock);
	mutex_init(&session->read_lock);
	spin_lock_init(&session->mode_lock);
	st_bell_init(&session->bell);
	session->opener_pid = task_tgid_nr(current);
	session->opener_uid = from_kuid_munged(&init_user_ns, current_uid());
	strscpy(session->opener_comm, current->comm, sizeof(session->opener_comm));
	session->opened = ktime_get_real_seconds();
	mutex_lock(&list_lock);
	session->id = ++sessions_so_far;
	list_add_tail(&session->entry, &sessions);
	mutex_unlock(&list_lock);
	return session;
}

static void free_rings(struct st_ring **rings)
{
	int cpu;

	if (!rings)
		return;
	for_each_possible_cpu(cpu)
		st_ring_free(rings[cpu]);
	kvfree(rings);
}

/* Adds a session's counters to the host's totals. */
static void keep_counters(const struct st_session *session)
{
	int cpu;

	lockdep_assert_held(&list_lock);
	if (!session->rings)
		return;
	for_each_possible_cpu(cpu)
		st_counters_add(per_cpu_ptr(&closed, cpu), &session->rings[cpu]->count);
}

/**
 * st_session_destroy() - free a session that does not run
 * @session: has no other users: its file is being released
 *
 * Context: may sleep.
 */
void st_session_destroy(struct st_session *session)
{
	mutex_lock(&list_lock);
	list_del(&session->entry);
	keep_counters(session);
	mutex_unlock(&list_lock);
	if (session->started)
		st_irq_work_settle();
	free_rings(session->rings);
	st_rules_free_rcu(rcu_dereference_protected(session->rules, true));
	kfree(session);
}

/* ---- Configuring ---------------------------------------------------------------- */

static struct st_ring **alloc_rings(u32 size)
{
	struct st_ring **rings, *ring;
	int cpu;

	/* Leave at least half of the available memory to the rest of the host. */
	if ((u64)size * num_possible_cpus() > ((u64)si_mem_available() << PAGE_SHIFT) / 2)
		return ERR_PTR(-ENOMEM);
	rings = kvcalloc(nr_cpu_ids, sizeof(*rings), GFP_KERNEL_ACCOUNT);
	if (!rings)
		return ERR_PTR(-ENOMEM);
	for_each_possible_cpu(cpu) {
		ring = st_ring_alloc(cpu, size);
		if (IS_ERR(ring)) {
			free_rings(rings);
			return ERR_CAST(ring);
		}
		rings[cpu] = ring;
	}
	return rings;
}

/* The older form of which calls are recorded: two of them. */
static u64 calls_of(u32 events)
{
	u64 calls = 0;

	if (events & SENDTRACE_EVENTS_SEND)
		calls |= SENDTRACE_CALL_BIT(SENDTRACE_CALL_SENDTO);
	if (events & SENDTRACE_EVENTS_ACCEPT)
		calls |= SENDTRACE_CALL_BIT(SENDTRACE_CALL_ACCEPT);
	return calls;
}

/**
 * st_session_events() - the older form of which calls are recorded
 * @calls: SENDTRACE_CALL_BIT() of each
 *
 * Return: SENDTRACE_EVENTS_* of those that have one.
 */
u32 st_session_events(u64 calls)
{
	u32 events = 0;

	if (calls & SENDTRACE_CALL_BIT(SENDTRACE_CALL_SENDTO))
		events |= SENDTRACE_EVENTS_SEND;
	if (calls & SENDTRACE_CALL_BIT(SENDTRACE_CALL_ACCEPT))
		events |= SENDTRACE_EVENTS_ACCEPT;
	return events;
}

/**
 * st_session_complete_config() - check a configuration, and fill in the defaults
 * @config: from user space, not trusted; on return, the values that will be used
 *
 * Return: 0 or -EINVAL.
 */
int st_session_complete_config(struct sendtrace_config *config)
{
	if (config->reserved1 ||
	    memchr_inv(config->reserved, 0, sizeof(config->reserved)) ||
	    config->events & ~SENDTRACE_EVENTS_ALL)
		return -EINVAL;
	if (config->calls & ~(SENDTRACE_CALLS_ALL | SENDTRACE_CALLS_TLS))
		return -EINVAL;
	if (!config->calls)
		config->calls = calls_of(config->events ?: SENDTRACE_EVENTS_ALL);
	config->events = st_session_events(config->calls);
	if (!config->snaplen)
		config->snaplen = ST_SNAPLEN_DEFAULT;
	if (!config->ring_size)
		config->ring_size = st_session_default_ring_size();
	if (config->snaplen > ST_SNAPLEN_MAX || config->ring_size < ST_RING_SIZE_MIN ||
	    config->ring_size > ST_RING_SIZE_MAX)
		return -EINVAL;
	config->ring_size = roundup_pow_of_two(config->ring_size);
	return 0;
}

/*
 * The largest record must fit into an empty ring, behind a LOST record. Of the chunks of
 * a long payload, four should fit, so that the reader can empty one part of the ring
 * while the other part is filled.
 */
static void bound_payload(struct st_session *session)
{
	u32 most = st_session_inline_max();

	session->inline_max = min(most, session->ring_size / 2);
	session->inline_why = session->inline_max < most ? SENDTRACE_WHY_RING_SIZE :
							   SENDTRACE_WHY_INLINE_BOUND;
	session->chunk_max = min(ST_CHUNK_MAX, session->ring_size / 4);
}

/* TLS: the socket calls inside a library's call tell which connection it is for. */
static u64 asks_of(u64 calls)
{
	if (calls & SENDTRACE_CALLS_TLS)
		calls |= ST_CALLS_FROM_TO(SENDTO, IO_URING_SEND) |
			 ST_CALLS_FROM_TO(RECVFROM, IO_URING_RECV);
	return calls;
}

/**
 * st_session_configure() - decide what is recorded and allocate the rings
 * @session: not configured yet
 * @config: from st_session_complete_config()
 *
 * Context: may sleep; @session->lock is held.
 * Return: 0, -EBUSY if the session is already configured, -ENOMEM, -EINTR.
 */
int st_session_configure(struct st_session *session,
			 const struct sendtrace_config *config)
{
	struct st_ring **rings;

	lockdep_assert_held(&session->lock);
	if (session->rings)
		return -EBUSY;
	rings = alloc_rings(config->ring_size);
	if (IS_ERR(rings))
		return PTR_ERR(rings);
	session->snaplen = config->snaplen;
	session->ring_size = config->ring_size;
	session->calls = config->calls;
	session->asks = asks_of(config->calls);
	bound_payload(session);
	/* list_lock, too: listing the sessions reads their rings. */
	mutex_lock(&list_lock);
	spin_lock(&session->mode_lock);
	session->rings = rings;
	spin_unlock(&session->mode_lock);
	mutex_unlock(&list_lock);
	return 0;
}

/**
 * st_session_set_rules() - replace the rules; a call sees the old ones or the new ones
 * @session: running or not
 * @rules: from st_rules_create(); the session owns them from now on
 *
 * Context: @session->lock is held.
 */
void st_session_set_rules(struct st_session *session, struct st_rules *rules)
{
	lockdep_assert_held(&session->lock);
	rules = rcu_replace_pointer(session->rules, rules,
				    lockdep_is_held(&session->lock));
	st_rules_free_rcu(rules);
}

/* ---- Running --------------------------------------------------------------------- */

/* No handler may use the session. */
static void forget_tracer(struct st_session *session)
{
	put_pid(session->tracer);
	session->tracer = NULL;
}

/**
 * st_session_prepare() - make a session known as one that is about to run
 * @session: configured, not running
 *
 * Its reader sees nothing of it until st_session_start(). Undone by st_session_unprepare().
 *
 * Context: may sleep; @session->lock is held.
 * Return: 0, or -EUSERS if as many sessions run as can.
 */
int st_session_prepare(struct st_session *session)
{
	int slot;

	lockdep_assert_held(&session->lock);
	session->tracer = get_task_pid(current, PIDTYPE_TGID);
	slot = st_running_reserve(session, &session->since);
	if (slot < 0) {
		forget_tracer(session);
		return slot;
	}
	session->slot = slot;
	return 0;
}

/**
 * st_session_unprepare() - a session does not run after all
 * @session: prepared, not started
 *
 * Context: may sleep; @session->lock is held.
 */
void st_session_unprepare(struct st_session *session)
{
	lockdep_assert_held(&session->lock);
	st_running_remove(session->slot);
	forget_tracer(session);
}

/**
 * st_session_start() - show a session to the handlers
 * @session: prepared; its hooks and probes are armed
 *
 * Context: may sleep; @session->lock is held.
 */
void st_session_start(struct st_session *session)
{
	lockdep_assert_held(&session->lock);
	st_running_show(session->slot, &session->since);
	WRITE_ONCE(session->running, true);
	spin_lock(&session->mode_lock);
	session->started = true;
	spin_unlock(&session->mode_lock);
}

static void end_rings(const struct st_session *session)
{
	u64 now = ktime_get_ns();
	int cpu;

	for_each_possible_cpu(cpu)
		st_ring_end(session->rings[cpu], now);
}

/**
 * st_session_stop() - hide a session from the handlers, and wake its reader
 * @session: running
 *
 * When it returns, no handler writes to the rings any more, and what they have lost is
 * reported, as st_ring_end() describes.
 *
 * Context: may sleep; @session->lock is held.
 */
void st_session_stop(struct st_session *session)
{
	lockdep_assert_held(&session->lock);
	st_running_remove(session->slot);
	end_rings(session);
	forget_tracer(session);
	st_bell_exit(&session->bell);
	smp_store_release(&session->running, false); /* G, matches H */
	wake_up_interruptible_all(&session->bell.waiters);
}

/* ---- Counting --------------------------------------------------------------------- */

/**
 * st_session_count() - add one session's counters to a sum
 * @session: any
 * @sum: the sum
 *
 * Context: @session->lock is held.
 */
void st_session_count(const struct st_session *session, struct st_counters *sum)
{
	int cpu;

	lockdep_assert_held(&session->lock);
	if (!session->rings)
		return;
	for_each_possible_cpu(cpu)
		st_counters_add(sum, &session->rings[cpu]->count);
}

/**
 * st_sessions_count() - add one CPU's counters, of all open and closed sessions, to a sum
 * @cpu: a possible CPU
 * @sum: the sum
 *
 * Context: may sleep.
 */
void st_sessions_count(int cpu, struct st_counters *sum)
{
	struct st_session *session;

	mutex_lock(&list_lock);
	st_counters_add(sum, per_cpu_ptr(&closed, cpu));
	list_for_each_entry(session, &sessions, entry)
		if (session->rings)
			st_counters_add(sum, &session->rings[cpu]->count);
	mutex_unlock(&list_lock);
}

/**
 * st_sessions_visit() - call a function for each open session
 * @visit: the function; must not call functions of this file
 * @arg: passed to @visit
 *
 * Context: may sleep.
 */
void st_sessions_visit(void (*visit)(const struct st_session *session, void *arg),
		       void *arg)
{
	struct st_session *session;

	mutex_lock(&list_lock);
	list_for_each_entry(session, &sessions, entry)
		visit(session, arg);
	mutex_unlock(&list_lock);
}
