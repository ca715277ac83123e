// SPDX-License-Identifier: GPL-2.0
/* Notices when root switches off what the probes depend on. */
#include "blind.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "sendtrace.h"

static const struct cause {
	const char *name;
	const char *file;
} causes[] = {
	{ "kprobes", "/sys/kernel/debug/kprobes/enabled" },
	{ "ftrace", "/proc/sys/kernel/ftrace_enabled" },
};

static bool is_off(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	char digit = 0;
	bool off;

	if (fd < 0)
		return false;
	off = read(fd, &digit, 1) == 1 && digit == '0';
	close(fd);
	return off;
}

static void say_blind(struct blind *blind)
{
	size_t i;

	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (!is_off(causes[i].file))
			continue;
		blind->cause = causes[i].name;
		message("no calls are seen at present: %s is switched off, expected 1 in %s",
			causes[i].name, causes[i].file);
		return;
	}
	blind->cause = "probing";
	message("no calls are seen at present: the probes do not fire, expected 1 in %s and %s",
		causes[0].file, causes[1].file);
}

void blind_check(struct blind *blind, const struct sendtrace_stats *stats)
{
	if (stats->blind && !blind->cause) {
		say_blind(blind);
	} else if (!stats->blind && blind->cause) {
		message("%s is on again: calls are seen", blind->cause);
		blind->cause = NULL;
	}
}
