// SPDX-License-Identifier: GPL-2.0
/* Looks into /proc. */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pattern.h"

/* The number of the initial PID namespace: linux/proc_ns.h. */
bool process_ids_are_global(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) == 0 && status.st_ino == 0xEFFFFFFC;
}

void process_each(bool (*look)(pid_t pid, void *arg), void *arg)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	pid_t pid;

	if (!folder)
		return;
	while ((entry = readdir(folder))) {
		pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (pid > 0 && !look(pid, arg))
			break;
	}
	closedir(folder);
}

ssize_t process_read(pid_t pid, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, text, size - 1);
	if (got < 0)
		got = -errno;
	close(fd);
	text[got < 0 ? 0 : got] = '\0';
	return got;
}

bool process_name(pid_t pid, char name[SENDTRACE_COMM_LEN])
{
	char text[2 * SENDTRACE_COMM_LEN];
	ssize_t got = process_read(pid, "comm", text, sizeof(text));

	/* A newline follows; a name may hold one as well. */
	if (got < 2 || got > SENDTRACE_COMM_LEN)
		return false;
	text[got - 1] = '\0';
	memcpy(name, text, (size_t)got);
	return true;
}

bool process_program(pid_t pid, char program[PROCESS_PROGRAM_LEN])
{
	static const char deleted[] = " (deleted)";
	char path[64], text[PATH_MAX], *name, *end;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	got = readlink(path, text, sizeof(text) - 1);
	if (got <= 0)
		return false;
	end = text + got;
	*end = '\0';
	if ((size_t)got > strlen(deleted) && !strcmp(end - strlen(deleted), deleted))
		end[-(ptrdiff_t)strlen(deleted)] = '\0';
	name = strrchr(text, '/');
	snprintf(program, PROCESS_PROGRAM_LEN, "%.*s", PROCESS_PROGRAM_LEN - 1,
		 name ? name + 1 : text);
	return *program != '\0';
}

bool process_stat(pid_t pid, pid_t *parent, uint64_t *started)
{
	char text[1024], *behind;

	if (process_read(pid, "stat", text, sizeof(text)) <= 0)
		return false;
	/* The name may hold anything, parentheses too: what follows the last one is numbers. */
	behind = strrchr(text, ')');
	return behind &&
	       sscanf(behind + 1,
		      " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
		      "%*d %*d %*d %" SCNu64,
		      parent, started) == 2;
}

bool process_is_listed(pid_t pid, const struct sendtrace_filter *filter)
{
	uint32_t i;

	for (i = 0; i < filter->nr_pids; i++)
		if (filter->pids[i] == (uint32_t)pid)
			return true;
	return filter->nr_pids == 0;
}

bool process_matches(pid_t pid, const struct sendtrace_filter *filter)
{
	char name[SENDTRACE_COMM_LEN];

	return process_is_listed(pid, filter) && process_name(pid, name) &&
	       pattern_any_matches(filter, name);
}

static bool thread_has_match(pid_t pid, const struct sendtrace_filter *filter)
{
	char path[64], name[SENDTRACE_COMM_LEN];
	bool matches = false;
	struct dirent *entry;
	pid_t tid;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	folder = opendir(path);
	if (!folder)
		return false;
	while (!matches && (entry = readdir(folder))) {
		tid = (pid_t)strtol(entry->d_name, NULL, 10);
		/* A thread is found there by its id, too (proc(5)). */
		matches = tid > 0 && tid != pid && process_name(tid, name) &&
			  pattern_any_matches(filter, name);
	}
	closedir(folder);
	return matches;
}

bool process_has_match(pid_t pid, const struct sendtrace_filter *filter)
{
	return process_matches(pid, filter) ||
	       (process_is_listed(pid, filter) && thread_has_match(pid, filter));
}
