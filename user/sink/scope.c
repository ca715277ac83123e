// SPDX-License-Identifier: GPL-2.0
/* The names of interfaces, kept for a second: asking the kernel takes three system calls. */
#include "scope.h"

#include <net/if.h>
#include <stdbool.h>
#include <unistd.h>

#include "clock.h"

enum {
	PLACES = 16,
	FRESH = 1000, /* milliseconds */
};

/* A name, or none, which is kept as well. */
struct kept_name {
	uint32_t number;
	int64_t since;
	char name[IF_NAMESIZE];
};

static struct kept_name names[PLACES];
static bool names_are_ours;

/*
 * The kernel shows this sysctl only in the initial network namespace (net_core_table in
 * net/core/sysctl_net_core.c). Unlike a comparison with the namespace of process 1, this needs
 * no right, and is right in a container, too.
 */
void scope_use_names(void)
{
	names_are_ours = access("/proc/sys/net/core/netdev_budget", F_OK) == 0;
}

const char *scope_name(uint32_t number)
{
	struct kept_name *kept = &names[number % PLACES];
	int64_t now;

	if (!names_are_ours)
		return NULL;
	now = clock_ms();
	if (kept->number != number || now - kept->since >= FRESH) {
		kept->number = number;
		kept->since = now;
		if (!if_indextoname(number, kept->name))
			kept->name[0] = '\0';
	}
	return kept->name[0] ? kept->name : NULL;
}
