/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_CACHE_H
#define _TLS_CACHE_H

/* What files have, so that one which many processes map is read once. */
#include <stddef.h>

struct tls_cache;
struct tls_object;
struct stat;

/* Reads a file: tls_object_read(), or tls_apart_read(). */
typedef int tls_read_fn(struct tls_object *object, int fd);

/* Return: NULL if there is not enough memory. */
struct tls_cache *tls_cache_new(tls_read_fn *read);

/*
 * What an open file has, whose status is @status: read now, unless it was and did not change.
 * Return: 0, with @object NULL if the file has none of the functions, valid until the next
 * file is read; or what reading it said.
 */
int tls_cache_object(struct tls_cache *cache, int fd, const struct stat *status,
		     const struct tls_object **object);

/* How many files it knows: it has an end. */
size_t tls_cache_size(const struct tls_cache *cache);

void tls_cache_free(struct tls_cache *cache);

#endif /* _TLS_CACHE_H */
