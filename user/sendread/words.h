/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_WORDS_H
#define _SENDREAD_WORDS_H

/* A message that is put together piece by piece. */
#include <stddef.h>

/* @buffer: the text, ended by NUL once something was added; what does not fit is cut off. */
struct words {
	char buffer[700];
	size_t used;
};

__attribute__((format(printf, 2, 3))) void words_add(struct words *words, const char *fmt,
						     ...);

#endif /* _SENDREAD_WORDS_H */
