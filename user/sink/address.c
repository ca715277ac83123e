// SPDX-License-Identifier: GPL-2.0
/* IP addresses as text. */
#include "address.h"

#include <stdbool.h>
#include <string.h>

#include "decimal.h"

enum {
	GROUPS = 8
};

/* The run of groups that "::" replaces. */
struct zeros {
	unsigned int first;
	unsigned int count;
};

char *address_put_ipv4(char *to, const unsigned char address[4])
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (i)
			*to++ = '.';
		to = decimal_put(to, address[i]);
	}
	return to;
}

/* The longest run of zeros, of two equal ones the first; a single group is no run. */
static struct zeros longest_zeros(const unsigned int groups[GROUPS])
{
	struct zeros best = { 0, 1 }, run = { 0, 0 };
	unsigned int i;

	for (i = 0; i < GROUPS; i++) {
		if (groups[i]) {
			run.count = 0;
			continue;
		}
		if (run.count++ == 0)
			run.first = i;
		if (run.count > best.count)
			best = run;
	}
	if (best.count == 1)
		best.count = 0;
	return best;
}

static char *put_group(char *to, unsigned int group)
{
	int shift = group > 0xfff ? 12 : group > 0xff ? 8 : group > 0xf ? 4 : 0;

	for (; shift >= 0; shift -= 4)
		*to++ = "0123456789abcdef"[group >> shift & 0xf];
	return to;
}

/* ::a.b.c.d and ::ffff:a.b.c.d */
static bool ends_in_ipv4(const unsigned int groups[GROUPS], struct zeros zeros)
{
	if (zeros.first != 0)
		return false;
	return zeros.count == 6 || (zeros.count == 5 && groups[5] == 0xffff);
}

static char *put_groups(char *to, const unsigned char address[16])
{
	unsigned int groups[GROUPS], i, end = GROUPS;
	struct zeros zeros;

	for (i = 0; i < GROUPS; i++)
		groups[i] = (unsigned int)address[2 * i] << 8 | address[2 * i + 1];
	zeros = longest_zeros(groups);
	if (ends_in_ipv4(groups, zeros))
		end = 6;
	for (i = 0; i < end; i++) {
		if (zeros.count && i == zeros.first) {
			*to++ = ':';
			i += zeros.count - 1;
			continue;
		}
		if (i)
			*to++ = ':';
		to = put_group(to, groups[i]);
	}
	if (end == GROUPS && zeros.count && zeros.first + zeros.count == GROUPS)
		*to++ = ':';
	if (end == GROUPS)
		return to;
	*to++ = ':';
	return address_put_ipv4(to, address + 12);
}

/* Most IPv6 sockets of servers talk to IPv4 clients. */
char *address_put_ipv6(char *to, const unsigned char address[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const char prefix[] = "::ffff:";

	if (memcmp(address, mapped, sizeof(mapped)) != 0)
		return put_groups(to, address);
	memcpy(to, prefix, sizeof(prefix) - 1);
	return address_put_ipv4(to + sizeof(prefix) - 1, address + sizeof(mapped));
}
