/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _COMMON_RIGHTS_H
#define _COMMON_RIGHTS_H

/*
 * What formats the payloads of strangers must not be root. A session that runs needs no right:
 * its device is open, and its rings are mapped.
 */
#include <stdbool.h>
#include <sys/capability.h>

/*
 * Give up all rights, for good: capabilities, also those that a program which is executed could
 * regain; uid 0 for uid 65534 (nobody) without groups; and that others of that uid may look into
 * this process. Each of uid, bounding set and securebits stays where the capability to change it
 * is missing; uid 0 also stays in a user namespace other than the initial one, where it is not the
 * host's. Not for a process with threads.
 *
 * Return: 0, or a negative errno after a message: then some rights are still there.
 */
int rights_drop(void);

/* The same, but keep the @nr capabilities of @kept that there are. Prints nothing. */
int rights_keep(const cap_value_t *kept, int nr);

/* Whether this process has a capability, in effect. */
bool rights_has(cap_value_t capability);

#endif /* _COMMON_RIGHTS_H */
