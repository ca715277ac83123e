/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_UNSEEN_H
#define _SENDREAD_UNSEEN_H

/*
 * Calls that were made while a trace showed nothing, and left them out (--events): a program that
 * writes instead of sending looks just as if it were idle then. The numbers are those of /proc/PID/io (proc(5)).
 */
#include <stdint.h>
#include <sys/types.h>
#include <linux/sendtrace.h>

/**
 * struct unseen - the process with the most calls that are not seen
 * @pid: 0 if there is none
 * @name: its name
 * @others: how many more processes made some
 * @writes: its calls of write() and the like, those to files included
 */
struct unseen {
	int32_t pid;
	char name[SENDTRACE_COMM_LEN];
	uint32_t others;
	uint64_t writes;
};

/*
 * Remember the numbers of now, of the processes that match. Needs CAP_SYS_PTRACE, and for other
 * users' CAP_DAC_READ_SEARCH.
 */
void unseen_begin(const struct sendtrace_filter *filter);

/*
 * What has been added since unseen_begin() of the same process; not by @self, nor by those that
 * are older and were not remembered, because they had another name, or were too many.
 */
void unseen_count(const struct sendtrace_filter *filter, pid_t self,
		  struct unseen *unseen);

/* Print it, if there is anything. */
void unseen_say(const struct unseen *unseen);

#endif /* _SENDREAD_UNSEEN_H */
