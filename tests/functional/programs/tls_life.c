// SPDX-License-Identifier: GPL-2.0
/* Processes with a TLS library that are renamed, fork, execute a program, or end. */
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tls_library.h"
#include "tls_traced.h"
#include "tracer.h"

/* ---- Processes that no session wants ---------------------------------------------------- */

static void expect_probed(bool entry, bool returns, const char *who)
{
	check_equal(tls_is_probed(SENDTRACE_CALL_SSL_WRITE), entry, "%s: the entry", who);
	check_equal(tls_return_is_probed(SENDTRACE_CALL_SSL_WRITE), returns,
		    "%s: the return", who);
}

static void write_unseen(SSL *ssl)
{
	check_equal(SSL_write(ssl, "unseen", 6), 6, "SSL_write()");
}

static void is_refused(void *arg)
{
	expect_probed(true, true, "as it was forked");
	write_unseen(arg);
	expect_probed(false, false, "after a call");
	write_unseen(arg);
}

/* A fork copies the breakpoints. In a child that is not chosen, they go with the first call. */
static void forks_another(void)
{
	struct pair pair = tcp_pair(), other = tcp_pair();
	SSL ssl = { .fd = pair.near }, unseen = { .fd = other.near };

	tls_writes(&ssl, 10, pair.near);
	in_child(is_refused, &unseen);
	expect_probed(true, true, "its parent");
	tls_writes(&ssl, 20, pair.near);
}

static void refused(void)
{
	tls_traced_by_number(forks_another);
}

static void *calls_refused(void *arg)
{
	expect_probed(true, true, "before the first call");
	write_unseen(arg);
	expect_probed(true, true, "after it, since names change");
	return NULL;
}

/* Another thread makes calls that no session wants any more. */
static void is_renamed(SSL *ssl)
{
	struct pair pair = tcp_pair();
	SSL unseen = { .fd = pair.near };
	pthread_t thread;

	ssl->before = NULL;
	prctl(PR_SET_NAME, "other");
	must(-pthread_create(&thread, NULL, calls_refused, &unseen), "pthread_create()");
	pthread_join(thread, NULL);
}

static void renames_itself(void)
{
	struct pair pair = tcp_pair();
	SSL ssl = { .fd = pair.near, .before = is_renamed };

	/* Its socket call is none that a session wants. */
	tls_writes(&ssl, 10, -1);
	expect_probed(true, true, "after the call");
}

static void renamed(void)
{
	tls_traced(renames_itself);
}

/* ---- fork() ----------------------------------------------------------------------------- */

static bool is_child;

static void forks(SSL *ssl)
{
	pid_t pid;

	ssl->before = NULL;
	pid = must(fork(), "fork()");
	is_child = !pid;
	if (pid)
		end_child(pid);
}

/* Both return from the same call, which only the parent has made. */
static void forks_inside(void)
{
	struct pair pair = tcp_pair();
	SSL ssl = { .fd = pair.near, .before = forks };

	tls_pattern(tls_buffer, 10, 0);
	check_equal(SSL_write(&ssl, tls_buffer, 10), 10, "SSL_write()");
	if (is_child) {
		tls_writes(&ssl, 20, pair.near);
		_exit(check_failed());
	}
	tls_want(SENDTRACE_CALL_SSL_WRITE, 10, pair.near);
}

static void forked(void)
{
	tls_traced(forks_inside);
}

/* ---- Connections of what is gone -------------------------------------------------------- */

/* A TLS session that has the same address in another program, too. */
static SSL *session_at_address(void)
{
	SSL *ssl = mmap((void *)0x100000000, sizeof(*ssl), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return ssl == MAP_FAILED ? die("mmap()"), NULL : ssl;
}

/* Without a socket call: the connection is what is known of the TLS session. */
static void read_pending(SSL *ssl)
{
	unsigned char bytes[8];

	tls_pattern(ssl->pending, sizeof(bytes), 0);
	ssl->end = sizeof(bytes);
	check_equal(SSL_read(ssl, bytes, sizeof(bytes)), sizeof(bytes), "SSL_read()");
}

/* What is executed: a program of the same name. */
static void executed(void)
{
	read_pending(session_at_address());
}

static void executes(void)
{
	struct pair pair = tcp_pair();
	SSL *ssl = session_at_address();

	ssl->fd = pair.near;
	tls_writes(ssl, 10, pair.near);
	read_pending(ssl);
	tls_want(SENDTRACE_CALL_SSL_READ, 8, pair.near);
	tls_want(SENDTRACE_CALL_SSL_READ, 8, -1);
	must(symlink("/proc/self/exe", "tlsing"), "symlink()");
	execl("tlsing", "tlsing", "executed", NULL);
	die("execl()");
}

static void exec(void)
{
	tls_traced(executes);
}

static void writes_and_ends(void *arg)
{
	SSL *ssl = arg;

	tls_writes(ssl, 10, ssl->fd);
}

/* A child with this number, which is free. */
static pid_t fork_as(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};

	return must(syscall(SYS_clone3, &args, sizeof(args)), "clone3()");
}

/* Another process gets the number of one that has ended. */
static void ends(void)
{
	struct pair pair = tcp_pair();
	SSL *ssl = session_at_address();
	pid_t first, second;

	ssl->fd = pair.near;
	first = start_child(writes_and_ends, ssl);
	end_child(first);
	tls_want(SENDTRACE_CALL_SSL_READ, 8, -1);
	second = fork_as(first);
	if (!second) {
		read_pending(ssl);
		_exit(check_failed());
	}
	check_equal(second, first, "the process number");
	end_child(second);
}

static void ended(void)
{
	tls_traced(ends);
}

/* ---- A session that stops --------------------------------------------------------------- */

/* What is freed meanwhile is not seen, and its address may be used again. */
static void frees_unseen(void)
{
	struct pair one = tcp_pair(), two = tcp_pair();
	SSL ssl = { .fd = one.near }, memory = { .fd = TLS_MEMORY };

	tls_writes(&ssl, 10, one.near);
	tls_writes(&memory, 100, -1);
	check_equal(write(two.near, memory.out, memory.out_size), memory.out_size,
		    "write()");
	tls_writes(&memory, 100, two.near);
	tls_stop();
	SSL_free(&ssl);
	tls_start();
	tls_pattern(ssl.pending, 8, 9);
	ssl.begin = 0;
	ssl.end = 8;
	tls_reads(&ssl, 8, -1, 9);
	memory.out_size = 0;
	tls_writes(&memory, 100, -1);
	check_equal(write(two.near, memory.out, memory.out_size), memory.out_size,
		    "write()");
	tls_writes(&memory, 100, two.near);
}

static void stopped(void)
{
	tls_traced(frees_unseen);
}

/* ---- The module is unloaded ------------------------------------------------------------- */

static struct {
	struct pair pair[2];
	bool traced;
	pid_t tid[2];
} * sleepers;

/* Both ways to see that a function returns. */
static void name_both_ways(const struct tracer *tracer)
{
	struct sendtrace_tls by_instruction = tls_function(SENDTRACE_CALL_SSL_READ);
	struct sendtrace_tls by_address = tls_function(SENDTRACE_CALL_SSL_READ_EX);

	by_address.flags = SENDTRACE_TLS_URETPROBE;
	by_address.nr_returns = 0;
	must(ioctl(tracer->fd, SENDTRACE_IOC_TLS, &by_instruction), "TLS");
	must(ioctl(tracer->fd, SENDTRACE_IOC_TLS, &by_address), "TLS");
}

static void *sleeps_in_read(void *arg)
{
	SSL ssl = { .fd = sleepers->pair[0].near };
	unsigned char bytes[10];

	sleepers->tid[0] = gettid();
	check_equal(SSL_read(&ssl, bytes, 10), 10, "SSL_read()");
	check(!memcmp(bytes, "0123456789", 10), "what SSL_read() got");
	return arg;
}

static void *sleeps_in_read_ex(void *arg)
{
	SSL ssl = { .fd = sleepers->pair[1].near };
	unsigned char bytes[10];
	size_t size;

	sleepers->tid[1] = gettid();
	check_equal(SSL_read_ex(&ssl, bytes, 10, &size), 1, "SSL_read_ex()");
	check(size == 10 && !memcmp(bytes, "0123456789", 10), "what SSL_read_ex() got");
	return arg;
}

static void sleep_inside(void *arg)
{
	struct deadline deadline = { 0 };
	pthread_t one, other;

	while (!__atomic_load_n(&sleepers->traced, __ATOMIC_ACQUIRE))
		look_again(&deadline, "the session to run");
	check(tls_is_probed(SENDTRACE_CALL_SSL_READ), "SSL_read() is probed");
	check(tls_is_probed(SENDTRACE_CALL_SSL_READ_EX), "SSL_read_ex() is probed");
	must(-pthread_create(&one, NULL, sleeps_in_read, NULL), "pthread_create()");
	must(-pthread_create(&other, NULL, sleeps_in_read_ex, NULL), "pthread_create()");
	pthread_join(one, NULL);
	pthread_join(other, NULL);
	check(!tls_is_probed(SENDTRACE_CALL_SSL_READ), "SSL_read() is probed no more");
	check(!tls_is_probed(SENDTRACE_CALL_SSL_READ_EX),
	      "SSL_read_ex() is probed no more");
	(void)arg;
}

static void begin_both_ways(struct tracer *tracer)
{
	tracer_open(tracer);
	tracer_config_calls(tracer, 1 << 16, SENDTRACE_CALLS_TLS);
	tracer_filter(tracer, "sleeping");
	name_both_ways(tracer);
	tracer_start(tracer);
}

/*
 * Threads sleep inside a library while the session ends and, at the gate, the module goes. Their
 * process is there before the session: it must not have its descriptor, nor its memory.
 */
static void sleep_while_it_ends(void)
{
	struct deadline deadline = { 0 };
	struct tracer tracer;
	pid_t child;

	sleepers = mmap(NULL, sizeof(*sleepers), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 2; i++)
		sleepers->pair[i] = tcp_pair();
	prctl(PR_SET_NAME, "sleeping");
	child = start_child(sleep_inside, NULL);
	begin_both_ways(&tracer);
	__atomic_store_n(&sleepers->traced, true, __ATOMIC_RELEASE);
	for (int i = 0; i < 2; i++) {
		while (!__atomic_load_n(&sleepers->tid[i], __ATOMIC_ACQUIRE))
			look_again(&deadline, "a thread to begin");
		wait_blocked(sleepers->tid[i], SYS_read);
	}
	tracer_close(&tracer);
	gate();
	for (int i = 0; i < 2; i++) {
		SSL ssl = { .fd = sleepers->pair[i].far };

		check_equal(SSL_write(&ssl, "0123456789", 10), 10, "SSL_write()");
	}
	end_child(child);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "refused", refused },
		{ "renamed", renamed },
		{ "forked", forked },
		{ "exec", exec },
		{ "executed", executed },
		{ "stopped", stopped },
		{ "exit", ended },
		{ "uprobes", tls_needs_uprobes },
		{ "sleepers", sleep_while_it_ends },
		{},
	};

	return run_cases(argc, argv, cases);
}
