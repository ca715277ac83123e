// SPDX-License-Identifier: GPL-2.0
/*
 * Ancillary data of a message (cmsg(3)), read from the caller's memory. What it says there is
 * what the kernel is asked for: it reads it again, and refuses what is malformed.
 */
#include <linux/compat.h>
#include <linux/kernel.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <net/compat.h>
#include <asm-generic/kprobes.h>

#include "call.h"
#include "cmsg.h"

/* So many headers are looked at: sendmsg(2) limits their bytes, not their number. */
#define CMSGS_MAX 64

/* A header as its caller has it: 32-bit programs have another one. */
struct header {
	u64 len;
	int level;
	int type;
	u32 size;
	u32 align;
};

static bool read_header(struct header *header, const void __user *from, bool compat)
{
	struct cmsghdr cmsg;
#ifdef CONFIG_COMPAT
	struct compat_cmsghdr narrow;

	if (compat) {
		if (copy_from_user_nofault(&narrow, from, sizeof(narrow)))
			return false;
		*header = (struct header){
			.len = narrow.cmsg_len,
			.level = narrow.cmsg_level,
			.type = narrow.cmsg_type,
			.size = sizeof(narrow),
			.align = sizeof(u32),
		};
		return true;
	}
#endif
	if (copy_from_user_nofault(&cmsg, from, sizeof(cmsg)))
		return false;
	*header = (struct header){
		.len = cmsg.cmsg_len,
		.level = cmsg.cmsg_level,
		.type = cmsg.cmsg_type,
		.size = sizeof(cmsg),
		.align = sizeof(long),
	};
	return true;
}
NOKPROBE_SYMBOL(read_header);

/*
 * A number that has no room must not look like another one: the kernel ignores kinds that it
 * does not know.
 */
static nokprobe_inline u16 number(int value)
{
	return min_t(u32, value, U16_MAX);
}

static void note(struct st_call *call, const struct header *header)
{
	struct sendtrace_cmsg *cmsg;

	if (call->nr_cmsgs < SENDTRACE_CMSGS) {
		cmsg = &call->cmsgs[call->nr_cmsgs];
		cmsg->level = number(header->level);
		cmsg->type = number(header->type);
		cmsg->len = header->len - header->size;
	}
	call->nr_cmsgs++;
}
NOKPROBE_SYMBOL(note);

/**
 * st_cmsg_read() - note which ancillary data a message has
 * @call: its @cmsgs and @nr_cmsgs are set, which is 0 before
 * @control: the caller's buffer
 * @len: its bytes
 * @compat: it was made by a 32-bit program
 *
 * Stops at the first header that is malformed or not resident.
 *
 * Context: the calling task; does not fault.
 */
void st_cmsg_read(struct st_call *call, const void __user *control, size_t len,
		  bool compat)
{
	struct header header;
	u64 step;
	int i;

	if (!control || !current->mm)
		return;
	memset(call->cmsgs, 0, sizeof(call->cmsgs));
	for (i = 0; i < CMSGS_MAX && len; i++) {
		if (!read_header(&header, control, compat) || len < header.size ||
		    header.len < header.size || header.len > len)
			return;
		note(call, &header);
		step = ALIGN(header.len, (u64)header.align);
		if (step >= len)
			return;
		control += step;
		len -= step;
	}
}
NOKPROBE_SYMBOL(st_cmsg_read);
