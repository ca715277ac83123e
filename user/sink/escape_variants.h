/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SINK_ESCAPE_VARIANTS_H
#define _SINK_ESCAPE_VARIANTS_H

/*
 * The variants of escape(), which chooses by the machine's instructions. They write the same
 * text and need the same room. None reads beyond @size bytes.
 */
#include <stdbool.h>
#include <stddef.h>

char *escape_portable(char *to, const void *from, size_t size);

#ifdef __x86_64__
/* Only where escape_has_avx2(). */
char *escape_avx2(char *to, const void *from, size_t size);

static inline bool escape_has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}
#endif

#endif /* _SINK_ESCAPE_VARIANTS_H */
