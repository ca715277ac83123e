/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SINK_SCOPE_H
#define _SINK_SCOPE_H

/* The names of interfaces, for the scope of link-local addresses. */
#include <stdint.h>

/*
 * Interface numbers in records are this host's, now: their names may be used. Without this
 * call none has a name: a saved stream may be another host's. To be called at most once,
 * before the first line.
 */
void scope_use_names(void);

/*
 * The name of an interface of the initial network namespace, at most a second old.
 * Return: valid until the next call; NULL if there is no such interface, or if this process
 * is in another network namespace.
 */
const char *scope_name(uint32_t number);

#endif /* _SINK_SCOPE_H */
