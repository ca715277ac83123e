// SPDX-License-Identifier: GPL-2.0
/*
 * Prints the sends of a record stream in a file as lines. It uses only the uapi header and
 * the code that prints expected lines, to check what `cat /dev/sendtrace` wrote.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"
#include "tracer.h"

static const char *why_name(unsigned int why)
{
	static const char *const names[] = { NULL,	  "snaplen",   "inline_bound",
					     "ring_size", "ring_full", "fault",
					     "no_work",	  "again",     "failed" };

	return why < COUNT_OF(names) ? names[why] : "?";
}

static void print_event(const struct records *records,
			const struct sendtrace_event *event)
{
	char *payload = joined_payload(records, event);
	struct sent sent = {
		.pid = event->pid,
		.tid = event->tid,
		.fd = event->fd,
		.bytes = payload,
		.len = event->len,
		.flags = event->flags,
		.addr_len = event->addr_len,
		.where = { .family = event->family, .peer_pid = event->peer_pid },
		.ret = event->ret,
		.cap = event->frag_len + event->cap_len,
		.why = why_name(event->why),
	};

	memcpy(sent.comm, event->comm, sizeof(sent.comm));
	sent.where.known = event->peer_len > 0;
	sent.where.to.len = event->peer_len;
	memcpy(&sent.where.to.sa, event_peer(event), event->peer_len);
	expect_line(&sent);
	free(payload);
}

static void read_file(const char *path, struct records *records)
{
	int fd = must(open(path, O_RDONLY), "opening the stream");
	struct stat stat;
	char *bytes;

	must(fstat(fd, &stat), "fstat");
	bytes = malloc(stat.st_size);
	check_equal(read(fd, bytes, stat.st_size), stat.st_size, "reading the stream");
	records_add(records, bytes, stat.st_size);
	close(fd);
}

static void lines(void)
{
	struct records records = { 0 };

	read_file(case_args[0], &records);
	check_sequence(&records);
	check_records(&records);
	for (size_t i = 0; i < records.number; i++)
		if (records.record[i]->type == SENDTRACE_RECORD_SEND)
			print_event(&records, as_event(records.record[i]));
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = { { "lines", lines }, {} };

	return run_cases(argc, argv, cases);
}
