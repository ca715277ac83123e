/* SPDX-License-Identifier: GPL-2.0 */
/* Which system call the current thread is in, and with which descriptor. */
#ifndef _ST_SYSCALL_H
#define _ST_SYSCALL_H

#include <linux/types.h>

struct st_entry;

/* In which direction bytes go, for the calls that have two. */
enum st_direction {
	ST_SENDS,
	ST_RECEIVES,
};

/**
 * struct st_syscall - a call as its caller sees it
 * @id: enum sendtrace_call
 * @fd: descriptor; -1 if it is not known
 */
struct st_syscall {
	u32 id;
	int fd;
};

void st_syscall_of(struct st_entry *call, enum st_direction direction);
void st_syscall_async(struct st_entry *call, enum st_direction direction);
bool st_syscall_is_splice(void);
bool st_syscall_asks_name(void);
bool st_syscall_has_fd(int fd);
struct st_syscall st_syscall_other(void);

#endif /* _ST_SYSCALL_H */
