/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_TLS_HELPER_H
#define _SENDREAD_TLS_HELPER_H

/* The process that finds functions of TLS libraries, and names them to the module. */
#include <sys/capability.h>

struct options;
struct sendtrace;

/*
 * All that it keeps: for the module and perf events; to look into other processes; to read their
 * files.
 */
#define TLS_HELPER_RIGHTS CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH

enum tls_answer {
	TLS_ANSWER_LOOKED = 'l', /* at all processes; now it waits for an order */
	TLS_ANSWER_TRACES = 't', /* what it has found */
	TLS_ANSWER_FAILED = 'f', /* it has said why, and ends */
};

/**
 * struct tls_helper - what it is told at its start
 * @options: whose libraries, and what is said
 * @trace: the session
 * @orders: a byte starts the tracing; the end ends the helper
 * @answers: where enum tls_answer is written
 */
struct tls_helper {
	const struct options *options;
	struct sendtrace *trace;
	int orders;
	int answers;
};

/* In the new process. It gives up all other rights and descriptors first. */
__attribute__((noreturn)) void tls_helper_work(const struct tls_helper *helper);

#endif /* _SENDREAD_TLS_HELPER_H */
