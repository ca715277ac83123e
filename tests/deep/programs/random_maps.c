// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls on mappings. Mapped memory is accessed only by system calls, a read()
 * into it or a write() from it: if another thread unmaps it meanwhile, they fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/sendtrace.h>

#include "check.h"
#include "random.h"

static int numbers_fd, null_fd;

/*
 * Mappings get places that the process gives to nothing else. Otherwise a ring of io_uring or AIO
 * may get a place where a part of some mapping was unmapped: then a number is written into that
 * ring, or it is unmapped, and its next call waits for ever.
 */
static void *new_place(void)
{
	static const uint64_t first = 1ULL << 44, number = 1 << 21, size = 16 << 20;
	static uint64_t taken;

	return (void *)(first +
			__atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED) % number * size);
}

void random_prepare_maps(void)
{
	void *first = mmap(new_place(), PAGE, PROT_READ,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (first == MAP_FAILED)
		die("a place for mappings");
	numbers_fd = must(memfd_create("numbers", MFD_CLOEXEC), "memfd_create");
	must(ftruncate(numbers_fd, PAGE), "ftruncate");
	null_fd = must(memfd_create("out", MFD_CLOEXEC), "memfd_create");
}

static uint64_t any_offset(struct worker *worker)
{
	uint64_t offset = SENDTRACE_MMAP_CONSUMER(pick(worker, 3));

	if (once_in(worker, 2))
		offset += PAGE;
	if (once_in(worker, 10))
		offset = odd_number(worker) & ~(uint64_t)(PAGE - 1);
	return offset;
}

static size_t any_len(struct worker *worker, uint64_t offset)
{
	size_t ring = PAGE << pick(worker, 7);

	if (once_in(worker, 12))
		return odd_number(worker);
	return offset & (PAGE - 1 + PAGE) ? PAGE + 2 * ring : PAGE;
}

#define MAP_PAGES_BITS 20

static char *map_at(uint64_t map)
{
	return (char *)(map >> MAP_PAGES_BITS << 12);
}

static size_t map_len(uint64_t map)
{
	return (map & ((1 << MAP_PAGES_BITS) - 1)) * PAGE;
}

static void keep_map(struct worker *worker, uint64_t slot, void *at, size_t len)
{
	uint64_t map = (uintptr_t)at >> 12 << MAP_PAGES_BITS | (len + PAGE - 1) / PAGE;
	uint64_t old =
		__atomic_exchange_n(&worker->shared->maps[slot], map, __ATOMIC_RELAXED);

	if (old)
		munmap(map_at(old), map_len(old));
}

char *any_map(struct worker *worker)
{
	uint64_t slot = pick(worker, MAPS);

	return map_at(__atomic_load_n(&worker->shared->maps[slot], __ATOMIC_RELAXED));
}

void call_mmap(struct worker *worker, bool dry)
{
	uint64_t offset = any_offset(worker), slot = pick(worker, MAPS);
	size_t len = any_len(worker, offset);
	int protection = offset & PAGE && !once_in(worker, 8) ? PROT_READ :
								pick(worker, 8);
	int flags = once_in(worker, 6) ? MAP_PRIVATE : MAP_SHARED;
	int *file = any_file(worker);
	void *at;

	if (once_in(worker, 8))
		flags |= MAP_POPULATE | (once_in(worker, 2) ? MAP_LOCKED : 0);
	if (dry)
		return;
	at = mmap(new_place(), len, protection, flags | MAP_FIXED_NOREPLACE, *file,
		  offset);
	ALLOW("mmap", at == MAP_FAILED ? -1 : 0, EINVAL, ENXIO, EBUSY, EPERM, EACCES,
	      ENOMEM, EOVERFLOW, EAGAIN, EEXIST);
	if (at != MAP_FAILED)
		keep_map(worker, slot, at, len);
}

/* A part of one of our mappings, page-aligned, at most as long as a ring. */
static void *any_part(struct worker *worker, size_t *len)
{
	uint64_t slot = pick(worker, MAPS), from = pick(worker, 4),
		 pages = pick(worker, 5);
	uint64_t map = __atomic_load_n(&worker->shared->maps[slot], __ATOMIC_RELAXED);

	*len = (pages + 1) * PAGE;
	if (from * PAGE + *len > map_len(map))
		return NULL;
	return map_at(map) + from * PAGE;
}

void call_munmap(struct worker *worker, bool dry)
{
	size_t len;
	void *at = any_part(worker, &len);

	if (!dry && at)
		munmap(at, len);
}

void call_mprotect(struct worker *worker, bool dry)
{
	size_t len;
	void *at = any_part(worker, &len);
	int protection = pick(worker, 8);

	if (!dry && at)
		mprotect(at, len, protection);
}

void call_madvise(struct worker *worker, bool dry)
{
	static const int advice[] = { MADV_DONTNEED, MADV_DONTFORK, MADV_WILLNEED,
				      MADV_REMOVE,   MADV_FREE,	    MADV_DODUMP,
				      MADV_PAGEOUT,  MADV_HUGEPAGE };
	size_t len;
	void *at = any_part(worker, &len);
	int which = advice[pick(worker, 8)];

	if (!dry && at)
		madvise(at, len, which);
}

void call_mremap(struct worker *worker, bool dry)
{
	uint64_t keep = pick(worker, MAPS);
	size_t grown = (1 + pick(worker, 40)) * PAGE, len;
	void *from = any_part(worker, &len), *at;
	int flags = once_in(worker, 2) ? MREMAP_MAYMOVE | MREMAP_FIXED : 0;

	if (dry || !from)
		return;
	at = mremap(from, len, grown, flags, new_place());
	if (at != MAP_FAILED)
		keep_map(worker, keep, at, grown);
}

/* ---- The mapped pages -------------------------------------------------------------------- */

/* An invalid position, which the kernel must not trust. */
void call_scribble(struct worker *worker, bool dry)
{
	char *at = any_map(worker);
	uint64_t number = odd_number(worker), place = pick(worker, PAGE / 8) * 8;
	uint64_t into = once_in(worker, 6) ? pick(worker, PAGE) : 0;

	if (dry || !at)
		return;
	if (pwrite(numbers_fd, &number, sizeof(number), place) == sizeof(number))
		(void)!pread(numbers_fd, at + into, sizeof(number), place);
}

/* As a reader does: the producer's position, or eight bytes off. */
void call_catch_up(struct worker *worker, bool dry)
{
	char *producer = any_map(worker), *consumer = any_map(worker);
	uint64_t off = once_in(worker, 3) ? 8 : 0, place = pick(worker, PAGE / 8) * 8;
	uint64_t pos;

	if (dry || !producer || !consumer)
		return;
	if (pwrite(numbers_fd, producer, sizeof(pos), place) != sizeof(pos))
		return;
	if (pread(numbers_fd, &pos, sizeof(pos), place) != sizeof(pos))
		return;
	pos += off;
	if (pwrite(numbers_fd, &pos, sizeof(pos), place) == sizeof(pos))
		(void)!pread(numbers_fd, consumer, sizeof(pos), place);
}

void call_look(struct worker *worker, bool dry)
{
	size_t len;
	void *at = any_part(worker, &len);

	if (!dry && at)
		(void)!pwrite(null_fd, at, len, 0);
}
