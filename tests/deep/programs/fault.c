// SPDX-License-Identifier: GPL-2.0
/* Makes the nth operation of this thread that can fail fail. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"

static int nth_fd;

void fault_open(void)
{
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		skip("the kernel has no CONFIG_FAULT_INJECTION");
}

void fault_set(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	/* The write itself copies from user space, which is one more point. */
	while (pwrite(nth_fd, text, len, 0) != len)
		if (errno != EFAULT)
			die("writing fail-nth");
}

bool fault_end(void)
{
	char text[16] = "";
	ssize_t got = pread(nth_fd, text, sizeof(text) - 1, 0);
	bool hit = got > 0 && atoi(text) == 0;

	if (got < 0 && errno != EFAULT)
		die("reading fail-nth");
	fault_set(0);
	return hit;
}
