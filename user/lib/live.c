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
 * @source: its @next is that of an idle session, of read(), or of mapped rings
 * @fd: the device
 * @started: it ran once
 * @ended: it ran, and was stopped, perhaps by a signal handler
 * @info: versions and limits
 * @ring_size: bytes of each ring, 0 before it was configured
 * @merge: the mapped rings
 * @stream: what read() returns; no buffer once the rings are mapped
 */
struct live {
	struct source source;
	int fd;
	bool started;
	volatile bool ended;
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

static int live_fd(const struct source *source)
{
	return const_live_of(source)->fd;
}

/* A module of another ABI would misunderstand what it is told, and we its records. */
static int check_abi(const struct live *live)
{
	return live->info.abi == SENDTRACE_ABI ? 0 : -EPROTO;
}

static int live_configure(struct source *source, struct sendtrace_config *config)
{
	struct live *live = live_of(source);
	int err = check_abi(live);

	if (!err)
		err = command(live, SENDTRACE_IOC_CONFIG, config);
	if (!err)
		live->ring_size = config->ring_size;
	return err;
}

static int live_filter(struct source *source, const struct sendtrace_filter *filter)
{
	return command(live_of(source), SENDTRACE_IOC_FILTER, (void *)filter);
}

static int live_tls(struct source *source, const struct sendtrace_tls *function)
{
	return command(live_of(source), SENDTRACE_IOC_TLS, (void *)function);
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

/* A session that was stopped hangs up, too. */
static int live_poll_after(struct source *source, const struct pollfd *fd)
{
	if (live_of(source)->ended)
		return 0;
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

static int map_rings(struct live *live)
{
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
		err = -EPROTO;
	return err;
}

/* ---- Records -------------------------------------------------------------------- */

static bool is_mapped(const struct live *live)
{
	return live->merge.nr_rings > 0;
}

static unsigned int live_rings(const struct source *source)
{
	const struct live *live = const_live_of(source);

	return is_mapped(live) ? live->merge.nr_rings : live->info.nr_cpus;
}

/* A read() would start the session: everyone's calls, without being asked for. */
static int idle_next(struct source *source, const void **from,
		     const struct sendtrace_record **rec, struct sendtrace_fault *fault)
{
	(void)source;
	(void)from;
	(void)rec;
	(void)fault;
	return -EINVAL;
}

static int read_next(struct source *source, const void **from,
		     const struct sendtrace_record **rec, struct sendtrace_fault *fault)
{
	return stream_next(&live_of(source)->stream, from, rec, fault);
}

static int mapped_next(struct source *source, const void **from,
		       const struct sendtrace_record **rec, struct sendtrace_fault *fault)
{
	return merge_next(&live_of(source)->merge, from, rec, fault);
}

static void live_place(const struct source *source, struct sendtrace_fault *fault)
{
	const struct live *live = const_live_of(source);

	if (is_mapped(live))
		merge_place(&live->merge, fault);
	else
		stream_place(&live->stream, fault);
}

/* ---- The life of a session ------------------------------------------------------- */

/* What @next depends on has changed, or what merge_next() returns at the end. */
static void changed(struct live *live)
{
	__atomic_store_n(&live->merge.ended, live->ended, __ATOMIC_RELEASE);
	if (live->started)
		live->source.next = is_mapped(live) ? mapped_next : read_next;
}

static int live_map(struct source *source)
{
	struct live *live = live_of(source);
	int err;

	if (is_mapped(live))
		return -EALREADY;
	if (!live->ring_size)
		return -ENXIO;
	err = map_rings(live);
	if (err) {
		unmap_rings(live);
		return err;
	}
	stream_free(&live->stream);
	changed(live);
	return 0;
}

static int live_start(struct source *source)
{
	struct live *live = live_of(source);
	int err = check_abi(live);

	if (!err)
		err = command(live, SENDTRACE_IOC_START, NULL);
	if (err)
		return err;
	live->started = true;
	live->ended = false;
	live->stream.ended = false;
	changed(live);
	return 0;
}

/*
 * What read() returns has an end of its own. In a signal handler, too, and twice: all but the
 * command is to store what a first call has stored.
 */
static int live_stop(struct source *source)
{
	struct live *live = live_of(source);
	int err = command(live, SENDTRACE_IOC_STOP, NULL);

	if (err && !(err == -EALREADY && live->started))
		return err;
	live->ended = true;
	changed(live);
	return err;
}

static void live_free(struct source *source)
{
	struct live *live = live_of(source);

	unmap_rings(live);
	stream_free(&live->stream);
	close(live->fd);
	free(live);
}

static const struct source_ops live_ops = {
	.hint = "",
	.place = live_place,
	.poll_before = live_poll_before,
	.free = live_free,
	.info = live_info,
	.fd = live_fd,
	.configure = live_configure,
	.filter = live_filter,
	.tls = live_tls,
	.map = live_map,
	.rings = live_rings,
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
	live->source.ops = &live_ops;
	live->source.next = idle_next;
	live->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
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
