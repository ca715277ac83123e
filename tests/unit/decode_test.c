// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decode_record.h"
#include "sample.h"

static const char hello[] = "hello, world";

static struct sample a_send(void)
{
	static const unsigned char local[] = { 2, 0, 1, 2, 127, 0, 0, 1 };
	struct sample sample = sample_send(7, hello, sizeof(hello) - 1);

	sample.local = local;
	sample.event.local_len = sizeof(local);
	return sample;
}

static int decode(const void *from, size_t size, struct sendtrace_item *record)
{
	struct sendtrace_fault fault = { .text = "" };
	int err;

	memset(record, 0xaa, sizeof(*record));
	err = decode_record(from, size, record, &fault);
	assert_true(err == 0 || err == -EBADMSG);
	/* Every refusal has a reason. */
	assert_int_equal(err != 0, fault.text[0] != '\0');
	return err;
}

static void assert_sections_are_inside(const struct sendtrace_item *record,
				       const unsigned char *from, size_t size)
{
	assert_true(record->local >= from + sizeof(struct sendtrace_event));
	assert_true(record->peer >= record->local + record->event.local_len);
	assert_true(record->payload >= record->peer + record->event.peer_len);
	assert_true(record->payload + record->event.cap_len <= from + size);
}

static void a_valid_send_is_decoded(void **state)
{
	struct sample sample = a_send();
	struct sendtrace_item record;
	size_t size;
	unsigned char *from = sample_build(&sample, &size);

	(void)state;
	assert_int_equal(decode(from, size, &record), 0);
	assert_sections_are_inside(&record, from, size);
	assert_int_equal(record.rec.seq, 7);
	assert_int_equal(record.event.tid, 29963);
	assert_memory_equal(record.local, sample.local, sample.event.local_len);
	assert_memory_equal(record.peer, sample.peer, sample.event.peer_len);
	assert_memory_equal(record.payload, hello, sizeof(hello) - 1);
	free(from);
}

static void a_record_of_a_newer_module_is_decoded_without_what_was_added(void **state)
{
	struct sample sample = a_send();
	struct sendtrace_item record;
	unsigned char *from;
	size_t size;

	(void)state;
	for (sample.added = 8; sample.added <= 256; sample.added += 8) {
		from = sample_build(&sample, &size);
		assert_int_equal(decode(from, size, &record), 0);
		assert_sections_are_inside(&record, from, size);
		assert_memory_equal(record.payload, hello, sizeof(hello) - 1);
		free(from);
	}
}

static void an_unknown_type_is_skipped(void **state)
{
	struct sample sample = a_send();
	struct sendtrace_item record;
	unsigned char *from;
	size_t size;

	(void)state;
	sample.event.rec.type = 4711;
	from = sample_build(&sample, &size);
	assert_int_equal(decode(from, size, &record), 0);
	assert_int_equal(record.rec.type, 4711);
	assert_int_equal(record.rec.size, size);
	free(from);
}

static void a_record_that_is_cut_at_any_length_is_never_read_beyond(void **state)
{
	struct sample sample = a_send();
	struct sendtrace_record rec;
	struct sendtrace_item record;
	struct sendtrace_fault fault;
	unsigned char *whole, *cut;
	size_t size, length;

	(void)state;
	whole = sample_build(&sample, &size);
	for (length = 0; length < size; length++) {
		cut = malloc(length ? length : 1);
		memcpy(cut, whole, length);
		assert_int_equal(decode_frame(cut, length, &rec, &fault), -EAGAIN);
		assert_int_equal(rec.size, length < sizeof(rec) ? 0 : size);
		assert_int_equal(decode(cut, length, &record), -EBADMSG);
		free(cut);
	}
	free(whole);
}

/* The record may lie in shared memory: only the checked copy counts. */
static void a_header_that_was_checked_is_not_read_again(void **state)
{
	struct sample sample = a_send();
	struct sendtrace_record rec;
	struct sendtrace_item record;
	struct sendtrace_fault fault;
	size_t size;
	unsigned char *from = sample_build(&sample, &size);

	(void)state;
	assert_int_equal(decode_frame(from, size, &rec, &fault), 0);
	memset(from, 0xff, sizeof(rec));
	assert_int_equal(decode_framed(from, &rec, &record, &fault), 0);
	assert_memory_equal(&record.rec, &rec, sizeof(rec));
	assert_sections_are_inside(&record, from, size);
	assert_memory_equal(record.payload, hello, sizeof(hello) - 1);
	free(from);
}

/* A changed byte may be valid (a pid); sizes and lengths must still fit each other. */
static void no_byte_of_the_header_can_be_changed_to_anything_dangerous(void **state)
{
	struct sample sample = a_send();
	struct sendtrace_item record;
	unsigned char *from;
	unsigned int value;
	size_t size, at;

	(void)state;
	from = sample_build(&sample, &size);
	for (at = 0; at < sizeof(struct sendtrace_event); at++) {
		unsigned char right = from[at];

		for (value = 0; value < 256; value++) {
			from[at] = (unsigned char)value;
			if (decode(from, size, &record))
				continue;
			if (record.rec.type != SENDTRACE_RECORD_SEND &&
			    record.rec.type != SENDTRACE_RECORD_ACCEPT)
				continue;
			assert_sections_are_inside(&record, from, record.rec.size);
			assert_true(record.rec.size <= size);
		}
		from[at] = right;
	}
	free(from);
}

static void assert_refused(const struct sample *sample, size_t offset, uint64_t value,
			   size_t width, const char *named)
{
	struct sendtrace_fault fault = { .text = "" };
	struct sendtrace_item record;
	size_t size;
	unsigned char *from = sample_build(sample, &size);

	memcpy(from + offset, &value, width);
	assert_int_equal(decode_record(from, size, &record, &fault), -EBADMSG);
	if (!strstr(fault.text, named) || !strstr(fault.text, "expected"))
		fail_msg("'%s' does not name %s and what was expected", fault.text,
			 named);
	free(from);
}

#define assert_field_refused(sample, field, value)                             \
	assert_refused(sample, offsetof(struct sendtrace_event, field), value, \
		       sizeof(((struct sendtrace_event *)0)->field),           \
		       strchr(#field, '.') ? strchr(#field, '.') + 1 : #field)

static void an_impossible_size_is_refused_with_what_was_expected(void **state)
{
	struct sample sample = a_send();

	(void)state;
	assert_field_refused(&sample, rec.size, 0);
	assert_field_refused(&sample, rec.size, 8);
	assert_field_refused(&sample, rec.size, 152);
	assert_field_refused(&sample, rec.size, 193);
	assert_field_refused(&sample, rec.size, 8192);
	assert_field_refused(&sample, rec.size, 0xfffffff8);
	assert_field_refused(&sample, rec.header_size, 0);
	assert_field_refused(&sample, rec.header_size, 152);
	assert_field_refused(&sample, rec.header_size, 161);
	assert_field_refused(&sample, rec.header_size, 0xfff8);
}

static void a_length_that_does_not_fit_is_refused(void **state)
{
	struct sample sample = a_send();

	(void)state;
	assert_field_refused(&sample, cap_len, sizeof(hello));
	assert_field_refused(&sample, cap_len, 0xffffffff);
	assert_field_refused(&sample, local_len, 17);
	assert_field_refused(&sample, local_len, 129);
	assert_field_refused(&sample, peer_len, 128);
	assert_field_refused(&sample, peer_len, 0xffff);
	assert_field_refused(&sample, rec.cpu, 65536);
	assert_field_refused(&sample, ret, (uint64_t)-4096);
}

static void more_payload_than_was_sent_is_refused(void **state)
{
	struct sample sample = a_send();
	struct sendtrace_item record;
	unsigned char *from;
	size_t size;

	(void)state;
	assert_refused(&sample, offsetof(struct sendtrace_event, ret), sizeof(hello) - 2,
		       8, "cap_len");
	sample.event.ret = -EPIPE;
	assert_refused(&sample, offsetof(struct sendtrace_event, len), sizeof(hello) - 2,
		       8, "cap_len");
	/* If the call failed, the limit is what it was asked to send. */
	from = sample_build(&sample, &size);
	assert_int_equal(decode(from, size, &record), 0);
	free(from);
}

static void refuse_fragment(uint32_t tid, size_t payload, uint32_t cap_len)
{
	struct sendtrace_item record;
	size_t size;
	unsigned char *from = sample_fragment(tid, 65536, hello, payload, &size);

	memcpy(from + offsetof(struct sendtrace_fragment, cap_len), &cap_len,
	       sizeof(cap_len));
	assert_int_equal(decode(from, size, &record), -EBADMSG);
	free(from);
}

static void a_fragment_is_decoded_or_refused(void **state)
{
	struct sendtrace_item record;
	size_t size;
	unsigned char *from = sample_fragment(7, 65536, hello, sizeof(hello), &size);

	(void)state;
	assert_int_equal(decode(from, size, &record), 0);
	assert_int_equal(record.fragment.tid, 7);
	assert_int_equal(record.fragment.offset, 65536);
	assert_memory_equal(record.payload, hello, sizeof(hello));
	free(from);
	refuse_fragment(0, sizeof(hello), sizeof(hello));
	refuse_fragment(7, 8, 0);
	refuse_fragment(7, 8, 9);
	refuse_fragment(7, 8, UINT32_MAX);
}

static void a_lost_record_must_add_up(void **state)
{
	struct sendtrace_lost lost = sample_lost(3, 17);
	struct sendtrace_item record;

	(void)state;
	assert_int_equal(decode(&lost, sizeof(lost), &record), 0);
	assert_int_equal(record.lost.count, 17);
	lost.reasons[5] = 1;
	assert_int_equal(decode(&lost, sizeof(lost), &record), -EBADMSG);
	lost.reasons[SENDTRACE_LOST_RING_FULL] = 15;
	assert_int_equal(decode(&lost, sizeof(lost), &record), -EBADMSG);
	lost.reasons[5] = (uint64_t)-15;
	lost.reasons[6] = 17;
	assert_int_equal(decode(&lost, sizeof(lost), &record), -EBADMSG);
	lost.reasons[5] = (uint64_t)-17;
	lost.reasons[6] = 17;
	assert_int_equal(decode(&lost, sizeof(lost), &record), -EBADMSG);
	lost = sample_lost(3, 0);
	assert_int_equal(decode(&lost, sizeof(lost), &record), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(a_valid_send_is_decoded),
		test_case(a_record_of_a_newer_module_is_decoded_without_what_was_added),
		test_case(an_unknown_type_is_skipped),
		test_case(a_record_that_is_cut_at_any_length_is_never_read_beyond),
		test_case(a_header_that_was_checked_is_not_read_again),
		test_case(no_byte_of_the_header_can_be_changed_to_anything_dangerous),
		test_case(an_impossible_size_is_refused_with_what_was_expected),
		test_case(a_length_that_does_not_fit_is_refused),
		test_case(more_payload_than_was_sent_is_refused),
		test_case(a_fragment_is_decoded_or_refused),
		test_case(a_lost_record_must_add_up),
	};

	return run_all("decode", tests);
}
