// SPDX-License-Identifier: GPL-2.0
/*
 * A program that does what the lines of its standard input say, and answers each with a line. It is
 * not linked statically, since it loads libraries.
 *
 *	load PATH	loads a library
 *	unload		unloads it
 *	write TEXT	calls its SSL_write()
 *	name COMM	gives the thread another name
 *	thread		goes on in another thread, with its name
 *	exec PATH	executes another program, which goes on with the lines
 *	end
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tlsread_library.h"

static SSL ssl;

static void *library;

static void load(const char *path)
{
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		die("dlopen(): %s", dlerror());
}

static void write_text(const char *text)
{
	int (*function)(SSL * ssl, const void *buf, int num);

	*(void **)&function = dlsym(library, "SSL_write");
	if (!function)
		die("dlsym(): %s", dlerror());
	check_equal(function(&ssl, text, strlen(text)), strlen(text), "SSL_write()");
}

static void *obey(void *arg);

static void go_on_in_thread(void)
{
	pthread_t thread;

	must(-pthread_create(&thread, NULL, obey, NULL), "pthread_create()");
	pthread_join(thread, NULL);
	exit(check_failed());
}

static void execute(char *path)
{
	execl(path, path, NULL);
	die("execl()");
}

/* What does not return answers later. */
static void command(char *word, char *argument)
{
	if (!strcmp(word, "load"))
		load(argument);
	else if (!strcmp(word, "unload"))
		must(-dlclose(library), "dlclose()");
	else if (!strcmp(word, "write"))
		write_text(argument);
	else if (!strcmp(word, "name"))
		must(prctl(PR_SET_NAME, argument), "PR_SET_NAME");
	else if (!strcmp(word, "thread"))
		go_on_in_thread();
	else if (!strcmp(word, "exec"))
		execute(argument);
	else if (!strcmp(word, "end"))
		exit(check_failed());
	else
		die("expected a command, not '%s'", word);
}

/* Not by stdio, which would read ahead what another program is to read. */
static void *obey(void *arg)
{
	char line[256], *argument;
	ssize_t got;

	for (;;) {
		printf("%d\n", getpid());
		fflush(stdout);
		got = must(read(STDIN_FILENO, line, sizeof(line) - 1), "read()");
		line[got] = '\0';
		line[strcspn(line, "\n")] = '\0';
		argument = strchr(line, ' ');
		if (argument)
			*argument++ = '\0';
		command(line, argument ? argument : "");
	}
	return arg;
}

int main(void)
{
	ssl.fd = tcp_pair().near;
	obey(NULL);
	return 0;
}
