// SPDX-License-Identifier: GPL-2.0
/* Notices when root switches off what the hooks depend on. */
#include "blind.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "sendtrace.h"

/* Only root can open debugfs: it is done while we are. */
static struct cause {
	const char *name;
	const char *file;
	int fd;
} causes[] = {
	{ "ftrace", "/proc/sys/kernel/ftrace_enabled", -1 },
	{ "kprobes", "/sys/kernel/debug/kprobes/enabled", -1 },
};

void blind_init(void)
{
	size_t i;

	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		causes[i].fd = open(causes[i].file, O_RDONLY | O_CLOEXEC);
}

static bool is_off(const struct cause *cause)
{
	char digit = 0;

	return pread(cause->fd, &digit, 1, 0) == 1 && digit == '0';
}

static void say_blind(struct blind *blind)
{
	size_t i;

	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (!is_off(&causes[i]))
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
