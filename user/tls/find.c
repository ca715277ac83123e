// SPDX-License-Identifier: GPL-2.0
/* Goes through a process's mappings, and turns offsets in files into its addresses. */
#include "find.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "maps.h"
#include "object.h"

/* The mappings of one file. */
struct group {
	const struct mapping *mappings;
	size_t number;
};

static bool covers(const struct mapping *mapping, uint64_t offset)
{
	return offset >= mapping->offset &&
	       offset - mapping->offset < mapping->end - mapping->start;
}

static bool covers_all(const struct mapping *mapping, const struct tls_code *code)
{
	unsigned int i;

	for (i = 0; i < code->nr_returns; i++)
		if (!covers(mapping, code->returns[i]))
			return false;
	return covers(mapping, code->entry);
}

static uint64_t address_of(const struct mapping *mapping, uint64_t offset)
{
	return mapping->start + (offset - mapping->offset);
}

/* A file may be mapped twice, or in pieces. One mapping is enough: probes are of the file. */
static void place(const struct group *group, const struct tls_code *code,
		  struct tls_site *site)
{
	unsigned int i;
	size_t at;

	*site = (struct tls_site){ .function = code->function, .why = code->why };
	for (at = 0; at < group->number && !covers_all(&group->mappings[at], code); at++)
		;
	if (at == group->number) {
		if (!site->why)
			site->why = "is not in one executable mapping of its file";
		return;
	}
	if (code->entry)
		site->entry = address_of(&group->mappings[at], code->entry);
	site->nr_returns = code->nr_returns;
	for (i = 0; i < code->nr_returns; i++)
		site->returns[i] = address_of(&group->mappings[at], code->returns[i]);
}

/* Return: NULL if there is not enough memory. */
static struct tls_library *add_library(struct tls_found *found,
				       const struct mapping *mapping)
{
	struct tls_library *more;

	more = reallocarray(found->libraries, found->number + 1, sizeof(*more));
	if (!more)
		return NULL;
	found->libraries = more;
	more += found->number;
	memset(more, 0, sizeof(*more));
	more->path = strdup(mapping->path);
	if (!more->path)
		return NULL;
	more->fd = -1;
	more->major = mapping->major;
	more->minor = mapping->minor;
	more->inode = mapping->inode;
	found->number++;
	return more;
}

/*
 * A device is not opened: that may do something. O_NONBLOCK: not to wait for a holder of a lease.
 * Return: a descriptor, or a negative errno.
 */
static int open_mapping(pid_t pid, const struct mapping *mapping, struct stat *status)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)pid,
		 mapping->start, mapping->end);
	if (stat(path, status))
		return -errno;
	if (!S_ISREG(status->st_mode))
		return -ENOEXEC;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, status) || !S_ISREG(status->st_mode)) {
		close(fd);
		return -ENOEXEC;
	}
	return fd;
}

/* @fd: set to the open file, or -1. Return: 0, or a negative errno. */
static int read_group(pid_t pid, struct tls_cache *cache, const struct group *group,
		      const struct tls_object **object, int *fd)
{
	struct stat status;
	int error;

	*object = NULL;
	*fd = open_mapping(pid, group->mappings, &status);
	error = *fd < 0 ? *fd : tls_cache_object(cache, *fd, &status, object);
	if (*fd >= 0 && !*object) {
		close(*fd);
		*fd = -1;
	}
	return error;
}

static const char *words(int error)
{
	return error == -EFBIG ? "has too many symbols, or takes too long to look at" :
				 "cannot be read";
}

/* Takes @fd over. Return: 0 or -ENOMEM. */
static int add_sites(struct tls_found *found, const struct group *group,
		     const struct tls_object *object, int fd, int error)
{
	struct tls_library *library = add_library(found, group->mappings);
	unsigned int i;

	if (!library) {
		if (fd >= 0)
			close(fd);
		return -ENOMEM;
	}
	library->fd = fd;
	library->why = error ? words(error) : NULL;
	for (i = 0; object && i < object->number; i++)
		place(group, &object->codes[i], &library->sites[library->nr_sites++]);
	return 0;
}

/* Return: 0, or a negative errno that ends the search. */
static int look_at(pid_t pid, struct tls_cache *cache, const struct group *group,
		   struct tls_found *found)
{
	const struct tls_object *object;
	int fd, error = read_group(pid, cache, group, &object, &fd);

	switch (error) {
	case -EPERM:
	case -ENOMEM:
	case -ENOPKG:
	case -EMFILE:
	case -ENFILE:
		return error;
	case -ENOENT:
		found->changed = true;
		return 0;
	case -ENOEXEC:
		return 0;
	}
	if (!error && !object)
		return 0;
	if (found->number == TLS_LIBRARIES_MAX) {
		found->too_many = true;
		if (fd >= 0)
			close(fd);
		return 0;
	}
	return add_sites(found, group, object, fd, error);
}

static int look_at_all(pid_t pid, struct tls_cache *cache, const struct maps *maps,
		       struct tls_found *found)
{
	struct group group = { .mappings = maps->mappings };
	const struct mapping *end = maps->mappings + maps->number;
	int error = 0;

	for (; !error && group.mappings != end; group.mappings += group.number) {
		group.number = 1;
		while (group.mappings + group.number != end &&
		       mapping_is_same_file(group.mappings,
					    group.mappings + group.number))
			group.number++;
		error = look_at(pid, cache, &group, found);
	}
	return error;
}

int tls_find(pid_t pid, struct tls_cache *cache, struct tls_found *found,
	     const char **why)
{
	struct maps maps;
	int error;

	*found = (struct tls_found){ 0 };
	*why = "the process's mappings (/proc/PID/maps) cannot be read";
	error = maps_read(&maps, pid);
	if (error)
		return error;
	error = look_at_all(pid, cache, &maps, found);
	maps_free(&maps);
	if (error) {
		*why = error == -ENOPKG ?
			       "libcapstone, which decodes instructions, is missing" :
			       "the mapped files (/proc/PID/map_files) cannot be read";
		tls_found_free(found);
	}
	return error;
}

void tls_found_free(struct tls_found *found)
{
	size_t i;

	for (i = 0; i < found->number; i++) {
		free(found->libraries[i].path);
		if (found->libraries[i].fd >= 0)
			close(found->libraries[i].fd);
	}
	free(found->libraries);
	*found = (struct tls_found){ 0 };
}
