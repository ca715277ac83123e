// SPDX-License-Identifier: GPL-2.0
/*
 * make_stream WORD... - write records to stdout, as `cat /dev/sendtrace` would:
 *	send, accept, recv, connect, shutdown, close, old:send and old:accept (of an older
 *	module), lost, unknown, long (a payload of a megabyte), gap (skip 5 events),
 *	parts (three of a megabyte, then the end of the payload), cut:WHY (5 bytes of 9),
 *	call:ENTER:RETURN (a send of these words, at these times)
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

enum {
	LONG = 1 << 20,
	PARTS = 3,
};

static char long_payload[LONG];

static void write_record(const void *record, size_t size)
{
	if (fwrite(record, size, 1, stdout) != 1)
		exit(1);
}

static void write_sample(const struct sample *sample)
{
	size_t size;
	unsigned char *record = sample_build(sample, &size);

	write_record(record, size);
	free(record);
}

static void write_parts(struct sendtrace_event *event)
{
	unsigned char *record;
	uint32_t i;
	size_t size;

	for (i = 0; i < PARTS; i++) {
		record = sample_fragment(event->tid, (uint64_t)i * LONG, long_payload,
					 LONG, &size);
		((struct sendtrace_record *)record)->seq = event->rec.seq;
		write_record(record, size);
		free(record);
	}
	event->frag_len = PARTS * LONG;
	event->len += event->frag_len;
	event->ret = (int64_t)event->len;
}

static void cut(struct sendtrace_event *event, const char *why)
{
	event->len = 9;
	event->ret = 9;
	event->why = (uint16_t)atoi(why);
}

static struct sample sample_call(uint64_t seq, const char *word)
{
	struct sample sample = sample_send(seq, word, strlen(word));
	char *rest;

	sample.event.enter_time = strtoull(word + strlen("call:"), &rest, 10);
	sample.event.exit_time = strtoull(rest + 1, NULL, 10);
	sample.event.rec.time = sample.event.exit_time;
	return sample;
}

/* All on one socket. Return: whether the word is one of these. */
static bool set_kind(struct sample *sample, const char *word)
{
	static const struct {
		const char *word;
		uint16_t type;
		int64_t ret;
	} kinds[] = {
		{ "send", SENDTRACE_RECORD_SEND, 5 },
		{ "accept", SENDTRACE_RECORD_ACCEPT, 5 },
		{ "recv", SENDTRACE_RECORD_RECV, 5 },
		{ "connect", SENDTRACE_RECORD_CONNECT, 0 },
		{ "shutdown", SENDTRACE_RECORD_SHUTDOWN, 0 },
		{ "close", SENDTRACE_RECORD_CLOSE, 0 },
	};
	size_t i;

	if (strncmp(word, "old:", 4) == 0) {
		sample->added = SAMPLE_OLDEST;
		word += 4;
	}
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(word, kinds[i].word) != 0)
			continue;
		sample_type(sample, kinds[i].type);
		sample->event.ret = kinds[i].ret;
		sample->event.cookie = 7;
		if (kinds[i].ret == 0)
			sample->event.len = sample->event.cap_len = 0;
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	uint64_t seq = 0;
	int i;

	memset(long_payload, 0xab, sizeof(long_payload));
	for (i = 1; i < argc; i++) {
		struct sample sample = sample_send(seq, "hello", 5);

		if (strcmp(argv[i], "gap") == 0) {
			seq += 5;
			continue;
		}
		if (strcmp(argv[i], "lost") == 0) {
			struct sendtrace_lost lost = sample_lost(seq, 17);

			write_record(&lost, sizeof(lost));
			seq += 17;
			continue;
		}
		if (set_kind(&sample, argv[i]))
			;
		else if (strcmp(argv[i], "unknown") == 0)
			sample.event.rec.type = 99;
		else if (strcmp(argv[i], "long") == 0)
			sample = sample_send(seq, long_payload, sizeof(long_payload));
		else if (strcmp(argv[i], "parts") == 0)
			write_parts(&sample.event);
		else if (strncmp(argv[i], "call:", 5) == 0)
			sample = sample_call(seq, argv[i]);
		else if (strncmp(argv[i], "cut:", 4) == 0)
			cut(&sample.event, argv[i] + 4);
		else
			return 2;
		write_sample(&sample);
		seq++;
	}
	return fflush(stdout) ? 1 : 0;
}
