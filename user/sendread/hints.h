/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_HINTS_H
#define _SENDREAD_HINTS_H

/*
 * What a trace may show less of than its user expects: messages at the start. Of these, --quiet
 * prints none.
 */
struct options;

/* The session runs, and rights are not given up yet. */
void hints_begin(const struct options *options);

#endif /* _SENDREAD_HINTS_H */
