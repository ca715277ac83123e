/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ST_PARAM_H
#define _ST_PARAM_H

#include <linux/errno.h>
#include <linux/printk.h>

/* Refuses invalid values at load time, so that sysfs shows the values in use. */
static inline int st_param_check(const char *name, unsigned int value, unsigned int least,
				 unsigned int most)
{
	if (value >= least && value <= most)
		return 0;
	pr_err("parameter %s is %u, expected %u to %u\n", name, value, least, most);
	return -EINVAL;
}

#endif /* _ST_PARAM_H */
