/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_KERNEL_H
#define _SENDREAD_KERNEL_H

#include <stdbool.h>

struct kmod_module;

/*
 * Compares a kernel's release (uname -r) with the kernels that the module supports. Return: -1
 * if it is older, 1 if it is newer, 0 otherwise; also 0 if it does not begin with a version.
 */
int kernel_compare(const char *release);

/* Return: true after a message that the running kernel is too old or too new for the module. */
bool kernel_explain(void);

/*
 * @module was refused with EOPNOTSUPP, as the stub is that DKMS builds for such kernels. Return:
 * true after a message with the reason that it holds.
 */
bool kernel_explain_stub(const struct kmod_module *module);

#endif /* _SENDREAD_KERNEL_H */
