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

/* In struct pt_regs: di and si (x86_64), regs[0] and regs[1] (arm64). */
#define FIRST_ARGUMENT	(IS_ENABLED(CONFIG_X86_64) ? 14 : 0)
#define SECOND_ARGUMENT (IS_ENABLED(CONFIG_X86_64) ? 13 : 1)

static bool note_for(const void *owner, const void *sk, u16 port, unsigned long now)
{
	struct st_source_set *set = st_source_set_of(owner);
	struct st_addr from = st_test_from_port(port);
	struct st_source_slot *slot;
	int way;

	preempt_disable();
	way = seize_any(set, owner, now);
	if (way >= 0) {
		slot = &set->slot[way];
		slot->sk = sk;
		slot->time = now;
		slot->from.in = from.in;
		release(set, way, (unsigned long)owner);
	}
	preempt_enable();
	return way >= 0;
}

static bool note(const void *owner, u16 port, unsigned long now)
{
	return note_for(owner, SOCK, port, now);
}

/* Returns the port, or 0 if nothing is found. */
static u16 take_of(const void *owner, const void *sk)
{
	struct st_addr from = {};

	preempt_disable();
	take_noted(owner, sk, &from);
	preempt_enable();
	return be16_to_cpu(from.in.sin_port);
}

static u16 take(const void *owner)
{
	return take_of(owner, SOCK);
}

static void expect_any(const void *owner)
{
	preempt_disable();
	st_source_expect(owner, false);
	preempt_enable();
}

static int source_test_init(struct kunit *test)
{
	memset(st_source_sets, 0, sizeof(st_source_sets));
	return 0;
}

static int in_use(void)
{
	int i, way, nr = 0;

	for (i = 0; i < ST_SOURCE_SETS; i++)
		for (way = 0; way < ST_SOURCE_WAYS; way++)
			nr += st_source_sets[i].owner[way] != ST_SOURCE_FREE;
	return nr;
}

/* ---- The table ----------------------------------------------------------------------- */

static void what_is_noted_is_found_once(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, note(current, 1234, 100));
	KUNIT_EXPECT_EQ(test, take(current), 1234);
	KUNIT_EXPECT_EQ(test, take(current), 0);
	KUNIT_EXPECT_EQ(test, in_use(), 0);
}

static void no_other_thread_finds_it(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, note(current, 1, 100));
	KUNIT_EXPECT_EQ(test, take(OTHER), 0);
	KUNIT_EXPECT_EQ(test, take(current), 1);
}

/* Of another task that had the same memory, for example. */
static void what_was_noted_before_the_call_is_forgotten(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, note(current, 1, 100));
	expect_any(OTHER);
	KUNIT_EXPECT_EQ(test, in_use(), 1);
	expect_any(current);
	KUNIT_EXPECT_EQ(test, in_use(), 0);
	KUNIT_EXPECT_EQ(test, take(current), 0);
}

static void what_another_socket_received_is_dropped(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, note(current, 1, 100));
	KUNIT_EXPECT_EQ(test, take_of(current, OTHER), 0);
	KUNIT_EXPECT_EQ(test, take(current), 0);
}

static void a_thread_uses_its_slot_again(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, note(current, 1, 100));
	KUNIT_EXPECT_TRUE(test, note(current, 2, 200));
	KUNIT_EXPECT_EQ(test, in_use(), 1);
	KUNIT_EXPECT_EQ(test, take(current), 2);
}

/* An older one of its own may lie behind one that was given free meanwhile. */
static void of_two_the_one_of_the_call_is_found(struct kunit *test)
{
	struct st_source_set *set = st_source_set_of(current);

	set->owner[0] = (unsigned long)OTHER;
	set->slot[0].time = 100;
	KUNIT_EXPECT_TRUE(test, note(current, 1, 100));
	KUNIT_EXPECT_EQ(test, set->owner[1], (unsigned long)current);
	set->owner[0] = ST_SOURCE_FREE;
	expect_any(current);
	KUNIT_EXPECT_TRUE(test, note(current, 2, 200));
	KUNIT_EXPECT_EQ(test, take(current), 2);
	KUNIT_EXPECT_EQ(test, take(current), 0);
	KUNIT_EXPECT_EQ(test, in_use(), 0);
}

/* Owners of the same set as @one. */
static void neighbours(const void *one, const void *owner[], int nr)
{
	unsigned long other = (unsigned long)OTHER;
	int found = 0;

	for (; found < nr; other += 64)
		if (st_source_set_of((void *)other) == st_source_set_of(one))
			owner[found++] = (void *)other;
}

static void a_full_set_has_no_room(struct kunit *test)
{
	const void *owner[ST_SOURCE_WAYS];
	int i;

	neighbours(current, owner, ST_SOURCE_WAYS);
	for (i = 0; i < ST_SOURCE_WAYS; i++)
		KUNIT_EXPECT_TRUE(test, note(owner[i], 10 + i, 100));
	KUNIT_EXPECT_FALSE(test, note(current, 1, 100 + STALE));
	KUNIT_EXPECT_EQ(test, take(current), 0);
	for (i = 0; i < ST_SOURCE_WAYS; i++)
		KUNIT_EXPECT_EQ(test, take(owner[i]), 10 + i);
}

static void what_was_left_behind_is_stolen(struct kunit *test)
{
	const void *owner[ST_SOURCE_WAYS];
	int i, found = 0;

	neighbours(current, owner, ST_SOURCE_WAYS);
	for (i = 0; i < ST_SOURCE_WAYS; i++)
		KUNIT_EXPECT_TRUE(test, note(owner[i], 10 + i, 100 + i));
	KUNIT_EXPECT_TRUE(test, note(current, 1, 101 + STALE));
	for (i = 0; i < ST_SOURCE_WAYS; i++)
		found += take(owner[i]) != 0;
	KUNIT_EXPECT_EQ(test, found, ST_SOURCE_WAYS - 1);
	KUNIT_EXPECT_EQ(test, take(current), 1);
}

static void a_slot_that_is_being_written_is_left_alone(struct kunit *test)
{
	struct st_source_set *set = st_source_set_of(current);
	int i;

	for (i = 0; i < ST_SOURCE_WAYS; i++)
		set->owner[i] = ST_SOURCE_BUSY;
	KUNIT_EXPECT_FALSE(test, note(current, 1, 10 * STALE));
	expect_any(current);
	KUNIT_EXPECT_EQ(test, take(current), 0);
	for (i = 0; i < ST_SOURCE_WAYS; i++)
		KUNIT_EXPECT_EQ(test, set->owner[i], ST_SOURCE_BUSY);
}

/* ---- Threads --------------------------------------------------------------------------- */

#define RACERS (ST_SOURCE_WAYS + 2)
#define ROUNDS 20000

struct racer {
	struct completion *ended;
	u16 port;
	unsigned int found;
	unsigned int wrong;
};

/* Each in the same set, where each is immediately stale for the others. */
static int race(void *data)
{
	struct racer *racer = data;
	const void *owner[RACERS];
	unsigned long now = 0;
	u16 port;
	int i;

	neighbours(OTHER, owner, RACERS);
	for (i = 0; i < ROUNDS; i++) {
		now += STALE + 1;
		note(owner[racer->port - 1], racer->port, now);
		port = take(owner[racer->port - 1]);
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
	for (i = 0; i < ST_SOURCE_WAYS; i++)
		KUNIT_EXPECT_NE(test, st_source_set_of(OTHER)->owner[i], ST_SOURCE_BUSY);
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
	struct st_source from;
	struct st_addr found;
	char said[64];

	memset(&from, 0xff, sizeof(from));
	memset(&found, 0xff, sizeof(found));
	KUNIT_ASSERT_TRUE(test, note_of_skb(&from, sock->sk, skb));
	copy_source(&found, &from);
	KUNIT_EXPECT_EQ(test, found.any.sa_family, family);
	/* Padded with zeroes. */
	KUNIT_EXPECT_EQ(test, found.len,
			family == AF_INET ? sizeof(found.in) : sizeof(found.in6));
	KUNIT_EXPECT_NULL(test,
			  memchr_inv((u8 *)found.words + found.len, 0, -found.len & 7));
	snprintf(said, sizeof(said), "%pISpsc", &found.any);
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

/* skb_consume_udp() */
static void give_back(struct kunit *test, struct socket *sock, struct sk_buff *skb)
{
	struct pt_regs *regs = kunit_kzalloc(test, sizeof(*regs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, regs);
	((unsigned long *)regs)[FIRST_ARGUMENT] = (unsigned long)sock->sk;
	((unsigned long *)regs)[SECOND_ARGUMENT] = (unsigned long)skb;
	preempt_disable();
	st_source_note(st_source_set_of(current), regs);
	preempt_enable();
}

static void a_datagram_that_is_given_back_is_noted_but_not_the_kernels(struct kunit *test)
{
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, IPPROTO_UDP);
	struct sk_buff *skb = datagram(test, cpu_to_be32(0x7f000001), NULL);

	give_back(test, sock, skb); /* the kernel's own */
	KUNIT_EXPECT_EQ(test, in_use(), 0);
	sock->sk->sk_kern_sock = 0;
	give_back(test, sock, skb);
	KUNIT_EXPECT_EQ(test, take_of(current, sock->sk), 4660);
	/* Of another protocol than the socket's. */
	give_back(test, sock, datagram(test, 0, &in6addr_loopback));
	KUNIT_EXPECT_EQ(test, in_use(), 0);
}

static void another_protocol_tells_nothing(struct kunit *test)
{
	struct socket *in = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct socket *un = st_test_socket(test, AF_UNIX, SOCK_DGRAM, 0);
	struct st_source from;

	KUNIT_EXPECT_FALSE(test, note_of_skb(&from, in->sk,
					     datagram(test, 0, &in6addr_loopback)));
	KUNIT_EXPECT_FALSE(test, note_of_skb(&from, un->sk, datagram(test, 1, NULL)));
}

/* ---- The source of a call ------------------------------------------------------------------ */

static void a_name_is_believed_first_then_the_datagram_then_the_socket(struct kunit *test)
{
	struct st_addr at = st_test_loopback(), name = st_test_from_port(7);
	struct st_addr noted = st_test_from_port(8);
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct st_peer peer = st_test_peer_of(sock);

	st_test_set_source(sock, &peer, NULL);
	KUNIT_EXPECT_EQ(test, peer.remote.len, 0);
	st_test_listener(test, SOCK_DGRAM, &at);
	st_test_connect(test, sock, &at);
	peer = st_test_peer_of(sock);
	st_test_set_source(sock, &peer, NULL);
	st_test_expect_source(test, &peer, &at);
	note_for(current, sock->sk, 8, 100);
	st_test_set_source(sock, &peer, NULL);
	st_test_expect_source(test, &peer, &noted);
	note_for(current, sock->sk, 8, 100);
	st_test_set_source(sock, &peer, &name);
	st_test_expect_source(test, &peer, &name);
	KUNIT_EXPECT_EQ(test, in_use(), 0);
	note_for(current, sock->sk, 8, 100);
	expect_any(current);
	peer = st_test_peer_of(sock);
	st_test_set_source(sock, &peer, NULL);
	st_test_expect_source(test, &peer, &at);
}

/* The usual case is written out: IPv4, in the first slot. */
static void what_is_not_the_usual_case_is_found_too(struct kunit *test)
{
	struct socket *in6 = st_test_socket(test, AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
	struct socket *in = st_test_socket(test, AF_INET, SOCK_DGRAM, IPPROTO_UDP);
	struct st_source_set *noted = st_source_set_of(current);
	struct st_peer peer = st_test_peer_of(in6);

	in6->sk->sk_kern_sock = 0;
	in->sk->sk_kern_sock = 0;
	give_back(test, in6, datagram(test, 0, &in6addr_loopback));
	st_test_set_source(in6, &peer, NULL);
	KUNIT_EXPECT_EQ(test, peer.remote.len, sizeof(peer.remote.in6));
	KUNIT_EXPECT_EQ(test, peer.remote.in6.sin6_port, cpu_to_be16(4660));
	noted->owner[0] = (unsigned long)OTHER;
	noted->slot[0].time = jiffies;
	give_back(test, in, datagram(test, cpu_to_be32(0x7f000001), NULL));
	KUNIT_EXPECT_EQ(test, noted->owner[1], (unsigned long)current);
	peer = st_test_peer_of(in);
	st_test_set_source(in, &peer, NULL);
	KUNIT_EXPECT_EQ(test, peer.remote.len, sizeof(peer.remote.in));
	KUNIT_EXPECT_EQ(test, peer.remote.in.sin_port, cpu_to_be16(4660));
	KUNIT_EXPECT_EQ(test, in_use(), 1);
}

static struct kunit_case source_cases[] = {
	KUNIT_CASE(what_is_noted_is_found_once),
	KUNIT_CASE(no_other_thread_finds_it),
	KUNIT_CASE(what_was_noted_before_the_call_is_forgotten),
	KUNIT_CASE(what_another_socket_received_is_dropped),
	KUNIT_CASE(a_thread_uses_its_slot_again),
	KUNIT_CASE(of_two_the_one_of_the_call_is_found),
	KUNIT_CASE(a_full_set_has_no_room),
	KUNIT_CASE(what_was_left_behind_is_stolen),
	KUNIT_CASE(a_slot_that_is_being_written_is_left_alone),
	KUNIT_CASE(threads_that_steal_from_each_other_find_their_own),
	KUNIT_CASE(a_datagram_tells_its_source_as_recvfrom_does),
	KUNIT_CASE(a_datagram_that_is_given_back_is_noted_but_not_the_kernels),
	KUNIT_CASE(another_protocol_tells_nothing),
	KUNIT_CASE(a_name_is_believed_first_then_the_datagram_then_the_socket),
	KUNIT_CASE(what_is_not_the_usual_case_is_found_too),
	{}
};

static struct kunit_suite source_suite = {
	.name = "sendtrace_source",
	.init = source_test_init,
	.test_cases = source_cases,
};
kunit_test_suite(source_suite);
