// SPDX-License-Identifier: GPL-2.0
/* A table of files by device, inode and time of the last change. */
#include "cache.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "object.h"

enum {
	ROWS = 1024,
	ENTRIES_MAX = 1 << 13, /* then all are forgotten */
};

struct entry {
	struct entry *next;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
	int error;
	struct tls_object *object; /* NULL: it has none of the functions */
};

struct tls_cache {
	tls_read_fn *read;
	struct entry *rows[ROWS];
	size_t number;
};

struct tls_cache *tls_cache_new(tls_read_fn *read)
{
	struct tls_cache *cache = calloc(1, sizeof(*cache));

	if (cache)
		cache->read = read;
	return cache;
}

static void free_entry(struct entry *entry)
{
	free(entry->object);
	free(entry);
}

static void forget_all(struct tls_cache *cache)
{
	struct entry *entry;
	size_t row;

	for (row = 0; row < ROWS; row++) {
		while ((entry = cache->rows[row])) {
			cache->rows[row] = entry->next;
			free_entry(entry);
		}
	}
	cache->number = 0;
}

static struct entry **row_of(struct tls_cache *cache, const struct stat *status)
{
	return &cache->rows[(status->st_ino ^ status->st_dev) % ROWS];
}

static struct entry *known(struct tls_cache *cache, const struct stat *status)
{
	struct entry *entry;

	for (entry = *row_of(cache, status); entry; entry = entry->next)
		if (entry->inode == status->st_ino && entry->device == status->st_dev &&
		    entry->size == status->st_size &&
		    entry->changed.tv_sec == status->st_ctim.tv_sec &&
		    entry->changed.tv_nsec == status->st_ctim.tv_nsec)
			return entry;
	return NULL;
}

static struct entry *read_entry(const struct tls_cache *cache, int fd,
				const struct stat *status)
{
	struct tls_object *object = malloc(sizeof(*object));
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!object || !entry) {
		free(object);
		free(entry);
		return NULL;
	}
	entry->device = status->st_dev;
	entry->inode = status->st_ino;
	entry->size = status->st_size;
	entry->changed = status->st_ctim;
	entry->error = cache->read(object, fd);
	if (!entry->error && object->number)
		entry->object = object;
	else
		free(object);
	return entry;
}

/* What is wrong with the file, and not only now. */
static bool is_lasting(int error)
{
	return error == 0 || error == -ENOEXEC || error == -ENODATA || error == -EFBIG;
}

int tls_cache_object(struct tls_cache *cache, int fd, const struct stat *status,
		     const struct tls_object **object)
{
	struct entry *entry = known(cache, status), **row;
	int error;

	*object = NULL;
	if (!entry) {
		entry = read_entry(cache, fd, status);
		if (!entry)
			return -ENOMEM;
		error = entry->error;
		if (!is_lasting(error)) {
			free_entry(entry);
			return error;
		}
		if (cache->number >= ENTRIES_MAX)
			forget_all(cache);
		row = row_of(cache, status);
		entry->next = *row;
		*row = entry;
		cache->number++;
	}
	*object = entry->object;
	return entry->error;
}

size_t tls_cache_size(const struct tls_cache *cache)
{
	return cache->number;
}

void tls_cache_free(struct tls_cache *cache)
{
	if (!cache)
		return;
	forget_all(cache);
	free(cache);
}
