// SPDX-License-Identifier: GPL-2.0
/* The scope of link-local addresses: an interface's name where it is certain, else its number. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fields.h"
#include "scope.h"

enum {
	LOOPBACK = 1, /* its number, in every network namespace */
	NO_INTERFACE = 0x7ffffff1,
};

static char shown[FIELDS_WIDEST];

/* The text of a destination with this scope, of an event with these flags. */
static const char *dest(const char *ip, uint32_t scope, uint32_t flags, uint16_t size)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_scope_id = scope };
	struct sendtrace_event event = {
		.family = AF_INET6,
		.peer_len = size,
		.event_flags = flags,
	};

	assert_int_equal(inet_pton(AF_INET6, ip, &in6.sin6_addr), 1);
	*fields_peer(shown, &event, (const unsigned char *)&in6) = '\0';
	return shown;
}

static void only_addresses_that_need_a_scope_have_one(void **state)
{
	static const char *const with[] = { "fe80::42", "febf::1", "ff01::1", "ff02::1",
					    "ff12::1" };
	static const char *const without[] = { "::1", "2001:db8::1", "fec0::1", "ff05::1",
					       "::ffff:192.0.2.1" };
	char expected[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
		sprintf(expected, " family=10 dest=%s%%77 port=0", with[i]);
		assert_string_equal(dest(with[i], 77, 0, 28), expected);
	}
	for (i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		sprintf(expected, " family=10 dest=%s port=0", without[i]);
		assert_string_equal(dest(without[i], 77, 0, 28), expected);
	}
	assert_string_equal(dest("fe80::42", 0, 0, 28),
			    " family=10 dest=fe80::42 port=0");
	/* struct sockaddr_in6 before it had a scope */
	assert_string_equal(dest("fe80::42", 77, 0, 24),
			    " family=10 dest=fe80::42 port=0");
}

static void a_saved_stream_has_only_numbers(void **state)
{
	(void)state;
	assert_null(scope_name(LOOPBACK));
	assert_string_equal(dest("fe80::42", LOOPBACK, SENDTRACE_EVENT_PEER_INIT_NET, 28),
			    " family=10 dest=fe80::42%1 port=0");
}

static void a_live_trace_has_names_of_the_initial_namespace(void **state)
{
	const char *name = "1";

	(void)state;
	scope_use_names();
	if (access("/proc/sys/net/core/netdev_budget", F_OK) == 0) {
		name = "lo";
		assert_string_equal(scope_name(LOOPBACK), "lo");
	}
	dest("fe80::42", LOOPBACK, SENDTRACE_EVENT_PEER_INIT_NET, 28);
	assert_non_null(strstr(shown, "dest=fe80::42%"));
	assert_memory_equal(strchr(shown, '%') + 1, name, strlen(name));
	/* Interface 1 of another namespace. */
	assert_string_equal(dest("fe80::42", LOOPBACK, 0, 28),
			    " family=10 dest=fe80::42%1 port=0");
}

static void an_interface_that_does_not_exist_has_no_name(void **state)
{
	(void)state;
	scope_use_names();
	assert_null(scope_name(NO_INTERFACE));
	assert_null(scope_name(NO_INTERFACE));
	/* Of the same place in the cache. */
	assert_null(scope_name(LOOPBACK + 16 * 100));
	if (access("/proc/sys/net/core/netdev_budget", F_OK) == 0)
		assert_string_equal(scope_name(LOOPBACK), "lo");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(only_addresses_that_need_a_scope_have_one),
		test_case(a_saved_stream_has_only_numbers),
		test_case(a_live_trace_has_names_of_the_initial_namespace),
		test_case(an_interface_that_does_not_exist_has_no_name),
	};

	return run_all("scope", tests);
}
