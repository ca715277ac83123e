// SPDX-License-Identifier: GPL-2.0
/* Counts the calls of write() that processes make, for traces that leave them out. */
#include "unseen.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "message.h"
#include "process.h"

enum {
	/* More processes than these are not counted: it is a hint. */
	REMEMBERED = 4096
};

/**
 * struct before - what a process had done before
 * @pid: its id
 * @parent: its parent's
 * @started: when it was started: another process may have its id later
 * @writes: its calls
 */
struct before {
	pid_t pid;
	pid_t parent;
	uint64_t started;
	uint64_t writes;
};

static struct before befores[REMEMBERED];
static unsigned int nr_befores;

/* When that was, as process_stat() has it. */
static uint64_t began;

struct count {
	const struct sendtrace_filter *filter;
	pid_t self;
	struct unseen *unseen;
};

static bool writes_of(pid_t pid, struct before *now)
{
	static const char key[] = "\nsyscw: ";
	char text[512], *at;

	if (process_read(pid, "io", text, sizeof(text)) <= 0 ||
	    !process_stat(pid, &now->parent, &now->started))
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

/* The unit and the clock of the time at which a process was started: proc(5). */
static uint64_t ticks_since_boot(void)
{
	uint64_t per_second = (uint64_t)sysconf(_SC_CLK_TCK);
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * per_second +
	       (uint64_t)now.tv_nsec * per_second / 1000000000;
}

void unseen_begin(const struct sendtrace_filter *filter)
{
	nr_befores = 0;
	began = ticks_since_boot();
	process_each(remember, (void *)filter);
}

/* What an older process had done is known only if it was remembered. Return: whether it is. */
static bool writes_before(const struct before *now, uint64_t *writes)
{
	unsigned int i;

	for (i = 0; i < nr_befores; i++)
		if (befores[i].pid == now->pid && befores[i].started == now->started)
			break;
	*writes = i < nr_befores ? befores[i].writes : 0;
	return i < nr_befores || now->started >= began;
}

static bool add(pid_t pid, void *arg)
{
	const struct count *count = arg;
	struct unseen *most = count->unseen;
	struct before now;
	uint64_t writes;

	/* Its helpers write to the tracing process alone; one's own child is there for milliseconds. */
	if (pid == count->self || !process_matches(pid, count->filter) ||
	    !writes_of(pid, &now) || now.parent == count->self ||
	    !writes_before(&now, &writes))
		return true;
	writes = now.writes - writes;
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
	message("process %d ('%s')%s made %llu write call%s meanwhile, to files or sockets, which "
		"--events left out: expected 'write,writev', or 'send' for every way of sending",
		(int)unseen->pid, unseen->name, unseen->others ? ", like others," : "",
		(unsigned long long)unseen->writes, unseen->writes == 1 ? "" : "s");
}
