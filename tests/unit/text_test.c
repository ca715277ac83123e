// SPDX-License-Identifier: GPL-2.0
/* Numbers and addresses as text, against the C library. */
#include "test.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "decimal.h"
#include "number.h"

static uint32_t random_state = 1;

static uint32_t random_number(void)
{
	return test_random(&random_state);
}

static void assert_number_text(int64_t value)
{
	char text[NUMBER_WIDEST + 1 + DECIMAL_SLACK], expected[32];

	*decimal_put_signed(text, value) = '\0';
	sprintf(expected, "%" PRId64, value);
	assert_string_equal(text, expected);
	*decimal_put(text, (uint64_t)value) = '\0';
	sprintf(expected, "%" PRIu64, (uint64_t)value);
	assert_string_equal(text, expected);
}

static void numbers_are_written_as_printf_does(void **state)
{
	unsigned int bit, i;

	(void)state;
	for (bit = 0; bit < 64; bit++) {
		assert_number_text((int64_t)(1ULL << bit));
		assert_number_text((int64_t)((1ULL << bit) - 1));
		assert_number_text((int64_t) ~(1ULL << bit));
	}
	for (i = 0; i < 20000; i++)
		assert_number_text((int64_t)i);
}

static void assert_address_text(const unsigned char address[16])
{
	char text[ADDRESS_IPV6_WIDEST + ADDRESS_SLACK], expected[INET6_ADDRSTRLEN];

	*address_put_ipv6(text, address) = '\0';
	inet_ntop(AF_INET6, address, expected, sizeof(expected));
	assert_string_equal(text, expected);
	*address_put_ipv4(text, address) = '\0';
	inet_ntop(AF_INET, address, expected, sizeof(expected));
	assert_string_equal(text, expected);
}

/* Every combination of zero groups, with small and large groups beside them. */
static void addresses_are_written_as_inet_ntop_does(void **state)
{
	static const unsigned int values[] = { 0x1, 0x12, 0x123, 0x1234, 0xffff };
	unsigned char address[16];
	unsigned int mask, value, i;

	(void)state;
	for (mask = 0; mask < 256; mask++) {
		for (value = 0; value < 5; value++) {
			for (i = 0; i < 8; i++) {
				unsigned int group = mask >> i & 1 ? values[value] : 0;

				address[2 * i] = (unsigned char)(group >> 8);
				address[2 * i + 1] = (unsigned char)group;
			}
			assert_address_text(address);
		}
	}
	for (mask = 0; mask < 20000; mask++) {
		for (i = 0; i < 16; i++)
			address[i] = (unsigned char)(random_number() % 3 ?
							     0 :
							     random_number());
		assert_address_text(address);
	}
}

static void the_well_known_addresses_are_written_as_inet_ntop_does(void **state)
{
	static const char *const known[] = {
		"::",		"::1",	      "::ffff:10.196.6.35",
		"::1.2.3.4",	"fe80::1",    "2001:db8::1:0:0:1",
		"::ffff:0:0:1", "1::",	      "::1:0",
		"64:ff9b::1",	"::fffe:1:2", "1:0:0:2::3"
	};
	unsigned char address[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(inet_pton(AF_INET6, known[i], address), 1);
		assert_address_text(address);
	}
}

static void a_number_is_digits_and_nothing_else(void **state)
{
	static const char *const wrong[] = { "",
					     " 1",
					     "1 ",
					     "+1",
					     "-1",
					     "0x10",
					     "1k",
					     "1.0",
					     "9",
					     "101",
					     "18446744073709551616",
					     "99999999999999999999999" };
	uint64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (number_parse(wrong[i], 10, 100, &value) == 0)
			fail_msg("'%s' was taken for a number", wrong[i]);
	}
	assert_int_equal(number_parse("10", 10, 100, &value), 0);
	assert_int_equal(number_parse("100", 10, 100, &value), 0);
	assert_int_equal(value, 100);
	assert_int_equal(number_parse("18446744073709551615", 0, UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
}

static void seconds_may_be_a_fraction(void **state)
{
	static const char *const wrong[] = {
		"",    ".",	"0",	       "0.0", "-1",
		"1e3", "1s",	"1.2.3",       "1,5", "0.0000000001",
		"101", "100.1", "18446744074", "inf", "nan",
		" 1"
	};
	uint64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (number_parse_seconds(wrong[i], 100, &value) == 0)
			fail_msg("'%s' was taken for seconds", wrong[i]);
	}
	assert_int_equal(number_parse_seconds("10", 100, &value), 0);
	assert_int_equal(value, 10000000000);
	assert_int_equal(number_parse_seconds("0.25", 100, &value), 0);
	assert_int_equal(value, 250000000);
	assert_int_equal(number_parse_seconds(".5", 100, &value), 0);
	assert_int_equal(value, 500000000);
	assert_int_equal(number_parse_seconds("0.000000001", 100, &value), 0);
	assert_int_equal(value, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(numbers_are_written_as_printf_does),
		test_case(addresses_are_written_as_inet_ntop_does),
		test_case(the_well_known_addresses_are_written_as_inet_ntop_does),
		test_case(a_number_is_digits_and_nothing_else),
		test_case(seconds_may_be_a_fraction),
	};

	return run_all("text", tests);
}
