/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_READERS_H
#define _SENDREAD_READERS_H

/*
 * Who reads our output. If such a process sends what it reads, and is traced, then each of our
 * lines makes another one, without end. And a file that others can read gives them the secrets
 * that lines hold.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/sendtrace.h>

enum {
	READERS_MAX = 256
};

/**
 * struct readers - processes that read our output
 * @nr: how many
 * @denied: processes that could not be looked at for lack of rights: there may be more
 * @pids: their ids
 */
struct readers {
	uint32_t nr;
	uint32_t denied;
	int32_t pids[READERS_MAX];
};

/*
 * Remember which output is ours; before any other call. Return: whether it is something that
 * a process can read from: a pipe or a socket.
 */
bool readers_init(int output);

/**
 * readers_find - find who reads our output
 * @self: the process that writes it
 * @readers: on return those that read from the pipe that it is (or have the other end of the
 *	AF_UNIX socket), those that read from a pipe that is the standard output of such a process,
 *	and so on, and all that these have started. Not @self
 *
 * To see other users' processes it needs CAP_SYS_PTRACE, and CAP_DAC_READ_SEARCH: /proc/PID/fd has
 * mode 0500.
 */
void readers_find(pid_t self, struct readers *readers);

/* Whether @pid is one of them. */
static inline bool readers_have(const struct readers *readers, uint32_t pid)
{
	uint32_t i;

	for (i = 0; i < readers->nr; i++)
		if (readers->pids[i] == (int32_t)pid)
			return true;
	return false;
}

/* Warn if a filter matches one of them. */
void readers_warn(const struct readers *readers, const struct sendtrace_filter *filter);

/* Warn if @output is a file that others than its owner can read. */
void readers_warn_of_mode(int output);

#endif /* _SENDREAD_READERS_H */
