// SPDX-License-Identifier: GPL-2.0
/* The public functions of libsendtrace on saved streams, and what a stream cannot do. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "sample.h"
#include "sendtrace.h"

static struct sendtrace *trace;
static const struct sendtrace_item *item;
static int stream_fd;
static int feed;

static int open_stream(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	stream_fd = ends[0];
	feed = ends[1];
	return sendtrace_open_stream(&trace, stream_fd);
}

static int close_stream(void **state)
{
	(void)state;
	close(feed);
	sendtrace_close(trace);
	/* It has closed the descriptor, too. */
	assert_int_equal(fcntl(stream_fd, F_GETFD), -1);
	return 0;
}

static void feed_bytes(const void *bytes, size_t size)
{
	assert_int_equal(write(feed, bytes, size), size);
}

static void feed_sample(const struct sample *sample)
{
	size_t size;
	unsigned char *record = sample_build(sample, &size);

	feed_bytes(record, size);
	free(record);
}

static void feed_send(uint64_t seq)
{
	struct sample sample = sample_send(seq, "hello", 5);

	feed_sample(&sample);
}

static void feed_lost(uint64_t seq, uint64_t count)
{
	struct sendtrace_lost lost = sample_lost(seq, count);

	feed_bytes(&lost, sizeof(lost));
}

static void feed_fragment(uint64_t seq, uint64_t offset, const char *payload)
{
	struct sendtrace_fragment *fragment;
	unsigned char *record;
	size_t size;

	record = sample_fragment(29963, offset, payload, strlen(payload), &size);
	fragment = (struct sendtrace_fragment *)record;
	fragment->rec.seq = seq;
	feed_bytes(record, size);
	free(record);
}

/* The event that follows fragments of @frag_len bytes; "hello" is the rest of its payload. */
static void feed_fragmented(uint64_t seq, uint32_t frag_len)
{
	struct sample sample = sample_send(seq, "hello", 5);

	sample.event.frag_len = frag_len;
	sample.event.len = frag_len + 5;
	sample.event.ret = frag_len + 5;
	feed_sample(&sample);
}

static void assert_next(uint16_t type, uint64_t missing)
{
	assert_int_equal(sendtrace_next(trace, &item), 1);
	assert_int_equal(item->rec.type, type);
	assert_int_equal(item->missing, missing);
	assert_int_equal(sendtrace_is_gap(item),
			 missing != 0 || type == SENDTRACE_RECORD_LOST);
}

static void assert_payload(const char *expected)
{
	size_t size = strlen(expected), from, length;
	char part[64];

	assert_int_equal(sendtrace_payload_size(item), size);
	for (from = 0; from <= size + 1; from++) {
		for (length = 0; length < sizeof(part); length++) {
			size_t left = from < size ? size - from : 0;
			size_t wanted = length < left ? length : left;

			assert_int_equal(sendtrace_payload_read(item, from, part, length),
					 wanted);
			assert_memory_equal(part, expected + from * !!wanted, wanted);
		}
	}
}

/* Compiled programs know the places of all that is in front of the fixed part. */
static void fields_can_be_appended_to_a_record(void **state)
{
	const struct sendtrace_item *first;

	(void)state;
	assert_int_equal(offsetof(struct sendtrace_item, missing), 0);
	assert_int_equal(offsetof(struct sendtrace_item, joined), 4 * sizeof(void *));
	assert_int_equal(offsetof(struct sendtrace_item, event), 5 * sizeof(void *));
	assert_int_equal(sizeof(*item), 5 * sizeof(void *) + sizeof(item->event));
	feed_send(0);
	feed_send(1);
	assert_next(SENDTRACE_RECORD_SEND, 0);
	first = item;
	assert_next(SENDTRACE_RECORD_SEND, 0);
	assert_ptr_equal(item, first);
	item = NULL;
	assert_int_equal(sendtrace_next(trace, &item), 0);
	assert_null(item);
}

static void a_gap_is_a_part_of_the_record_behind_it(void **state)
{
	(void)state;
	feed_send(0);
	feed_send(1);
	feed_send(7);
	feed_lost(10, 4);
	feed_send(14);
	feed_send(3);
	assert_next(SENDTRACE_RECORD_SEND, 0);
	assert_next(SENDTRACE_RECORD_SEND, 0);
	assert_next(SENDTRACE_RECORD_SEND, 5);
	assert_next(SENDTRACE_RECORD_LOST, 2);
	assert_int_equal(item->lost.count, 4);
	assert_next(SENDTRACE_RECORD_SEND, 0);
	assert_next(SENDTRACE_RECORD_SEND, 1);
	assert_int_equal(sendtrace_next(trace, &item), 0);
}

static void a_fragment_is_returned_only_behind_a_gap(void **state)
{
	(void)state;
	feed_fragment(0, 0, "one");
	feed_fragmented(0, 3);
	feed_fragment(6, 0, "other");
	feed_fragmented(6, 5);
	assert_next(SENDTRACE_RECORD_SEND, 0);
	assert_payload("onehello");
	assert_next(SENDTRACE_RECORD_FRAGMENT, 5);
	assert_next(SENDTRACE_RECORD_SEND, 0);
	assert_payload("otherhello");
}

static void a_payload_in_one_piece_needs_no_copy(void **state)
{
	(void)state;
	feed_send(0);
	assert_next(SENDTRACE_RECORD_SEND, 0);
	assert_ptr_equal(sendtrace_payload(item), item->payload);
	assert_memory_equal(item->payload, "hello", 5);
	assert_payload("hello");
}

static void a_payload_in_fragments_is_read_through_the_function(void **state)
{
	(void)state;
	feed_fragment(0, 0, "well, ");
	feed_fragment(0, 6, "well, ");
	feed_fragmented(0, 12);
	assert_next(SENDTRACE_RECORD_SEND, 0);
	assert_null(sendtrace_payload(item));
	assert_payload("well, well, hello");
	assert_false(sendtrace_is_cut(item));
}

static void fragments_are_joined_to_one_event_only(void **state)
{
	(void)state;
	feed_fragment(0, 0, "one");
	feed_fragmented(0, 3);
	feed_fragmented(1, 3);
	assert_next(SENDTRACE_RECORD_SEND, 0);
	assert_payload("onehello");
	assert_next(SENDTRACE_RECORD_SEND, 0);
	assert_true(sendtrace_is_unjoined(item));
}

static void a_payload_whose_beginning_is_gone_counts_as_none(void **state)
{
	char byte;

	(void)state;
	feed_fragmented(0, 12);
	assert_next(SENDTRACE_RECORD_SEND, 0);
	assert_true(sendtrace_is_unjoined(item));
	assert_true(sendtrace_is_cut(item));
	assert_int_equal(sendtrace_payload_size(item), 0);
	assert_int_equal(sendtrace_payload_read(item, 0, &byte, 1), 0);
	assert_int_equal(sendtrace_why(item), SENDTRACE_WHY_UNJOINED);
}

/* Nothing was sent, so nothing is missing of what was. */
static void a_call_that_failed_is_not_cut(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);

	(void)state;
	sample.event.len = 9;
	sample.event.ret = -EPIPE;
	sample.event.why = SENDTRACE_WHY_FAILED;
	feed_sample(&sample);
	sample.event.rec.seq++;
	sample.event.ret = 9;
	feed_sample(&sample);
	assert_next(SENDTRACE_RECORD_SEND, 0);
	assert_false(sendtrace_is_cut(item));
	assert_int_equal(sendtrace_why(item), SENDTRACE_WHY_FAILED);
	assert_next(SENDTRACE_RECORD_SEND, 0);
	assert_true(sendtrace_is_cut(item));
}

static void every_reason_for_a_cut_has_its_word(void **state)
{
	static const char *const words[] = { "unknown",	  "snaplen",   "inline_bound",
					     "ring_size", "ring_full", "fault",
					     "no_work",	  "again",     "failed",
					     "async",	  "not_copied" };
	unsigned int why;

	(void)state;
	for (why = 0; why < sizeof(words) / sizeof(words[0]); why++)
		assert_string_equal(sendtrace_why_name(why), words[why]);
	for (; why < SENDTRACE_WHY_UNJOINED; why++)
		assert_string_equal(sendtrace_why_name(why), "unknown");
	assert_string_equal(sendtrace_why_name(SENDTRACE_WHY_UNJOINED), "unjoined");
	assert_string_equal(sendtrace_why_name(SENDTRACE_WHYS), "unknown");
	assert_string_equal(sendtrace_why_name(UINT32_MAX), "unknown");
}

static void a_reason_that_is_not_known_is_unknown(void **state)
{
	static const uint16_t others[] = {
		SENDTRACE_WHY_COMPLETE,
		SENDTRACE_WHY_NOT_COPIED + 1,
		29,
		SENDTRACE_WHY_UNKNOWN,
		SENDTRACE_WHY_UNJOINED,
		SENDTRACE_WHYS,
		60000,
		UINT16_MAX,
	};
	struct sendtrace_item cut = { .event.why = 0 };
	size_t i;

	(void)state;
	for (i = SENDTRACE_WHY_SNAPLEN; i <= SENDTRACE_WHY_NOT_COPIED; i++) {
		cut.event.why = (uint16_t)i;
		assert_int_equal(sendtrace_why(&cut), i);
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		cut.event.why = others[i];
		assert_int_equal(sendtrace_why(&cut), SENDTRACE_WHY_UNKNOWN);
	}
	assert_string_equal(sendtrace_why_name(SENDTRACE_WHY_UNKNOWN), "unknown");
	cut.event.why = SENDTRACE_WHY_FAULT;
	cut.event.frag_len = 1;
	assert_int_equal(sendtrace_why(&cut), SENDTRACE_WHY_UNJOINED);
}

static void a_stream_has_no_kernel_to_ask(void **state)
{
	struct sendtrace_config config = { .snaplen = 0 };
	struct sendtrace_filter filter = { .nr_pids = 0 };
	struct sendtrace_stats stats;

	(void)state;
	assert_null(sendtrace_get_info(trace));
	assert_int_equal(sendtrace_configure(trace, &config), -ENOTTY);
	assert_int_equal(sendtrace_set_filter(trace, &filter), -ENOTTY);
	assert_int_equal(sendtrace_map(trace), -ENOTTY);
	assert_int_equal(sendtrace_rings(trace), 0);
	assert_int_equal(sendtrace_start(trace), 0);
	assert_int_equal(sendtrace_get_stats(trace, &stats), -ENOTTY);
	assert_int_equal(sendtrace_stop(trace), -ENOTTY);
}

static void waiting_for_a_stream_ends_when_there_is_something_to_read(void **state)
{
	struct pollfd fd = { .fd = -1 };
	int timeout = 1234;

	(void)state;
	assert_int_equal(sendtrace_next(trace, &item), 0);
	assert_int_equal(sendtrace_wait(trace, 0), 0);
	sendtrace_poll_before(trace, &fd, &timeout);
	assert_int_equal(timeout, 1234);
	assert_int_equal(poll(&fd, 1, 0), 0);
	feed_send(0);
	assert_int_equal(poll(&fd, 1, 0), 1);
	assert_int_equal(sendtrace_poll_after(trace, &fd), 0);
	assert_int_equal(sendtrace_wait(trace, -1), 0);
	assert_next(SENDTRACE_RECORD_SEND, 0);
}

static void the_end_of_a_stream_is_no_error_of_the_wait(void **state)
{
	(void)state;
	close(feed);
	feed = -1;
	assert_int_equal(sendtrace_wait(trace, -1), 0);
	assert_int_equal(sendtrace_next(trace, &item), -ENODATA);
	assert_int_equal(sendtrace_next(trace, &item), -ENODATA);
}

static void a_fault_says_where_and_what_and_has_a_hint(void **state)
{
	static const char zeros[64];

	(void)state;
	feed_send(0);
	feed_bytes(zeros, sizeof(zeros));
	assert_next(SENDTRACE_RECORD_SEND, 0);
	assert_int_equal(sendtrace_next(trace, &item), -EBADMSG);
	assert_string_equal(sendtrace_get_fault(trace)->where, "byte 240 of the stream");
	assert_non_null(strstr(sendtrace_get_fault(trace)->text, "size is 0, expected"));
	assert_non_null(
		strstr(sendtrace_get_fault(trace)->hint, "cat " SENDTRACE_DEVICE));
}

static void a_path_is_taken_for_what_it_is(void **state)
{
	char folder[] = "/tmp/handle-XXXXXX", file[64], pipe_path[64], nothing[64];
	struct sendtrace *other = NULL;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/file", folder);
	snprintf(pipe_path, sizeof(pipe_path), "%s/pipe", folder);
	snprintf(nothing, sizeof(nothing), "%s/nothing", folder);
	assert_int_equal(mknod(file, S_IFREG | 0600, 0), 0);
	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	assert_int_equal(sendtrace_is_saved("-"), 1);
	assert_int_equal(sendtrace_is_saved(file), 1);
	assert_int_equal(sendtrace_is_saved(pipe_path), 1);
	assert_int_equal(sendtrace_is_saved("/dev/null"), 0);
	assert_int_equal(sendtrace_is_saved(folder), -EINVAL);
	assert_int_equal(sendtrace_is_saved(nothing), -ENOENT);
	assert_int_equal(sendtrace_open(&other, folder), -EINVAL);
	assert_int_equal(sendtrace_open(&other, nothing), -ENOENT);
	assert_int_equal(sendtrace_open(&other, "/dev/null"), -ENOTTY);
	assert_null(other);
	assert_int_equal(sendtrace_open(&other, file), 0);
	assert_int_equal(sendtrace_next(other, &item), -ENODATA);
	sendtrace_close(other);
	sendtrace_close(NULL);
	unlink(file);
	unlink(pipe_path);
	rmdir(folder);
}

static void a_named_pipe_is_opened_before_its_writer_comes(void **state)
{
	char folder[] = "/tmp/handle-XXXXXX", path[64];
	struct sendtrace *other;
	struct pollfd fd;
	int timeout = -1;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/pipe", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	close(feed);
	assert_int_equal(sendtrace_open(&other, path), 0);
	assert_int_equal(sendtrace_next(other, &item), 0);
	sendtrace_poll_before(other, &fd, &timeout);
	assert_int_equal(poll(&fd, 1, 0), 0);
	feed = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(sendtrace_next(other, &item), 0);
	feed_send(0);
	assert_int_equal(sendtrace_wait(other, -1), 0);
	assert_int_equal(sendtrace_next(other, &item), 1);
	assert_int_equal(sendtrace_next(other, &item), 0);
	close(feed);
	feed = -1;
	assert_int_equal(sendtrace_wait(other, -1), 0);
	assert_int_equal(sendtrace_next(other, &item), -ENODATA);
	sendtrace_close(other);
	unlink(path);
	rmdir(folder);
}

/* Return: a stream of @count fragments of 64 KiB, and of no event. */
static int make_fragments(unsigned int count)
{
	static const char payload[65536];
	int fd = memfd_create("fragments", 0);
	unsigned char *record;
	unsigned int i;
	size_t size;

	for (i = 0; i < count; i++) {
		record = sample_fragment(29963, i * sizeof(payload), payload,
					 sizeof(payload), &size);
		assert_int_equal(write(fd, record, size), size);
		free(record);
	}
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Each pause lets the caller look at its signals, and it need not wait. */
static void many_fragments_are_joined_with_pauses(void **state)
{
	struct sendtrace *other;
	struct pollfd fd;
	unsigned int pauses;
	int timeout, got;

	(void)state;
	assert_int_equal(sendtrace_open_stream(&other, make_fragments(256)), 0);
	for (pauses = 0; (got = sendtrace_next(other, &item)) == 0; pauses++) {
		timeout = -1;
		sendtrace_poll_before(other, &fd, &timeout);
		assert_int_equal(fd.fd, -1);
		assert_int_equal(timeout, 0);
	}
	assert_int_equal(got, -ENODATA);
	assert_in_range(pauses, 8, 64);
	sendtrace_close(other);
}

#define handle_case(function) \
	cmocka_unit_test_setup_teardown(function, open_stream, close_stream)

int main(void)
{
	const struct CMUnitTest tests[] = {
		handle_case(fields_can_be_appended_to_a_record),
		handle_case(a_gap_is_a_part_of_the_record_behind_it),
		handle_case(a_fragment_is_returned_only_behind_a_gap),
		handle_case(a_payload_in_one_piece_needs_no_copy),
		handle_case(a_payload_in_fragments_is_read_through_the_function),
		handle_case(fragments_are_joined_to_one_event_only),
		handle_case(a_payload_whose_beginning_is_gone_counts_as_none),
		handle_case(a_call_that_failed_is_not_cut),
		handle_case(every_reason_for_a_cut_has_its_word),
		handle_case(a_reason_that_is_not_known_is_unknown),
		handle_case(a_stream_has_no_kernel_to_ask),
		handle_case(waiting_for_a_stream_ends_when_there_is_something_to_read),
		handle_case(the_end_of_a_stream_is_no_error_of_the_wait),
		handle_case(a_fault_says_where_and_what_and_has_a_hint),
		handle_case(a_path_is_taken_for_what_it_is),
		handle_case(a_named_pipe_is_opened_before_its_writer_comes),
		handle_case(many_fragments_are_joined_with_pauses),
	};

	return run_all("handle", tests);
}
