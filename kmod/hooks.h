/* SPDX-License-Identifier: GPL-2.0 */
/* The table of hooks: which kernel functions are probed, and for which events. */
#ifndef _ST_HOOKS_H
#define _ST_HOOKS_H

#include "hook.h"

/* The rows of the table. */
enum st_hook_id {
	ST_HOOK_SEND,
	ST_HOOK_ACCEPT,
	ST_HOOKS,
};

/* ST_HOOKS rows. */
extern const struct st_hook st_hooks[];

#endif /* _ST_HOOKS_H */
