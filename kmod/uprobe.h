/* SPDX-License-Identifier: GPL-2.0 */
/* Places in the code of programs, and probes on them. Knows nothing of TLS. */
#ifndef _ST_UPROBE_H
#define _ST_UPROBE_H

#include <linux/types.h>
#include <linux/uprobes.h>

struct file;
struct inode;

/**
 * struct st_code - a part of a file, as a process has mapped it to be executed
 * @file: the file; a reference
 * @start: address of the part's first byte, in that process
 * @end: of the first byte behind it
 * @offset: of the part in the file; bytes
 */
struct st_code {
	struct file *file;
	u64 start;
	u64 end;
	loff_t offset;
};

/**
 * struct st_uprobe - a probe on one instruction
 * @consumer: what the kernel calls; all but its list is set by the user
 * @offset: of the instruction in the file; bytes
 * @handle: NULL unless registered
 */
struct st_uprobe {
	struct uprobe_consumer consumer;
	loff_t offset;
	struct uprobe *handle;
};

int st_code_find(u32 pid, u64 address, struct st_code *code);
int st_code_offset(const struct st_code *code, u64 address, loff_t *offset);
bool st_code_is_of(const struct st_code *code, const struct file *file);
bool st_code_is_return(struct file *file, loff_t offset);
void st_code_put(struct st_code *code);

int st_uprobe_add(struct st_uprobe *probe, struct inode *inode);
void st_uprobe_remove(struct st_uprobe *probe, struct inode *inode);

#endif /* _ST_UPROBE_H */
