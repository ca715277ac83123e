// SPDX-License-Identifier: GPL-2.0
/* What event needs of the sessions is theirs as it is: the table, the limits, the rings. */
#include "../../kmod/session.c"
