// SPDX-License-Identifier: GPL-2.0
/* Reads and parses /proc/PID/maps. */
#include "maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FIRST_SIZE = 64 << 10,
	LARGEST = 256 << 20, /* a million mappings and more */
};

/* One field of a line: a number, and the character behind it. */
static bool take_number(char **at, int base, char behind, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(*at, &end, base);
	if (errno || end == *at || *end != behind)
		return false;
	*at = end + 1;
	return true;
}

/* START-END PERMISSIONS OFFSET MAJOR:MINOR INODE PATH; the path may hold anything but newlines. */
static bool parse_line(char *line, struct mapping *mapping)
{
	uint64_t major, minor;
	char *permissions;

	if (!take_number(&line, 16, '-', &mapping->start) ||
	    !take_number(&line, 16, ' ', &mapping->end) || strlen(line) < 5 ||
	    line[4] != ' ')
		return false;
	permissions = line;
	line += 5;
	if (permissions[2] != 'x' || permissions[3] != 'p' ||
	    mapping->start >= mapping->end)
		return false;
	if (!take_number(&line, 16, ' ', &mapping->offset) ||
	    !take_number(&line, 16, ':', &major) ||
	    !take_number(&line, 16, ' ', &minor) ||
	    !take_number(&line, 10, ' ', &mapping->inode) || mapping->inode == 0)
		return false;
	if (mapping->offset > UINT64_MAX - (mapping->end - mapping->start))
		return false;
	mapping->major = (uint32_t)major;
	mapping->minor = (uint32_t)minor;
	mapping->path = line + strspn(line, " ");
	return true;
}

bool mapping_is_same_file(const struct mapping *one, const struct mapping *other)
{
	return one->inode == other->inode && one->minor == other->minor &&
	       one->major == other->major;
}

static int compare(const void *a, const void *b)
{
	const struct mapping *one = a, *other = b;

	if (one->inode != other->inode)
		return one->inode < other->inode ? -1 : 1;
	if (one->minor != other->minor)
		return one->minor < other->minor ? -1 : 1;
	if (one->major != other->major)
		return one->major < other->major ? -1 : 1;
	return one->start < other->start ? -1 : one->start > other->start;
}

static int add(struct maps *maps, size_t *room, const struct mapping *mapping)
{
	struct mapping *more;

	if (maps->number == *room) {
		*room = *room ? 2 * *room : 64;
		more = reallocarray(maps->mappings, *room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		maps->mappings = more;
	}
	maps->mappings[maps->number++] = *mapping;
	return 0;
}

int maps_parse(struct maps *maps, char *text, size_t size)
{
	char *line = text, *end;
	struct mapping mapping;
	size_t room = 0;

	*maps = (struct maps){ .text = text };
	/* What is behind the last newline is not a whole line. */
	for (; (end = memchr(line, '\n', size - (size_t)(line - text))); line = end + 1) {
		*end = '\0';
		if (parse_line(line, &mapping) && add(maps, &room, &mapping)) {
			maps_free(maps);
			return -ENOMEM;
		}
	}
	if (maps->number)
		qsort(maps->mappings, maps->number, sizeof(*maps->mappings), compare);
	return 0;
}

/* All of a file whose size is not known. Return: bytes, or a negative errno. */
static ssize_t read_all(int fd, char **text)
{
	size_t size = 0, room = 0;
	ssize_t got;
	char *more;

	for (;;) {
		if (size == room) {
			room = room ? 2 * room : FIRST_SIZE;
			if (room > LARGEST)
				return -EFBIG;
			more = realloc(*text, room);
			if (!more)
				return -ENOMEM;
			*text = more;
		}
		got = read(fd, *text + size, room - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : (ssize_t)size;
		size += (size_t)got;
	}
}

int maps_read(struct maps *maps, pid_t pid)
{
	char path[64], *text = NULL;
	ssize_t size;
	int fd;

	*maps = (struct maps){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	size = read_all(fd, &text);
	close(fd);
	if (size < 0) {
		free(text);
		return (int)size;
	}
	return maps_parse(maps, text, (size_t)size);
}

void maps_free(struct maps *maps)
{
	free(maps->mappings);
	free(maps->text);
	*maps = (struct maps){ 0 };
}
