/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SINK_ERRNO_NAME_H
#define _SINK_ERRNO_NAME_H

#include <stdint.h>

/*
 * The name of a positive errno, "EPIPE" for 32; also of those that only the kernel uses
 * ("ERESTARTSYS"). Of two names for one number, the one that strerrorname_np(3) returns.
 * Return: a constant; NULL if the number has no name.
 */
const char *errno_name(int64_t number);

#endif /* _SINK_ERRNO_NAME_H */
