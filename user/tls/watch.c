// SPDX-License-Identifier: GPL-2.0
/* Reads the rings of perf events, one for each CPU that is online. */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	/* Some hundred records. Each user may have 516 KiB for each CPU (perf_event_mlock_kb). */
	RING_BYTES = 1 << 16,
	RECORD_MAX = 1 << 16, /* its size has 16 bits */
	/* Of those that are asked for: a path and some words. */
	RECORD_LARGEST = 4096 + 256,
	CPUS_TEXT = 256,
};

struct cpu {
	int fd;
	struct perf_event_mmap_page *page;
};

/**
 * struct watch - all CPUs
 * @cpus: the rings
 * @nr_cpus: how many
 * @next: whose turn it is
 * @epoll: readable if one of them is
 * @names: as watch_open() was told
 * @has_lost: to be told next
 * @page: bytes of one
 * @online: what the kernel said of CPUs when they were opened
 * @record: a copy of the last one, since it may wrap, and its place is given back
 */
struct watch {
	struct cpu *cpus;
	unsigned int nr_cpus;
	unsigned int next;
	int epoll;
	bool names;
	bool has_lost;
	size_t page;
	char online[CPUS_TEXT];
	union {
		struct perf_event_header header;
		unsigned char bytes[RECORD_MAX];
	} record;
};

/* ---- Rings ---------------------------------------------------------------------------- */

/* Besides the first page. */
static size_t ring_size(const struct watch *watch)
{
	return watch->page > RING_BYTES ? watch->page : RING_BYTES;
}

static int open_event(int cpu, bool names)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TIME,
		.mmap = 1,
		.mmap2 = 1,
		.comm = names,
		.comm_exec = names,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1,
		.wakeup_watermark = 1,
	};
	long fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static int add_cpu(struct watch *watch, int fd)
{
	struct epoll_event wanted = { .events = EPOLLIN };
	struct cpu *more;
	void *page;

	more = reallocarray(watch->cpus, watch->nr_cpus + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	watch->cpus = more;
	page = mmap(NULL, watch->page + ring_size(watch), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	if (epoll_ctl(watch->epoll, EPOLL_CTL_ADD, fd, &wanted)) {
		munmap(page, watch->page + ring_size(watch));
		return -errno;
	}
	more[watch->nr_cpus++] = (struct cpu){ .fd = fd, .page = page };
	return 0;
}

static void close_cpus(struct watch *watch)
{
	unsigned int i;

	for (i = 0; i < watch->nr_cpus; i++) {
		munmap(watch->cpus[i].page, watch->page + ring_size(watch));
		close(watch->cpus[i].fd);
	}
	watch->nr_cpus = 0;
	watch->next = 0;
}

/* Such as "0-3,5". Return: whether it is known. */
static bool read_online(char text[CPUS_TEXT])
{
	int fd = open("/sys/devices/system/cpu/online", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, CPUS_TEXT - 1);

	if (fd >= 0)
		close(fd);
	text[got < 0 ? 0 : got] = '\0';
	return got > 0;
}

/* Return: 0 if at least one CPU is watched, or why none is. */
static int open_cpus(struct watch *watch)
{
	int cpu, fd, error;
	long most = sysconf(_SC_NPROCESSORS_CONF);

	read_online(watch->online);
	for (cpu = 0; cpu < most; cpu++) {
		fd = open_event(cpu, watch->names);
		/* It is offline. */
		if (fd == -ENODEV)
			continue;
		error = fd < 0 ? fd : add_cpu(watch, fd);
		if (!error)
			continue;
		if (fd >= 0)
			close(fd);
		/* Half of the CPUs would be worse than none: nobody would know. */
		close_cpus(watch);
		return error;
	}
	return watch->nr_cpus ? 0 : -ENODEV;
}

/* ---- Records -------------------------------------------------------------------------- */

static void copy_out(struct watch *watch, const struct cpu *cpu, uint64_t at, size_t size)
{
	const unsigned char *ring = (const unsigned char *)cpu->page + watch->page;
	size_t from = at % ring_size(watch), first = ring_size(watch) - from;

	if (first > size)
		first = size;
	memcpy(watch->record.bytes, ring + from, first);
	memcpy(watch->record.bytes + first, ring, size - first);
}

/*
 * The kernel tells a loss with the next record that finds room, which may be long after. Twice,
 * since it may have filled the ring after the last look.
 */
static bool may_have_lost(const struct watch *watch, uint64_t used)
{
	return used > ring_size(watch) - 2 * RECORD_LARGEST;
}

/* Into @watch->record. Return: whether there was one. */
static bool take_record(struct watch *watch, struct cpu *cpu)
{
	/* Pairs with the kernel's barrier after a record (kernel/events/ring_buffer.c). */
	uint64_t head = __atomic_load_n(&cpu->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = cpu->page->data_tail;

	if (head == tail)
		return false;
	watch->has_lost |= may_have_lost(watch, head - tail);
	copy_out(watch, cpu, tail, sizeof(watch->record.header));
	copy_out(watch, cpu, tail, watch->record.header.size);
	__atomic_store_n(&cpu->page->data_tail, tail + watch->record.header.size,
			 __ATOMIC_RELEASE);
	return true;
}

struct mapped {
	struct perf_event_header header;
	uint32_t pid, tid;
};

struct named {
	struct perf_event_header header;
	uint32_t pid, tid;
	char name[16]; /* ended by NUL; less may be there */
};

/* sample_id_all: the time is the last word. */
static uint64_t time_of(const struct watch *watch)
{
	uint64_t time;

	memcpy(&time, watch->record.bytes + watch->record.header.size - sizeof(time),
	       sizeof(time));
	return time;
}

static void take_name(const struct watch *watch, struct watch_event *event)
{
	const struct named *named = (const void *)&watch->record;

	event->is_exec = named->header.misc & PERF_RECORD_MISC_COMM_EXEC;
	memcpy(event->name, named->name, sizeof(event->name) - 1);
}

/* Return: whether it is an event. */
static bool decode(const struct watch *watch, struct watch_event *event)
{
	const struct mapped *mapped = (const void *)&watch->record;

	*event = (struct watch_event){ .kind = WATCH_LOST };
	switch (watch->record.header.type) {
	case PERF_RECORD_LOST:
		return true;
	case PERF_RECORD_COMM:
		event->kind = WATCH_NAMED;
		take_name(watch, event);
		break;
	case PERF_RECORD_MMAP2:
		event->kind = WATCH_MAPPED;
		break;
	default:
		return false;
	}
	event->pid = (pid_t)mapped->pid;
	event->time = time_of(watch);
	return true;
}

bool watch_next(struct watch *watch, struct watch_event *event)
{
	unsigned int tried;
	bool found;

	if (watch->has_lost) {
		watch->has_lost = false;
		*event = (struct watch_event){ .kind = WATCH_LOST };
		return true;
	}
	for (tried = 0; tried < watch->nr_cpus; tried++) {
		do {
			found = take_record(watch, &watch->cpus[watch->next]);
		} while (found && !decode(watch, event));
		/* In turn: a busy CPU must not hide the others. */
		watch->next = (watch->next + 1) % watch->nr_cpus;
		if (found)
			return true;
	}
	return false;
}

/* ---- The whole ------------------------------------------------------------------------ */

int watch_open(struct watch **result, bool names)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int error;

	if (!watch)
		return -ENOMEM;
	watch->names = names;
	watch->page = (size_t)sysconf(_SC_PAGESIZE);
	watch->epoll = epoll_create1(EPOLL_CLOEXEC);
	error = watch->epoll < 0 ? -errno : open_cpus(watch);
	if (error) {
		if (watch->epoll >= 0)
			close(watch->epoll);
		free(watch->cpus);
		free(watch);
		return error;
	}
	*result = watch;
	return 0;
}

int watch_fd(const struct watch *watch)
{
	return watch->epoll;
}

void watch_refresh(struct watch *watch)
{
	char online[CPUS_TEXT];

	if (!read_online(online) || strcmp(online, watch->online) == 0)
		return;
	close_cpus(watch);
	if (open_cpus(watch))
		watch->online[0] = '\0'; /* try again */
	watch->has_lost = true;
}
