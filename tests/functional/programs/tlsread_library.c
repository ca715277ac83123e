// SPDX-License-Identifier: GPL-2.0
/*
 * A library that user/tls finds, since it has entries in .eh_frame: its records have a header like
 * TLS's and a payload that is changed. With UNSURE it leaves SSL_write() by a jump through memory.
 */
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "tlsread_library.h"

enum {
	HEADER = 5
};

static void change(unsigned char *to, const unsigned char *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = from[i] ^ 0xa5;
}

/* Returns how many bytes of @buf it has sent: not more than fit in a record. */
static int write_record(SSL *ssl, const void *buf, int num)
{
	unsigned char record[HEADER + TLSREAD_RECORD] = { 23, 3, 3, 0, 0 };

	if (num > TLSREAD_RECORD)
		num = TLSREAD_RECORD;
	record[3] = (unsigned char)(num >> 8);
	record[4] = (unsigned char)num;
	change(record + HEADER, buf, num);
	return write(ssl->fd, record, HEADER + num) == HEADER + num ? num : -1;
}

#ifdef UNSURE
int (*volatile tlsread_write)(SSL *ssl, const void *buf, int num) = write_record;

int SSL_write(SSL *ssl, const void *buf, int num)
{
	return tlsread_write(ssl, buf, num);
}
#else
int SSL_write(SSL *ssl, const void *buf, int num)
{
	int written = write_record(ssl, buf, num);

	return written > 0 ? written : -1;
}
#endif

int SSL_write_ex(SSL *ssl, const void *buf, size_t num, size_t *written)
{
	int sent = write_record(ssl, buf, num);

	*written = sent > 0 ? sent : 0;
	return sent > 0;
}

/* As in OpenSSL, the socket gets the text, which the kernel encrypts. */
ssize_t SSL_sendfile(SSL *ssl, int fd, off_t offset, size_t size, int flags)
{
	ssize_t sent = sendfile(ssl->fd, fd, &offset, size);

	(void)flags;
	return sent > 0 ? sent : -1;
}

static int read_all(int fd, unsigned char *to, size_t size)
{
	size_t got = 0;
	ssize_t more;

	for (; got < size; got += more) {
		more = read(fd, to + got, size - got);
		if (more <= 0)
			return 0;
	}
	return 1;
}

static int read_record(SSL *ssl)
{
	unsigned char header[HEADER];

	if (!read_all(ssl->fd, header, HEADER))
		return 0;
	ssl->begin = 0;
	ssl->end = header[3] << 8 | header[4];
	if (ssl->end > TLSREAD_RECORD || !read_all(ssl->fd, ssl->pending, ssl->end))
		return 0;
	change(ssl->pending, ssl->pending, ssl->end);
	return 1;
}

static size_t read_text(SSL *ssl, void *buf, size_t num)
{
	size_t size;

	if (ssl->begin == ssl->end && !read_record(ssl))
		return 0;
	size = ssl->end - ssl->begin;
	if (size > num)
		size = num;
	memcpy(buf, ssl->pending + ssl->begin, size);
	ssl->begin += size;
	return size;
}

int SSL_read(SSL *ssl, void *buf, int num)
{
	int got = (int)read_text(ssl, buf, num);

	return got > 0 ? got : -1;
}

int SSL_read_ex(SSL *ssl, void *buf, size_t num, size_t *readbytes)
{
	*readbytes = read_text(ssl, buf, num);
	return *readbytes > 0;
}

void SSL_free(SSL *ssl)
{
	ssl->fd = -1;
}
