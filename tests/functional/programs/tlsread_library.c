// SPDX-License-Identifier: GPL-2.0
/*
 * A library that user/tls finds, since it has entries in .eh_frame: its records have a header like
 * TLS's and a payload that is changed. With UNSURE it leaves SSL_write() by a jump through memory.
 */
#include <unistd.h>

enum {
	HEADER = 5,
	RECORD_MAX = 1024
};

struct ssl_st {
	int fd;
};

static int write_record(struct ssl_st *ssl, const void *buf, int num)
{
	unsigned char record[HEADER + RECORD_MAX] = { 23, 3, 3, 0, 0 };
	int i;

	if (num > RECORD_MAX)
		return -1;
	record[3] = (unsigned char)(num >> 8);
	record[4] = (unsigned char)num;
	for (i = 0; i < num; i++)
		record[HEADER + i] = ((const unsigned char *)buf)[i] ^ 0xa5;
	return write(ssl->fd, record, HEADER + num) == HEADER + num ? num : -1;
}

#ifdef UNSURE
int (*volatile tlsread_write)(struct ssl_st *ssl, const void *buf,
			      int num) = write_record;

int SSL_write(struct ssl_st *ssl, const void *buf, int num)
{
	return tlsread_write(ssl, buf, num);
}
#else
int SSL_write(struct ssl_st *ssl, const void *buf, int num)
{
	int written = write_record(ssl, buf, num);

	return written > 0 ? written : -1;
}
#endif

void SSL_free(struct ssl_st *ssl)
{
	ssl->fd = -1;
}
