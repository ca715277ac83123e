/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/sendtrace */
#ifndef _ST_DEV_H
#define _ST_DEV_H

int st_dev_init(void);
void st_dev_exit(void);

#endif /* _ST_DEV_H */
