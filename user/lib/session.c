// SPDX-License-Identifier: GPL-2.0
#include "sendtrace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "join.h"
#include "merge.h"
#include "sequence.h"
#include "stream.h"

enum {
	STREAM_CAPACITY = 256 << 10
};

struct reader {
	int fd;
	bool session; /* the device, not a saved stream */
	bool mapped;
	bool stopped;
	struct sendtrace_info info;
	uint32_t ring_size;
	struct merge merge;
	struct stream stream;
	struct sequence sequence;
	struct join join;
	uint32_t shown; /* thread whose event was given out last */
	struct fault fault;
	uint64_t expected;
	bool untold;
};

static struct reader *reader_new(int fd)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->fd = fd;
	join_init(&reader->join);
	return reader;
}

static int command(const struct reader *reader, unsigned long request, void *argument)
{
	return ioctl(reader->fd, request, argument) ? -errno : 0;
}

int reader_open(struct reader **result, const char *path)
{
	struct reader *reader;
	int fd, err;

	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	reader = reader_new(fd);
	if (!reader) {
		close(fd);
		return -ENOMEM;
	}
	reader->session = true;
	err = command(reader, SENDTRACE_IOC_INFO, &reader->info);
	if (err) {
		reader_free(reader);
		return err;
	}
	reader->info.version[SENDTRACE_VERSION_LEN - 1] = '\0';
	*result = reader;
	return 0;
}

int reader_open_stream(struct reader **result, int fd)
{
	struct reader *reader = reader_new(fd);

	if (!reader)
		return -ENOMEM;
	if (stream_init(&reader->stream, fd, false, STREAM_CAPACITY)) {
		free(reader);
		return -ENOMEM;
	}
	*result = reader;
	return 0;
}

int reader_fd(const struct reader *reader)
{
	return reader->fd;
}

const struct sendtrace_info *reader_info(const struct reader *reader)
{
	return &reader->info;
}

int reader_configure(struct reader *reader, struct sendtrace_config *config)
{
	int err = command(reader, SENDTRACE_IOC_CONFIG, config);

	if (!err)
		reader->ring_size = config->ring_size;
	return err;
}

int reader_filter(struct reader *reader, const struct sendtrace_filter *filter)
{
	return command(reader, SENDTRACE_IOC_FILTER, (void *)filter);
}

/* ---- Rings that are mapped ------------------------------------------------------ */

static size_t producer_length(const struct reader *reader)
{
	return reader->info.page_size + 2 * (size_t)reader->ring_size;
}

static void unmap_ring(const struct reader *reader, const struct ring *ring)
{
	munmap(ring->consumer, reader->info.page_size);
	munmap((void *)ring->producer, producer_length(reader));
}

static bool producer_is_sound(const struct reader *reader,
			      const struct sendtrace_producer *producer, uint32_t cpu)
{
	return producer->data_offset == reader->info.page_size &&
	       producer->data_size == reader->ring_size && producer->cpu == cpu;
}

/* The producer's pages are mapped read only: nothing here can write into a record. */
static int map_ring(struct reader *reader, uint32_t cpu)
{
	uint32_t page = reader->info.page_size;
	struct ring ring = { .cpu = cpu, .size = reader->ring_size };
	void *consumer, *producer;

	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, reader->fd,
			(off_t)SENDTRACE_MMAP_CONSUMER(cpu));
	if (consumer == MAP_FAILED)
		return -errno;
	producer = mmap(NULL, producer_length(reader), PROT_READ, MAP_SHARED, reader->fd,
			(off_t)SENDTRACE_MMAP_PRODUCER(cpu, page));
	if (producer == MAP_FAILED) {
		int err = -errno;

		munmap(consumer, page);
		return err;
	}
	ring.consumer = consumer;
	ring.producer = producer;
	ring.data = (const unsigned char *)producer + page;
	if (!producer_is_sound(reader, producer, cpu)) {
		unmap_ring(reader, &ring);
		return -EPROTO;
	}
	merge_add(&reader->merge, &ring);
	return 0;
}

int reader_map(struct reader *reader)
{
	uint32_t cpu;
	int err;

	err = merge_init(&reader->merge, reader->info.nr_cpus);
	for (cpu = 0; !err && cpu < reader->info.nr_cpus; cpu++) {
		err = map_ring(reader, cpu);
		/* A number below the highest for which there can be no CPU. */
		if (err == -EINVAL)
			err = 0;
	}
	if (!err && reader->merge.nr_rings == 0)
		err = -EINVAL;
	reader->mapped = !err;
	return err;
}

bool reader_is_mapped(const struct reader *reader)
{
	return reader->mapped;
}

uint32_t reader_rings(const struct reader *reader)
{
	return reader->mapped ? reader->merge.nr_rings : reader->info.nr_cpus;
}

/* ---- The session ---------------------------------------------------------------- */

int reader_start(struct reader *reader)
{
	if (!reader->mapped &&
	    stream_init(&reader->stream, reader->fd, true, STREAM_CAPACITY))
		return -ENOMEM;
	return command(reader, SENDTRACE_IOC_START, NULL);
}

int reader_stop(struct reader *reader)
{
	int err = reader->session ? command(reader, SENDTRACE_IOC_STOP, NULL) : 0;

	reader->stopped = !err;
	return err;
}

int reader_stats(struct reader *reader, struct sendtrace_stats *stats)
{
	return reader->session ? command(reader, SENDTRACE_IOC_STATS, stats) : -ENOTTY;
}

static int next_of_rings(struct reader *reader, const void **from,
			 const struct sendtrace_record **rec)
{
	int got = merge_next(&reader->merge, from, rec, &reader->fault);

	return got == 0 && reader->stopped ? -ENODATA : got;
}

static void note_place(struct reader *reader)
{
	if (reader->mapped)
		merge_place(&reader->merge, &reader->fault);
	else
		stream_place(&reader->stream, &reader->fault);
}

static int next_record(struct reader *reader, struct record *record)
{
	const struct sendtrace_record *rec;
	const void *from;
	int got, err;

	if (reader->mapped)
		got = next_of_rings(reader, &from, &rec);
	else
		got = stream_next(&reader->stream, &from, &rec, &reader->fault);
	if (got <= 0)
		return got;
	err = decode_framed(from, rec, record, &reader->fault);
	if (err) {
		note_place(reader);
		return err;
	}
	err = sequence_check(&reader->sequence, record, &reader->expected);
	if (err < 0)
		return err;
	reader->untold = err;
	return 1;
}

static bool is_event(const struct record *record)
{
	return record->rec.type == SENDTRACE_RECORD_SEND ||
	       record->rec.type == SENDTRACE_RECORD_ACCEPT;
}

/* Fragments are kept until the event that they belong to. */
int reader_next(struct reader *reader, struct record *record)
{
	int got, err;

	if (reader->shown)
		join_done(&reader->join, reader->shown);
	reader->shown = 0;
	do {
		got = next_record(reader, record);
		if (got <= 0)
			return got;
		if (record->rec.type == SENDTRACE_RECORD_FRAGMENT)
			join_fragment(&reader->join, record);
	} while (record->rec.type == SENDTRACE_RECORD_FRAGMENT && !reader->untold);
	/* decode_framed() has said that nothing is joined. */
	if (!is_event(record) || join_is_empty(&reader->join))
		return 1;
	reader->shown = record->event.tid;
	err = join_event(&reader->join, record, &reader->fault);
	if (err)
		note_place(reader);
	return err ?: 1;
}

const struct fault *reader_fault(const struct reader *reader)
{
	return &reader->fault;
}

int reader_untold(const struct reader *reader, uint64_t *expected)
{
	*expected = reader->expected;
	return reader->untold;
}

void reader_free(struct reader *reader)
{
	uint32_t i;

	if (!reader)
		return;
	for (i = 0; i < reader->merge.nr_rings; i++)
		unmap_ring(reader, &reader->merge.rings[i]);
	merge_free(&reader->merge);
	stream_free(&reader->stream);
	sequence_free(&reader->sequence);
	join_free(&reader->join);
	close(reader->fd);
	free(reader);
}
