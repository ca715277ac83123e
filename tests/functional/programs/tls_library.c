// SPDX-License-Identifier: GPL-2.0
/* A library with the interface of a TLS library. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check.h"
#include "tls_library.h"

enum {
	RECORD_MAX = 16384,
	HEADER = 5
};

/* A function that calls @does, and whose return instruction has a name. */
#if defined(__x86_64__)
#define FUNCTION(name, does)                                       \
	__asm__(".globl " #name ", " #name "_returns\n"            \
		".type " #name ", @function\n" #name ": endbr64\n" \
		"	push %rbp\n"                                     \
		"	call " #does "\n"                          \
		"	pop %rbp\n" #name "_returns: ret\n"        \
		".size " #name ", . - " #name);                    \
	extern char name##_returns[]
#elif defined(__aarch64__)
#define FUNCTION(name, does)                                                        \
	__asm__(".globl " #name ", " #name "_returns\n"                             \
		".type " #name ", %function\n" #name ": stp x29, x30, [sp, -16]!\n" \
		"	mov x29, sp\n"                                                    \
		"	bl " #does "\n"                                             \
		"	ldp x29, x30, [sp], 16\n" #name "_returns: ret\n"           \
		".size " #name ", . - " #name);                                     \
	extern char name##_returns[]
#endif

FUNCTION(SSL_write, does_write);
FUNCTION(SSL_write_ex, does_write_ex);
FUNCTION(SSL_read, does_read);
FUNCTION(SSL_read_ex, does_read_ex);
FUNCTION(SSL_do_handshake, does_handshake);
FUNCTION(SSL_free, does_free);
FUNCTION(BIO_write, does_bio_write);

static void change(unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] ^= 0xa5;
}

static int write_record(SSL *ssl, const unsigned char *buf, size_t size)
{
	unsigned char record[HEADER + RECORD_MAX] = { 23, 3, 3, size >> 8, size };

	if (ssl->before)
		ssl->before(ssl);
	if (ssl->by_kernel)
		return write(ssl->fd, buf, size) == (ssize_t)size;
	memcpy(record + HEADER, buf, size);
	change(record + HEADER, size);
	return BIO_write(ssl, record, HEADER + size) == (int)(HEADER + size);
}

/* A client's hello, with nothing but a random number. */
__attribute__((used)) int does_handshake(SSL *ssl)
{
	unsigned char hello[HEADER + 38] = { 22, 3, 1, 0, 38, 1, 0, 0, 34, 3, 3 };

	memcpy(hello + 11, &ssl->random, sizeof(ssl->random));
	return BIO_write(ssl, hello, sizeof(hello)) == sizeof(hello) ? 1 : -1;
}

__attribute__((used)) int does_bio_write(BIO *bio, const unsigned char *data, int size)
{
	if (bio->fd != TLS_MEMORY)
		return write(bio->fd, data, size);
	if (bio->out_size + size > sizeof(bio->out))
		return -1;
	memcpy(bio->out + bio->out_size, data, size);
	bio->out_size += size;
	return size;
}

__attribute__((used)) int does_write(SSL *ssl, const unsigned char *buf, int num)
{
	int done, size;

	for (done = 0; done < num; done += size) {
		size = num - done < RECORD_MAX ? num - done : RECORD_MAX;
		if (!write_record(ssl, buf + done, size))
			return -1;
	}
	return num;
}

__attribute__((used)) int does_write_ex(SSL *ssl, const void *buf, size_t num,
					size_t *written)
{
	*written = num;
	return does_write(ssl, buf, num) > 0;
}

static size_t read_all(int fd, unsigned char *to, size_t size)
{
	size_t got = 0;
	ssize_t more;

	for (; got < size; got += more) {
		more = read(fd, to + got, size - got);
		if (more <= 0)
			break;
	}
	return got;
}

static int read_record(SSL *ssl)
{
	unsigned char header[HEADER];

	if (ssl->before)
		ssl->before(ssl);
	if (read_all(ssl->fd, header, HEADER) != HEADER)
		return 0;
	ssl->begin = 0;
	ssl->end = header[3] << 8 | header[4];
	if (read_all(ssl->fd, ssl->pending, ssl->end) != ssl->end)
		return 0;
	change(ssl->pending, ssl->end);
	return 1;
}

__attribute__((used)) int does_read(SSL *ssl, void *buf, int num)
{
	size_t size;

	if (ssl->begin == ssl->end && !read_record(ssl))
		return -1;
	size = ssl->end - ssl->begin;
	if (size > (size_t)num)
		size = num;
	memcpy(buf, ssl->pending + ssl->begin, size);
	ssl->begin += size;
	return size;
}

__attribute__((used)) int does_read_ex(SSL *ssl, void *buf, size_t num, size_t *readbytes)
{
	int got = does_read(ssl, buf, num);

	*readbytes = got > 0 ? got : 0;
	return got > 0;
}

__attribute__((used)) void does_free(SSL *ssl)
{
	ssl->fd = -1;
}

/* ---- Naming it -------------------------------------------------------------------------- */

/* A function, and the first bytes of it and of its return while nobody probes them. */
static struct {
	int function;
	const volatile unsigned char *entry, *returns;
	unsigned char unprobed[2];
} all[] = {
	{ SENDTRACE_CALL_SSL_WRITE, (void *)SSL_write, (void *)SSL_write_returns, {} },
	{ SENDTRACE_CALL_SSL_WRITE_EX,
	  (void *)SSL_write_ex,
	  (void *)SSL_write_ex_returns,
	  {} },
	{ SENDTRACE_CALL_SSL_READ, (void *)SSL_read, (void *)SSL_read_returns, {} },
	{ SENDTRACE_CALL_SSL_READ_EX,
	  (void *)SSL_read_ex,
	  (void *)SSL_read_ex_returns,
	  {} },
	{ SENDTRACE_TLS_FREE, (void *)SSL_free, NULL, {} },
	{ SENDTRACE_TLS_HANDSHAKE, (void *)SSL_do_handshake, NULL, {} },
	{ SENDTRACE_TLS_BIO_WRITE, (void *)BIO_write, NULL, {} },
};

__attribute__((constructor)) static void keep_bytes(void)
{
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		all[i].unprobed[0] = *all[i].entry;
		all[i].unprobed[1] = all[i].returns ? *all[i].returns : 0;
	}
}

static size_t index_of(int function)
{
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (all[i].function == function)
			return i;
	die("function %d is not there", function);
}

bool tls_is_probed(int function)
{
	size_t i = index_of(function);

	return *all[i].entry != all[i].unprobed[0];
}

bool tls_return_is_probed(int function)
{
	size_t i = index_of(function);

	return *all[i].returns != all[i].unprobed[1];
}

/* The program contains the library. It stays open. */
static int own_file(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = must(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), "open()");
	return fd;
}

/* 0: it is named as itself. */
static int writes_as, reads_as;

void tls_name_as(int writes, int reads)
{
	writes_as = writes;
	reads_as = reads;
}

int tls_named(int function)
{
	if (function == SENDTRACE_CALL_SSL_WRITE && writes_as)
		return writes_as;
	if (function == SENDTRACE_CALL_SSL_READ && reads_as)
		return reads_as;
	return function;
}

struct sendtrace_tls tls_function(int function)
{
	size_t i = index_of(function);

	return (struct sendtrace_tls){
		.pid = getpid(),
		.function = tls_named(function),
		.address = (uintptr_t)all[i].entry,
		.nr_returns = all[i].returns != NULL,
		.file = own_file(),
		.returns = { (uintptr_t)all[i].returns },
	};
}

void tls_needs_uprobes(void)
{
	struct sendtrace_tls named = tls_function(SENDTRACE_CALL_SSL_WRITE);
	struct tracer tracer;
	bool has;

	tracer_open(&tracer);
	tracer_config_calls(&tracer, 1 << 16, SENDTRACE_CALLS_TLS);
	has = !ioctl(tracer.fd, SENDTRACE_IOC_TLS, &named) || errno != EOPNOTSUPP;
	check_equal(tracer.info.tls, has, "what INFO says of it");
	if (!has)
		skip("the kernel has no uprobes (CONFIG_UPROBES)");
	tracer_close(&tracer);
}

void tls_name_all(const struct tracer *tracer)
{
	struct sendtrace_tls named;

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		named = tls_function(all[i].function);
		must(ioctl(tracer->fd, SENDTRACE_IOC_TLS, &named), "TLS");
	}
}
