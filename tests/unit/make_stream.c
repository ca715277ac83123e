// SPDX-License-Identifier: GPL-2.0
/*
 * make_stream WORD... - write records to stdout, as `cat /dev/sendtrace` would:
 *	send, accept, lost, unknown, long (a payload of a megabyte), gap (skip 5 events),
 *	cut:WHY (5 bytes of 9), call:ENTER:RETURN (a send of these words, at these times)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

enum {
	LONG = 1 << 20
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
		if (strcmp(argv[i], "accept") == 0)
			sample.event.rec.type = SENDTRACE_RECORD_ACCEPT;
		else if (strcmp(argv[i], "unknown") == 0)
			sample.event.rec.type = 99;
		else if (strcmp(argv[i], "long") == 0)
			sample = sample_send(seq, long_payload, sizeof(long_payload));
		else if (strncmp(argv[i], "call:", 5) == 0)
			sample = sample_call(seq, argv[i]);
		else if (strncmp(argv[i], "cut:", 4) == 0)
			cut(&sample.event, argv[i] + 4);
		else if (strcmp(argv[i], "send") != 0)
			return 2;
		write_sample(&sample);
		seq++;
	}
	return fflush(stdout) ? 1 : 0;
}
