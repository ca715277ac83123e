/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the kernel that kmod/ring.c and kmod/bell.c use, in user space. Included before
 * them on the compiler's command line; the kernel headers that they include are empty files.
 *
 * The barriers are the compiler's atomics, which ThreadSanitizer understands. If ring.c lacks
 * one of them, ThreadSanitizer reports a data race, on any machine, even if that machine's
 * processor keeps the accesses in order. ThreadSanitizer does not understand fences, and does
 * not need to: smp_mb() orders no plain access. bell.c tests smp_mb().
 */
#ifndef SHIM_H
#define SHIM_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

/* Linux 6.1 with all options that compat.h requires: there it defines what ring.c uses. */
#define ST_HAVE_FAULT_IN_READABLE
#define ST_HAVE_SOCK_FROM_FILE
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))
#define LINUX_VERSION_CODE	KERNEL_VERSION(6, 1, 0)
#define IS_ENABLED(option)	1

#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer)-offsetof(type, member)))
#define nokprobe_inline		  inline __attribute__((always_inline))
#define NOKPROBE_SYMBOL(function) _Static_assert(sizeof(&function) > 0, #function)

/* ---- Barriers ------------------------------------------------------------------- */

#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, value)	__atomic_store_n(&(x), value, __ATOMIC_RELAXED)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)

/* Replacements: ring.t removes each barrier in turn to show that the tests notice. */
#define load_without_acquire(p)	    __atomic_load_n(p, __ATOMIC_RELAXED)
#define store_without_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define no_mb()			    __asm__ volatile("" ::: "memory")

/* ---- Errors and tasks ------------------------------------------------------------- */

/* The last page of addresses belongs to no object, as in the kernel. */
#define ERR_PTR(err)	     ((void *)(intptr_t)(err))
#define IS_ERR(ptr)	     ((uintptr_t)(ptr) >= (uintptr_t)-4095)
#define cond_resched()	     ((void)0)
#define signal_pending(task) false

/* ---- Memory --------------------------------------------------------------------- */

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)

enum {
	GFP_KERNEL,
	GFP_KERNEL_ACCOUNT = 0,
	__GFP_ZERO = 0,
	__GFP_NOWARN = 0,
	__GFP_RETRY_MAYFAIL = 0,
	PAGE_KERNEL = 0,
	VM_MAP = 0,
	VM_USERMAP = 0,

	VM_WRITE = 2,
	VM_SHARED = 8,
	VM_MAYWRITE = 0x20,
	VM_DONTCOPY = 0x20000,
};

typedef int gfp_t;
typedef unsigned long vm_flags_t;

struct page;

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	vm_flags_t vm_flags;
};

#define cpu_to_node(cpu)		      ((void)(cpu), 0)
#define kzalloc_node(size, gfp, node)	      ((void)(node), calloc(1, size))
#define kvcalloc(count, size, gfp)	      calloc(count, size)
#define kvfree(p)			      free(p)
#define kfree(p)			      free(p)
#define alloc_pages_node(node, gfp, order)    ((void)(node), (void)(gfp), shim_page())
#define vmap(pages, count, flags, protection) shim_vmap(pages, count)

struct page *shim_page(void);
void __free_page(struct page *page);

/* As vmap(), with an inaccessible page before and after. */
void *shim_vmap(struct page **pages, unsigned int count);
void vunmap(const void *base);

/* Map the pages of a vmap() again at @vma, as a process sees them. */
int remap_vmalloc_range(struct vm_area_struct *vma, void *base, unsigned long first);

/* ---- Waiting -------------------------------------------------------------------- */

/**
 * struct wait_queue_head - a wait queue for one thread
 * @lock: protects the other fields, as in the kernel's queues
 * @wake: signals that @woken was set
 * @queued: a thread is in the queue
 * @woken: that thread was woken
 */
typedef struct wait_queue_head {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool queued;
	bool woken;
} wait_queue_head_t;

void init_waitqueue_head(wait_queue_head_t *queue);
void shim_wake_up(wait_queue_head_t *queue);
#define wake_up_interruptible_poll(queue, mask) ((void)(mask), shim_wake_up(queue))

/* The steps of wait_event() and poll(). shim_sleep() returns false after a timeout. */
void prepare_to_wait(wait_queue_head_t *queue);
bool shim_sleep(wait_queue_head_t *queue);
void finish_wait(wait_queue_head_t *queue);

struct irq_work {
	void (*function)(struct irq_work *work);
	bool pending;
};

void init_irq_work(struct irq_work *work, void (*function)(struct irq_work *work));

/* The work runs as an interrupt on the producer's CPU: in its next shim_interrupts(). */
bool irq_work_queue(struct irq_work *work);
void shim_interrupts(struct irq_work *work);
void irq_work_sync(struct irq_work *work);

#endif /* SHIM_H */
