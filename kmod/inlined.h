/* SPDX-License-Identifier: GPL-2.0 */
/* Functions that the compiler has put into their callers. */
#ifndef _ST_INLINED_H
#define _ST_INLINED_H

#include <linux/types.h>

bool st_is_inlined(const char *caller, unsigned long function);

#endif /* _ST_INLINED_H */
