/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_MODULE_H
#define _SENDREAD_MODULE_H

/*
 * Load the installed module and wait for its device @path. Return: 0, or a negative
 * errno after a message that says why not and what to do.
 */
int module_load(const char *path);

/*
 * What the kernel is locked down to (kernel_lockdown(7)): "integrity" or
 * "confidentiality"; NULL if it is not.
 */
const char *module_lockdown(void);

#endif /* _SENDREAD_MODULE_H */
