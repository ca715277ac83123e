// SPDX-License-Identifier: GPL-2.0
#include "shim.h"

#include <err.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
	AREAS_MAX = 32,
	WAKE_TIMEOUT_SECONDS = 3,
	SPINS_BEFORE_SLEEP = 2000,
};

/* Pages are parts of one file, so that each can be mapped several times. */
struct page {
	off_t at;
};

/* The mappings that shim_vmap() has made. */
static struct area {
	void *base;
	unsigned int count;
	off_t *pages;
} areas[AREAS_MAX];

static int memory_fd = -1;
static off_t memory_end;

struct page *shim_page(void)
{
	struct page *page = malloc(sizeof(*page));

	if (!page)
		return NULL;
	if (memory_fd < 0)
		memory_fd = memfd_create("pages", MFD_CLOEXEC);
	if (memory_fd < 0 || ftruncate(memory_fd, memory_end + (off_t)PAGE_SIZE))
		err(1, "cannot make the file for the rings' pages");
	page->at = memory_end;
	memory_end += (off_t)PAGE_SIZE;
	return page;
}

void __free_page(struct page *page)
{
	free(page);
}

static void map_page(char *to, off_t at, int protection)
{
	if (mmap(to, PAGE_SIZE, protection, MAP_SHARED | MAP_FIXED, memory_fd, at) != to)
		err(1, "cannot map a page; expected a host with pages of %lu bytes",
		    PAGE_SIZE);
}

static struct area *find_area(const void *base)
{
	struct area *area = areas;

	while (area < areas + AREAS_MAX && area->base != base)
		area++;
	if (area == areas + AREAS_MAX)
		errx(1, "shim_vmap() mapped nothing at %p, or all %d areas are in use",
		     base, AREAS_MAX);
	return area;
}

void *shim_vmap(struct page **pages, unsigned int count)
{
	char *guard = mmap(NULL, (count + 2) * PAGE_SIZE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct area *area = find_area(NULL);
	unsigned int i;

	if (guard == MAP_FAILED)
		err(1, "mmap");
	area->base = guard + PAGE_SIZE;
	area->count = count;
	area->pages = calloc(count, sizeof(*area->pages));
	if (!area->pages)
		err(1, "calloc");
	for (i = 0; i < count; i++) {
		area->pages[i] = pages[i]->at;
		map_page(guard + (i + 1) * PAGE_SIZE, pages[i]->at,
			 PROT_READ | PROT_WRITE);
	}
	return area->base;
}

void vunmap(const void *base)
{
	struct area *area = find_area(base);

	munmap((char *)area->base - PAGE_SIZE, (area->count + 2) * PAGE_SIZE);
	free(area->pages);
	area->base = NULL;
}

int remap_vmalloc_range(struct vm_area_struct *vma, void *base, unsigned long first)
{
	struct area *area = find_area(base);
	unsigned long count = (vma->vm_end - vma->vm_start) >> PAGE_SHIFT, i;
	int protection = PROT_READ | (vma->vm_flags & VM_WRITE ? PROT_WRITE : 0);

	if (first + count > area->count)
		return -EINVAL;
	for (i = 0; i < count; i++)
		map_page((char *)vma->vm_start + i * PAGE_SIZE, area->pages[first + i],
			 protection);
	return 0;
}

/* ---- Waiting -------------------------------------------------------------------- */

void init_waitqueue_head(wait_queue_head_t *queue)
{
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->wake, NULL);
	queue->queued = false;
	queue->woken = false;
}

void shim_wake_up(wait_queue_head_t *queue)
{
	pthread_mutex_lock(&queue->lock);
	if (queue->queued) {
		WRITE_ONCE(queue->woken, true);
		pthread_cond_signal(&queue->wake);
	}
	pthread_mutex_unlock(&queue->lock);
}

void prepare_to_wait(wait_queue_head_t *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->queued = true;
	WRITE_ONCE(queue->woken, false);
	pthread_mutex_unlock(&queue->lock);
}

/* Most sleeps are short: spinning instead of a host sleep gives many more per second. */
static bool spin_until_woken(const wait_queue_head_t *queue)
{
	unsigned int i;

	for (i = 0; i < SPINS_BEFORE_SLEEP; i++) {
		if (READ_ONCE(queue->woken))
			return true;
	}
	return false;
}

bool shim_sleep(wait_queue_head_t *queue)
{
	struct timespec until;
	bool woken;
	int late = 0;

	if (spin_until_woken(queue))
		return true;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAKE_TIMEOUT_SECONDS;
	pthread_mutex_lock(&queue->lock);
	while (!queue->woken && !late)
		late = pthread_cond_timedwait(&queue->wake, &queue->lock, &until);
	woken = queue->woken;
	pthread_mutex_unlock(&queue->lock);
	return woken;
}

void finish_wait(wait_queue_head_t *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->queued = false;
	pthread_mutex_unlock(&queue->lock);
}

void init_irq_work(struct irq_work *work, void (*function)(struct irq_work *work))
{
	work->function = function;
	work->pending = false;
}

bool irq_work_queue(struct irq_work *work)
{
	return !__atomic_exchange_n(&work->pending, true, __ATOMIC_SEQ_CST);
}

/* Clears @pending before the call, as kernel/irq_work.c: it may be queued again meanwhile. */
void shim_interrupts(struct irq_work *work)
{
	if (__atomic_exchange_n(&work->pending, false, __ATOMIC_SEQ_CST))
		work->function(work);
}

void irq_work_sync(struct irq_work *work)
{
	shim_interrupts(work);
}
