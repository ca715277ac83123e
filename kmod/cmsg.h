/* SPDX-License-Identifier: GPL-2.0 */
/* Ancillary data: its kind and size, never its content. */
#ifndef _ST_CMSG_H
#define _ST_CMSG_H

#include <linux/types.h>

struct st_call;

void st_cmsg_read(struct st_call *call, const void __user *control, size_t len,
		  bool compat);

#endif /* _ST_CMSG_H */
