/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_APART_H
#define _TLS_APART_H

struct tls_object;

/*
 * tls_object_read() in a process of its own that has no rights and nothing but the file: what a
 * container's file does to the one that reads it ends there. Not for a process with threads.
 *
 * Return: as tls_object_read(), but other errors than those of the file are -EIO; -EFBIG also if it
 * takes too long or too much memory; -EAGAIN if there can be no such process now.
 */
int tls_apart_read(struct tls_object *object, int fd);

#endif /* _TLS_APART_H */
