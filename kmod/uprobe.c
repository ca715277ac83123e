// SPDX-License-Identifier: GPL-2.0
/*
 * Places in the code of programs, and probes on them.
 *
 * A place is named by a process and an address there, not by a path: that is right for deleted
 * libraries, other mount namespaces and overlayfs, whose files are not those that are mapped.
 * The file that is mapped is kept, not its inode alone: with the inode alone, its filesystem
 * could be unmounted under it (fs/super.c: "Busy inodes after unmount").
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/stat.h>

#include "compat.h"
#include "uprobe.h"
#include "uprobe_api.h"

/* ---- Places --------------------------------------------------------------------------- */

/* As valid_vma() in kernel/events/uprobes.c, and of a regular file, and executable now. */
static bool is_code(const struct vm_area_struct *vma)
{
	const vm_flags_t asked = VM_HUGETLB | VM_MAYSHARE | VM_MAYEXEC | VM_EXEC;

	return vma->vm_file && S_ISREG(file_inode(vma->vm_file)->i_mode) &&
	       (vma->vm_flags & asked) == (VM_MAYEXEC | VM_EXEC);
}

static int find_in(struct mm_struct *mm, u64 address, struct st_code *code)
{
	struct vm_area_struct *vma;
	int err = -EINVAL;

	mmap_read_lock(mm);
	vma = find_vma(mm, address);
	if (vma && vma->vm_start <= address && is_code(vma)) {
		code->file = get_file(vma->vm_file);
		code->start = vma->vm_start;
		code->end = vma->vm_end;
		code->offset = (loff_t)vma->vm_pgoff << PAGE_SHIFT;
		err = 0;
	}
	mmap_read_unlock(mm);
	return err;
}

static struct mm_struct *mm_of(u32 number)
{
	struct pid *pid = find_get_pid(number);
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);
	struct mm_struct *mm = NULL;

	put_pid(pid);
	if (!task)
		return NULL;
	mm = get_task_mm(task);
	put_task_struct(task);
	return mm;
}

/**
 * st_code_find() - the part of a file that a process has mapped at an address
 * @pid: the process, in the caller's pid namespace
 * @address: in its memory; not trusted
 * @code: filled in; for st_code_put()
 *
 * Context: may sleep.
 * Return: 0; -ESRCH if there is no such process, or it has no memory; -EINVAL if the address is
 * not in a private executable mapping of a regular file.
 */
int st_code_find(u32 pid, u64 address, struct st_code *code)
{
	struct mm_struct *mm = mm_of(pid);
	int err;

	if (!mm)
		return -ESRCH;
	/* On a 32-bit host, find_vma() would see another address. */
	err = address > TASK_SIZE_MAX ? -EINVAL : find_in(mm, address, code);
	mmput(mm);
	return err;
}

/**
 * st_code_offset() - where in the file an address is
 * @code: from st_code_find()
 * @address: in the memory of that process; not trusted
 * @offset: set to the offset in the file; bytes
 *
 * Return: 0, or -EINVAL if it is not in that part.
 */
int st_code_offset(const struct st_code *code, u64 address, loff_t *offset)
{
	if (address < code->start || address >= code->end)
		return -EINVAL;
	*offset = code->offset + (address - code->start);
	return 0;
}

/**
 * st_code_is_of() - is a part that was mapped of the file that somebody has looked at?
 * @code: from st_code_find()
 * @file: what he looked at: the same file, or the one that overlayfs shows of it
 *
 * Context: may sleep.
 * Return: false if it is of another one.
 */
bool st_code_is_of(const struct st_code *code, const struct file *file)
{
	const struct inode *mapped = file_inode(code->file);

	return file_inode(file) == mapped || d_real_inode(file->f_path.dentry) == mapped;
}

/**
 * st_code_put() - let the file go
 * @code: from st_code_find()
 */
void st_code_put(struct st_code *code)
{
	fput(code->file);
	code->file = NULL;
}

/*
 * What the CPU takes for a return: x86: RET, RET with a number, both perhaps behind a prefix
 * (REP, BND); arm64: RET (Arm ARM, C6.2). Of RETAA and RETAB the kernel makes no uprobes.
 */
static bool is_return(const u8 *code, ssize_t size)
{
#ifdef CONFIG_X86
	if (size >= 2 && (code[0] == 0xf3 || code[0] == 0xf2))
		code++;
	return size >= 1 && (code[0] == 0xc3 || code[0] == 0xc2);
#else
	u32 word = size < 4 ? 0 : code[0] | code[1] << 8 | code[2] << 16 | code[3] << 24;

	return (word & 0xfffffc1f) == 0xd65f0000;
#endif
}

/**
 * st_code_is_return() - is there a return instruction?
 * @file: from st_code_find()
 * @offset: in it; bytes
 *
 * Reads the file, not the memory, where a breakpoint may stand already.
 *
 * Context: may sleep.
 * Return: true if there is one. Whether it is the beginning of an instruction is not known.
 */
bool st_code_is_return(struct file *file, loff_t offset)
{
	u8 code[4];

	return is_return(code, kernel_read(file, code, sizeof(code), &offset));
}

/* ---- Probes --------------------------------------------------------------------------- */

/**
 * st_uprobe_add() - register a probe
 * @probe: its consumer and offset are set; not registered
 * @inode: of the file; stays until st_uprobe_remove()
 *
 * The kernel asks the consumer's filter for each process that maps the file.
 *
 * Context: may sleep. Every fork on the host waits meanwhile (dup_mmap_sem).
 * Return: 0, or what the kernel says: -EIO, -EINVAL, -ENOMEM, ...
 */
int st_uprobe_add(struct st_uprobe *probe, struct inode *inode)
{
	struct uprobe *handle;

	rcu_expedite_gp();
	handle = st_uprobe_register(inode, probe->offset, &probe->consumer);
	rcu_unexpedite_gp();
	/* An instruction that it cannot probe. This number is not one for user space. */
	if (handle == ERR_PTR(-ENOTSUPP))
		return -EIO;
	if (IS_ERR(handle))
		return PTR_ERR(handle);
	probe->handle = handle;
	return 0;
}

/**
 * st_uprobe_remove() - unregister a probe
 * @probe: not registered, too
 * @inode: as of st_uprobe_add()
 *
 * After st_uprobe_unregister_sync(), its functions are not called any more.
 *
 * Context: may sleep. No lock is held that one of its functions takes.
 */
void st_uprobe_remove(struct st_uprobe *probe, struct inode *inode)
{
	if (!probe->handle)
		return;
	rcu_expedite_gp();
	st_uprobe_unregister(probe->handle, inode, probe->offset, &probe->consumer);
	rcu_unexpedite_gp();
	probe->handle = NULL;
}
