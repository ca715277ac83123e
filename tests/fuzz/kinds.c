// SPDX-License-Identifier: GPL-2.0
/* Records that have one feature each. */
#include "kinds.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

static const unsigned char every_byte[] = "\0\1\x1f \\x41\\\\\x7f\x80\xff msg= len=1\n";

static void ipv6(struct sample *sample)
{
	sample_peer_ipv6(sample, "2001:db8::7:0:0", 53);
}

static void mapped(struct sample *sample)
{
	sample_peer_ipv6(sample, "::ffff:10.196.6.35", 47698);
}

static void unix_path(struct sample *sample)
{
	sample_peer_unix(sample, "@/run/a b\\c", 11);
	sample->event.peer_pid = 812;
}

static void unix_abstract(struct sample *sample)
{
	sample_peer_unix(sample, "\0name\xff\0", 7);
}

static void unix_unnamed(struct sample *sample)
{
	sample_peer_unix(sample, "", 0);
}

static void no_peer(struct sample *sample)
{
	sample->event.peer_len = 0;
	sample->event.family = 0;
}

static void failed(struct sample *sample)
{
	sample->event.ret = -EPIPE;
}

static void restarted(struct sample *sample)
{
	sample->event.ret = -512;
}

static void cut(struct sample *sample)
{
	sample->event.len = sample->event.ret = 1 << 20;
	sample->event.why = SENDTRACE_WHY_RING_FULL;
}

static void newer(struct sample *sample)
{
	sample->added = 16;
}

static void accepted(struct sample *sample)
{
	sample_type(sample, SENDTRACE_RECORD_ACCEPT);
	sample->event.ret = 7;
	sample->event.len = 0;
}

static void unknown(struct sample *sample)
{
	sample->event.rec.type = 77;
}

static void older(struct sample *sample)
{
	sample->added = SAMPLE_OLDEST;
}

static void older_accepted(struct sample *sample)
{
	accepted(sample);
	sample->added = SAMPLE_OLDEST;
}

static void received(struct sample *sample)
{
	sample_peer_ipv6(sample, "2001:db8::7:0:0", 53);
	sample_type(sample, SENDTRACE_RECORD_RECV);
	sample->event.len = 4096;
	sample->event.flags = MSG_PEEK;
	sample->event.position = 1 << 20;
}

static void not_copied(struct sample *sample)
{
	sample_type(sample, SENDTRACE_RECORD_RECV);
	sample->event.call = SENDTRACE_CALL_SPLICE_READ;
	sample->event.len = sample->event.ret = 65536;
	sample->event.why = SENDTRACE_WHY_NOT_COPIED;
}

static void asynchronous(struct sample *sample)
{
	sample->event.call = SENDTRACE_CALL_IO_URING_SEND;
	sample->event.fd = -1;
	sample->event.len = sample->event.ret = 65536;
	sample->event.why = SENDTRACE_WHY_ASYNC;
}

static void with_cmsgs(struct sample *sample)
{
	sample->event.call = SENDTRACE_CALL_SENDMSG;
	sample->event.nr_cmsgs = 3;
	sample->event.cmsgs[0] = (struct sendtrace_cmsg){ SOL_SOCKET, SCM_RIGHTS, 8 };
	sample->event.cmsgs[1] = (struct sendtrace_cmsg){ 4711, 815, 100 };
}

static void connected(struct sample *sample)
{
	static const unsigned char local[16] = { AF_INET, 0, 0x9c, 0x40, 127, 0, 0, 1 };

	sample_type(sample, SENDTRACE_RECORD_CONNECT);
	sample->event.len = 0;
	sample->event.ret = -EINPROGRESS;
	sample->event.local_len = sizeof(local);
	sample->local = local;
	sample->event.cookie = 7;
	sample->event.netns = 4026531840;
}

static void connected_unix(struct sample *sample)
{
	sample_peer_unix(sample, "/run/other", 10);
	sample_type(sample, SENDTRACE_RECORD_CONNECT);
	sample->event.len = sample->event.ret = 0;
	sample->event.local_len = 6;
	sample->local = "\1\0/a b";
}

static void shut_down(struct sample *sample)
{
	sample_type(sample, SENDTRACE_RECORD_SHUTDOWN);
	sample->event.flags = SHUT_WR;
	sample->event.len = sample->event.ret = 0;
}

static void closed(struct sample *sample)
{
	sample_type(sample, SENDTRACE_RECORD_CLOSE);
	sample->event.len = sample->event.ret = 0;
	sample->event.cookie = 7;
}

const struct kind kinds[KINDS] = {
	{ "ipv6", ipv6, "hello", 5 },
	{ "mapped", mapped, every_byte, sizeof(every_byte) - 1 },
	{ "unix_path", unix_path, "x", 1 },
	{ "unix_abstract", unix_abstract, "sixteen bytes...", 16 },
	{ "unix_unnamed", unix_unnamed, "", 0 },
	{ "no_peer", no_peer, "seventeen bytes..", 17 },
	{ "failed", failed, "hello", 5 },
	{ "restarted", restarted, "hello", 5 },
	{ "cut", cut, "hello", 5 },
	{ "newer", newer, "hello", 5 },
	{ "accepted", accepted, "", 0 },
	{ "unknown", unknown, "hello", 5 },
	{ "older", older, "hello", 5 },
	{ "older_accepted", older_accepted, "", 0 },
	{ "received", received, "hello", 5 },
	{ "not_copied", not_copied, "", 0 },
	{ "asynchronous", asynchronous, "hello", 5 },
	{ "with_cmsgs", with_cmsgs, "hello", 5 },
	{ "connected", connected, "", 0 },
	{ "connected_unix", connected_unix, "", 0 },
	{ "shut_down", shut_down, "", 0 },
	{ "closed", closed, "", 0 },
};
