// SPDX-License-Identifier: GPL-2.0
/*
 * A library that has functions of TLS libraries. OLD: without the newest ones; UNSURE: with one that
 * cannot be traced; PROGRAM: an executable, which second.c belongs to.
 */
struct ssl;

#define NOINLINE __attribute__((noinline))

volatile int fails;

static NOINLINE int send_all(struct ssl *ssl, const void *bytes, unsigned long size)
{
	return ssl && bytes && size > 5 && !fails;
}

int SSL_write(struct ssl *ssl, const void *bytes, int size)
{
	if (size < 0) {
		fails = 1;
		return -1;
	}
	return send_all(ssl, bytes, (unsigned long)size) ? size : -1;
}

#ifndef OLD
int NOINLINE SSL_write_ex2(struct ssl *ssl, const void *bytes, unsigned long size,
			   unsigned long flags, unsigned long *sent)
{
	*sent = size;
	return flags ? 0 : send_all(ssl, bytes, size);
}

int SSL_write_ex(struct ssl *ssl, const void *bytes, unsigned long size,
		 unsigned long *sent)
{
	return SSL_write_ex2(ssl, bytes, size, 0, sent);
}
#else
int SSL_write_ex(struct ssl *ssl, const void *bytes, unsigned long size,
		 unsigned long *sent)
{
	*sent = size;
	return send_all(ssl, bytes, size);
}
#endif

int SSL_read(struct ssl *ssl, void *bytes, int size)
{
	return send_all(ssl, bytes, (unsigned long)size) ? size : 0;
}

void SSL_free(struct ssl *ssl)
{
	void (**free)(struct ssl *) = (void *)ssl;

	(*free)(ssl);
}

/* Not a function. */
extern const int SSL_read_ex;
const int SSL_read_ex = 1;

/* Defined elsewhere. */
extern int SSL_sendfile(struct ssl *ssl);

int calls_elsewhere(struct ssl *ssl)
{
#ifndef PROGRAM
	return SSL_sendfile(ssl) + 1;
#else
	return !!ssl;
#endif
}

#ifdef UNSURE
int gnutls_elsewhere(struct ssl *ssl);

int gnutls_record_recv(struct ssl *ssl)
{
	return gnutls_elsewhere(ssl);
}
#endif

#ifdef PROGRAM
/* second.c has another one. */
static __attribute__((noinline, used)) int gnutls_record_recv(struct ssl *ssl)
{
	return !ssl;
}

void _start(void)
{
	for (;;)
		calls_elsewhere((struct ssl *)&fails);
}
#endif
