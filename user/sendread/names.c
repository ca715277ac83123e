// SPDX-License-Identifier: GPL-2.0
/* Finds processes that are known by another name than the one that was asked for. */
#include "names.h"

#include <stdbool.h>
#include <string.h>

#include "message.h"
#include "pattern.h"
#include "process.h"
#include "signals.h"

/**
 * struct looked_for - what is known of one name
 * @found: a process has it
 * @pid: a process that runs a program of that name, 0 if there is none
 * @others: there are more
 * @name: the name of @pid
 * @program: its program
 */
struct looked_for {
	bool found;
	pid_t pid;
	bool others;
	char name[SENDTRACE_COMM_LEN];
	char program[PROCESS_PROGRAM_LEN];
};

struct search {
	const struct sendtrace_filter *filter;
	struct looked_for names[SENDTRACE_MAX_PATTERNS];
};

static void note(struct looked_for *looked_for, pid_t pid, const char *name,
		 const char *program)
{
	if (looked_for->pid) {
		looked_for->others = true;
		return;
	}
	looked_for->pid = pid;
	strcpy(looked_for->name, name);
	strcpy(looked_for->program, program);
}

static bool look(pid_t pid, void *arg)
{
	struct search *search = arg;
	const struct sendtrace_filter *filter = search->filter;
	char name[SENDTRACE_COMM_LEN], program[PROCESS_PROGRAM_LEN];
	bool has_program;
	uint32_t i;

	if (!process_is_listed(pid, filter) || !process_name(pid, name))
		return true;
	has_program = process_program(pid, program);
	for (i = 0; i < filter->nr_patterns; i++) {
		if (pattern_matches(filter->patterns[i], name))
			search->names[i].found = true;
		else if (has_program && pattern_matches(filter->patterns[i], program))
			note(&search->names[i], pid, name, program);
	}
	return !signals_stop();
}

static void say(const char *pattern, const struct looked_for *looked_for)
{
	message("no process is named '%s' now, but process %d%s runs '%s' under the name '%s': "
		"expected that name, or -p %d",
		pattern, (int)looked_for->pid,
		looked_for->others ? " (and others like it)" : "", looked_for->program,
		looked_for->name, (int)looked_for->pid);
}

void names_hint(const struct sendtrace_filter *filter)
{
	struct search search = { .filter = filter };
	uint32_t i;

	if (filter->nr_patterns == 0)
		return;
	process_each(look, &search);
	if (signals_stop())
		return;
	for (i = 0; i < filter->nr_patterns; i++)
		if (!search.names[i].found && search.names[i].pid)
			say(filter->patterns[i], &search.names[i]);
}
