/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_MODULE_H
#define _SENDREAD_MODULE_H

#include <stdbool.h>

/*
 * Load the installed module and wait for its device @path. Return: 0, or a negative errno
 * after a message with the reason and what to do.
 */
int module_load(const char *path);

/* Whether modprobe would find the module for the running kernel. */
bool module_is_installed(void);

/*
 * The kernel's lockdown level (kernel_lockdown(7)): "integrity" or "confidentiality"; NULL if
 * it is not locked down.
 */
const char *module_lockdown(void);

#endif /* _SENDREAD_MODULE_H */
