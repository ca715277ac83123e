// SPDX-License-Identifier: GPL-2.0
/* The real sessions, for the tests of event: the table, the limits, the rings. */
#include "../../kmod/session.c"
