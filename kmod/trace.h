/* SPDX-License-Identifier: GPL-2.0 */
/* The functions at whose entry ftrace calls us. */
#ifndef _ST_TRACE_H
#define _ST_TRACE_H

#include <linux/types.h>

#include "compat.h"

#if ST_CAN_TRACE
bool st_trace_is_used(void);
bool st_trace_is_on(void);
int st_trace_set(const unsigned long *functions, unsigned int nr);
void st_trace_exit(void);
#else
static inline bool st_trace_is_used(void)
{
	return false;
}

static inline bool st_trace_is_on(void)
{
	return false;
}

static inline int st_trace_set(const unsigned long *functions, unsigned int nr)
{
	return 0;
}

static inline void st_trace_exit(void)
{
}
#endif

#endif /* _ST_TRACE_H */
