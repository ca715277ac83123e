/* SPDX-License-Identifier: GPL-2.0 */
/* Sets of calls, in the words of sendread's option -e. */
#ifndef _ST_CALLS_H
#define _ST_CALLS_H

#include <linux/types.h>

struct seq_file;

void st_calls_show(u64 calls, struct seq_file *m);

#endif /* _ST_CALLS_H */
