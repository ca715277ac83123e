/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_PROCESS_H
#define _SENDREAD_PROCESS_H

/*
 * What /proc says of processes. They come and go: each function fails quietly for one that has
 * ended, or that this process may not look at.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/sendtrace.h>

enum {
	PROCESS_PROGRAM_LEN = 256,
};

/* Whether ids in /proc are those of the initial PID namespace, which records have. */
bool process_ids_are_global(void);

/* Call @look for each process until it returns false. */
void process_each(bool (*look)(pid_t pid, void *arg), void *arg);

/* Read /proc/@pid/@file, ended by NUL. Return: bytes, or a negative errno. */
ssize_t process_read(pid_t pid, const char *file, char *text, size_t size);

/* The name as the kernel keeps it. Return: whether there is one. */
bool process_name(pid_t pid, char name[SENDTRACE_COMM_LEN]);

/*
 * The name of the file that it executes, without folders. Not from /proc/PID/cmdline: that waits for
 * the process's mmap_lock, on a sick host without end; for this link, the kernel takes no such lock
 * (proc_exe_link() in fs/proc/base.c). Return: whether there is one, and CAP_SYS_PTRACE for other
 * users' processes; kernel threads have none.
 */
bool process_program(pid_t pid, char program[PROCESS_PROGRAM_LEN]);

/* Its parent's id and when it was started. Return: whether it is known. */
bool process_stat(pid_t pid, pid_t *parent, uint64_t *started);

/* Whether its name and its id are what a filter asks for. Its threads may have other names. */
bool process_matches(pid_t pid, const struct sendtrace_filter *filter);

/* The same, but the name of any of its threads is enough. */
bool process_has_match(pid_t pid, const struct sendtrace_filter *filter);

/* Whether a filter's list of ids has it, or is empty. */
bool process_is_listed(pid_t pid, const struct sendtrace_filter *filter);

#endif /* _SENDREAD_PROCESS_H */
