/* SPDX-License-Identifier: GPL-2.0 */
/* Child processes, and what a function prints on standard error. */
#ifndef CHILD_H
#define CHILD_H

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum {
	SAID_MAX = 4096
};

/* Run @function in a child. Return: its exit status. */
static inline int in_child(void (*function)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		function();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Return: what @function prints on standard error. */
static inline const char *said_by(void (*function)(void *arg), void *arg)
{
	static char text[SAID_MAX];
	int file = memfd_create("said", 0), saved = dup(STDERR_FILENO);
	ssize_t size;

	if (file < 0 || saved < 0)
		abort();
	dup2(file, STDERR_FILENO);
	function(arg);
	dup2(saved, STDERR_FILENO);
	size = pread(file, text, sizeof(text) - 1, 0);
	close(saved);
	close(file);
	text[size < 0 ? 0 : size] = '\0';
	return text;
}

#endif /* CHILD_H */
