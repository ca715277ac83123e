// SPDX-License-Identifier: GPL-2.0
/* Finds the processes at the other end of our output, by what /proc/PID/fd shows. */
#include "readers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "process.h"

enum {
	/* What stands for our output, be it a pipe or a FIFO with a name. No pipe has inode 0. */
	OUR_OUTPUT = 0,
	FLOWS_MAX = 256,
};

/**
 * struct end - an open end of a pipe
 * @pipe: the pipe's inode, or OUR_OUTPUT
 * @pid: who has it open
 * @reads: for reading
 * @writes: as its standard output
 */
struct end {
	uint64_t pipe;
	pid_t pid;
	bool reads;
	bool writes;
};

struct child {
	pid_t pid;
	pid_t parent;
};

/**
 * struct graph - who is connected with whom
 * @self: our process id
 * @ends, @nr_ends: open ends of pipes
 * @children, @nr_children: all processes
 * @flows, @nr_flows: pipes that our output flows through
 * @readers: the result
 */
struct graph {
	pid_t self;
	struct end *ends;
	size_t nr_ends;
	struct child *children;
	size_t nr_children;
	uint64_t flows[FLOWS_MAX];
	unsigned int nr_flows;
	struct readers *readers;
};

/**
 * struct output - what the helper must know of it, which does not have it open
 * @link: its link in /proc/self/fd, if it is a pipe
 * @peer: for a socket, the process that connected its other end, or listened there
 */
static struct {
	char link[PATH_MAX];
	pid_t peer;
} our_output;

/* ---- Reading /proc ---------------------------------------------------------------------- */

/* Room for one more, in steps of powers of two. Return: the array, NULL without memory. */
static void *room_for_one(void *array, size_t number, size_t size)
{
	if (number & (number - 1) || number == 1)
		return array;
	return reallocarray(array, number ? 2 * number : 2, size);
}

/*
 * A link's own mode says for what the descriptor is open (proc(5)). Of what a process writes to, only
 * standard output counts: other pipes are mostly inherited from shells and supervisors.
 */
static void note_end(struct graph *graph, pid_t pid, int folder, const char *name)
{
	struct end end = { .pid = pid, .pipe = OUR_OUTPUT }, *ends;
	char text[PATH_MAX];
	struct stat status;
	ssize_t size;

	size = readlinkat(folder, name, text, sizeof(text) - 1);
	if (size <= 0)
		return;
	text[size] = '\0';
	if (strcmp(text, our_output.link) != 0) {
		if (strncmp(text, "pipe:[", 6) != 0)
			return;
		end.pipe = strtoull(text + 6, NULL, 10);
	}
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW))
		return;
	ends = room_for_one(graph->ends, graph->nr_ends, sizeof(end));
	if (!ends)
		return;
	graph->ends = ends;
	end.reads = status.st_mode & S_IRUSR;
	end.writes = status.st_mode & S_IWUSR && strcmp(name, "1") == 0;
	graph->ends[graph->nr_ends++] = end;
}

static void note_ends(struct graph *graph, pid_t pid)
{
	struct dirent *entry;
	char path[32];
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	if (!folder) {
		graph->readers->denied += errno == EACCES || errno == EPERM;
		return;
	}
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			note_end(graph, pid, dirfd(folder), entry->d_name);
	closedir(folder);
}

static bool note_process(pid_t pid, void *arg)
{
	struct graph *graph = arg;
	struct child child = { .pid = pid }, *children;
	uint64_t started;

	if (pid == graph->self)
		return true;
	note_ends(graph, pid);
	if (!process_stat(pid, &child.parent, &started))
		return true;
	children = room_for_one(graph->children, graph->nr_children, sizeof(child));
	if (!children)
		return false;
	graph->children = children;
	graph->children[graph->nr_children++] = child;
	return true;
}

/* ---- Following our output ------------------------------------------------------------------ */

static bool add_reader(struct graph *graph, pid_t pid)
{
	struct readers *readers = graph->readers;

	if (pid <= 0 || pid == graph->self || readers->nr == READERS_MAX ||
	    readers_have(readers, (uint32_t)pid))
		return false;
	readers->pids[readers->nr++] = pid;
	return true;
}

static bool flows(const struct graph *graph, uint64_t pipe)
{
	unsigned int i;

	for (i = 0; i < graph->nr_flows; i++)
		if (graph->flows[i] == pipe)
			return true;
	return false;
}

static bool add_flow(struct graph *graph, uint64_t pipe)
{
	if (graph->nr_flows == FLOWS_MAX || flows(graph, pipe))
		return false;
	graph->flows[graph->nr_flows++] = pipe;
	return true;
}

/*
 * A shell has our output's other end open while it starts the pipeline, and a program may have
 * started us and read what we print. What else these have started does not read it.
 */
static bool is_our_ancestor(const struct graph *graph, pid_t pid)
{
	pid_t ancestor = getppid();
	uint64_t started;
	int depth;

	/* In the helper the first is sendread itself. */
	for (depth = 0; ancestor > 1 && depth < 64; depth++) {
		if (ancestor == pid && pid != graph->self)
			return true;
		if (!process_stat(ancestor, &ancestor, &started))
			return false;
	}
	return pid == 1;
}

/* Return: whether anything was found that was not known. */
static bool follow_pipes(struct graph *graph)
{
	bool more = false;
	size_t i;

	for (i = 0; i < graph->nr_ends; i++) {
		const struct end *end = &graph->ends[i];

		if (end->reads && flows(graph, end->pipe))
			more |= add_reader(graph, end->pid);
		if (end->writes && readers_have(graph->readers, (uint32_t)end->pid))
			more |= add_flow(graph, end->pipe);
	}
	return more;
}

static bool follow_children(struct graph *graph)
{
	bool more = false;
	size_t i;

	for (i = 0; i < graph->nr_children; i++) {
		const struct child *child = &graph->children[i];

		if (readers_have(graph->readers, (uint32_t)child->parent) &&
		    !readers_have(graph->readers, (uint32_t)child->pid) &&
		    !is_our_ancestor(graph, child->parent))
			more |= add_reader(graph, child->pid);
	}
	return more;
}

/* ---- Finding --------------------------------------------------------------------------------- */

static void name_link(int fd, char link[PATH_MAX])
{
	char path[32];
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	size = readlink(path, link, PATH_MAX - 1);
	link[size < 0 ? 0 : size] = '\0';
}

bool readers_init(int output)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	struct stat status;

	memset(&our_output, 0, sizeof(our_output));
	if (fstat(output, &status))
		return false;
	if (S_ISFIFO(status.st_mode))
		name_link(output, our_output.link);
	else if (S_ISSOCK(status.st_mode) &&
		 getsockopt(output, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
		our_output.peer = peer.pid;
	return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode);
}

void readers_find(pid_t self, struct readers *readers)
{
	struct graph *graph = calloc(1, sizeof(*graph));

	memset(readers, 0, sizeof(*readers));
	if (!graph)
		return;
	graph->self = self;
	graph->readers = readers;
	add_reader(graph, our_output.peer);
	if (*our_output.link)
		add_flow(graph, OUR_OUTPUT);
	process_each(note_process, graph);
	while (follow_pipes(graph) || follow_children(graph))
		;
	free(graph->ends);
	free(graph->children);
	free(graph);
}

/* ---- Warnings --------------------------------------------------------------------------------- */

void readers_warn(const struct readers *readers, const struct sendtrace_filter *filter)
{
	char name[SENDTRACE_COMM_LEN];
	uint32_t i;

	for (i = 0; i < readers->nr; i++) {
		if (!process_matches(readers->pids[i], filter) ||
		    !process_name(readers->pids[i], name))
			continue;
		message("process %d ('%s') reads these lines and is traced: if it sends them on, "
			"each line makes another one. To leave it out, use --not-readers",
			(int)readers->pids[i], name);
		return;
	}
}

/* Whether others can search each folder above a file: @path is changed. */
static bool others_get_to(char *path)
{
	struct stat status;
	char *slash;

	while ((slash = strrchr(path, '/'))) {
		*slash = '\0';
		if (stat(*path ? path : "/", &status) == 0 &&
		    !(status.st_mode & (S_IXGRP | S_IXOTH)))
			return false;
	}
	return true;
}

void readers_warn_of_mode(int output)
{
	char path[PATH_MAX], name[PATH_MAX];
	struct stat status;

	if (fstat(output, &status) || !S_ISREG(status.st_mode) ||
	    !(status.st_mode & (S_IRGRP | S_IROTH)))
		return;
	name_link(output, path);
	strcpy(name, path);
	if (!others_get_to(path))
		return;
	message("others can read '%.300s' (mode %04o), and lines hold secrets: run 'chmod 600' on "
		"it now, and 'umask 077' before the next trace",
		name, (unsigned int)status.st_mode & 07777);
}
