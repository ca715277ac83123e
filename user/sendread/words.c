// SPDX-License-Identifier: GPL-2.0
/* Puts messages together. */
#include "words.h"

#include <stdarg.h>
#include <stdio.h>

void words_add(struct words *words, const char *fmt, ...)
{
	size_t room = sizeof(words->buffer) - words->used;
	va_list ap;
	int size;

	va_start(ap, fmt);
	size = vsnprintf(words->buffer + words->used, room, fmt, ap);
	va_end(ap);
	words->used += (size_t)size < room ? (size_t)size : room - 1;
}
