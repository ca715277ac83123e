/* SPDX-License-Identifier: GPL-2.0 */
/* /proc/sendtrace */
#ifndef _ST_STATS_H
#define _ST_STATS_H

int st_stats_init(void);
void st_stats_exit(void);

#endif /* _ST_STATS_H */
