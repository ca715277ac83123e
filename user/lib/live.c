// SPDX-License-Identifier: GPL-2.0
/* The device as a source: its commands, and records from mapped rings or by read(). */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "merge.h"
#include "stream.h"

/*
 * Once records come, more are likely to: instead of being woken for each, we look for them
 * that much later. Only where nothing came do we ask to be woken, so that a lone record is
 * shown immediately, and senders are spared the wake-ups when there are many.
 */
enum {
	NAP_MS = 2
};

/**
 * struct live - a session of the device
 * @source: its table is live_read_ops, then live_mapped_ops once the rings are mapped
 * @fd: the device
 * @info: versions and limits
 * @ring_size: bytes of each ring, 0 before it was configured
 * @merge: the mapped rings
 * @stream: what read() returns; no buffer once the rings are mapped
 */
struct live {
	struct source source;
	int fd;
	struct sendtrace_info info;
	uint32_t ring_size;
	struct merge merge;
	struct stream stream;
};

static inline struct live *live_of(struct source *source)
{
	return (struct live *)source;
}

static inline const struct live *const_live_of(const struct source *source)
{
	return (const struct live *)source;
}

static int command(const struct live *live, unsigned long request, void *argument)
{
	return ioctl(live->fd, request, argument) ? -errno : 0;
}

static const struct sendtrace_info *live_info(const struct source *source)
{
	return &const_live_of(source)->info;
}

static int live_configure(struct source *source, struct sendtrace_config *config)
{
	struct live *live = live_of(source);
	int err = command(live, SENDTRACE_IOC_CONFIG, config);

	if (!err)
		live->ring_size = config->ring_size;
	return err;
}

static int live_filter(struct source *source, const struct sendtrace_filter *filter)
{
	return command(live_of(source), SENDTRACE_IOC_FILTER, (void *)filter);
}

static int live_start(struct source *source)
{
	return command(live_of(source), SENDTRACE_IOC_START, NULL);
}

static int live_stop(struct source *source)
{
	struct live *live = live_of(source);
	int err = command(live, SENDTRACE_IOC_STOP, NULL);

	live->merge.ended = !err;
	return err;
}

static int live_stats(struct source *source, struct sendtrace_stats *stats)
{
	return command(live_of(source), SENDTRACE_IOC_STATS, stats);
}

static void live_poll_before(struct source *source, struct pollfd *fd, int *timeout)
{
	*fd = (struct pollfd){ .fd = live_of(source)->fd, .events = POLLIN };
	if (source->busy) {
		fd->fd = -1;
		if (*timeout < 0 || *timeout > NAP_MS)
			*timeout = NAP_MS;
	}
	source->busy = false;
}

static int live_poll_after(struct source *source, const struct pollfd *fd)
{
	(void)source;
	return fd->revents & (POLLERR | POLLHUP | POLLNVAL) ? -ENODEV : 0;
}

/* ---- Mapped rings --------------------------------------------------------------- */

static size_t producer_length(const struct live *live)
{
	return live->info.page_size + 2 * (size_t)live->ring_size;
}

static void unmap_ring(const struct live *live, const struct ring *ring)
{
	munmap(ring->consumer, live->info.page_size);
	munmap((void *)ring->producer, producer_length(live));
}

static void unmap_rings(struct live *live)
{
	uint32_t i;

	for (i = 0; i < live->merge.nr_rings; i++)
		unmap_ring(live, &live->merge.rings[i]);
	merge_free(&live->merge);
}

static bool producer_is_sound(const struct live *live,
			      const struct sendtrace_producer *producer, uint32_t cpu)
{
	return producer->data_offset == live->info.page_size &&
	       producer->data_size == live->ring_size && producer->cpu == cpu;
}

/* The producer's pages are mapped read only: nothing here can write into a record. */
static int map_ring(struct live *live, uint32_t cpu)
{
	uint32_t page = live->info.page_size;
	struct ring ring = { .cpu = cpu, .size = live->ring_size };
	void *consumer, *producer;

	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, live->fd,
			(off_t)SENDTRACE_MMAP_CONSUMER(cpu));
	if (consumer == MAP_FAILED)
		return -errno;
	producer = mmap(NULL, producer_length(live), PROT_READ, MAP_SHARED, live->fd,
			(off_t)SENDTRACE_MMAP_PRODUCER(cpu, page));
	if (producer == MAP_FAILED) {
		int err = -errno;

		munmap(consumer, page);
		return err;
	}
	ring.consumer = consumer;
	ring.producer = producer;
	ring.data = (const unsigned char *)producer + page;
	if (!producer_is_sound(live, producer, cpu)) {
		unmap_ring(live, &ring);
		return -EPROTO;
	}
	merge_add(&live->merge, &ring);
	return 0;
}

static int mapped_next(struct source *source, const void **from,
		       const struct sendtrace_record **rec, struct sendtrace_fault *fault)
{
	return merge_next(&live_of(source)->merge, from, rec, fault);
}

static void mapped_place(const struct source *source, struct sendtrace_fault *fault)
{
	merge_place(&const_live_of(source)->merge, fault);
}

static unsigned int mapped_rings(const struct source *source)
{
	return const_live_of(source)->merge.nr_rings;
}

static int mapped_map(struct source *source)
{
	(void)source;
	return -EALREADY;
}

/* ---- read() --------------------------------------------------------------------- */

static int read_next(struct source *source, const void **from,
		     const struct sendtrace_record **rec, struct sendtrace_fault *fault)
{
	return stream_next(&live_of(source)->stream, from, rec, fault);
}

static void read_place(const struct source *source, struct sendtrace_fault *fault)
{
	stream_place(&const_live_of(source)->stream, fault);
}

static unsigned int read_rings(const struct source *source)
{
	return const_live_of(source)->info.nr_cpus;
}

/* ---- The whole ------------------------------------------------------------------ */

static void live_free(struct source *source)
{
	struct live *live = live_of(source);

	unmap_rings(live);
	stream_free(&live->stream);
	close(live->fd);
	free(live);
}

static const struct source_ops live_mapped_ops = {
	.hint = "",
	.mapped = true,
	.next = mapped_next,
	.place = mapped_place,
	.map = mapped_map,
	.rings = mapped_rings,
	.poll_before = live_poll_before,
	.free = live_free,
	.info = live_info,
	.configure = live_configure,
	.filter = live_filter,
	.start = live_start,
	.stop = live_stop,
	.stats = live_stats,
	.poll_after = live_poll_after,
};

static int read_map(struct source *source)
{
	struct live *live = live_of(source);
	uint32_t cpu;
	int err;

	err = merge_init(&live->merge, live->info.nr_cpus);
	for (cpu = 0; !err && cpu < live->info.nr_cpus; cpu++) {
		err = map_ring(live, cpu);
		/* A number below the highest for which there can be no CPU. */
		if (err == -EINVAL)
			err = 0;
	}
	if (!err && live->merge.nr_rings == 0)
		err = -EINVAL;
	if (err) {
		unmap_rings(live);
		return err;
	}
	stream_free(&live->stream);
	source->ops = &live_mapped_ops;
	return 0;
}

static const struct source_ops live_read_ops = {
	.hint = "",
	.next = read_next,
	.place = read_place,
	.map = read_map,
	.rings = read_rings,
	.poll_before = live_poll_before,
	.free = live_free,
	.info = live_info,
	.configure = live_configure,
	.filter = live_filter,
	.start = live_start,
	.stop = live_stop,
	.stats = live_stats,
	.poll_after = live_poll_after,
};

int live_open(struct source **source, const char *path)
{
	struct live *live = calloc(1, sizeof(*live));
	int err;

	if (!live)
		return -ENOMEM;
	live->source.ops = &live_read_ops;
	live->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (live->fd < 0) {
		err = -errno;
		free(live);
		return err;
	}
	err = command(live, SENDTRACE_IOC_INFO, &live->info);
	if (!err)
		err = stream_init(&live->stream, live->fd, true, STREAM_CAPACITY);
	if (err) {
		live_free(&live->source);
		return err;
	}
	live->info.version[SENDTRACE_VERSION_LEN - 1] = '\0';
	*source = &live->source;
	return 0;
}
