// SPDX-License-Identifier: GPL-2.0
/* Counts the calls of write() that processes make, which no probe sees. */
#include "unseen.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "process.h"

enum {
	/* What more processes wrote before we began is counted as well: it is a hint. */
	REMEMBERED = 4096
};

/**
 * struct before - what a process had done before
 * @pid: its id
 * @started: when it was started: another process may have its id later
 * @writes: its calls
 */
struct before {
	pid_t pid;
	uint64_t started;
	uint64_t writes;
};

static struct before befores[REMEMBERED];
static unsigned int nr_befores;

struct count {
	const struct sendtrace_filter *filter;
	pid_t self;
	struct unseen *unseen;
};

static bool writes_of(pid_t pid, struct before *now)
{
	static const char key[] = "\nsyscw: ";
	char text[512], *at;
	pid_t parent;

	if (process_read(pid, "io", text, sizeof(text)) <= 0 ||
	    !process_stat(pid, &parent, &now->started))
		return false;
	at = strstr(text, key);
	if (!at)
		return false;
	now->pid = pid;
	now->writes = strtoull(at + sizeof(key) - 1, NULL, 10);
	return true;
}

static bool remember(pid_t pid, void *arg)
{
	if (process_matches(pid, arg) && writes_of(pid, &befores[nr_befores]))
		nr_befores++;
	return nr_befores < REMEMBERED;
}

void unseen_begin(const struct sendtrace_filter *filter)
{
	nr_befores = 0;
	process_each(remember, (void *)filter);
}

static uint64_t writes_before(const struct before *now)
{
	unsigned int i;

	for (i = 0; i < nr_befores; i++)
		if (befores[i].pid == now->pid && befores[i].started == now->started)
			return befores[i].writes;
	return 0;
}

static bool add(pid_t pid, void *arg)
{
	const struct count *count = arg;
	struct unseen *most = count->unseen;
	struct before now;
	uint64_t writes;

	if (pid == count->self || !process_matches(pid, count->filter) ||
	    !writes_of(pid, &now))
		return true;
	writes = now.writes - writes_before(&now);
	if (writes == 0)
		return true;
	most->others += most->pid != 0;
	if (writes > most->writes && process_name(pid, most->name)) {
		most->pid = pid;
		most->writes = writes;
	}
	return true;
}

void unseen_count(const struct sendtrace_filter *filter, pid_t self,
		  struct unseen *unseen)
{
	struct count count = { .filter = filter, .self = self, .unseen = unseen };

	memset(unseen, 0, sizeof(*unseen));
	process_each(add, &count);
}

void unseen_say(const struct unseen *unseen)
{
	if (!unseen->pid)
		return;
	message("process %d ('%s')%s made %llu write calls meanwhile, to files or sockets, which "
		"are not seen: only send() and sendto() are. Programs that use TLS mostly "
		"write(): see CAVEATS in sendread(8)",
		(int)unseen->pid, unseen->name, unseen->others ? ", like others," : "",
		(unsigned long long)unseen->writes);
}
