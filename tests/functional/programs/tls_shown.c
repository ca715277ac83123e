// SPDX-License-Identifier: GPL-2.0
/*
 * What sendread --tls shows of the calls of a TLS library, line by line. Built for 64 bits and for
 * 32; it contains the library.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "expect_ways.h"
#include "net.h"
#include "tlsread_library.h"

enum {
	ROOM = 100,
	LONG = 3000
};

static struct event event_of(const char *call, int fd, const void *bytes, size_t len,
			     long ret)
{
	return (struct event){
		.call = call,
		.fd = fd,
		.received = strncmp(call, "SSL_read", 8) == 0,
		.bytes = bytes,
		.len = len,
		.where = to_peer(fd),
		.ret = ret,
	};
}

static void expect_call(const char *call, int fd, const void *bytes, size_t len, long ret)
{
	struct event event = event_of(call, fd, bytes, len, ret);

	expect_event(&event);
}

static void writes(SSL *ssl, const void *bytes, size_t len, long want)
{
	check_equal(SSL_write(ssl, bytes, len), want, "SSL_write()");
	if (want > 0)
		expect_call("SSL_write", ssl->fd, bytes, len, want);
}

static void writes_ex(SSL *ssl, const void *bytes, size_t len, long want)
{
	size_t written;

	check_equal(SSL_write_ex(ssl, bytes, len, &written), want > 0, "SSL_write_ex()");
	check_equal(written, want, "bytes of SSL_write_ex()");
	if (want > 0)
		expect_call("SSL_write_ex", ssl->fd, bytes, len, want);
}

static void reads(SSL *ssl, size_t room, const char *want)
{
	char got[ROOM];

	check_equal(SSL_read(ssl, got, room), strlen(want), "SSL_read()");
	check(!memcmp(got, want, strlen(want)), "what SSL_read() got");
	expect_call("SSL_read", ssl->fd, want, room, strlen(want));
}

static void reads_ex(SSL *ssl, size_t room, const char *want)
{
	char got[ROOM];
	size_t size;

	check_equal(SSL_read_ex(ssl, got, room, &size), 1, "SSL_read_ex()");
	check_equal(size, strlen(want), "bytes of SSL_read_ex()");
	check(!memcmp(got, want, strlen(want)), "what SSL_read_ex() got");
	expect_call("SSL_read_ex", ssl->fd, want, room, strlen(want));
}

/* ---- What is written and read ---------------------------------------------------------- */

/* Of a call that sends nothing there is no line. */
static void written(void)
{
	SSL ssl = { .fd = tcp_pair().near }, closed = { .fd = -1 };

	writes(&ssl, "by SSL_write", 12, 12);
	writes_ex(&ssl, "by SSL_write_ex", 15, 15);
	writes(&closed, "nothing", 7, -1);
	writes_ex(&closed, "nothing", 7, 0);
	writes(&ssl, "x", 1, 1);
}

/* Less is sent than was asked for. */
static void partial(void)
{
	SSL ssl = { .fd = tcp_pair().near };
	char text[LONG];

	for (int i = 0; i < LONG; i++)
		text[i] = 'a' + i % 26;
	writes(&ssl, text, LONG, TLSREAD_RECORD);
	writes_ex(&ssl, text + 1, LONG - 1, TLSREAD_RECORD);
}

/* Less comes than there is room for; the last ones come without a socket call. */
static void received(void)
{
	struct pair pair = tcp_pair();
	SSL near = { .fd = pair.near }, far = { .fd = pair.far };

	writes(&far, "a question", 10, 10);
	reads(&near, ROOM, "a question");
	writes(&far, "another one", 11, 11);
	reads_ex(&near, 4, "anot");
	reads(&near, 3, "her");
	reads_ex(&near, ROOM, " one");
}

/* ---- Files ----------------------------------------------------------------------------- */

static int file_of(const char *text)
{
	int fd = must(memfd_create("file", MFD_CLOEXEC), "memfd_create()");

	must(write(fd, text, strlen(text)), "write()");
	return fd;
}

/* Without the bytes. */
static void sends_file(SSL *ssl, int fd, off_t offset, size_t size, long want)
{
	struct event event;

	check_equal(SSL_sendfile(ssl, fd, offset, size, 0), want, "SSL_sendfile()");
	if (want < 0)
		return;
	event = event_of("SSL_sendfile", ssl->fd, "", size, want);
	event.why = "not_copied";
	expect_event(&event);
}

/* All that it was asked for, and what there is of a file that is shorter; then what fails. */
static void sends_files(SSL *ssl)
{
	int file = file_of("what is in the file");

	sends_file(ssl, file, 0, 19, 19);
	sends_file(ssl, file, 8, 11, 11);
	sends_file(ssl, file, 12, 1000, 7);
	sends_file(ssl, -1, 0, 19, -1);
	sends_file(ssl, file, 5, 2, 2);
}

static void known(void)
{
	SSL ssl = { .fd = tcp_pair().near };

	/* Tells the connection: text is no record. */
	writes(&ssl, "first", 5, 5);
	sends_files(&ssl);
}

static void known_by_ktls(void)
{
	SSL ssl = { .fd = tcp_pair().near };

	if (setsockopt(ssl.fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")))
		skip("the kernel has no module tls (CONFIG_TLS)");
	sends_files(&ssl);
}

/* Does it run here, and can its calls be seen? */
static void runs(void)
{
#ifdef __arm__
	skip("arm64's uprobes are for 64-bit code only");
#endif
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "written", written },
		{ "partial", partial },
		{ "received", received },
		{ "sendfile", known },
		{ "sendfile_ktls", known_by_ktls },
		{ "runs", runs },
		{},
	};

	/* The reader starts when we are there. */
	gate();
	return run_cases(argc, argv, cases);
}
