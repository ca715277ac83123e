/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_TLS_PROCESS_H
#define _SENDREAD_TLS_PROCESS_H

/* Which processes are looked at for TLS libraries, and what is found there. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct options;
struct sendtrace;
struct tls_cache;

enum {
	TLS_KNOWN = 8192, /* rows */
	TLS_WITHOUT = 8, /* processes that are named in a message */
};

/**
 * struct tls_processes - the processes of a trace
 * @options: which ones
 * @trace: the session
 * @cache: of files that were looked at
 * @self: this process, which has the host's libraries mapped
 * @known: processes that the module's filter has let pass; a row is the newest with this rest
 * @without: some that have no library
 * @nr_without: all of them
 * @failed: an error that ends the search, after a message
 * @skipped: a process could not be looked at, after a message
 * @begun: what is found from now on was there before it is traced
 */
struct tls_processes {
	const struct options *options;
	struct sendtrace *trace;
	struct tls_cache *cache;
	pid_t self;
	struct {
		pid_t pid;
		uint64_t started;
	} known[TLS_KNOWN];
	pid_t without[TLS_WITHOUT];
	unsigned int nr_without;
	bool failed;
	bool skipped;
	bool begun;
};

/* Look at all processes' files, so that the same is fast later. Return: 0 or after a message -EIO. */
int tls_process_look(struct tls_processes *processes);

/* Trace what all of them have. Return: likewise. */
int tls_process_trace_all(struct tls_processes *processes);

/* Trace what one has, that mapped something at @time, as in struct tls_mapping. */
void tls_process_trace(struct tls_processes *processes, pid_t pid, uint64_t time);

/* Say which of the processes that were asked for have none; once. */
void tls_process_say_without(const struct tls_processes *processes);

/* Whether the module has asked for this process when it had a name that matches. */
bool tls_process_is_known(const struct tls_processes *processes, pid_t pid);
void tls_process_note(struct tls_processes *processes, pid_t pid, bool known);

#endif /* _SENDREAD_TLS_PROCESS_H */
