// SPDX-License-Identifier: GPL-2.0
/* When which hint is printed. */
#include "hints.h"

#include <unistd.h>

#include "names.h"
#include "options.h"
#include "process.h"

void hints_begin(const struct options *options)
{
	if (!options->quiet && process_ids_are_global())
		names_hint(&options->filter);
}
