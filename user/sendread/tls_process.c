// SPDX-License-Identifier: GPL-2.0
/* Goes through processes. */
#include "tls_process.h"

#include <errno.h>
#include <string.h>

#include "cache.h"
#include "find.h"
#include "message.h"
#include "options.h"
#include "process.h"
#include "sendtrace.h"
#include "tls_library.h"
#include "words.h"

enum {
	/* Looks at a process that changes while we look. */
	TRIES = 4
};

/* ---- Known processes --------------------------------------------------------------------- */

bool tls_process_is_known(const struct tls_processes *processes, pid_t pid)
{
	unsigned int row = (unsigned int)pid % TLS_KNOWN;
	uint64_t started;
	pid_t parent;

	return processes->known[row].pid == pid && process_stat(pid, &parent, &started) &&
	       processes->known[row].started == started;
}

void tls_process_note(struct tls_processes *processes, pid_t pid, bool known)
{
	unsigned int row = (unsigned int)pid % TLS_KNOWN;
	uint64_t started;
	pid_t parent;

	if (known && process_stat(pid, &parent, &started)) {
		processes->known[row].pid = pid;
		processes->known[row].started = started;
	} else if (processes->known[row].pid == pid) {
		processes->known[row].pid = 0;
	}
}

/* ---- One process ------------------------------------------------------------------------- */

/* It is about a process, and not about all. */
static bool is_its_own(int err)
{
	return err == -EACCES || err == -EFBIG;
}

static void say_failed(struct tls_processes *processes, pid_t pid, const char *why,
		       int err)
{
	bool *said = is_its_own(err) ? &processes->skipped : &processes->failed;

	if (*said)
		return;
	*said = true;
	if (err == -ENOPKG)
		message("%s: install libcapstone4 or libcapstone5 (Debian, Ubuntu) or capstone "
			"(Fedora), of the version that sendread was built with",
			why);
	else
		message("cannot look for TLS libraries in process %d: %s: %s", (int)pid,
			why, strerror(-err));
}

/* Return: as tls_find(), after a message but for -ESRCH, which one that cannot be looked at has. */
static int find(struct tls_processes *processes, pid_t pid, struct tls_found *found)
{
	const char *why;
	int err = tls_find(pid, processes->cache, found, &why);

	if (err && err != -ESRCH)
		say_failed(processes, pid, why, err);
	return is_its_own(err) ? -ESRCH : err;
}

/* Has it calls of OpenSSL that are recorded? */
static bool has_calls(const struct tls_found *found)
{
	unsigned int j;
	size_t i;

	for (i = 0; i < found->number; i++)
		for (j = 0; j < found->libraries[i].nr_sites; j++)
			if (tls_function_is_of_openssl(
				    found->libraries[i].sites[j].function))
				return true;
	return false;
}

static enum tls_named name_all(struct tls_processes *processes,
			       const struct tls_found *found,
			       const struct tls_mapping *mapping)
{
	enum tls_named result = TLS_NOT_NAMED, one;
	size_t i;

	if (found->too_many)
		tls_library_too_many(processes->options, mapping);
	for (i = 0; i < found->number; i++) {
		one = tls_library_name(processes->trace, processes->options,
				       &found->libraries[i], mapping);
		if (one == TLS_CHANGED || one == TLS_FAILED)
			return one;
		if (one == TLS_NAMED)
			result = TLS_NAMED;
	}
	return found->changed ? TLS_CHANGED : result;
}

/* Return: TLS_CHANGED also if it has ended. */
static enum tls_named trace_one(struct tls_processes *processes, pid_t pid, uint64_t time)
{
	char name[SENDTRACE_COMM_LEN] = "?";
	struct tls_mapping mapping = {
		.pid = pid, .name = name, .time = time, .is_late = processes->begun
	};
	enum tls_named result = TLS_CHANGED;
	struct tls_found found;
	unsigned int tries;
	int err;

	process_name(pid, name);
	for (tries = 0; tries < TRIES && result == TLS_CHANGED; tries++) {
		err = find(processes, pid, &found);
		if (err)
			return err == -ESRCH ? TLS_CHANGED : TLS_FAILED;
		mapping.has_calls = has_calls(&found);
		result = name_all(processes, &found, &mapping);
		tls_found_free(&found);
	}
	return result;
}

void tls_process_trace(struct tls_processes *processes, pid_t pid, uint64_t time)
{
	if (pid != processes->self && process_has_match(pid, &processes->options->filter))
		trace_one(processes, pid, time);
}

/* ---- All of them ------------------------------------------------------------------------- */

static bool is_wanted(const struct tls_processes *processes, pid_t pid)
{
	return pid == processes->self ||
	       process_has_match(pid, &processes->options->filter);
}

static bool look_at(pid_t pid, void *arg)
{
	struct tls_processes *processes = arg;
	struct tls_found found;
	int err;

	if (!is_wanted(processes, pid))
		return true;
	err = find(processes, pid, &found);
	if (!err)
		tls_found_free(&found);
	return !err || err == -ESRCH;
}

int tls_process_look(struct tls_processes *processes)
{
	process_each(look_at, processes);
	return processes->failed ? -EIO : 0;
}

/* Kernel threads map nothing. */
static bool maps_anything(pid_t pid)
{
	char text[16];

	return process_read(pid, "maps", text, sizeof(text)) > 0;
}

static void note_without(struct tls_processes *processes, pid_t pid)
{
	if (pid == processes->self || !maps_anything(pid))
		return;
	if (processes->nr_without < TLS_WITHOUT)
		processes->without[processes->nr_without] = pid;
	processes->nr_without++;
}

static bool trace_each(pid_t pid, void *arg)
{
	struct tls_processes *processes = arg;
	enum tls_named named;

	if (!is_wanted(processes, pid))
		return true;
	named = trace_one(processes, pid, 0);
	/* It still matches, so it did when the module asked. */
	tls_process_note(processes, pid, is_wanted(processes, pid));
	if (named == TLS_NOT_NAMED)
		note_without(processes, pid);
	if (named == TLS_FAILED)
		processes->failed = true;
	return named != TLS_FAILED;
}

int tls_process_trace_all(struct tls_processes *processes)
{
	processes->nr_without = 0;
	process_each(trace_each, processes);
	processes->begun = true;
	return processes->failed ? -EIO : 0;
}

/* Of everyone, most have none. */
static bool names_everyone(const struct sendtrace_filter *filter)
{
	uint32_t i;

	for (i = 0; i < filter->nr_patterns; i++)
		if (strcmp(filter->patterns[i], ".") == 0 ||
		    strcmp(filter->patterns[i], "*") == 0)
			return filter->nr_pids == 0;
	return false;
}

void tls_process_say_without(const struct tls_processes *processes)
{
	unsigned int number = processes->nr_without, i;
	struct words words = { .used = 0 };
	char name[SENDTRACE_COMM_LEN];

	if (!number || names_everyone(&processes->options->filter))
		return;
	for (i = 0; i < number && i < TLS_WITHOUT; i++)
		if (process_name(processes->without[i], name))
			words_add(&words, "%s%d ('%s')", words.used ? ", " : "",
				  (int)processes->without[i], name);
	if (number > TLS_WITHOUT)
		words_add(&words, " and %u more", number - TLS_WITHOUT);
	if (words.used)
		message("PID %s map%s no TLS library that can be traced", words.buffer,
			number == 1 ? "s" : "");
}
