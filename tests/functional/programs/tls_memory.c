// SPDX-License-Identifier: GPL-2.0
/*
 * A TLS library that encrypts to memory: the program sends that itself, after the call. So which
 * connection a call is for is known once the first bytes that it left have been sent.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tls_traced.h"
#include "tracer.h"

enum {
	SIZE = 100,
	UNKNOWN = -1
};

static void sends(SSL *ssl, int fd)
{
	check_equal(write(fd, ssl->out, ssl->out_size), ssl->out_size, "write()");
	ssl->out_size = 0;
}

static void shakes(SSL *ssl, unsigned int random)
{
	ssl->random = random;
	check_equal(SSL_do_handshake(ssl), 1, "SSL_do_handshake()");
}

/* What every session encrypts to the same bytes. */
static void writes_same(SSL *ssl, int fd)
{
	tls_pattern(tls_buffer, SIZE, 0);
	check_equal(SSL_write(ssl, tls_buffer, SIZE), SIZE, "SSL_write()");
	tls_want(SENDTRACE_CALL_SSL_WRITE, SIZE, fd);
}

/* What the program received has been given to the library. */
static void reads_pending(SSL *ssl, int fd, unsigned int seed)
{
	tls_pattern(ssl->pending, SIZE, seed);
	ssl->begin = 0;
	ssl->end = SIZE;
	tls_reads(ssl, SIZE, fd, seed);
}

/* ---- What is known --------------------------------------------------------------------- */

static void sends_later(void)
{
	SSL one = { .fd = TLS_MEMORY }, two = { .fd = TLS_MEMORY };
	int first = tcp_pair().near, second = tcp_pair().near;

	tls_writes(&one, SIZE, UNKNOWN);
	tls_writes_ex(&two, SIZE, UNKNOWN);
	sends(&two, second);
	sends(&one, first);
	tls_writes(&one, SIZE, first);
	tls_writes_ex(&two, SIZE, second);
	sends(&one, first);
	reads_pending(&two, second, 7);
	reads_pending(&one, first, 8);
}

/* Both calls are sent together: they are known by the first. */
static void sends_together(void)
{
	SSL ssl = { .fd = TLS_MEMORY };
	int fd = tcp_pair().near;

	for (int i = 0; i < 3; i++)
		tls_writes(&ssl, SIZE, UNKNOWN);
	sends(&ssl, fd);
	tls_writes(&ssl, SIZE, fd);
}

static void sent(void)
{
	tls_traced(sends_later);
	tls_traced(sends_together);
}

static void shakes_hands(void)
{
	SSL one = { .fd = TLS_MEMORY }, two = { .fd = TLS_MEMORY };
	int first = tcp_pair().near, second = tcp_pair().near;

	shakes(&one, 1);
	shakes(&two, 2);
	sends(&two, second);
	sends(&one, first);
	tls_writes(&one, SIZE, first);
	reads_pending(&two, second, 7);
	tls_writes(&two, SIZE, second);
}

static void handshake(void)
{
	tls_traced(shakes_hands);
}

/* ---- What is not ----------------------------------------------------------------------- */

static void encrypts_same(void)
{
	SSL one = { .fd = TLS_MEMORY }, two = { .fd = TLS_MEMORY };
	int first = tcp_pair().near, second = tcp_pair().near;

	writes_same(&one, UNKNOWN);
	writes_same(&two, UNKNOWN);
	sends(&one, first);
	sends(&two, second);
	tls_writes(&one, SIZE, UNKNOWN);
	tls_writes(&two, SIZE, UNKNOWN);
	sends(&two, second);
	sends(&one, first);
	tls_writes(&one, SIZE, first);
	tls_writes(&two, SIZE, second);
}

/* What the first one left is sent after its end. */
static void encrypts_same_and_ends(void)
{
	SSL one = { .fd = TLS_MEMORY }, two = { .fd = TLS_MEMORY };
	int first = tcp_pair().near, second = tcp_pair().near;

	writes_same(&one, UNKNOWN);
	SSL_free(&one);
	writes_same(&two, UNKNOWN);
	sends(&one, first);
	tls_writes(&two, SIZE, UNKNOWN);
	two.out_size = 0;
	tls_writes(&two, SIZE, UNKNOWN);
	sends(&two, second);
	tls_writes(&two, SIZE, second);
}

static void equal(void)
{
	tls_traced(encrypts_same);
	tls_traced(encrypts_same_and_ends);
}

static void is_sent_by_another(void)
{
	SSL ssl = { .fd = TLS_MEMORY };
	int fd = tcp_pair().near, other = tcp_pair().near;
	pid_t pid;

	tls_writes(&ssl, SIZE, UNKNOWN);
	pid = fork();
	if (!pid) {
		sends(&ssl, other);
		_exit(check_failed());
	}
	end_child(pid);
	tls_writes(&ssl, SIZE, UNKNOWN);
	sends(&ssl, fd);
	tls_writes(&ssl, SIZE, fd);
}

static void other_process(void)
{
	tls_traced(is_sent_by_another);
}

/* The same session, or another one at the same address, shakes hands on another connection. */
static void uses_again(void)
{
	SSL ssl = { .fd = TLS_MEMORY };
	int first = tcp_pair().near, second = tcp_pair().near;

	shakes(&ssl, 1);
	sends(&ssl, first);
	tls_writes(&ssl, SIZE, first);
	ssl.out_size = 0;
	shakes(&ssl, 2);
	tls_writes(&ssl, SIZE, UNKNOWN);
	sends(&ssl, second);
	tls_writes(&ssl, SIZE, second);
	SSL_free(&ssl);
	ssl.out_size = 0;
	ssl.fd = TLS_MEMORY;
	tls_writes(&ssl, SIZE, UNKNOWN);
}

static void again(void)
{
	tls_traced(uses_again);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "sent", sent },   { "handshake", handshake },
		{ "equal", equal }, { "other_process", other_process },
		{ "again", again }, {},
	};

	return run_cases(argc, argv, cases);
}
