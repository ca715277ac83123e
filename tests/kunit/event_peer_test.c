// SPDX-License-Identifier: GPL-2.0
/* Which socket and which addresses an event has: those of the entry, or of the return. */
#include "../../kmod/sendto.c"

#include <net/sock.h>

#include "fixture.h"
#include "hook.h"
#include "session_fixture.h"
#include "socket_fixture.h"

#define RING (16 * PAGE_SIZE)

static void sent(struct st_call *call, int ret)
{
	preempt_disable();
	st_sendto_ends(call, ret);
	preempt_enable();
}

static bool reads_no_arguments(struct st_call *call, struct pt_regs *regs)
{
	if (call->addr)
		look_up_destination(call);
	else
		look_up_peer(call->fd, &call->peer, NULL);
	return true;
}

/* As at the entry, but for the arguments, which the case has set. */
static void began(struct st_call *call)
{
	static const struct st_hook hook = {
		.calls = SENDTRACE_CALLS_ALL,
		.size = sizeof(struct st_call),
		.begin = reads_no_arguments,
	};

	st_test_begin(call, &hook, NULL);
}

static void a_descriptor_that_is_not_a_socket_has_no_family(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, 0);
	const struct sendtrace_event *event;

	memset(&call.peer, 0xaa, sizeof(call.peer));
	began(&call);
	sent(&call, -EBADF);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->family, AF_UNSPEC);
	KUNIT_EXPECT_EQ(test, event->inode, 0);
	KUNIT_EXPECT_EQ(test, event->local_len, 0);
	KUNIT_EXPECT_EQ(test, event->peer_len, 0);
}

static void the_socket_is_the_one_at_the_entry(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_addr at = st_test_loopback();
	struct st_call call = st_test_call(NULL, 0);
	const struct sendtrace_event *event;
	struct socket *sock, *other;

	call.fd = st_test_descriptor(test, SOCK_DGRAM, &sock);
	st_test_bind(test, sock, &at);
	began(&call);
	call.fd = st_test_descriptor(test, SOCK_STREAM, &other);
	sent(&call, 0);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->inode, SOCK_INODE(sock)->i_ino);
	KUNIT_EXPECT_EQ(test, event->sock_type, SOCK_DGRAM);
	KUNIT_EXPECT_EQ(test, event->protocol, IPPROTO_UDP);
}

static const struct sockaddr_in *local_of(const struct sendtrace_event *event)
{
	return (const void *)(event + 1);
}

static void a_local_address_set_by_the_send_is_recorded(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_addr at = st_test_loopback();
	struct st_call call = st_test_call(NULL, 0);
	const struct sendtrace_event *event;
	struct socket *sock;

	call.fd = st_test_descriptor(test, SOCK_DGRAM, &sock);
	began(&call);
	st_test_bind(test, sock, &at);
	sent(&call, 0);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->local_len, sizeof(struct sockaddr_in));
	KUNIT_EXPECT_EQ(test, local_of(event)->sin_addr.s_addr, at.in.sin_addr.s_addr);
	KUNIT_EXPECT_NE(test, local_of(event)->sin_port, 0);
}

static void an_address_of_another_socket_is_not_recorded(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_addr at = st_test_loopback();
	struct st_call call = st_test_call(NULL, 0);
	struct socket *sock, *other;

	call.fd = st_test_descriptor(test, SOCK_DGRAM, &sock);
	began(&call);
	call.fd = st_test_descriptor(test, SOCK_DGRAM, &other);
	st_test_bind(test, other, &at);
	sent(&call, 0);
	KUNIT_EXPECT_EQ(test, local_of(st_test_record(test, session))->sin_port, 0);
}

static const void *remote_of(const struct sendtrace_event *event)
{
	return (const u8 *)(event + 1) + st_padded(event->local_len);
}

/* A datagram whose address is the beginning of its payload. */
static struct st_call call_to(struct kunit *test, int type, struct socket **sock)
{
	struct st_call call;

	st_test_use_user_memory(test);
	call = st_test_call(st_test_payload(test, PAGE_SIZE), PAGE_SIZE);
	call.addr = call.payload.buf;
	call.addr_len = sizeof(struct sockaddr_in);
	call.fd = st_test_descriptor(test, type, sock);
	return call;
}

static void write_address(struct kunit *test, const struct st_call *call,
			  const struct st_addr *to)
{
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)call->addr, &to->in, to->len),
			0);
}

static void the_address_of_the_call_is_recorded_as_it_was_at_the_entry(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_addr to = st_test_loopback(), forged = { .len = to.len };
	const struct sendtrace_event *event;
	struct socket *sock;
	struct st_call call = call_to(test, SOCK_DGRAM, &sock);

	to.in.sin_port = htons(7001);
	write_address(test, &call, &to);
	began(&call);
	write_address(test, &call, &forged);
	sent(&call, 0);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->event_flags, SENDTRACE_EVENT_PEER_FROM_CALL);
	KUNIT_EXPECT_EQ(test, event->peer_len, to.len);
	KUNIT_EXPECT_EQ(test, memcmp(remote_of(event), &to.in, to.len), 0);
}

static void an_address_that_was_not_resident_is_recorded_as_late(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_addr to = st_test_loopback();
	const struct sendtrace_event *event;
	struct socket *sock;
	struct st_call call = call_to(test, SOCK_DGRAM, &sock);

	to.in.sin_port = htons(7001);
	call.addr = st_test_user_pages(test, PAGE_SIZE);
	began(&call);
	write_address(test, &call, &to);
	sent(&call, 0);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->event_flags,
			SENDTRACE_EVENT_PEER_FROM_CALL | SENDTRACE_EVENT_PEER_LATE);
	KUNIT_EXPECT_EQ(test, memcmp(remote_of(event), &to.in, to.len), 0);
}

static void an_address_that_is_never_resident_is_unknown(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_addr to = st_test_loopback();
	const struct sendtrace_event *event;
	struct socket *sock;
	struct st_call call = call_to(test, SOCK_DGRAM, &sock);

	st_test_connect(test, sock, &to);
	call.addr = st_test_user_pages(test, PAGE_SIZE);
	began(&call);
	sent(&call, -EFAULT);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->event_flags, 0);
	KUNIT_EXPECT_EQ(test, event->peer_len, 0);
}

/* As with MSG_FASTOPEN: 0.0.0.0 has become an address of this host. */
static void a_stream_that_the_call_connects_knows_its_peer(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_addr at = st_test_loopback(), to;
	const struct sendtrace_event *event;
	struct socket *sock;
	struct st_call call = call_to(test, SOCK_STREAM, &sock);

	st_test_listener(test, SOCK_STREAM, &at);
	to = at;
	to.in.sin_addr.s_addr = 0;
	write_address(test, &call, &to);
	began(&call);
	st_test_connect(test, sock, &to);
	sent(&call, 0);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->event_flags, 0);
	KUNIT_EXPECT_EQ(test, event->peer_len, at.len);
	KUNIT_EXPECT_EQ(test, memcmp(remote_of(event), &at.in, at.len), 0);
	KUNIT_EXPECT_NE(test, local_of(event)->sin_port, 0);
}

static void a_stream_that_stays_unconnected_was_only_asked(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_addr to = st_test_loopback();
	const struct sendtrace_event *event;
	struct socket *sock;
	struct st_call call = call_to(test, SOCK_STREAM, &sock);

	write_address(test, &call, &to);
	began(&call);
	sent(&call, -EPIPE);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->event_flags,
			SENDTRACE_EVENT_PEER_FROM_CALL | SENDTRACE_EVENT_PEER_ASKED);
	KUNIT_EXPECT_EQ(test, memcmp(remote_of(event), &to.in, to.len), 0);
}

static struct kunit_case event_peer_cases[] = {
	KUNIT_CASE(a_descriptor_that_is_not_a_socket_has_no_family),
	KUNIT_CASE(the_socket_is_the_one_at_the_entry),
	KUNIT_CASE(a_local_address_set_by_the_send_is_recorded),
	KUNIT_CASE(an_address_of_another_socket_is_not_recorded),
	KUNIT_CASE(the_address_of_the_call_is_recorded_as_it_was_at_the_entry),
	KUNIT_CASE(an_address_that_was_not_resident_is_recorded_as_late),
	KUNIT_CASE(an_address_that_is_never_resident_is_unknown),
	KUNIT_CASE(a_stream_that_the_call_connects_knows_its_peer),
	KUNIT_CASE(a_stream_that_stays_unconnected_was_only_asked),
	{}
};

static struct kunit_suite event_peer_suite = {
	.name = "sendtrace_event_peer",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = event_peer_cases,
};
kunit_test_suite(event_peer_suite);
