// SPDX-License-Identifier: GPL-2.0
/* Explains that the module does not support the running kernel. */
#include "kernel.h"

#include <libkmod.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <sendtrace/kernels.h>

#include "message.h"

int kernel_compare(const char *release)
{
	unsigned int major, minor;

	if (sscanf(release, "%u.%u", &major, &minor) != 2)
		return 0;
	if (major < ST_OLDEST_MAJOR ||
	    (major == ST_OLDEST_MAJOR && minor < ST_OLDEST_MINOR))
		return -1;
	return major > ST_NEWEST_MAJOR ||
	       (major == ST_NEWEST_MAJOR && minor > ST_NEWEST_MINOR);
}

bool kernel_explain(void)
{
	struct utsname kernel;
	int than;

	uname(&kernel);
	than = kernel_compare(kernel.release);
	if (than > 0)
		message("kernel '%s' has no module: sendtrace " SENDTRACE_VERSION
			" supports Linux " ST_OLDEST_KERNEL " to " ST_NEWEST_KERNEL
			", not %d.%d and newer: get a newer sendtrace, or boot an older kernel",
			kernel.release, ST_NEWEST_MAJOR, ST_NEWEST_MINOR + 1);
	else if (than < 0)
		message("kernel '%s' has no module: sendtrace " SENDTRACE_VERSION
			" supports Linux " ST_OLDEST_KERNEL " to " ST_NEWEST_KERNEL
			": boot a newer kernel",
			kernel.release);
	return than != 0;
}

bool kernel_explain_stub(const struct kmod_module *module)
{
	struct kmod_list *list = NULL, *entry;
	bool explained = false;

	if (kmod_module_get_info(module, &list) < 0)
		return false;
	kmod_list_foreach(entry, list)
	{
		if (strcmp(kmod_module_info_get_key(entry), "unsupported") != 0)
			continue;
		message("there is no module 'sendtrace' for this kernel: %s",
			kmod_module_info_get_value(entry));
		explained = true;
	}
	kmod_module_info_free_list(list);
	return explained;
}
