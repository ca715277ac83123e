/* SPDX-License-Identifier: GPL-2.0 */
/* Calls of TLS libraries that have not returned. */
#ifndef _ST_TLS_OPEN_H
#define _ST_TLS_OPEN_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <asm-generic/kprobes.h>

#include "call.h"
#include "caller.h"
#include "peer.h"
#include "tls_bio.h"
#include "tls_written.h"

/**
 * struct st_tls_process - a program that runs, and no other that gets its number or its memory
 * @start: when its first thread was started; nanoseconds
 * @exec: how often it has executed a program
 * @pid: its number, in the initial pid namespace
 */
struct st_tls_process {
	u64 start;
	u64 exec;
	u32 pid;
};

/**
 * struct st_tls_socket - the socket that a TLS session's bytes go through
 * @fd: its descriptor
 * @peer: the socket
 */
struct st_tls_socket {
	s32 fd;
	struct st_peer peer;
};

/**
 * struct st_tls_open - a call of a TLS library that has not returned
 * @node: in the table (tls_open.c)
 * @task: the thread that entered it, @tid its number, and @task_start
 * @process: its process
 * @sp: the user's stack pointer at its entry
 * @returns_to: the address that it returns to; on x86 it stands at @sp
 * @frame: arm64: x29 at its entry
 * @ssl: what the library knows the TLS session by
 * @written: where the library writes how many bytes it sent or received; 0: it returns that
 * @left: what it has written to BIOs, so far
 * @candidates: how many sockets the socket calls inside it went through, so far
 * @is_known: @call has the socket that the TLS session was last seen to use, and no other
 * @call: the call as it is recorded: @wanted, @enter_time, @len, @id, @payload and @caller are set
 *	at its entry, @fd and @peer then or with the first candidate, all else when it returns. It is here
 *	since a kernel may fill each large variable on the stack with zeroes first
 *	(CONFIG_INIT_STACK_ALL_ZERO)
 *
 * Only its own thread changes it, from st_tls_open_new() to st_tls_open_add() and behind
 * st_tls_open_take(); between these, st_tls_open_note() does.
 */
struct st_tls_open {
	struct hlist_node node;
	const struct task_struct *task;
	u64 task_start;
	u32 tid;
	struct st_tls_process process;
	unsigned long sp;
	unsigned long returns_to;
	unsigned long frame;
	u64 ssl;
	u64 written;
	struct st_tls_left left;
	u32 candidates;
	bool is_known;
	struct st_call call;
};

/* How deep a library's stack may be at its socket call: an estimate, for callbacks, too. */
#define ST_TLS_DEEPEST (32UL << 10)

/*
 * How many calls of each process are open, or begin just now; a hash of the processes. The total
 * has those that are open, and what waits in tls_bio.c, so that handlers of socket calls read one
 * word where there is neither.
 */
#define ST_TLS_PROCESSES 256
extern atomic_t st_tls_open_calls[ST_TLS_PROCESSES];
extern atomic_t st_tls_open_total;

static nokprobe_inline unsigned int st_tls_process_hash(u32 pid)
{
	return pid % ST_TLS_PROCESSES;
}

/**
 * st_tls_is_open() - may the calling thread be inside a call of a TLS library?
 *
 * Context: any thread.
 * Return: false if no thread of its process is.
 */
static nokprobe_inline bool st_tls_is_open(void)
{
	return unlikely(atomic_read(&st_tls_open_total)) &&
	       atomic_read(
		       &st_tls_open_calls[st_tls_process_hash(task_tgid_nr(current))]);
}

/**
 * st_tls_is_watched() - may a socket call tell the connection of a TLS session?
 *
 * Context: any thread.
 * Return: false if no thread of its process is inside a call of a TLS library, and no ciphertext
 * of its process waits to be sent.
 */
static nokprobe_inline bool st_tls_is_watched(void)
{
	return unlikely(atomic_read(&st_tls_open_total)) &&
	       (st_tls_is_open() ||
		atomic_read(
			&st_tls_bio_waits[st_tls_process_hash(task_tgid_nr(current))]));
}

static nokprobe_inline bool st_tls_same_process(const struct st_tls_process *a,
						const struct st_tls_process *b)
{
	return a->pid == b->pid && a->start == b->start && a->exec == b->exec;
}

/*
 * Atomic operations that return a value are full barriers: either a return's handler sees that a
 * call begins, or the rules and names that it has looked at before are those that the call is
 * asked for, or newer.
 */

/**
 * st_tls_open_hold() - a call of the calling thread begins: keep the probes on its returns
 *
 * Before it is known whether a session wants it. Undone by st_tls_open_release().
 *
 * Context: a uprobe's handler.
 */
static inline void st_tls_open_hold(void)
{
	atomic_inc_return(&st_tls_open_calls[st_tls_process_hash(task_tgid_nr(current))]);
}

/**
 * st_tls_open_release() - it has been noted, or no session wants it
 */
static inline void st_tls_open_release(void)
{
	atomic_dec_return(&st_tls_open_calls[st_tls_process_hash(task_tgid_nr(current))]);
}

/**
 * st_tls_open_any() - may a call of the calling process be open, or begin just now?
 *
 * Context: a uprobe's handler; after a look at what sessions want.
 * Return: false if none is that a session wanted when it began.
 */
static inline bool st_tls_open_any(void)
{
	return atomic_add_return(
		0, &st_tls_open_calls[st_tls_process_hash(task_tgid_nr(current))]);
}

/* Returns false if it has not noted @what in @open. */
typedef bool (*st_tls_note_fn)(struct st_tls_open *open, const void *what);

void st_tls_process_read(struct st_tls_process *process);

int st_tls_open_init(void);
void st_tls_open_exit(void);
struct st_tls_open *st_tls_open_new(void);
void st_tls_open_add(struct st_tls_open *call);
void st_tls_open_drop(const struct st_tls_process *process, unsigned long sp);
struct st_tls_open *st_tls_open_take(unsigned long sp);
void st_tls_open_free(struct st_tls_open *call);
bool st_tls_open_note(unsigned long sp, st_tls_note_fn note, const void *what);
void st_tls_open_expire(void);
void st_tls_open_clear(void);

#endif /* _ST_TLS_OPEN_H */
