// SPDX-License-Identifier: GPL-2.0
#include "device.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>

struct device device;

int simulated_open(const char *path, int flags, ...);
int simulated_close(int fd);
int simulated_ioctl(int fd, unsigned long request, ...);
void *simulated_mmap(void *at, size_t size, int protection, int flags, int fd,
		     off_t offset);
int simulated_munmap(void *at, size_t size);

void device_reset(struct input *input)
{
	uint8_t there = input_u8(input);
	size_t i;

	memset(&device, 0, sizeof(device));
	for (i = 0; i < DEVICE_CPUS; i++)
		device.rings[i].there = there >> i & 1;
	device.size = 256u << input_u8(input) % 6;
	device.wrong = input_u8(input);
	device.fails = input_u8(input);
}

void device_write(struct device_ring *ring, uint64_t at, const uint8_t *from, size_t size)
{
	unsigned char *data = device_data(ring);
	size_t i;

	for (i = 0; i < size; i++) {
		uint64_t place = (at + i) % device.size;

		data[place] = data[place + device.size] = from[i];
	}
}

void device_move(struct device_ring *ring, uint64_t pos)
{
	ring->pos = pos;
	ring->producer->pos = pos;
}

int simulated_open(const char *path, int flags, ...)
{
	require(path, "open() of nothing with flags %#x", (unsigned int)flags);
	return DEVICE_FD;
}

/* A stream's descriptor is -1. */
int simulated_close(int fd)
{
	require(fd == DEVICE_FD || fd == -1, "close() of fd %d", fd);
	return 0;
}

int simulated_ioctl(int fd, unsigned long request, ...)
{
	struct sendtrace_info *info;
	va_list ap;

	require(fd == DEVICE_FD, "ioctl() of fd %d", fd);
	va_start(ap, request);
	switch (request) {
	case SENDTRACE_IOC_INFO:
		info = va_arg(ap, struct sendtrace_info *);
		memset(info, 0, sizeof(*info));
		info->abi = SENDTRACE_ABI;
		info->page_size = DEVICE_PAGE;
		info->nr_cpus = DEVICE_CPUS;
		memset(info->version, 'v', sizeof(info->version));
		break;
	case SENDTRACE_IOC_CONFIG:
		va_arg(ap, struct sendtrace_config *)->ring_size = device.size;
		break;
	default:
		break;
	}
	va_end(ap);
	return 0;
}

static void *map_producer(struct device_ring *ring, uint32_t cpu, size_t size)
{
	require(size == DEVICE_PAGE + 2 * (size_t)device.size, "mmap() of %zu bytes",
		size);
	ring->producer = calloc(1, size);
	if (!ring->producer)
		abort();
	ring->producer->data_offset = DEVICE_PAGE + (device.wrong == 1);
	ring->producer->data_size = device.size << (device.wrong == 2);
	ring->producer->cpu = cpu + (device.wrong == 3);
	return ring->producer;
}

void *simulated_mmap(void *at, size_t size, int protection, int flags, int fd,
		     off_t offset)
{
	uint64_t cpu = (uint64_t)offset >> 32;
	struct device_ring *ring = &device.rings[cpu];

	require(fd == DEVICE_FD && !at && flags == MAP_SHARED && cpu < DEVICE_CPUS,
		"mmap() of fd %d, cpu %llu", fd, (unsigned long long)cpu);
	if (!ring->there || --device.fails == 0) {
		errno = ring->there ? ENOMEM : EINVAL;
		return MAP_FAILED;
	}
	if (offset & DEVICE_PAGE) {
		require(protection == PROT_READ,
			"the producer's page is mapped writable");
		return map_producer(ring, (uint32_t)cpu, size);
	}
	require(size == DEVICE_PAGE, "mmap() of %zu bytes of consumer's page", size);
	ring->consumer = calloc(1, size);
	if (!ring->consumer)
		abort();
	return ring->consumer;
}

int simulated_munmap(void *at, size_t size)
{
	require(at && size, "munmap() of nothing");
	free(at);
	return 0;
}
