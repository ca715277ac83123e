// SPDX-License-Identifier: GPL-2.0
/* Calls of a TLS library: what goes into them and comes out of them, and for which connection. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tls_library.h"
#include "tls_traced.h"

/* ---- Whole ----------------------------------------------------------------------------- */

static void makes_whole_calls(void)
{
	static const size_t sizes[] = { 1, 100, 16384, 20000, TLS_LARGEST };
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
		tls_writes(&ssl, sizes[i], pair.near);
		tls_writes_ex(&ssl, sizes[i], pair.near);
	}
	shutdown(pair.near, SHUT_WR);
	waitpid(pid, NULL, 0);
}

static void makes_reads(void)
{
	struct pair pair = tcp_pair();
	SSL near = { .fd = pair.near }, far = { .fd = pair.far };

	tls_writes(&near, 100, pair.near);
	tls_reads(&far, 100, pair.far, 0);
	tls_writes(&near, 200, pair.near);
	tls_reads_ex(&far, 200, pair.far, 2);
	/* The second makes no socket call. */
	tls_writes(&near, 300, pair.near);
	tls_reads(&far, 256, pair.far, 4);
	tls_reads(&far, 44, pair.far, 5);
}

/* ---- Functions of other libraries -------------------------------------------------------- */

/*
 * A call that fails is no event. GnuTLS's functions return a ssize_t: there, the -1 of our
 * library, an int, would be 4294967295 bytes.
 */
static void makes_calls_that_fail(void)
{
	SSL closed = { .fd = -1 };

	if (tls_named(SENDTRACE_CALL_SSL_WRITE) == SENDTRACE_CALL_GNUTLS_SEND)
		return;
	check_equal(SSL_write(&closed, "nothing", 7), -1, "SSL_write()");
	check_equal(SSL_read(&closed, tls_buffer, 7), -1, "SSL_read()");
}

/* Only an int is cut to one. */
static void reads_into_large_room(SSL *ssl, int fd)
{
	int (*reads)(SSL *, void *, size_t) = (void *)SSL_read;
	size_t room = (1UL << 32) + 100;

	check_equal(reads(ssl, tls_buffer, room), 100, "SSL_read()");
	tls_want(SENDTRACE_CALL_SSL_READ, 100, fd);
	if (tls_named(SENDTRACE_CALL_SSL_READ) != SENDTRACE_CALL_WOLFSSL_READ)
		tls_want_length(room);
}

static void makes_calls(void)
{
	struct pair pair = tcp_pair();
	SSL near = { .fd = pair.near }, far = { .fd = pair.far };

	tls_writes(&near, 100, pair.near);
	makes_calls_that_fail();
	reads_into_large_room(&far, pair.far);
}

static void libraries(void)
{
	static const int functions[][2] = {
		{ SENDTRACE_CALL_GNUTLS_SEND, SENDTRACE_CALL_GNUTLS_RECV },
		{ SENDTRACE_CALL_WOLFSSL_WRITE, SENDTRACE_CALL_WOLFSSL_READ },
		{ SENDTRACE_CALL_MBEDTLS_WRITE, SENDTRACE_CALL_MBEDTLS_READ },
	};

	for (size_t i = 0; i < COUNT_OF(functions); i++) {
		tls_name_as(functions[i][0], functions[i][1]);
		tls_traced(makes_calls);
	}
}

/* ---- kTLS ------------------------------------------------------------------------------ */

static int encrypt_by_kernel(int fd)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls"));
}

static void makes_calls_with_ktls(void)
{
	struct pair pair = tcp_pair(), plain = tcp_pair();
	SSL ssl = { .fd = pair.near, .by_kernel = true };
	SSL other = { .fd = plain.near, .by_kernel = true };

	must(encrypt_by_kernel(pair.near), "TCP_ULP");
	/* Text on any other socket tells no connection. */
	tls_writes(&other, 50, -1);
	tls_writes(&ssl, 100, pair.near);
}

static void by_kernel(void)
{
	struct pair pair = tcp_pair();

	if (encrypt_by_kernel(pair.near))
		skip("the kernel has no module tls (CONFIG_TLS)");
	tls_traced(makes_calls_with_ktls);
}

static void whole(void)
{
	tls_traced(makes_whole_calls);
}

static void received(void)
{
	tls_traced(makes_reads);
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
	tls_writes(&ssl, 10, pair.near);
	/* Two sockets with records: unknown, although it was known before. */
	ssl.before = calls_other;
	tls_writes(&ssl, 10, -1);
	ssl.before = NULL;
	tls_writes(&ssl, 10, pair.near);
}

static void ambiguous(void)
{
	tls_traced(makes_ambiguous_calls);
}

/* The same pointer, other connections. */
static void makes_reused(void)
{
	struct pair one = tcp_pair(), two = tcp_pair();
	SSL far = { .fd = one.far }, first = { .fd = one.near },
	    second = { .fd = two.near };

	tls_writes(&first, 64, one.near);
	tls_reads(&far, 32, one.far, 0);
	/* It is freed, and made again, with bytes that no call has brought. */
	SSL_free(&far);
	tls_pattern(far.pending, 8, 9);
	far.begin = 0;
	far.end = 8;
	tls_reads(&far, 8, -1, 9);
	far.fd = two.far;
	tls_writes(&second, 16, two.near);
	tls_reads(&far, 16, two.far, 3);
}

static void reused(void)
{
	tls_traced(makes_reused);
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
	coroutine_got = SSL_read(coroutine_ssl, tls_buffer, 100);
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
	tls_writes(&near, 100, pair.near);
	must(-pthread_create(&thread, NULL, goes_on, NULL), "pthread_create()");
	pthread_join(thread, NULL);
	check_equal(coroutine_got, 100, "SSL_read() in a coroutine");
	tls_want(SENDTRACE_CALL_SSL_READ, 100, pair.far);
}

static void stacks(void)
{
	tls_traced(switches_stacks);
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
			SSL_write(&near, tls_buffer, 10);
		}
	near.before = NULL;
	tls_writes(&near, 10, pair.near);
}

static void jumped(void)
{
	tls_traced(jumps_out);
}

enum {
	/* Less than what SSL_write() has on its stack. */
	ROOM = 4096
};

/* A call that never returns, with ROOM on the stack above it. */
__attribute__((noinline)) static int jumps_from_below(SSL *ssl)
{
	volatile char room[ROOM];

	room[0] = 0;
	SSL_write(ssl, tls_buffer, 10);
	return room[0];
}

/* What is left of it is nearer to the next call's socket call than that call itself. */
static void jumps_and_writes(void)
{
	struct pair pair = tcp_pair();
	SSL near = { .fd = pair.near, .before = jumps };

	if (!setjmp(out))
		jumps_from_below(&near);
	near.before = NULL;
	tls_writes(&near, 10, pair.near);
}

static void left(void)
{
	tls_traced(jumps_and_writes);
}

/* ---- Too many -------------------------------------------------------------------------- */

enum {
	/* How many calls may be open (kmod/tls_open.c). */
	OPEN_MAX = 4096,
	TOO_MANY = 5
};

static int depth;

/* Each call is made inside the one before. */
static void goes_deeper(SSL *ssl)
{
	if (++depth < OPEN_MAX + TOO_MANY)
		SSL_read(ssl, tls_buffer, 1);
}

static void goes_deep(void *arg)
{
	SSL_read(arg, tls_buffer, 1);
}

static void missed(void)
{
	unsigned long before = tls_statistic("missed_tls");
	SSL ssl = { .fd = -1, .before = goes_deeper };
	struct sendtrace_stats stats;
	struct tracer tracer;

	tls_begin(&tracer);
	in_child(goes_deep, &ssl);
	stats = tracer_stats(&tracer);
	check_equal(stats.tls_missed, TOO_MANY, "missed calls of TLS libraries");
	check_equal(stats.missed, TOO_MANY, "missed calls");
	check_equal(tls_statistic("missed_tls") - before, TOO_MANY, "missed_tls");
	tracer_close(&tracer);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "whole", whole },
		{ "by_kernel", by_kernel },
		{ "received", received },
		{ "ambiguous", ambiguous },
		{ "reused", reused },
		{ "stacks", stacks },
		{ "jumped", jumped },
		{ "left", left },
		{ "missed", missed },
		{ "libraries", libraries },
		{},
	};

	return run_cases(argc, argv, cases);
}
