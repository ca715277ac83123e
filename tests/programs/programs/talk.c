// SPDX-License-Identifier: GPL-2.0
/*
 * The client of an echo server: talk PORT sends the lines of standard input one by one, and
 * prints as many bytes as each line had. The client's own port goes to standard error.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "check.h"
#include "net.h"

enum {
	LINE_SIZE = 65536
};

static void exchange(int fd, const char *line, size_t len)
{
	static char answer[LINE_SIZE];
	size_t got = 0;
	ssize_t n;

	check_equal(send(fd, line, len, MSG_NOSIGNAL), len, "sending a line");
	while (got < len) {
		n = must(recv(fd, answer + got, len - got, 0), "receiving the answer");
		if (n == 0)
			die("the server closed the connection after %zu bytes", got);
		got += n;
	}
	fwrite(answer, 1, got, stdout);
}

int main(int argc, char **argv)
{
	struct address server, own;
	char line[LINE_SIZE];
	int fd;

	if (argc != 2)
		die("expected the server's port");
	server = inet_address("127.0.0.1", atoi(argv[1]));
	fd = connected_socket(SOCK_STREAM, &server);
	own = local_address(fd);
	fprintf(stderr, "%u\n", ntohs(((struct sockaddr_in *)&own.sa)->sin_port));
	while (fgets(line, sizeof(line), stdin))
		exchange(fd, line, strlen(line));
	fflush(stdout);
	return check_failed();
}
