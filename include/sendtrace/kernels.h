/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernels that sendtrace supports, for the module, which reads internal structures that
 * may change in the next one, and for the reader, which says why there is no module. The
 * pattern in dkms.conf says the same.
 */
#ifndef _SENDTRACE_KERNELS_H
#define _SENDTRACE_KERNELS_H

#define ST_OLDEST_MAJOR 5
#define ST_OLDEST_MINOR 10
#define ST_NEWEST_MAJOR 7
#define ST_NEWEST_MINOR 3

#define ST_KERNEL_TEXT(version)	   ST_KERNEL_TEXT_OF(version)
#define ST_KERNEL_TEXT_OF(version) #version
#define ST_OLDEST_KERNEL	   ST_KERNEL_TEXT(ST_OLDEST_MAJOR.ST_OLDEST_MINOR)
#define ST_NEWEST_KERNEL	   ST_KERNEL_TEXT(ST_NEWEST_MAJOR.ST_NEWEST_MINOR)

#endif /* _SENDTRACE_KERNELS_H */
