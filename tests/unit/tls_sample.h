/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TLS_SAMPLE_H
#define TLS_SAMPLE_H

/* Files that the makefile builds from tls/, and copies of them in memory. */
#include <stddef.h>
#include <stdint.h>

#include "object.h"

/*
 * The bytes of build/tls/@name, to be freed. Where it was not built, as on a machine with another
 * processor, the test is skipped, and says so.
 */
unsigned char *tls_sample(const char *name, size_t *size);

/* A file in memory that holds these bytes. */
int tls_file(const unsigned char *bytes, size_t size);

/* What was read last. */
extern struct tls_object tls_object;

/* Read build/tls/@name. Return: what tls_object_read() said. */
int tls_read_sample(const char *name);

/* Return: NULL if the object has no such function. */
const struct tls_code *tls_code_of(enum tls_function function);

/* The function has that many returns, or any number but 0; or cannot be traced. */
void leaves_by(enum tls_function function, unsigned int number);
void returns(enum tls_function function);
void is_uncertain(enum tls_function function, const char *why);

#endif /* TLS_SAMPLE_H */
