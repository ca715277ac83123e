// SPDX-License-Identifier: GPL-2.0
#include "blind.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
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
		message("no call is seen from now on: %s is switched off, expected 1 in %s",
			causes[i].name, causes[i].file);
		return;
	}
	blind->cause = "probing";
	message("no call is seen from now on: the probes do not fire, expected 1 in %s and %s",
		causes[0].file, causes[1].file);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void blind_check(struct blind *blind, struct reader *reader)
{
	struct sendtrace_stats stats;
	int64_t now = now_ms();

	if (blind->checked && now - blind->checked < BLIND_CHECK_MS)
		return;
	blind->checked = now;
	if (reader_stats(reader, &stats))
		return;
	if (stats.blind && !blind->cause) {
		say_blind(blind);
	} else if (!stats.blind && blind->cause) {
		message("%s is on again: calls are seen", blind->cause);
		blind->cause = NULL;
	}
}
