// SPDX-License-Identifier: GPL-2.0
#include "burnt.h"

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "check.h"

enum {
	LOOK_US = 100 * 1000,
	LOOKS_MAX = 2000,
	IDLE_LOOKS = 20,
	/* A reader that wakes up and finds nothing still counts as quiet. */
	QUIET_NS = 50 * 1000,
};

static uint64_t thread_burnt(pid_t pid, const char *tid)
{
	char path[300];
	uint64_t ns = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, tid);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%" SCNu64, &ns) != 1)
		die("reading %s: has the reader ended?", path);
	fclose(file);
	return ns;
}

static uint64_t process_burnt(pid_t pid)
{
	struct dirent *entry;
	uint64_t ns = 0;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		die("opening %s: has the reader ended?", path);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			ns += thread_burnt(pid, entry->d_name);
	closedir(dir);
	return ns;
}

uint64_t readers_burnt(const struct readers *readers)
{
	uint64_t ns = 0;

	for (int i = 0; i < readers->number; i++)
		ns += process_burnt(readers->pid[i]);
	return ns;
}

/* Quiet twice in a row, since a reader may be waiting for its next look. */
uint64_t readers_wait_quiet(const struct readers *readers)
{
	uint64_t now = readers_burnt(readers), last;
	int quiet = 0;

	for (int looks = 0; readers->number && quiet < 2; looks++) {
		if (looks == LOOKS_MAX)
			die("the readers do not become quiet");
		usleep(LOOK_US);
		last = now;
		now = readers_burnt(readers);
		if (now - last <= QUIET_NS + readers->idle_most + readers->idle / 2)
			quiet++;
		else
			quiet = 0;
	}
	return quiet * readers->idle;
}

void readers_learn_idle(struct readers *readers)
{
	uint64_t begun = readers_burnt(readers), last, now = begun;

	for (int i = 0; readers->number && i < IDLE_LOOKS; i++) {
		usleep(LOOK_US);
		last = now;
		now = readers_burnt(readers);
		if (now - last > readers->idle_most)
			readers->idle_most = now - last;
	}
	readers->idle = (now - begun) / IDLE_LOOKS;
}

void readers_signal(const struct readers *readers, int signal)
{
	for (int i = 0; i < readers->number; i++)
		must(kill(readers->pid[i], signal), "signalling a reader");
}
