/* SPDX-License-Identifier: GPL-2.0 */
/* Functions that system calls and io_uring both call: who is it this time? */
#ifndef _ST_NESTED_H
#define _ST_NESTED_H

#include <linux/types.h>

struct pt_regs;

/* The functions. */
enum st_nested {
	ST_NESTED_ACCEPT, /* do_accept() */
	ST_NESTED_CONNECT, /* __sys_connect_file() */
	ST_NESTED_SHUTDOWN, /* __sys_shutdown_sock() */
	ST_NESTED_SEND, /* sock_sendmsg() */
	ST_NESTED,
};

int st_nested_init(void);
bool st_nested_in_syscall(enum st_nested which, const struct pt_regs *regs);

#endif /* _ST_NESTED_H */
