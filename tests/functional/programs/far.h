/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The other end in a process of another name, whose calls and sockets are not traced: it has no
 * descriptor of ours, and we have none of its.
 */
#ifndef FAR_H
#define FAR_H

#include "net.h"

/* Where it listens. Each of its connections gets back what it sends. */
struct address far_listening(int type, const struct address *any);

/* It connects to @to @number times, one connection after the other, and keeps them. */
void far_connects(int type, const struct address *to, int number);

#endif /* FAR_H */
