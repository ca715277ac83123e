// SPDX-License-Identifier: GPL-2.0
/*
 * Which call of a TLS library a thread is inside.
 *
 * Context: handlers of socket calls, with preemption off, and uprobes' handlers.
 */
#include <linux/bits.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <asm/processor.h>
#include <asm-generic/kprobes.h>

#include "compat.h"
#include "tls_chain.h"
#include "tls_open.h"

static nokprobe_inline bool is_around(const struct st_tls_open *call,
				      const struct st_tls_process *process,
				      unsigned long sp)
{
	return sp <= call->sp && call->sp - sp <= ST_TLS_DEEPEST &&
	       st_tls_same_process(&call->process, process);
}

static nokprobe_inline bool is_own(const struct st_tls_open *call)
{
	return call->task == current && call->task_start == current->start_time;
}

/*
 * User memory is read so often at most, for all calls that are compared: the locks of chains are held.
 * On arm64, one call takes a read for each function between it and the socket call.
 */
#define READS_MAX 64

/**
 * struct found - the best call so far that the thread may be inside
 * @call: NULL if there is none
 * @is_own: the calling thread has entered it
 * @is_read: @is_intact is known
 * @is_intact: is_intact() of @call
 * @reads: how often user memory was read
 */
struct found {
	struct st_tls_open *call;
	bool is_own;
	bool is_read;
	bool is_intact;
	unsigned int reads;
};

static nokprobe_inline bool peek(struct found *found, void *to, unsigned long at,
				 size_t size)
{
	return found->reads++ < READS_MAX &&
	       !copy_from_user_nofault(to, (const void __user *)at, size);
}

/*
 * Is the thread still in the call? This decides only between two calls, since it is not certain.
 *
 * x86: the return address stands where it was: what longjmp() has left is overwritten sooner or
 * later; others that trace may have exchanged it, too.
 *
 * arm64: x29 points to a frame record: x29 and x30 as they were at a function's entry, so that the
 * records of all functions that the thread is in are a list (AAPCS64). The call's own record is
 * below its stack pointer. Where pointers are authenticated, x30 was signed in its upper bits.
 */
static bool is_intact(struct found *found, const struct st_tls_open *call)
{
	struct pt_regs *regs = task_pt_regs(current);
#ifdef CONFIG_X86
	size_t size = user_64bit_mode(regs) ? sizeof(u64) : sizeof(u32);
	unsigned long word = 0;

	return peek(found, &word, call->sp, size) && word == call->returns_to;
#else
	unsigned long at = regs->regs[29];
	struct {
		unsigned long x29;
		unsigned long x30;
	} record;

	while (at < call->sp && peek(found, &record, at, sizeof(record))) {
		if (record.x29 == call->frame &&
		    !((record.x30 ^ call->returns_to) & GENMASK(47, 0)))
			return true;
		/* Each one is above the one before. */
		if (record.x29 <= at)
			break;
		at = record.x29;
	}
	return false;
#endif
}
NOKPROBE_SYMBOL(is_intact);

/*
 * The calling thread's own calls first, since other stacks may be near; then what is not left of a
 * call that never returned; then the innermost one.
 */
static void consider(struct found *best, struct st_tls_open *call)
{
	bool own = is_own(call), intact;

	if (!best->call || own != best->is_own) {
		if (best->call && !own)
			return;
		best->call = call;
		best->is_own = own;
		best->is_read = false;
		return;
	}
	if (!best->is_read)
		best->is_intact = is_intact(best, best->call);
	best->is_read = true;
	intact = is_intact(best, call);
	if (intact == best->is_intact ? call->sp < best->call->sp : intact) {
		best->call = call;
		best->is_intact = intact;
	}
}
NOKPROBE_SYMBOL(consider);

static void look(struct found *best, unsigned int i, const struct st_tls_process *process,
		 unsigned long sp)
{
	struct st_tls_open *call;

	hlist_for_each_entry(call, &st_tls_chains[i].calls, node)
		if (is_around(call, process, sp))
			consider(best, call);
}
NOKPROBE_SYMBOL(look);

/*
 * Is the thread that entered the call still in it, so that it is not the calling thread's? That
 * thread may be exiting, and its kernel stack gone.
 */
static bool is_occupied(const struct st_tls_open *call)
{
	const struct task_struct *thread;
	unsigned long its;
	bool is;

	rcu_read_lock();
	thread = st_tls_thread_of(call);
	is = thread &&
	     !copy_from_kernel_nofault(&its, &task_pt_regs(thread)->sp, sizeof(its)) &&
	     its <= call->sp && call->sp - its <= ST_TLS_DEEPEST;
	rcu_read_unlock();
	return is;
}
NOKPROBE_SYMBOL(is_occupied);

/* The two that the call may be in which a stack pointer is inside. */
struct pair {
	unsigned int low;
	unsigned int high;
};

static nokprobe_inline struct pair pair_of(u32 pid, unsigned long sp)
{
	unsigned int a = st_tls_chain_of(pid, sp),
		     b = st_tls_chain_of(pid, sp + ST_TLS_DEEPEST);

	return (struct pair){ .low = min(a, b), .high = max(a, b) };
}

/* If both are one, sparse is told that there are two locks all the same. */
static void lock_pair(const struct pair *pair) __acquires(low) __acquires(high)
{
	raw_spin_lock(&st_tls_chains[pair->low].lock);
	if (pair->high != pair->low)
		raw_spin_lock_nested(&st_tls_chains[pair->high].lock,
				     SINGLE_DEPTH_NESTING);
	else
		__acquire(high);
}
NOKPROBE_SYMBOL(lock_pair);

static void unlock_pair(const struct pair *pair) __releases(low) __releases(high)
{
	if (pair->high != pair->low)
		raw_spin_unlock(&st_tls_chains[pair->high].lock);
	else
		__release(high);
	raw_spin_unlock(&st_tls_chains[pair->low].lock);
}
NOKPROBE_SYMBOL(unlock_pair);

/**
 * st_tls_open_note() - note something in the call that the calling thread is inside
 * @sp: its stack pointer in user mode
 * @note: notes it; the call cannot be taken meanwhile; preemption is off
 * @what: handed to @note
 *
 * Context: a task, not an interrupt; @note is called with a raw spinlock held.
 * Return: false if it is in none, or @note has returned that.
 */
bool st_tls_open_note(unsigned long sp, st_tls_note_fn note, const void *what)
{
	struct found best = { .call = NULL };
	struct st_tls_process process;
	struct pair pair;
	bool noted;

	st_tls_process_read(&process);
	pair = pair_of(process.pid, sp);
	lock_pair(&pair);
	look(&best, pair.low, &process, sp);
	if (pair.high != pair.low)
		look(&best, pair.high, &process, sp);
	noted = best.call && (best.is_own || !is_occupied(best.call)) &&
		note(best.call, what);
	unlock_pair(&pair);
	return noted;
}
NOKPROBE_SYMBOL(st_tls_open_note);
