// SPDX-License-Identifier: GPL-2.0
/*
 * Faults in the sender: in the send itself, or in the module's copy of the payload.
 * Whatever fails, the record has the result of the call; and a failed copy is repeated
 * before the thread continues.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "inject.h"
#include "net.h"

static int sender;

struct sent {
	bool hit;
	long ret;
};

static void send_with_faults(void *arg)
{
	struct sent sent = { .hit = true };
	char bytes[LEN];

	prctl(PR_SET_NAME, "injected");
	memset(bytes, 'x', sizeof(bytes));
	fault_open();
	for (unsigned int nth = 1; sent.hit && nth < NTH_MAX; nth++) {
		fault_set(nth);
		sent.ret = send(sender, bytes, sizeof(bytes), 0);
		if (sent.ret < 0)
			sent.ret = -errno;
		sent.hit = fault_end();
		must(write(*(int *)arg, &sent, sizeof(sent)), "telling the parent");
	}
}

static void check_record(const struct sendtrace_event *event, const struct sent *sent)
{
	const char *payload = event_payload(event);
	bool whole = event->cap_len == LEN && event->why == SENDTRACE_WHY_COMPLETE;

	check_equal(event->ret, sent->ret, "what the call returned");
	check_equal(event->len, LEN, "len");
	check(whole, "expected the whole payload (why is %u, %u bytes)", event->why,
	      event->cap_len);
	for (uint32_t i = 0; i < event->cap_len; i++)
		check_equal(payload[i], 'x', "byte %u", i);
}

void inject_send(void)
{
	struct address to = udp_sink("127.0.0.1");
	struct records records = { 0 };
	size_t places = 0, failed = 0;
	struct tracer tracer;
	struct sent sent;
	int ends[2];
	pid_t child;

	sender = connected_socket(SOCK_DGRAM, &to);
	must(pipe(ends), "pipe");
	tracer_begin(&tracer, "injected", true);
	child = start_child(send_with_faults, &ends[1]);
	close(ends[1]);
	end_child(child);
	tracer_read(&tracer, &records);
	check_records(&records);
	while (read(ends[0], &sent, sizeof(sent)) == sizeof(sent)) {
		check_record(event_at(&records, places++), &sent);
		failed += sent.ret < 0;
	}
	check_equal(records.number, places, "records");
	check(failed > 0, "a fault has hit the send");
	check(failed + 1 < places, "a fault hit something other than the send");
	printf("send: %zu points, %zu sends failed\n", places - 1, failed);
	tracer_close(&tracer);
}
