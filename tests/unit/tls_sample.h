/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TLS_SAMPLE_H
#define TLS_SAMPLE_H

/* Files that the makefile builds from tls/, and copies of them in memory. */
#include <stddef.h>
#include <stdint.h>

/*
 * The bytes of build/tls/@name, to be freed. Where it was not built, as on a machine with another
 * processor, the test is skipped, and says so.
 */
unsigned char *tls_sample(const char *name, size_t *size);

/* A file in memory that holds these bytes. */
int tls_file(const unsigned char *bytes, size_t size);

#endif /* TLS_SAMPLE_H */
