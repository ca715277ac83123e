// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <errno.h>
#include <stdbool.h>
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
	assert_true(record->local >= from + record->rec.header_size);
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

/* What it has not is 0; what it has is the sends and accepts of that time. */
static void a_record_of_an_older_module_is_decoded_with_zeros(void **state)
{
	static const uint16_t types[] = { SENDTRACE_RECORD_SEND,
					  SENDTRACE_RECORD_ACCEPT };
	static const unsigned char none[-SAMPLE_OLDEST];
	struct sample sample = a_send();
	struct sendtrace_item record;
	unsigned char *from;
	size_t size, i;

	(void)state;
	for (i = 0; i < 2; i++) {
		sample_type(&sample, types[i]);
		sample.event.cookie = sample.event.position = 7;
		sample.added = SAMPLE_OLDEST;
		from = sample_build(&sample, &size);
		assert_int_equal(((struct sendtrace_record *)from)->header_size, 160);
		assert_int_equal(decode(from, size, &record), 0);
		assert_memory_equal(record.payload, hello, sizeof(hello) - 1);
		assert_memory_equal(record.event.process, sample.event.process,
				    sizeof(sample.event.process));
		assert_int_equal(record.event.call,
				 i ? SENDTRACE_CALL_ACCEPT : SENDTRACE_CALL_SENDTO);
		record.event.call = 0;
		assert_memory_equal(&record.event.cookie, none, sizeof(none));
		free(from);
	}
}

static void a_record_with_some_of_what_was_appended_has_that(void **state)
{
	struct sample sample = a_send();
	struct sendtrace_item record;
	unsigned char *from;
	size_t size;

	(void)state;
	sample.event.cookie = 7;
	sample.event.netns = 8;
	sample.event.nr_cmsgs = 2;
	sample.event.call = SENDTRACE_CALL_WRITE;
	for (sample.added = SAMPLE_OLDEST; sample.added < 0; sample.added += 8) {
		bool has_call = sample.added >= -16;

		from = sample_build(&sample, &size);
		assert_int_equal(decode(from, size, &record), 0);
		assert_memory_equal(record.payload, hello, sizeof(hello) - 1);
		assert_int_equal(record.event.cookie,
				 sample.added > SAMPLE_OLDEST ? 7 : 0);
		assert_int_equal(record.event.netns, has_call ? 8 : 0);
		assert_int_equal(record.event.nr_cmsgs, has_call ? 2 : 0);
		assert_int_equal(record.event.call,
				 has_call ? SENDTRACE_CALL_WRITE : SENDTRACE_CALL_SENDTO);
		free(from);
	}
}

static void every_kind_of_event_is_decoded(void **state)
{
	struct sample sample = a_send();
	struct sendtrace_item record;
	unsigned char *from;
	size_t size;
	uint16_t type;

	(void)state;
	for (type = SENDTRACE_RECORD_RECV; type <= SENDTRACE_RECORD_CLOSE; type++) {
		sample_type(&sample, type);
		sample.added = 0;
		from = sample_build(&sample, &size);
		assert_int_equal(decode(from, size, &record), 0);
		assert_true(sendtrace_is_event(&record));
		assert_false(sendtrace_is_unknown(&record));
		assert_int_equal(sendtrace_has_payload(&record),
				 type == SENDTRACE_RECORD_RECV);
		assert_int_equal(record.event.call, sample.event.call);
		assert_memory_equal(record.payload, hello, sizeof(hello) - 1);
		free(from);
		/* No module ever wrote these without what was appended. */
		sample.added = -8;
		from = sample_build(&sample, &size);
		assert_int_equal(decode(from, size, &record), -EBADMSG);
		free(from);
	}
}

static void only_events_are_events(void **state)
{
	struct sendtrace_item record = { .missing = 0 };
	unsigned int type;

	(void)state;
	for (type = 0; type <= UINT16_MAX; type++) {
		record.rec.type = (uint16_t)type;
		assert_int_equal(sendtrace_is_event(&record),
				 type == SENDTRACE_RECORD_SEND ||
					 type == SENDTRACE_RECORD_ACCEPT ||
					 (type >= SENDTRACE_RECORD_RECV &&
					  type <= SENDTRACE_RECORD_CLOSE));
		assert_int_equal(sendtrace_is_unknown(&record), type < 1 || type > 8);
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
			if (!sendtrace_is_event(&record))
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
	assert_field_refused(&sample, rec.size, 249);
	assert_field_refused(&sample, rec.size, 8192);
	assert_field_refused(&sample, rec.size, 0xfffffff8);
	assert_field_refused(&sample, rec.header_size, 0);
	assert_field_refused(&sample, rec.header_size, 152);
	assert_field_refused(&sample, rec.header_size, 217);
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
	/* A receive that failed has no payload; none has more than there was room for. */
	sample_type(&sample, SENDTRACE_RECORD_RECV);
	assert_refused(&sample, offsetof(struct sendtrace_event, ret), (uint64_t)-EPIPE,
		       8, "cap_len");
	sample.event.ret = 4096;
	assert_refused(&sample, offsetof(struct sendtrace_event, len), sizeof(hello) - 2,
		       8, "cap_len");
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
		test_case(a_record_of_an_older_module_is_decoded_with_zeros),
		test_case(a_record_with_some_of_what_was_appended_has_that),
		test_case(every_kind_of_event_is_decoded),
		test_case(only_events_are_events),
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
