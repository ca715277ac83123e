/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_STANDARD_H
#define _TLS_STANDARD_H

/*
 * Map the TLS libraries of the host's library folders into this process, for good, so that
 * tls_find() finds them here: they can be traced before a program that uses them starts, and
 * nothing of it is missed. None of their code is run. Return: how many.
 */
unsigned int tls_standard_map(void);

#endif /* _TLS_STANDARD_H */
