// SPDX-License-Identifier: GPL-2.0
/* The largest payloads of the sockets, and lengths around every limit. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"
#include "whole_sum.h"

enum {
	KIB = 1024,
	MIB = 1024 * KIB
};

/* All byte values, without a period. */
static unsigned char *noise(size_t len)
{
	unsigned char *bytes = malloc(len);
	uint64_t state = 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < len; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		bytes[i] = state >> 24;
	}
	return bytes;
}

/* A byte that a line shows unescaped. */
static char *text_of(size_t len)
{
	char *text = malloc(len);

	for (size_t i = 0; i < len; i++)
		text[i] = 'A' + (i + i / 1009 + i / 4099) % 26;
	return text;
}

static void *read_all(void *arg)
{
	drain(*(int *)arg, SIZE_MAX);
	return NULL;
}

/* The line has a checksum instead of the bytes: whole_sum makes the same of sendread's line. */
static void expect_sum(int fd, const void *bytes, const struct where *where, long ret)
{
	struct sent sent = { .fd = fd, .len = ret, .ret = ret, .where = *where };
	char text[SUM_TEXT];

	sum_text(text, bytes, ret);
	sent.bytes = text;
	sent.cap = strlen(text);
	expect_caller(&sent);
	expect_line(&sent);
}

/* One call of @len bytes on @pair, to a thread that reads. */
static void send_summed(struct pair pair, size_t len)
{
	struct where where = to_peer(pair.near);
	unsigned char *bytes = noise(len);
	pthread_t reader;

	pthread_create(&reader, NULL, read_all, &pair.far);
	check_equal(send(pair.near, bytes, len, 0), len, "send");
	expect_sum(pair.near, bytes, &where, len);
	close(pair.near);
	pthread_join(reader, NULL);
	free(bytes);
}

static struct pair unix_pair(int type)
{
	int ends[2];

	must(socketpair(AF_UNIX, type, 0, ends), "socketpair");
	return (struct pair){ ends[0], ends[1] };
}

static size_t length_asked(void)
{
	return strtoul(case_args[0], NULL, 10);
}

static void tcp(void)
{
	send_summed(tcp_pair(), length_asked());
}

static void unix_stream(void)
{
	send_summed(unix_pair(SOCK_STREAM), length_asked());
}

static void send_datagram(int fd, size_t len)
{
	struct where where = to_peer(fd);
	unsigned char *bytes = noise(len);
	int room = 4 * MIB;

	must(setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)),
	     "SO_SNDBUFFORCE");
	check_equal(send(fd, bytes, len, 0), len, "a datagram of %zu bytes", len);
	expect_sum(fd, bytes, &where, len);
	free(bytes);
}

struct too_long {
	int fd;
	size_t len;
};

/* Not to be shown: it says only that the length before is the largest. */
static void refuse(void *arg)
{
	struct too_long *too_long = arg;

	must(prctl(PR_SET_NAME, "refused"), "PR_SET_NAME");
	check_errno(write(too_long->fd, noise(too_long->len), too_long->len), EMSGSIZE,
		    "one byte more than a UDP datagram holds");
}

/* The largest UDP datagram: one byte more is refused. */
static void send_largest(const char *ip, size_t most)
{
	struct address to = udp_sink(ip);
	int fd = connected_socket(SOCK_DGRAM, &to);

	in_child(refuse, &(struct too_long){ fd, most + 1 });
	send_datagram(fd, most);
}

static void datagrams(void)
{
	send_largest("127.0.0.1", 65507);
	send_largest("::1", 65527);
	send_datagram(unix_pair(SOCK_DGRAM).near, 190 * KIB);
	send_datagram(unix_pair(SOCK_SEQPACKET).near, 190 * KIB);
}

/* ---- Several sessions, each with its own snap length -------------------------------- */

/* Write to LIMIT.want what a session with that snap length shows. */
static void expect_for(const char *limit, const struct sent *call)
{
	struct sent sent = *call;
	char path[64];
	int fd, out = must(dup(STDOUT_FILENO), "dup");

	snprintf(path, sizeof(path), "%s.want", limit);
	fd = must(open(path, O_WRONLY | O_CREAT | O_APPEND, 0600), "opening LIMIT.want");
	dup2(fd, STDOUT_FILENO);
	sent.cap = sent.len;
	if (sent.cap > strtoul(limit, NULL, 10)) {
		sent.cap = strtoul(limit, NULL, 10);
		sent.why = "snaplen";
	}
	expect_line(&sent);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(fd);
}

/*
 * Lengths around the inline limit, around a record's maximum, and around small multiples of
 * that. The arguments are snap lengths.
 */
static void bounds(void)
{
	static const size_t lens[] = { 1,     16383, 16384, 16385,  32769,  65535,
				       65536, 65537, 81920, 131071, 131072, 131073 };
	char *text = text_of(lens[COUNT_OF(lens) - 1]);
	struct pair pair = tcp_pair();
	struct sent sent = { .fd = pair.near, .where = to_peer(pair.near) };
	pthread_t reader;

	pthread_create(&reader, NULL, read_all, &pair.far);
	expect_caller(&sent);
	sent.bytes = text;
	for (size_t i = 0; i < COUNT_OF(lens); i++) {
		sent.len = lens[i];
		sent.ret = send(pair.near, text, lens[i], 0);
		check_equal(sent.ret, lens[i], "send of %zu bytes", lens[i]);
		for (char **limit = case_args; *limit; limit++)
			expect_for(*limit, &sent);
	}
	close(pair.near);
	pthread_join(reader, NULL);
}

/* ---- Calls that fail ---------------------------------------------------------------- */

static void fail_with(int error, int fd, size_t len, const struct where *where)
{
	char *text = text_of(len);

	check_errno(traced_send(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT, where), error,
		    "send of %zu bytes", len);
	free(text);
}

/* As in fail.c: the far end may accept a little more; that is shown. */
static void fail_for_want_of_room(int fd, size_t len, const struct where *where)
{
	struct deadline deadline = { 0 };
	char *text = text_of(len);

	do {
		look_again(&deadline, "a send that would block");
		fill_send_buffer(fd);
	} while (traced_send(fd, text, len, MSG_DONTWAIT, where) > 0);
	check_errno(-1, EAGAIN, "send of %zu bytes into a full buffer", len);
	free(text);
}

/* No more than the beginning is shown. */
static void failing(void)
{
	struct pair shut = tcp_pair(), full = tcp_pair(), local = unix_pair(SOCK_STREAM);
	struct where shut_where = to_peer(shut.near), full_where = to_peer(full.near);
	struct where local_where = to_peer(local.near), nowhere = to_nowhere(0);
	struct address to = udp_sink("127.0.0.1");
	int udp = connected_socket(SOCK_DGRAM, &to);
	struct where udp_where = to_peer(udp);

	shutdown(shut.near, SHUT_WR);
	fail_with(EPIPE, shut.near, MIB, &shut_where);
	close(local.far);
	fail_with(EPIPE, local.near, 65537, &local_where);
	fail_with(EMSGSIZE, udp, 100000, &udp_where);
	fail_for_want_of_room(full.near, 300001, &full_where);
	fail_with(EBADF, 99, 16385, &nowhere);
}

/* LEN CAP WHY: one call of LEN bytes, of which CAP are shown, for the reason WHY. */
static void cut(void)
{
	size_t len = length_asked();
	struct pair pair = unix_pair(SOCK_STREAM);
	struct where where = to_peer(pair.near);
	char *text = text_of(len);
	pthread_t reader;

	expect_limit = strtoul(case_args[1], NULL, 10);
	expect_limit_why = case_args[2];
	pthread_create(&reader, NULL, read_all, &pair.far);
	check_equal(traced_send(pair.near, text, len, 0, &where), len, "send");
	close(pair.near);
	pthread_join(reader, NULL);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "tcp", tcp },
		{ "unix_stream", unix_stream },
		{ "datagrams", datagrams },
		{ "bounds", bounds },
		{ "failing", failing },
		{ "cut", cut },
		{},
	};

	return run_cases(argc, argv, cases);
}
