// SPDX-License-Identifier: GPL-2.0
/* A reader of /dev/sendtrace for the tests. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "tracer.h"

void tracer_open(struct tracer *tracer)
{
	memset(tracer, 0, sizeof(*tracer));
	tracer->fd = must(open(SENDTRACE_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC),
			  "opening " SENDTRACE_DEVICE);
	must(ioctl(tracer->fd, SENDTRACE_IOC_INFO, &tracer->info), "INFO");
	if (tracer->info.abi != SENDTRACE_ABI)
		die("expected ABI %d, got %u", SENDTRACE_ABI, tracer->info.abi);
}

void tracer_config(struct tracer *tracer, uint32_t ring_size, uint32_t snaplen,
		   uint32_t events)
{
	tracer->config = (struct sendtrace_config){
		.ring_size = ring_size,
		.snaplen = snaplen,
		.events = events,
	};
	must(ioctl(tracer->fd, SENDTRACE_IOC_CONFIG, &tracer->config), "CONFIG");
}

void tracer_config_calls(struct tracer *tracer, uint32_t ring_size, uint64_t calls)
{
	tracer->config = (struct sendtrace_config){
		.ring_size = ring_size,
		.calls = calls,
	};
	must(ioctl(tracer->fd, SENDTRACE_IOC_CONFIG, &tracer->config), "CONFIG");
}

void tracer_filter(struct tracer *tracer, const char *pattern)
{
	struct sendtrace_filter filter = { .nr_patterns = pattern ? 1 : 0 };

	if (pattern)
		strncpy(filter.patterns[0], pattern, sizeof(filter.patterns[0]) - 1);
	must(ioctl(tracer->fd, SENDTRACE_IOC_FILTER, &filter), "FILTER");
}

void tracer_start(struct tracer *tracer)
{
	must(ioctl(tracer->fd, SENDTRACE_IOC_START), "START");
}

void tracer_stop(struct tracer *tracer)
{
	must(ioctl(tracer->fd, SENDTRACE_IOC_STOP), "STOP");
}

struct sendtrace_stats tracer_stats(struct tracer *tracer)
{
	struct sendtrace_stats stats;

	memset(&stats, 0xff, sizeof(stats));
	must(ioctl(tracer->fd, SENDTRACE_IOC_STATS, &stats), "STATS");
	return stats;
}

static size_t producer_len(const struct tracer *tracer)
{
	return tracer->info.page_size + 2UL * tracer->config.ring_size;
}

static void *map(const struct tracer *tracer, size_t len, int protection, uint64_t offset)
{
	void *mapped = mmap(NULL, len, protection, MAP_SHARED, tracer->fd, offset);

	if (mapped == MAP_FAILED)
		die("mmap of %zu bytes at offset 0x%llx", len,
		    (unsigned long long)offset);
	return mapped;
}

void tracer_map(struct tracer *tracer)
{
	uint32_t page = tracer->info.page_size;

	tracer->rings = calloc(tracer->info.nr_cpus, sizeof(*tracer->rings));
	for (uint32_t cpu = 0; cpu < tracer->info.nr_cpus; cpu++) {
		struct ring *ring = &tracer->rings[cpu];

		ring->consumer = map(tracer, page, PROT_READ | PROT_WRITE,
				     SENDTRACE_MMAP_CONSUMER(cpu));
		ring->producer = map(tracer, producer_len(tracer), PROT_READ,
				     SENDTRACE_MMAP_PRODUCER(cpu, page));
		check_equal(ring->producer->cpu, cpu, "the CPU of ring %u", cpu);
		check_equal(ring->producer->data_size, tracer->config.ring_size,
			    "the data size of ring %u", cpu);
		check_equal(ring->producer->data_offset, page,
			    "the data offset of ring %u", cpu);
		check_equal(ring->producer->reserved, 0, "reserved of ring %u", cpu);
	}
}

static void unmap(struct tracer *tracer)
{
	for (uint32_t cpu = 0; cpu < tracer->info.nr_cpus; cpu++) {
		munmap(tracer->rings[cpu].consumer, tracer->info.page_size);
		munmap((void *)tracer->rings[cpu].producer, producer_len(tracer));
	}
	free(tracer->rings);
	tracer->rings = NULL;
}

void tracer_close(struct tracer *tracer)
{
	if (tracer->rings)
		unmap(tracer);
	must(close(tracer->fd), "closing " SENDTRACE_DEVICE);
}

static void read_ring(struct ring *ring, struct records *records)
{
	const struct sendtrace_producer *producer = ring->producer;
	const char *data = (const char *)producer + producer->data_offset;
	uint64_t head = __atomic_load_n(&producer->pos, __ATOMIC_ACQUIRE);

	if (!check(head - ring->tail <= producer->data_size,
		   "expected at most the ring's size between the positions"))
		die("an invalid producer position: %llu", (unsigned long long)head);
	records_add(records, data + (ring->tail & (producer->data_size - 1)),
		    head - ring->tail);
	ring->tail = head;
	__atomic_store_n(&ring->consumer->pos, head, __ATOMIC_RELEASE);
}

void tracer_read(struct tracer *tracer, struct records *records)
{
	static char bytes[1 << 20] __attribute__((aligned(8)));
	ssize_t got;

	for (uint32_t cpu = 0; tracer->rings && cpu < tracer->info.nr_cpus; cpu++)
		read_ring(&tracer->rings[cpu], records);
	if (tracer->rings)
		return;
	while ((got = read(tracer->fd, bytes, sizeof(bytes))) > 0)
		records_add(records, bytes, got);
	if (got < 0 && errno != EAGAIN)
		die("reading " SENDTRACE_DEVICE);
}

void tracer_begin(struct tracer *tracer, const char *pattern, bool mapped)
{
	tracer_open(tracer);
	tracer_config(tracer, 0, 0, 0);
	tracer_filter(tracer, pattern);
	if (mapped)
		tracer_map(tracer);
	tracer_start(tracer);
}
