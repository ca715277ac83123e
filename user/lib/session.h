/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_SESSION_H
#define _SENDTRACE_SESSION_H

#include <stdint.h>

#include "join.h"
#include "sendtrace.h"
#include "sequence.h"
#include "source.h"

/**
 * struct sendtrace - a source, and what is known of its records
 * @source: where records come from
 * @sort: items that are held back to be sorted, or NULL
 * @shown: thread whose event was returned last and may have fragments; 0 for none
 * @attention: @sort or @shown is set
 * @unfinished: sendtrace_next() returned 0 only to let its caller look around
 * @sequence: what the next record of each CPU must say
 * @join: fragments that wait for their event
 * @fault: what was wrong with the last record
 * @item: the record that was returned last
 */
struct sendtrace {
	struct source *source;
	struct sort *sort;
	uint32_t shown;
	_Bool attention;
	_Bool unfinished;
	struct sequence sequence;
	struct join join;
	struct sendtrace_fault fault;
	struct sendtrace_item item;
};

#endif /* _SENDTRACE_SESSION_H */
