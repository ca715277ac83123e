// SPDX-License-Identifier: GPL-2.0
/* Sends what it reads on, as a forwarder of logs does. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "net.h"

/* One datagram for each line of standard input, until its end. */
static void lines(void)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	char line[8192];

	while (fgets(line, sizeof(line), stdin))
		must(send(fd, line, strlen(line), 0), "send");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "lines", lines },
		{},
	};

	return run_cases(argc, argv, cases);
}
