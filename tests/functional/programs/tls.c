// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of a TLS library: a child makes them and notes what each should show; the parent, the
 * tracer, compares that with all events that came.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tls_library.h"
#include "tracer.h"

enum {
	MOST = 64,
	LARGEST = 1 << 20
};

/* What an event should show. Its payload is pattern(@seed). */
struct wanted {
	int type;
	int call;
	long ret;
	int fd;
	unsigned int seed;
	ino_t inode;
};

/* Shared by parent and child. */
static struct {
	unsigned int number;
	struct wanted wanted[MOST];
} * shared;

static unsigned char buffer[LARGEST];

static ino_t inode_of(int fd)
{
	struct stat status;

	return fd >= 0 && !fstat(fd, &status) ? status.st_ino : 0;
}

static void pattern(unsigned char *bytes, size_t size, unsigned int seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = i * 7 + (i >> 8) + seed;
}

static void want(int call, long ret, int fd)
{
	struct wanted *wanted = &shared->wanted[shared->number];
	bool receives = call == SENDTRACE_CALL_SSL_READ ||
			call == SENDTRACE_CALL_SSL_READ_EX;

	if (++shared->number == MOST)
		die("too many calls");
	*wanted = (struct wanted){
		.call = call, .ret = ret, .fd = fd, .inode = inode_of(fd)
	};
	wanted->type = receives ? SENDTRACE_RECORD_RECV : SENDTRACE_RECORD_SEND;
}

/* ---- Calls ----------------------------------------------------------------------------- */

/* @fd: what is seen of the socket; -1 if it is unknown. */
static void writes(SSL *ssl, size_t size, int fd)
{
	pattern(buffer, size, shared->number);
	check_equal(SSL_write(ssl, buffer, size), size, "SSL_write()");
	want(SENDTRACE_CALL_SSL_WRITE, size, fd);
	shared->wanted[shared->number - 1].seed = shared->number - 1;
}

static void writes_ex(SSL *ssl, size_t size, int fd)
{
	size_t written;

	pattern(buffer, size, shared->number);
	check_equal(SSL_write_ex(ssl, buffer, size, &written), 1, "SSL_write_ex()");
	want(SENDTRACE_CALL_SSL_WRITE_EX, size, fd);
	shared->wanted[shared->number - 1].seed = shared->number - 1;
}

/* @seed: of what was written; one more for each 256 bytes that were read already. */
static void reads(SSL *ssl, size_t size, int fd, unsigned int seed)
{
	check_equal(SSL_read(ssl, buffer, size), size, "SSL_read()");
	want(SENDTRACE_CALL_SSL_READ, size, fd);
	shared->wanted[shared->number - 1].seed = seed;
}

static void reads_ex(SSL *ssl, size_t size, int fd, unsigned int seed)
{
	size_t got;

	check_equal(SSL_read_ex(ssl, buffer, size, &got), 1, "SSL_read_ex()");
	check_equal(got, size, "bytes of SSL_read_ex()");
	want(SENDTRACE_CALL_SSL_READ_EX, size, fd);
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
	check_equal(got->fd, want->fd, "the descriptor of event %u", nth);
	check_equal(got->inode, want->inode, "the socket of event %u", nth);
	check(!want->inode || got->peer_len, "event %u has an address", nth);
	check_equal(got->why, SENDTRACE_WHY_COMPLETE, "why of event %u", nth);
	if (!check_equal(got->frag_len + got->cap_len, want->ret, "bytes of event %u",
			 nth))
		return;
	pattern(buffer, want->ret, want->seed);
	check(!memcmp(payload, buffer, want->ret), "the payload of event %u", nth);
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

static void begin(struct tracer *tracer)
{
	tracer_open(tracer);
	tracer_config_calls(tracer, 4 << 20, SENDTRACE_CALLS_TLS);
	tracer_filter(tracer, "tlsing");
	tls_name_all(tracer);
	tracer_start(tracer);
}

static void traced(void (*calls)(void))
{
	struct records records = {};
	struct tracer tracer;
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	tls_needs_uprobes();
	prctl(PR_SET_NAME, "tlsing");
	begin(&tracer);
	pid = fork();
	if (!pid) {
		calls();
		_exit(check_failed());
	}
	end_child(pid);
	tracer_read(&tracer, &records);
	qsort(records.record, records.number, sizeof(records.record[0]), earlier);
	compare_all(&records);
	check_equal(tracer_stats(&tracer).missed, 0, "missed calls");
	tracer_close(&tracer);
}

/* ---- Cases ----------------------------------------------------------------------------- */

static void makes_whole_calls(void)
{
	static const size_t sizes[] = { 1, 100, 16384, 20000, LARGEST };
	struct pair pair = tcp_pair();
	SSL ssl = { .fd = pair.near };
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_NAME, "drain");
		close(pair.near);
		drain(pair.far, 0);
		_exit(0);
	}
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		writes(&ssl, sizes[i], pair.near);
		writes_ex(&ssl, sizes[i], pair.near);
	}
	shutdown(pair.near, SHUT_WR);
	waitpid(pid, NULL, 0);
}

static void makes_reads(void)
{
	struct pair pair = tcp_pair();
	SSL near = { .fd = pair.near }, far = { .fd = pair.far };

	writes(&near, 100, pair.near);
	reads(&far, 100, pair.far, 0);
	writes(&near, 200, pair.near);
	reads_ex(&far, 200, pair.far, 2);
	/* The second makes no socket call. */
	writes(&near, 300, pair.near);
	reads(&far, 256, pair.far, 4);
	reads(&far, 44, pair.far, 5);
}

static void whole(void)
{
	traced(makes_whole_calls);
}

static void received(void)
{
	traced(makes_reads);
}

/* ---- Which socket ---------------------------------------------------------------------- */

static int other_fd = -1;

/* What a callback of the program could do: a socket call of its own. */
static void calls_other(SSL *ssl)
{
	static const unsigned char record[] = { 22, 3, 1, 0, 0 };

	must(write(other_fd, record, sizeof(record)), "write()");
	(void)ssl;
}

static void says_other(SSL *ssl)
{
	must(write(other_fd, "hello", 5), "write()");
	(void)ssl;
}

static void makes_ambiguous_calls(void)
{
	struct pair pair = tcp_pair(), other = tcp_pair();
	SSL ssl = { .fd = pair.near };

	other_fd = other.near;
	ssl.before = says_other;
	writes(&ssl, 10, pair.near);
	/* Two sockets with records: unknown, although it was known before. */
	ssl.before = calls_other;
	writes(&ssl, 10, -1);
	ssl.before = NULL;
	writes(&ssl, 10, pair.near);
}

static void ambiguous(void)
{
	traced(makes_ambiguous_calls);
}

/* The same pointer, other connections. */
static void makes_reused(void)
{
	struct pair one = tcp_pair(), two = tcp_pair();
	SSL far = { .fd = one.far }, first = { .fd = one.near },
	    second = { .fd = two.near };

	writes(&first, 64, one.near);
	reads(&far, 32, one.far, 0);
	/* It is freed, and made again, with bytes that no call has brought. */
	SSL_free(&far);
	pattern(far.pending, 8, 9);
	far.begin = 0;
	far.end = 8;
	reads(&far, 8, -1, 9);
	far.fd = two.far;
	writes(&second, 16, two.near);
	reads(&far, 16, two.far, 3);
}

static void reused(void)
{
	traced(makes_reused);
}

/* ---- Stacks ---------------------------------------------------------------------------- */

static ucontext_t outside, inside;
static SSL *coroutine_ssl;
static int coroutine_got;

static void switches(SSL *ssl)
{
	swapcontext(&inside, &outside);
	(void)ssl;
}

static void coroutine(void)
{
	coroutine_got = SSL_read(coroutine_ssl, buffer, 100);
}

static void *goes_on(void *arg)
{
	must(swapcontext(&outside, &inside), "swapcontext()");
	return arg;
}

/* A call begins in one thread, and goes on in another. */
static void switches_stacks(void)
{
	static char stack[64 << 10];
	struct pair pair = tcp_pair();
	SSL near = { .fd = pair.near }, far = { .fd = pair.far, .before = switches };
	pthread_t thread;

	coroutine_ssl = &far;
	getcontext(&inside);
	inside.uc_stack.ss_sp = stack;
	inside.uc_stack.ss_size = sizeof(stack);
	inside.uc_link = &outside;
	makecontext(&inside, coroutine, 0);
	must(swapcontext(&outside, &inside), "swapcontext()");
	writes(&near, 100, pair.near);
	must(-pthread_create(&thread, NULL, goes_on, NULL), "pthread_create()");
	pthread_join(thread, NULL);
	check_equal(coroutine_got, 100, "SSL_read() in a coroutine");
	want(SENDTRACE_CALL_SSL_READ, 100, pair.far);
}

static void stacks(void)
{
	traced(switches_stacks);
}

static jmp_buf out;

static void jumps(SSL *ssl)
{
	(void)ssl;
	longjmp(out, 1);
}

/* A call that never returns, then one at the same place. */
static void jumps_out(void)
{
	struct pair pair = tcp_pair();
	SSL near = { .fd = pair.near, .before = jumps };
	volatile int n = 0;

	setjmp(out);
	for (; n < 3; n++)
		if (n < 2) {
			n++;
			SSL_write(&near, buffer, 10);
		}
	near.before = NULL;
	writes(&near, 10, pair.near);
}

static void jumped(void)
{
	traced(jumps_out);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "whole", whole },
		{ "received", received },
		{ "ambiguous", ambiguous },
		{ "reused", reused },
		{ "stacks", stacks },
		{ "jumped", jumped },
		{},
	};

	return run_cases(argc, argv, cases);
}
