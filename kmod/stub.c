// SPDX-License-Identifier: GPL-2.0
/*
 * What DKMS builds instead of the module for a kernel that is not supported, or for which the
 * module does not compile. It refuses to load and says why. If the build failed, then so would
 * the installation of the kernel's packages, with those DKMS that fail for each of their modules.
 */
#include <linux/init.h>
#include <linux/module.h>

#include "supported.h"

#ifndef ST_UNSUPPORTED
#define ST_UNSUPPORTED                                                             \
	"sendtrace " ST_VERSION " does not compile for this kernel: get another, " \
	"and see make.log below /var/lib/dkms/sendtrace"
#endif

static int __init sendtrace_stub_init(void)
{
	pr_err("%s\n", ST_UNSUPPORTED);
	return -EOPNOTSUPP;
}

module_init(sendtrace_stub_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Says that sendtrace does not support this kernel");
MODULE_AUTHOR("The sendtrace authors");
MODULE_VERSION(ST_VERSION);
/* sendread and make install read it (modinfo -F unsupported). */
MODULE_INFO(unsupported, ST_UNSUPPORTED);
