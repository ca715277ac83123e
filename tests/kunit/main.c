// SPDX-License-Identifier: GPL-2.0
/* KUnit runs the suites when this is loaded, and shows the results until it is unloaded. */
#include <linux/module.h>

MODULE_DESCRIPTION("KUnit tests of sendtrace");
MODULE_LICENSE("GPL");
