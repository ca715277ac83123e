// SPDX-License-Identifier: GPL-2.0
#include "ring_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sample.h"

enum {
	PAGE = 4096
};

static void map(void *at, size_t size, int protection, int fd, off_t offset)
{
	if (mmap(at, size, protection, MAP_SHARED | MAP_FIXED, fd, offset) != at)
		abort();
}

/* The producer's page and the data twice in a row, as mmap() of the device gives them. */
static unsigned char *map_producer(int fd, uint64_t size, int protection)
{
	unsigned char *at = mmap(NULL, PAGE + 2 * size, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		abort();
	map(at, PAGE, protection, fd, 0);
	map(at + PAGE, size, protection, fd, PAGE);
	map(at + PAGE + size, size, protection, fd, PAGE);
	return at;
}

void ring_memory_make(struct ring_memory *memory, uint32_t cpu, uint64_t size)
{
	int fd = memfd_create("ring", 0);

	if (fd < 0 || ftruncate(fd, (off_t)(PAGE + size)))
		abort();
	memset(memory, 0, sizeof(*memory));
	memory->producer = (void *)map_producer(fd, size, PROT_READ | PROT_WRITE);
	memory->data = (unsigned char *)memory->producer + PAGE;
	memory->ring.producer = (void *)map_producer(fd, size, PROT_READ);
	memory->ring.data = (const unsigned char *)memory->ring.producer + PAGE;
	memory->ring.consumer = calloc(1, sizeof(*memory->ring.consumer));
	memory->ring.size = size;
	memory->ring.cpu = cpu;
	close(fd);
}

void ring_memory_free(struct ring_memory *memory)
{
	munmap(memory->producer, PAGE + 2 * memory->ring.size);
	munmap((void *)memory->ring.producer, PAGE + 2 * memory->ring.size);
	free(memory->ring.consumer);
}

uint64_t ring_memory_room(const struct ring_memory *memory)
{
	/* D, as in the kernel before it overwrites anything. */
	uint64_t tail = __atomic_load_n(&memory->ring.consumer->pos, __ATOMIC_ACQUIRE);

	return memory->ring.size - (memory->head - tail);
}

void ring_memory_put(struct ring_memory *memory, const void *record, size_t size)
{
	uint64_t at = memory->head & (memory->ring.size - 1);

	if (ring_memory_room(memory) < size)
		abort();
	memcpy(memory->data + at, record, size);
	memory->head += size;
	__atomic_store_n(&memory->producer->pos, memory->head, __ATOMIC_RELEASE); /* A */
}

void ring_memory_send(struct ring_memory *memory, uint64_t time, uint32_t tid,
		      const void *payload, size_t size)
{
	struct sample sample = sample_send(memory->seq++, payload, size);
	unsigned char *record;
	size_t record_size;

	sample.event.rec.time = time;
	sample.event.rec.cpu = memory->ring.cpu;
	sample.event.tid = tid;
	record = sample_build(&sample, &record_size);
	ring_memory_put(memory, record, record_size);
	free(record);
}
