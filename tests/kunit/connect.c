// SPDX-License-Identifier: GPL-2.0
/* As it is, for the tests of what calls it. */
#include "../../kmod/connect.c"
