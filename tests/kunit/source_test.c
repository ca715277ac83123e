// SPDX-License-Identifier: GPL-2.0
/* Who sent a datagram: what is noted for the call that receives it, and who finds it. */
#include "../../kmod/source.c"

#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/netdevice.h>

#include "fixture.h"
#include "socket_fixture.h"

/* Only compared. */
#define OTHER ((void *)0xffff888012345600UL)
#define SOCK  ((void *)0xffff888087654300UL)

static struct st_addr from_port(u16 port)
{
	struct st_addr addr = st_test_loopback();

	addr.in.sin_port = cpu_to_be16(port);
	return addr;
}

static bool note(const void *owner, u16 port, u64 now)
{
	struct st_addr from = from_port(port);
	bool noted;

	preempt_disable();
	noted = st_source_note(owner, SOCK, &from, now);
	preempt_enable();
	return noted;
}

/* Returns the port, or 0 if nothing is found. */
static u16 take_of(const void *owner, const void *sk, u64 since)
{
	struct st_addr from = {};

	preempt_disable();
	st_source_take(owner, sk, since, &from);
	preempt_enable();
	return be16_to_cpu(from.in.sin_port);
}

static u16 take(const void *owner, u64 since)
{
	return take_of(owner, SOCK, since);
}

static int source_test_init(struct kunit *test)
{
	memset(slots, 0, sizeof(slots));
	return 0;
}

static int in_use(void)
{
	int i, nr = 0;

	for (i = 0; i < SLOTS; i++)
		nr += slots[i].owner != FREE;
	return nr;
}

/* ---- The table ----------------------------------------------------------------------- */

static void what_is_noted_is_found_once(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, note(current, 1234, 100));
	KUNIT_EXPECT_EQ(test, take(current, 100), 1234);
	KUNIT_EXPECT_EQ(test, take(current, 100), 0);
	KUNIT_EXPECT_EQ(test, in_use(), 0);
}

static void both_families_are_kept_whole(struct kunit *test)
{
	struct st_addr from = st_test_loopback6(), found = {};

	from.in6.sin6_port = cpu_to_be16(99);
	from.in6.sin6_scope_id = 7;
	preempt_disable();
	KUNIT_EXPECT_TRUE(test, st_source_note(current, SOCK, &from, 100));
	KUNIT_EXPECT_TRUE(test, st_source_take(current, SOCK, 1, &found));
	preempt_enable();
	KUNIT_EXPECT_EQ(test, found.len, sizeof(found.in6));
	KUNIT_EXPECT_EQ(test, memcmp(&found.in6, &from.in6, sizeof(found.in6)), 0);
}

static void no_other_thread_finds_it(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, note(current, 1, 100));
	KUNIT_EXPECT_EQ(test, take(OTHER, 1), 0);
	KUNIT_EXPECT_EQ(test, take(current, 1), 1);
}

/* Of another task that had the same memory, for example. */
static void what_was_noted_before_the_call_is_dropped(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, note(current, 1, 100));
	KUNIT_EXPECT_EQ(test, take(current, 101), 0);
	KUNIT_EXPECT_EQ(test, take(current, 1), 0);
	KUNIT_EXPECT_EQ(test, in_use(), 0);
}

static void what_another_socket_received_is_dropped(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, note(current, 1, 100));
	KUNIT_EXPECT_EQ(test, take_of(current, OTHER, 1), 0);
	KUNIT_EXPECT_EQ(test, take(current, 1), 0);
}

static void a_thread_uses_its_slot_again(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, note(current, 1, 100));
	KUNIT_EXPECT_TRUE(test, note(current, 2, 200));
	KUNIT_EXPECT_EQ(test, in_use(), 1);
	KUNIT_EXPECT_EQ(test, take(current, 1), 2);
}

/* An older one of its own may lie behind one that was given free meanwhile. */
static void of_two_the_one_of_the_call_is_found(struct kunit *test)
{
	slot_of(current, 0)->owner = (unsigned long)OTHER;
	slot_of(current, 0)->time = 100;
	KUNIT_EXPECT_TRUE(test, note(current, 1, 100));
	slot_of(current, 0)->owner = FREE;
	KUNIT_EXPECT_TRUE(test, note(current, 2, 200));
	KUNIT_EXPECT_EQ(test, take(current, 150), 2);
	KUNIT_EXPECT_EQ(test, take(current, 150), 0);
	KUNIT_EXPECT_EQ(test, in_use(), 0);
}

/* Owners whose chain begins where that of this thread does. */
static void neighbours(const void *owner[], int nr)
{
	unsigned long other = (unsigned long)OTHER;
	int found = 0;

	for (; found < nr; other += 64)
		if (slot_of((void *)other, 0) == slot_of(current, 0))
			owner[found++] = (void *)other;
}

static void a_full_chain_has_no_room(struct kunit *test)
{
	const void *owner[CHAIN];
	int i;

	neighbours(owner, CHAIN);
	for (i = 0; i < CHAIN; i++)
		KUNIT_EXPECT_TRUE(test, note(owner[i], 10 + i, 100));
	KUNIT_EXPECT_FALSE(test, note(current, 1, 100 + STALE_NS));
	KUNIT_EXPECT_EQ(test, take(current, 1), 0);
	for (i = 0; i < CHAIN; i++)
		KUNIT_EXPECT_EQ(test, take(owner[i], 1), 10 + i);
}

static void what_was_left_behind_is_stolen(struct kunit *test)
{
	const void *owner[CHAIN];
	int i, found = 0;

	neighbours(owner, CHAIN);
	for (i = 0; i < CHAIN; i++)
		KUNIT_EXPECT_TRUE(test, note(owner[i], 10 + i, 100 + i));
	KUNIT_EXPECT_TRUE(test, note(current, 1, 101 + STALE_NS));
	for (i = 0; i < CHAIN; i++)
		found += take(owner[i], 1) != 0;
	KUNIT_EXPECT_EQ(test, found, CHAIN - 1);
	KUNIT_EXPECT_EQ(test, take(current, 1), 1);
}

static void a_slot_that_is_being_written_is_left_alone(struct kunit *test)
{
	int i;

	for (i = 0; i < CHAIN; i++)
		slot_of(current, i)->owner = BUSY;
	KUNIT_EXPECT_FALSE(test, note(current, 1, 10 * STALE_NS));
	KUNIT_EXPECT_EQ(test, take(current, 1), 0);
	for (i = 0; i < CHAIN; i++)
		KUNIT_EXPECT_EQ(test, slot_of(current, i)->owner, BUSY);
}

/* ---- Threads --------------------------------------------------------------------------- */

#define RACERS (CHAIN + 2)
#define ROUNDS 20000

struct racer {
	struct completion *ended;
	u16 port;
	unsigned int found;
	unsigned int wrong;
};

/* Each in the same chain, where each is stale at once for the others. */
static int race(void *data)
{
	struct racer *racer = data;
	const void *owner[RACERS];
	u64 now = 0;
	u16 port;
	int i;

	neighbours(owner, RACERS);
	for (i = 0; i < ROUNDS; i++) {
		now += STALE_NS + 1;
		note(owner[racer->port - 1], racer->port, now);
		port = take(owner[racer->port - 1], now);
		racer->found += port == racer->port;
		racer->wrong += port && port != racer->port;
		cond_resched();
	}
	complete(racer->ended);
	return 0;
}

static void threads_that_steal_from_each_other_find_their_own(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(ended);
	struct racer racer[RACERS] = {};
	int i;

	for (i = 0; i < RACERS; i++) {
		racer[i].ended = &ended;
		racer[i].port = i + 1;
		KUNIT_ASSERT_FALSE(test, IS_ERR(kthread_run(race, &racer[i], "racer")));
	}
	for (i = 0; i < RACERS; i++)
		wait_for_completion(&ended);
	for (i = 0; i < RACERS; i++) {
		KUNIT_EXPECT_EQ(test, racer[i].wrong, 0);
		KUNIT_EXPECT_GT(test, racer[i].found, 0);
	}
	for (i = 0; i < SLOTS; i++)
		KUNIT_EXPECT_NE(test, slots[i].owner, BUSY);
}

/* ---- Datagrams --------------------------------------------------------------------------- */

static void free_skb(struct kunit_resource *resource)
{
	kfree_skb(resource->data);
}

/* From port 4660 of @saddr; of IPv4 if @in6 is NULL. */
static struct sk_buff *datagram(struct kunit *test, __be32 saddr,
				const struct in6_addr *in6)
{
	struct sk_buff *skb = alloc_skb(128, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	st_test_at_end(test, free_skb, skb);
	skb_reset_network_header(skb);
	skb_put_zero(skb, sizeof(struct ipv6hdr));
	skb_set_transport_header(skb, sizeof(struct ipv6hdr));
	skb_put_zero(skb, sizeof(struct udphdr));
	udp_hdr(skb)->source = cpu_to_be16(4660);
	skb->protocol = in6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
	if (in6) {
		ipv6_hdr(skb)->saddr = *in6;
		IP6CB(skb)->iif = 3;
	} else {
		ip_hdr(skb)->saddr = saddr;
	}
	return skb;
}

static void expect_source(struct kunit *test, int family, struct sk_buff *skb,
			  const char *text)
{
	struct socket *sock = st_test_socket(test, family, SOCK_DGRAM, 0);
	struct st_addr from = {};
	char said[64];

	KUNIT_ASSERT_TRUE(test, st_source_of_skb(sock->sk, skb, &from));
	KUNIT_EXPECT_EQ(test, from.any.sa_family, family);
	snprintf(said, sizeof(said), "%pISpsc", &from.any);
	KUNIT_EXPECT_STREQ(test, said, text);
}

static void a_datagram_tells_its_source_as_recvfrom_does(struct kunit *test)
{
	static const struct in6_addr global = { .s6_addr = { 0x20, 1, 0xd,
							     0xb8, [15] = 9 } };
	static const struct in6_addr link = { .s6_addr = { 0xfe, 0x80, [15] = 9 } };
	struct sk_buff *in = datagram(test, cpu_to_be32(0xc0a80102), NULL);

	expect_source(test, AF_INET, in, "192.168.1.2:4660");
	expect_source(test, AF_INET6, in, "[::ffff:192.168.1.2]:4660%0");
	expect_source(test, AF_INET6, datagram(test, 0, &global), "[2001:db8::9]:4660%0");
	expect_source(test, AF_INET6, datagram(test, 0, &link), "[fe80::9]:4660%3");
}

/* As the probe calls it. */
static bool given_back(struct kunit *test, const struct sock *sk, struct sk_buff *skb)
{
	struct pt_regs *regs = kunit_kzalloc(test, sizeof(*regs), GFP_KERNEL);
	bool begins;

	KUNIT_ASSERT_NOT_NULL(test, regs);
#ifdef CONFIG_X86_64
	regs->di = (unsigned long)sk;
	regs->si = (unsigned long)skb;
#else
	regs->regs[0] = (unsigned long)sk;
	regs->regs[1] = (unsigned long)skb;
#endif
	preempt_disable();
	begins = st_source_begins(NULL, regs);
	preempt_enable();
	return begins;
}

static void a_datagram_that_is_given_back_is_noted_but_not_the_kernels(struct kunit *test)
{
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, IPPROTO_UDP);
	struct sk_buff *skb = datagram(test, cpu_to_be32(0x7f000001), NULL);

	KUNIT_EXPECT_FALSE(test, given_back(test, sock->sk, skb)); /* the kernel's own */
	KUNIT_EXPECT_EQ(test, take_of(current, sock->sk, 0), 0);
	sock->sk->sk_kern_sock = 0;
	KUNIT_EXPECT_FALSE(test, given_back(test, sock->sk, skb));
	KUNIT_EXPECT_EQ(test, take_of(current, sock->sk, 0), 4660);
}

static void another_protocol_tells_nothing(struct kunit *test)
{
	struct socket *in = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct socket *un = st_test_socket(test, AF_UNIX, SOCK_DGRAM, 0);
	struct st_addr from;

	KUNIT_EXPECT_FALSE(test,
			   st_source_of_skb(in->sk, datagram(test, 0, &in6addr_loopback),
					    &from));
	KUNIT_EXPECT_FALSE(test,
			   st_source_of_skb(un->sk, datagram(test, 1, NULL), &from));
}

/* ---- The source of a call ------------------------------------------------------------------ */

static struct st_peer peer_of(struct socket *sock)
{
	struct st_peer peer;

	st_peer_of(sock, &peer);
	return peer;
}

static void set(struct socket *sock, struct st_peer *peer, const struct st_addr *name)
{
	preempt_disable();
	st_source_set(sock, peer, 50, name ? &name->any : NULL, name ? name->len : 0);
	preempt_enable();
}

static void expect_remote(struct kunit *test, const struct st_peer *peer,
			  const struct st_addr *addr)
{
	KUNIT_ASSERT_EQ(test, peer->remote.len, addr->len);
	KUNIT_EXPECT_EQ(test, memcmp(&peer->remote.storage, &addr->storage, addr->len),
			0);
	KUNIT_EXPECT_EQ(test, peer->flags, 0);
}

static void noted_for(struct socket *sock, u16 port, u64 now)
{
	struct st_addr from = from_port(port);

	preempt_disable();
	st_source_note(current, sock->sk, &from, now);
	preempt_enable();
}

static void a_name_is_believed_first_then_the_datagram_then_the_socket(struct kunit *test)
{
	struct st_addr at = st_test_loopback(), name = from_port(7);
	struct st_addr noted = from_port(8);
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct st_peer peer = peer_of(sock);

	set(sock, &peer, NULL);
	KUNIT_EXPECT_EQ(test, peer.remote.len, 0);
	st_test_listener(test, SOCK_DGRAM, &at);
	st_test_connect(test, sock, &at);
	peer = peer_of(sock);
	set(sock, &peer, NULL);
	expect_remote(test, &peer, &at);
	noted_for(sock, 8, 100);
	set(sock, &peer, NULL);
	expect_remote(test, &peer, &noted);
	noted_for(sock, 8, 100);
	set(sock, &peer, &name);
	expect_remote(test, &peer, &name);
	KUNIT_EXPECT_EQ(test, in_use(), 0);
	noted_for(sock, 8, 49);
	peer = peer_of(sock);
	set(sock, &peer, NULL);
	expect_remote(test, &peer, &at);
}

static void of_a_stream_it_is_the_peer(struct kunit *test)
{
	struct st_addr at = st_test_loopback(), name = from_port(7);
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_STREAM, 0);
	struct st_peer peer;

	st_test_listener(test, SOCK_STREAM, &at);
	st_test_connect(test, sock, &at);
	peer = peer_of(sock);
	set(sock, &peer, &name);
	expect_remote(test, &peer, &at);
}

/* st_peer_of() tells where it goes. */
static void a_datagram_that_is_being_collected_is_no_source(struct kunit *test)
{
	struct st_addr at = st_test_loopback();
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct kvec vec = { "x", 1 };
	struct msghdr msg = { .msg_flags = MSG_MORE };
	struct st_peer peer;

	st_test_listener(test, SOCK_DGRAM, &at);
	msg.msg_name = &at.any;
	msg.msg_namelen = at.len;
	KUNIT_ASSERT_EQ(test, kernel_sendmsg(sock, &msg, &vec, 1, 1), 1);
	peer = peer_of(sock);
	KUNIT_ASSERT_NE(test, peer.remote.len, 0);
	st_source_unknown(sock, &peer);
	KUNIT_EXPECT_EQ(test, peer.remote.len, 0);
	KUNIT_EXPECT_EQ(test, peer.flags, 0);
}

static void who_writes_headers_is_not_who_is_doubted(struct kunit *test)
{
	struct st_addr name = from_port(0);
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_RAW, IPPROTO_RAW);
	struct st_peer peer = peer_of(sock);

	KUNIT_ASSERT_NE(test, peer.flags, 0);
	set(sock, &peer, &name);
	expect_remote(test, &peer, &name);
}

static void a_link_local_source_says_whose_interface_it_is(struct kunit *test)
{
	struct socket *sock = st_test_socket(test, AF_INET6, SOCK_DGRAM, 0);
	struct st_addr name = st_test_loopback6();
	struct st_peer peer = peer_of(sock);

	name.in6.sin6_addr.s6_addr[0] = 0xfe;
	name.in6.sin6_addr.s6_addr[1] = 0x80;
	name.in6.sin6_scope_id = 1;
	set(sock, &peer, &name);
	KUNIT_EXPECT_EQ(test, peer.flags, SENDTRACE_EVENT_PEER_INIT_NET);
}

static void of_an_unix_datagram_it_is_the_name_or_the_peer(struct kunit *test)
{
	struct st_addr name = st_test_abstract("sender", 6);
	struct socket *pair[2];
	struct st_peer peer;

	st_test_pair(test, SOCK_DGRAM, pair);
	peer = peer_of(pair[0]);
	set(pair[0], &peer, NULL);
	KUNIT_EXPECT_EQ(test, peer.remote.len, offsetof(struct sockaddr_un, sun_path));
	KUNIT_EXPECT_EQ(test, peer.pid, task_tgid_nr(current));
	peer.unnamed = pair[1]->sk;
	set(pair[0], &peer, &name);
	expect_remote(test, &peer, &name);
	KUNIT_EXPECT_EQ(test, peer.pid, 0);
	KUNIT_EXPECT_NULL(test, peer.unnamed);
}

static struct kunit_case source_cases[] = {
	KUNIT_CASE(what_is_noted_is_found_once),
	KUNIT_CASE(both_families_are_kept_whole),
	KUNIT_CASE(no_other_thread_finds_it),
	KUNIT_CASE(what_was_noted_before_the_call_is_dropped),
	KUNIT_CASE(what_another_socket_received_is_dropped),
	KUNIT_CASE(a_thread_uses_its_slot_again),
	KUNIT_CASE(of_two_the_one_of_the_call_is_found),
	KUNIT_CASE(a_full_chain_has_no_room),
	KUNIT_CASE(what_was_left_behind_is_stolen),
	KUNIT_CASE(a_slot_that_is_being_written_is_left_alone),
	KUNIT_CASE(threads_that_steal_from_each_other_find_their_own),
	KUNIT_CASE(a_datagram_tells_its_source_as_recvfrom_does),
	KUNIT_CASE(a_datagram_that_is_given_back_is_noted_but_not_the_kernels),
	KUNIT_CASE(another_protocol_tells_nothing),
	KUNIT_CASE(a_name_is_believed_first_then_the_datagram_then_the_socket),
	KUNIT_CASE(of_a_stream_it_is_the_peer),
	KUNIT_CASE(a_datagram_that_is_being_collected_is_no_source),
	KUNIT_CASE(who_writes_headers_is_not_who_is_doubted),
	KUNIT_CASE(a_link_local_source_says_whose_interface_it_is),
	KUNIT_CASE(of_an_unix_datagram_it_is_the_name_or_the_peer),
	{}
};

static struct kunit_suite source_suite = {
	.name = "sendtrace_source",
	.init = source_test_init,
	.test_cases = source_cases,
};
kunit_test_suite(source_suite);
