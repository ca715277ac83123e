// SPDX-License-Identifier: GPL-2.0
/*
 * Whole streams in causal order. The model is the stream itself as it comes without an order,
 * sorted by a stable sort of this test: what the library returns must be the same, byte by byte.
 */
#include "test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "order.h"
#include "sample.h"
#include "sort.h"

enum {
	ITEMS_MAX = 40000,
	PAGE = 4096,
};

/* Of AddressSanitizer, where the tests are built with it. */
__attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes(void);

/**
 * struct seen - what an item says
 * @key: when it was caused
 * @tid: the thread of an event, else 0
 * @number: its place in the model's stream; not compared
 * @digest: of all its bytes
 */
struct seen {
	uint64_t key;
	uint64_t number;
	uint64_t digest;
	uint32_t tid;
};

static struct seen wanted[ITEMS_MAX], got[ITEMS_MAX];

/* ---- What an item says -------------------------------------------------------------- */

static uint64_t digest(uint64_t sum, const void *from, size_t size)
{
	const unsigned char *byte = from;

	while (size--)
		sum = (sum ^ *byte++) * 0x100000001b3;
	return sum;
}

static uint64_t digest_payload(uint64_t sum, const struct sendtrace_item *item)
{
	static unsigned char piece[5000];
	uint64_t done = 0;
	ssize_t size;

	while ((size = sendtrace_payload_read(item, done, piece, sizeof(piece))) > 0) {
		sum = digest(sum, piece, (size_t)size);
		done += (uint64_t)size;
	}
	assert_int_equal(size, 0);
	assert_int_equal(done, sendtrace_payload_size(item));
	return sum;
}

static uint64_t digest_item(const struct sendtrace_item *item)
{
	uint64_t sum = digest(0, &item->missing, sizeof(item->missing));

	if (item->rec.type == SENDTRACE_RECORD_LOST)
		return digest(sum, &item->lost, sizeof(item->lost));
	if (!sendtrace_is_event(item))
		return digest(sum, &item->rec, sizeof(item->rec));
	sum = digest(sum, &item->event, sizeof(item->event));
	sum = digest(sum, item->local, item->event.local_len);
	sum = digest(sum, item->peer, item->event.peer_len);
	sum = digest(sum, item->joined ? "+" : "-", 1);
	if (!item->joined)
		assert_ptr_equal(sendtrace_payload(item), item->payload);
	return digest_payload(sum, item);
}

static struct seen see(const struct sendtrace_item *item, uint64_t number)
{
	struct seen seen = { .key = item->rec.time, .number = number };

	switch (item->rec.type) {
	case SENDTRACE_RECORD_SEND:
	case SENDTRACE_RECORD_CONNECT:
	case SENDTRACE_RECORD_SHUTDOWN:
		seen.key = item->event.enter_time;
		break;
	case SENDTRACE_RECORD_ACCEPT:
	case SENDTRACE_RECORD_RECV:
	case SENDTRACE_RECORD_CLOSE:
		seen.key = item->event.exit_time;
		break;
	}
	seen.tid = sendtrace_is_event(item) ? item->event.tid : 0;
	seen.digest = digest_item(item);
	return seen;
}

static int compare(const void *a, const void *b)
{
	const struct seen *one = a, *other = b;

	if (one->key != other->key)
		return one->key < other->key ? -1 : 1;
	return one->number < other->number ? -1 : 1;
}

/* ---- Streams ------------------------------------------------------------------------ */

static struct sendtrace *open_file(const char *path)
{
	struct sendtrace *trace;

	assert_int_equal(sendtrace_open(&trace, path), 0);
	return trace;
}

static size_t held_memory(void)
{
	return __sanitizer_get_current_allocated_bytes ?
		       __sanitizer_get_current_allocated_bytes() :
		       0;
}

/* Return: how many items there were; @peak is the most memory that was in use. */
static size_t read_all(struct sendtrace *trace, struct seen *seen, size_t *peak)
{
	const struct sendtrace_item *item;
	size_t number = 0, now;
	int answer;

	*peak = 0;
	while ((answer = sendtrace_next(trace, &item)) >= 0) {
		if (answer > 0) {
			assert_true(number < ITEMS_MAX);
			seen[number] = see(item, number);
			number++;
		}
		now = held_memory();
		if (now > *peak)
			*peak = now;
	}
	assert_int_equal(answer, -ENODATA);
	assert_int_equal(sendtrace_next(trace, &item), -ENODATA);
	return number;
}

static void assert_same(size_t number)
{
	size_t i;

	for (i = 0; i < number; i++)
		if (got[i].key != wanted[i].key || got[i].digest != wanted[i].digest)
			fail_msg(
				"item %zu of %zu: expected key %llu, digest %llx, got %llu, %llx",
				i, number, (unsigned long long)wanted[i].key,
				(unsigned long long)wanted[i].digest,
				(unsigned long long)got[i].key,
				(unsigned long long)got[i].digest);
}

/* Whatever is sorted: what one thread did must come in the order in which it did it. */
static void assert_threads_in_order(size_t number)
{
	uint64_t last[CALLS_THREADS + 1] = { 0 };
	size_t i;

	for (i = 0; i < number; i++) {
		if (!wanted[i].tid)
			continue;
		assert_true(wanted[i].number >= last[wanted[i].tid]);
		last[wanted[i].tid] = wanted[i].number;
	}
}

/* Sort the stream of @calls with @memory bytes, and compare it with the model. */
static void sorts(const struct calls *calls, size_t memory)
{
	char path[] = "/tmp/order-XXXXXX";
	size_t number, peak, unsorted_peak, before;
	struct sendtrace *trace;

	calls_write(calls, path);
	trace = open_file(path);
	before = held_memory();
	number = read_all(trace, wanted, &unsorted_peak);
	sendtrace_close(trace);
	assert_true(number > calls->number);
	qsort(wanted, number, sizeof(*wanted), compare);
	if (!calls->shuffled)
		assert_threads_in_order(number);
	trace = open_file(path);
	unlink(path);
	assert_int_equal(order_set(trace, SENDTRACE_ORDER_CAUSAL, 0, memory), 0);
	assert_int_equal(read_all(trace, got, &peak), number);
	sendtrace_close(trace);
	assert_same(number);
	/* Besides: the largest item, and one that is about to be written. */
	if (peak > unsorted_peak + memory + memory / 2 + 2 * calls_largest(calls) + 32768)
		fail_msg("expected about %zu bytes of memory, got %zu", memory,
			 peak - before);
}

static void a_stream_that_fits_into_memory_is_sorted(void **state)
{
	struct calls calls = { .number = 3000, .seed = 1 };

	(void)state;
	sorts(&calls, SORT_MEMORY);
}

static void a_stream_that_does_not_fit_is_sorted_with_bounded_memory(void **state)
{
	struct calls calls = { .number = 6000, .seed = 2 };

	(void)state;
	sorts(&calls, 1 << 20);
	sorts(&calls, 64 << 10);
	sorts(&calls, PAGE);
}

static void any_disorder_is_sorted_in_as_many_passes_as_it_needs(void **state)
{
	struct calls calls = { .number = 6000, .seed = 3, .shuffled = true };

	(void)state;
	sorts(&calls, 1 << 20);
	sorts(&calls, PAGE);
}

static void items_with_equal_keys_keep_the_order_of_the_stream(void **state)
{
	struct calls calls = { .number = 6000, .seed = 4, .resolution = 5000 };

	(void)state;
	sorts(&calls, PAGE);
	calls.resolution = UINT64_MAX;
	sorts(&calls, PAGE);
}

static void an_item_may_be_larger_than_the_memory(void **state)
{
	struct calls calls = { .number = 300, .seed = 5, .large = true };

	(void)state;
	sorts(&calls, PAGE);
	sorts(&calls, 256 << 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(a_stream_that_fits_into_memory_is_sorted),
		test_case(a_stream_that_does_not_fit_is_sorted_with_bounded_memory),
		test_case(any_disorder_is_sorted_in_as_many_passes_as_it_needs),
		test_case(items_with_equal_keys_keep_the_order_of_the_stream),
		test_case(an_item_may_be_larger_than_the_memory),
	};

	return run_all("order_stream", tests);
}
