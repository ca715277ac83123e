// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of a TLS library: a child makes them and notes what each should show; the parent, the
 * tracer, compares that with all events that came.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "tls_traced.h"
#include "tracer.h"

enum {
	MOST = 64
};

/* What an event should show. Its payload is tls_pattern(@seed). */
struct wanted {
	int type;
	int call;
	long ret;
	uint64_t length;
	int fd;
	unsigned int seed;
	ino_t inode;
};

/* Shared by parent and child. */
static struct {
	unsigned int number;
	struct wanted wanted[MOST];
} * shared;

unsigned char tls_buffer[TLS_LARGEST];

static ino_t inode_of(int fd)
{
	struct stat status;

	return fd >= 0 && !fstat(fd, &status) ? status.st_ino : 0;
}

void tls_pattern(unsigned char *bytes, size_t size, unsigned int seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = i * 7 + (i >> 8) + seed;
}

void tls_want(int call, long ret, int fd)
{
	struct wanted *wanted = &shared->wanted[shared->number];
	bool receives = call == SENDTRACE_CALL_SSL_READ ||
			call == SENDTRACE_CALL_SSL_READ_EX;

	if (++shared->number == MOST)
		die("too many calls");
	*wanted = (struct wanted){
		.call = tls_named(call),
		.ret = ret,
		.length = ret,
		.fd = fd,
		.inode = inode_of(fd),
	};
	wanted->type = receives ? SENDTRACE_RECORD_RECV : SENDTRACE_RECORD_SEND;
}

void tls_want_length(uint64_t length)
{
	shared->wanted[shared->number - 1].length = length;
}

/* ---- Calls ----------------------------------------------------------------------------- */

/* @fd: what is seen of the socket; -1 if it is unknown. */
void tls_writes(SSL *ssl, size_t size, int fd)
{
	tls_pattern(tls_buffer, size, shared->number);
	check_equal(SSL_write(ssl, tls_buffer, size), size, "SSL_write()");
	tls_want(SENDTRACE_CALL_SSL_WRITE, size, fd);
	shared->wanted[shared->number - 1].seed = shared->number - 1;
}

void tls_writes_ex(SSL *ssl, size_t size, int fd)
{
	size_t written;

	tls_pattern(tls_buffer, size, shared->number);
	check_equal(SSL_write_ex(ssl, tls_buffer, size, &written), 1, "SSL_write_ex()");
	tls_want(SENDTRACE_CALL_SSL_WRITE_EX, size, fd);
	shared->wanted[shared->number - 1].seed = shared->number - 1;
}

/* @seed: of what was written; one more for each 256 bytes that were read already. */
void tls_reads(SSL *ssl, size_t size, int fd, unsigned int seed)
{
	check_equal(SSL_read(ssl, tls_buffer, size), size, "SSL_read()");
	tls_want(SENDTRACE_CALL_SSL_READ, size, fd);
	shared->wanted[shared->number - 1].seed = seed;
}

void tls_reads_ex(SSL *ssl, size_t size, int fd, unsigned int seed)
{
	size_t got;

	check_equal(SSL_read_ex(ssl, tls_buffer, size, &got), 1, "SSL_read_ex()");
	check_equal(got, size, "bytes of SSL_read_ex()");
	tls_want(SENDTRACE_CALL_SSL_READ_EX, size, fd);
	shared->wanted[shared->number - 1].seed = seed;
}

/* ---- The tracer ------------------------------------------------------------------------ */

static int earlier(const void *left, const void *right)
{
	const struct sendtrace_record *a = *(void *const *)left;
	const struct sendtrace_record *b = *(void *const *)right;

	return a->time < b->time ? -1 : a->time > b->time;
}

static void compare(const struct records *records, const struct sendtrace_event *got,
		    unsigned int nth)
{
	const struct wanted *want = &shared->wanted[nth];
	char *payload = joined_payload(records, got);

	check_equal(got->rec.type, want->type, "the type of event %u", nth);
	check_equal(got->call, want->call, "the call of event %u", nth);
	check_equal(got->ret, want->ret, "what the call of event %u returned", nth);
	check_equal(got->len, want->length, "the length of event %u", nth);
	check_equal(got->fd, want->fd, "the descriptor of event %u", nth);
	check_equal(got->inode, want->inode, "the socket of event %u", nth);
	check(!want->inode || got->peer_len, "event %u has an address", nth);
	check_equal(got->why, SENDTRACE_WHY_COMPLETE, "why of event %u", nth);
	if (!check_equal(got->frag_len + got->cap_len, want->ret, "bytes of event %u",
			 nth))
		return;
	tls_pattern(tls_buffer, want->ret, want->seed);
	check(!memcmp(payload, tls_buffer, want->ret), "the payload of event %u", nth);
	free(payload);
}

static void compare_all(const struct records *records)
{
	const struct sendtrace_event *got;
	unsigned int nth = 0;

	for (size_t i = 0; i < records->number; i++) {
		got = as_event(records->record[i]);
		if (!got)
			continue;
		if (nth < shared->number)
			compare(records, got, nth);
		else
			check(false, "one event too many: call %u, ret %lld", got->call,
			      (long long)got->ret);
		nth++;
	}
	check_equal(nth, shared->number, "events");
}

void tls_begin(struct tracer *tracer)
{
	tls_needs_uprobes();
	prctl(PR_SET_NAME, "tlsing");
	tracer_open(tracer);
	tracer_config_calls(tracer, 4 << 20, SENDTRACE_CALLS_TLS);
	tracer_filter(tracer, "tlsing");
	tls_name_all(tracer);
	tracer_start(tracer);
}

static struct tracer tracer;

static void stops(void *arg)
{
	tracer_stop(arg);
}

static void starts(void *arg)
{
	tracer_start(arg);
}

void tls_stop(void)
{
	in_child(stops, &tracer);
}

/* Not in this process: the calls of who starts a session are not recorded. */
void tls_start(void)
{
	in_child(starts, &tracer);
}

/* The child waits until it has been chosen. */
static pid_t start_calls(void (*calls)(void), int go)
{
	pid_t pid = must(fork(), "fork()");
	char byte;

	if (pid)
		return pid;
	must(read(go, &byte, 1), "read()");
	calls();
	_exit(check_failed());
}

static void choose(pid_t pid)
{
	struct sendtrace_filter filter = { .nr_pids = 1, .pids = { pid } };

	must(ioctl(tracer.fd, SENDTRACE_IOC_FILTER, &filter), "FILTER");
}

static void trace(void (*calls)(void), bool by_number)
{
	struct records records = {};
	int go[2];
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(pipe(go), "pipe()");
	tls_begin(&tracer);
	pid = start_calls(calls, go[0]);
	if (by_number)
		choose(pid);
	must(write(go[1], "", 1), "write()");
	end_child(pid);
	tracer_read(&tracer, &records);
	qsort(records.record, records.number, sizeof(records.record[0]), earlier);
	compare_all(&records);
	check_equal(tracer_stats(&tracer).missed, 0, "missed calls");
	tracer_close(&tracer);
}

void tls_traced(void (*calls)(void))
{
	trace(calls, false);
}

void tls_traced_by_number(void (*calls)(void))
{
	trace(calls, true);
}

unsigned long tls_statistic(const char *key)
{
	FILE *file = fopen("/proc/sendtrace/stats", "r");
	unsigned long value;
	char line[128];

	if (!file)
		die("/proc/sendtrace/stats");
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)) &&
		    sscanf(line + strlen(key), " %lu", &value) == 1) {
			fclose(file);
			return value;
		}
	die("%s is missing", key);
}
