/* SPDX-License-Identifier: GPL-2.0 */
/* A device whose rings hold the fuzzer's bytes: its open(), ioctl() and mmap(). */
#ifndef FUZZ_DEVICE_H
#define FUZZ_DEVICE_H

#include "fuzz.h"

#include <linux/sendtrace.h>

enum {
	DEVICE_PAGE = 4096,
	DEVICE_CPUS = 3,
	DEVICE_FD = 1000, /* a number that is not in use */
};

/**
 * struct device_ring - one CPU's ring, and how far it must have been read
 * @there: mmap() knows this CPU
 * @consumer: its page while it is mapped, or NULL
 * @producer: its page and the data twice, in memory that ends there, or NULL
 * @pos: the producer's position
 * @tail: position of the first record that was not returned
 */
struct device_ring {
	bool there;
	struct sendtrace_consumer *consumer;
	struct sendtrace_producer *producer;
	uint64_t pos;
	uint64_t tail;
};

/**
 * struct device - the device
 * @rings: for each CPU
 * @size: bytes of data of a ring
 * @wrong: 0, or which field of the producer's page is wrong
 * @fails: which mmap() fails, counted from 1; 0 for none
 */
struct device {
	struct device_ring rings[DEVICE_CPUS];
	uint32_t size;
	uint8_t wrong;
	uint8_t fails;
};

extern struct device device;

/* Set up the device by the first bytes of the input. */
void device_reset(struct input *input);

/* Write into the data, in both its copies. */
void device_write(struct device_ring *ring, uint64_t at, const uint8_t *from,
		  size_t size);

/* Move the producer's position. */
void device_move(struct device_ring *ring, uint64_t pos);

static inline unsigned char *device_data(const struct device_ring *ring)
{
	return (unsigned char *)ring->producer + DEVICE_PAGE;
}

#endif /* FUZZ_DEVICE_H */
