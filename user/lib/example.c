// SPDX-License-Identifier: GPL-2.0
/* example [DEVICE|SAVED STREAM] - for each event its process and how many bytes it sent */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sendtrace.h>

static void show(const struct sendtrace_item *item)
{
	if (item->missing)
		printf("%llu events missing\n", (unsigned long long)item->missing);
	if (item->rec.type == SENDTRACE_RECORD_LOST)
		printf("%llu events lost\n", (unsigned long long)item->lost.count);
	if (item->rec.type == SENDTRACE_RECORD_SEND)
		printf("pid=%u comm=%.*s bytes=%llu\n", item->event.pid,
		       SENDTRACE_COMM_LEN, item->event.comm,
		       (unsigned long long)sendtrace_sent(&item->event));
}

int main(int argc, char **argv)
{
	const struct sendtrace_item *item;
	struct sendtrace *trace;
	int got, err = sendtrace_open(&trace, argc > 1 ? argv[1] : SENDTRACE_DEVICE);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!err)
		err = sendtrace_start(trace);
	while (!err) {
		got = sendtrace_next(trace, &item);
		if (got == 1)
			show(item);
		else
			err = got ? got : sendtrace_wait(trace, -1);
	}
	if (err == -ENODATA)
		return 0;
	fprintf(stderr, "example: %s\n", strerror(-err));
	return 1;
}
