// SPDX-License-Identifier: GPL-2.0
/* Finds processes that are known by another name than the one that was asked for. */
#include "names.h"

#include <stdbool.h>
#include <string.h>

#include "message.h"
#include "pattern.h"
#include "process.h"

/**
 * struct looked_for - what is known of one name
 * @found: a process has it
 * @pid: a process that was started by a command of that name, 0 if there is none
 * @others: there are more
 * @name: the name of @pid
 * @command: its command
 */
struct looked_for {
	bool found;
	pid_t pid;
	bool others;
	char name[SENDTRACE_COMM_LEN];
	char command[PROCESS_COMMAND_LEN];
};

struct search {
	const struct sendtrace_filter *filter;
	struct looked_for names[SENDTRACE_MAX_PATTERNS];
};

static void note(struct looked_for *looked_for, pid_t pid, const char *name,
		 const char *command)
{
	if (looked_for->pid) {
		looked_for->others = true;
		return;
	}
	looked_for->pid = pid;
	strcpy(looked_for->name, name);
	strcpy(looked_for->command, command);
}

static bool look(pid_t pid, void *arg)
{
	struct search *search = arg;
	const struct sendtrace_filter *filter = search->filter;
	char name[SENDTRACE_COMM_LEN], command[PROCESS_COMMAND_LEN];
	bool has_command;
	uint32_t i;

	if (!process_is_listed(pid, filter) || !process_name(pid, name))
		return true;
	has_command = process_command(pid, command);
	for (i = 0; i < filter->nr_patterns; i++) {
		if (pattern_matches(filter->patterns[i], name))
			search->names[i].found = true;
		else if (has_command && pattern_matches(filter->patterns[i], command))
			note(&search->names[i], pid, name, command);
	}
	return true;
}

static void say(const char *pattern, const struct looked_for *looked_for)
{
	message("no process is named '%s' now, but process %d%s runs '%s' under the name '%s': "
		"expected that name, or -p %d",
		pattern, (int)looked_for->pid,
		looked_for->others ? " (and others like it)" : "", looked_for->command,
		looked_for->name, (int)looked_for->pid);
}

void names_hint(const struct sendtrace_filter *filter)
{
	struct search search = { .filter = filter };
	uint32_t i;

	if (filter->nr_patterns == 0)
		return;
	process_each(look, &search);
	for (i = 0; i < filter->nr_patterns; i++)
		if (!search.names[i].found && search.names[i].pid)
			say(filter->patterns[i], &search.names[i]);
}
