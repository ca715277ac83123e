// SPDX-License-Identifier: GPL-2.0
/*
 * The input says what the producers of three mapped rings do, right or wrong: append bytes,
 * overwrite bytes, set positions; and when the reader reads. A model of the reader runs beside
 * it and says which record may come next.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "decode.h"
#include "device.h"
#include "sendtrace.h"

enum operation {
	APPEND,
	JUMP,
	POKE,
	READ,
	OPERATIONS,

	AFTERWARDS = 3, /* calls after a fault: any result is fine, but no crash */
	DRAIN = 1 << 20,
};

/* Nothing was written since the reader first looked, so every look saw the same. */
static bool undisturbed;
static bool begun;

/*
 * Data that the reader may have seen already was changed. No kernel does that, and the model
 * cannot predict the result any more; it must only be harmless.
 */
static bool scribbled;

static const unsigned char *at_tail(const struct device_ring *ring)
{
	return device_data(ring) + ring->tail % device.size;
}

static bool has_record(const struct device_ring *ring)
{
	return ring->producer && ring->tail != ring->pos;
}

/*
 * The reader does not return fragments, unless one is behind a gap. From which rings it has
 * taken them is known only when a ring's next record is returned.
 */
static void pass_fragments(struct device_ring *ring, const struct sendtrace_item *record)
{
	struct sendtrace_record rec;

	while (ring->pos - ring->tail >= sizeof(rec)) {
		memcpy(&rec, at_tail(ring), sizeof(rec));
		if (rec.type != SENDTRACE_RECORD_FRAGMENT || rec.size < sizeof(rec) ||
		    rec.size > ring->pos - ring->tail ||
		    (record && memcmp(&rec, &record->rec, sizeof(rec)) == 0))
			return;
		ring->tail += rec.size;
	}
}

static void require_earliest(uint64_t time)
{
	struct sendtrace_record other;
	size_t i;

	for (i = 0; undisturbed && i < DEVICE_CPUS; i++) {
		if (!has_record(&device.rings[i]))
			continue;
		memcpy(&other, at_tail(&device.rings[i]), sizeof(other));
		/* Nobody knows whether a fragment is still there. */
		if (other.type == SENDTRACE_RECORD_FRAGMENT)
			continue;
		require(time <= other.time, "time %llu before %llu of ring %zu",
			(unsigned long long)time, (unsigned long long)other.time, i);
	}
}

static void require_next(const struct sendtrace_item *record)
{
	struct device_ring *ring;

	if (scribbled) {
		require_line(record);
		return;
	}
	require(record->rec.cpu < DEVICE_CPUS, "a record of cpu %u", record->rec.cpu);
	ring = &device.rings[record->rec.cpu];
	require(ring->producer, "a record of cpu %u, which has no ring", record->rec.cpu);
	pass_fragments(ring, record);
	require(record->rec.size <= ring->pos - ring->tail,
		"a record of %u bytes where %llu were written", record->rec.size,
		(unsigned long long)(ring->pos - ring->tail));
	require(memcmp(at_tail(ring), &record->rec, sizeof(record->rec)) == 0,
		"the record is not the next one of ring %u", record->rec.cpu);
	require_earliest(record->rec.time);
	require_inside(record, at_tail(ring), record->rec.size);
	require_line(record);
	require(ring->consumer->pos <= ring->tail, "given back before it was used");
	ring->tail += record->rec.size;
}

/* Nothing is left, and all of it was given back. */
static void require_empty(void)
{
	struct device_ring *ring;

	for (ring = device.rings; !scribbled && ring < device.rings + DEVICE_CPUS;
	     ring++) {
		if (ring->producer)
			pass_fragments(ring, NULL);
		require(!has_record(ring), "a record was left at %llu",
			(unsigned long long)ring->tail);
		require(!ring->consumer || ring->consumer->pos == ring->tail,
			"%llu was given back of %llu",
			(unsigned long long)ring->consumer->pos,
			(unsigned long long)ring->tail);
	}
}

/* Return: whether the session goes on. */
static bool read_records(struct sendtrace *trace, unsigned int count)
{
	const struct sendtrace_item *record;
	unsigned int i;
	int got;

	begun = true;
	for (i = 0; i < count; i++) {
		got = sendtrace_next(trace, &record);
		if (got == 1) {
			require_next(record);
			continue;
		}
		if (got == 0 || got == -ENODATA) {
			require_empty();
			return got == 0;
		}
		require(got == -EBADMSG, "sendtrace_next() returned %d", got);
		require_reason(sendtrace_get_fault(trace));
		for (i = 0; i < AFTERWARDS; i++)
			sendtrace_next(trace, &record);
		return false;
	}
	return true;
}

/* None behind a position that is out of bounds: what is written there may wrap. */
static size_t room(const struct device_ring *ring)
{
	uint64_t used = ring->pos - ring->tail;

	return used < device.size ? device.size - used : 0;
}

static void jump(struct device_ring *ring, uint64_t pos)
{
	/* Back, below what the reader has seen. */
	if (pos - ring->tail < ring->pos - ring->tail)
		scribbled |= begun;
	device_move(ring, pos);
}

static void produce(struct device_ring *ring, enum operation operation,
		    struct input *input, size_t size)
{
	const uint8_t *from;
	uint64_t at = ring->pos;

	if (operation == POKE)
		at = input_u16(input);
	if (begun)
		undisturbed = false;
	if (operation == JUMP) {
		jump(ring, input_u64(input));
		return;
	}
	from = input_bytes(input, &size);
	if (operation == POKE || size > room(ring))
		scribbled |= begun;
	device_write(ring, at, from, size);
	if (operation == APPEND)
		device_move(ring, ring->pos + size);
}

static void run(struct sendtrace *trace, struct input *input)
{
	bool alive = true;

	while (alive && input->size > 0) {
		uint8_t what = input_u8(input);
		struct device_ring *ring = &device.rings[(what >> 2) % DEVICE_CPUS];
		enum operation operation = what % OPERATIONS;

		if (operation == READ)
			alive = read_records(trace, 1 + (what >> 2));
		else if (ring->producer)
			produce(ring, operation, input, input_u16(input));
	}
	if (!alive)
		return;
	require(sendtrace_stop(trace) == 0, "sendtrace_stop() failed");
	alive = read_records(trace, DRAIN);
	require(!alive, "no end in %d records", DRAIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sendtrace_config config = { .snaplen = 0 };
	struct input input = { data, size };
	struct sendtrace *trace;
	int err;

	line_sink_reset();
	device_reset(&input);
	begun = false;
	scribbled = false;
	undisturbed = true;
	require(sendtrace_open_device(&trace, "device") == 0,
		"sendtrace_open_device() failed");
	require(sendtrace_configure(trace, &config) == 0, "sendtrace_configure() failed");
	err = sendtrace_map(trace);
	require(device.wrong < 1 || device.wrong > 3 || err,
		"a producer's page that is wrong was accepted");
	require(sendtrace_start(trace) == 0, "sendtrace_start() failed");
	if (!err)
		run(trace, &input);
	sendtrace_close(trace);
	return 0;
}
