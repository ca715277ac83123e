// SPDX-License-Identifier: GPL-2.0
/* The counters of the module's probes, by the names that /proc/sendtrace/stats has for them. */
#include "hits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

enum {
	PROBES = 64,
	NAME = 32,
	/* The totals of the host come first; the counters of each CPU are not needed. */
	STATS_MAX = 16384,
};

/**
 * struct probe - the counters of one probe
 * @name: what follows hits_ or missed_
 * @hits: how often it was hit
 * @missed: calls that it missed
 */
struct probe {
	char name[NAME];
	uint64_t hits;
	uint64_t missed;
};

struct probes {
	unsigned int number;
	struct probe of[PROBES];
};

static const char *stats_file;
static int stats_fd = -1;
static struct probes before;

/* A probe that is not known yet is added. Return: NULL if there is no room. */
static struct probe *probe_named(struct probes *probes, const char *name)
{
	struct probe *probe;
	unsigned int i;

	for (i = 0; i < probes->number; i++)
		if (strcmp(probes->of[i].name, name) == 0)
			return &probes->of[i];
	if (probes->number == PROBES)
		return NULL;
	probe = &probes->of[probes->number++];
	*probe = (struct probe){ .hits = 0 };
	snprintf(probe->name, sizeof(probe->name), "%s", name);
	return probe;
}

static void take_line(struct probes *probes, const char *line)
{
	unsigned long long value;
	struct probe *probe;
	char name[NAME];

	if (sscanf(line, "hits_%31s %llu", name, &value) == 2) {
		probe = probe_named(probes, name);
		if (probe)
			probe->hits = value;
	} else if (sscanf(line, "missed_%31s %llu", name, &value) == 2) {
		probe = probe_named(probes, name);
		if (probe)
			probe->missed = value;
	}
}

/* Return: 0 or a negative errno. */
static int look(struct probes *probes)
{
	static char text[STATS_MAX];
	char *line = text, *end;
	size_t used = 0;
	ssize_t got;

	probes->number = 0;
	do {
		got = pread(stats_fd, text + used, sizeof(text) - 1 - used, (off_t)used);
		used += got > 0 ? (size_t)got : 0;
	} while (got > 0 && used < sizeof(text) - 1);
	if (got < 0)
		return -errno;
	text[used] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		take_line(probes, line);
		line = end + 1;
	}
	return 0;
}

static void say_missing(int err)
{
	message("hits of each way are not known: cannot read '%s': %s", stats_file,
		strerror(-err));
}

void hits_begin(const char *stats)
{
	int err;

	stats_file = stats;
	stats_fd = open(stats, O_RDONLY | O_CLOEXEC);
	err = stats_fd < 0 ? -errno : look(&before);
	if (err)
		say_missing(err);
}

static void say(const struct probe *now, const struct probe *then)
{
	uint64_t hits = now->hits - then->hits, missed = now->missed - then->missed;

	if (missed)
		message_plain("probe %s: %llu hit%s, %llu missed", now->name,
			      (unsigned long long)hits, hits == 1 ? "" : "s",
			      (unsigned long long)missed);
	else if (hits)
		message_plain("probe %s: %llu hit%s", now->name, (unsigned long long)hits,
			      hits == 1 ? "" : "s");
}

void hits_end(void)
{
	static struct probes now;
	static const struct probe none;
	unsigned int i;
	int err;

	if (stats_fd < 0)
		return;
	err = look(&now);
	if (err)
		say_missing(err);
	for (i = 0; !err && i < now.number; i++) {
		const struct probe *then = probe_named(&before, now.of[i].name);

		say(&now.of[i], then ? then : &none);
	}
	close(stats_fd);
	stats_fd = -1;
}
