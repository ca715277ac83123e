// SPDX-License-Identifier: GPL-2.0
/* Loads the kernel module, and explains why it cannot be loaded. */
#include "module.h"

#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "kernel.h"
#include "message.h"

enum {
	DEVICE_WAIT_MS = 2000,
	DEVICE_LOOK_MS = 1,
};

static const char module_name[] = "sendtrace";

const char *module_lockdown(void)
{
	static const char *const levels[] = { "integrity", "confidentiality" };
	char text[128], level[32] = "[";
	ssize_t got;
	size_t i;
	int fd;

	fd = open("/sys/kernel/security/lockdown", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		return NULL;
	text[got] = '\0';
	/* The current level is in brackets. */
	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		strcat(strcpy(level + 1, levels[i]), "]");
		if (strstr(text, level))
			return levels[i];
	}
	return NULL;
}

static int not_installed(void)
{
	struct utsname kernel;

	uname(&kernel);
	if (access("/proc/modules", F_OK)) {
		message("kernel '%s' cannot load modules, expected CONFIG_MODULES=y: sendtrace cannot run on it",
			kernel.release);
		return -ENOENT;
	}
	if (kernel_explain())
		return -ENOENT;
	message("module '%s' is not installed for kernel '%s'. If you have the package "
		"sendtrace-dkms, install the kernel's headers and run 'dkms autoinstall'. If "
		"you have the source, run 'make install'",
		module_name, kernel.release);
	return -ENOENT;
}

/* A kernel may load no module any more until it is booted again (proc(5)). */
static bool loading_is_disabled(void)
{
	char digit = 0;
	int fd = open("/proc/sys/kernel/modules_disabled", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, &digit, 1) != 1)
		digit = 0;
	close(fd);
	return digit == '1';
}

static void refused(int err)
{
	const char *lockdown = module_lockdown();

	if (loading_is_disabled())
		message("module '%s' was refused: this kernel loads no more modules until it is "
			"booted again (sysctl kernel.modules_disabled is 1). Load the module "
			"before that is set, see modules-load.d(5)",
			module_name);
	else if (lockdown)
		message("module '%s' was refused: the kernel is locked down (%s) and loads "
			"only signed modules: sign it with a key that the machine trusts, "
			"see kernel_lockdown(7)",
			module_name, lockdown);
	else
		message("module '%s' was refused (%s): loading it needs CAP_SYS_MODULE "
			"and, where the kernel demands it, a signature",
			module_name, strerror(-err));
}

static int load_failed(int err)
{
	switch (err) {
	case -EPERM:
	case -EKEYREJECTED:
	case -ENOKEY:
		refused(err);
		break;
	case -ENOEXEC:
		message("module '%s' does not fit this kernel (%s): rebuild and reinstall it, "
			"'dmesg' says more",
			module_name, strerror(-err));
		break;
	default:
		message("cannot load module '%s': %s; 'dmesg' may say more", module_name,
			strerror(-err));
	}
	return err;
}

/*
 * modprobe.d(5) can have a command that is run instead of loading a module: to forbid it, mostly.
 * libkmod runs it, and returns what it returns. Return: 0 if there is none, or the module is there
 * after it; -ENOENT after a message.
 */
static int check_command(struct kmod_module *module)
{
	const char *command = kmod_module_get_install_commands(module);

	if (!command || kmod_module_get_initstate(module) >= 0)
		return 0;
	message("module '%s' was not loaded: modprobe.d runs '%s' instead of loading it. "
		"Remove the line 'install %s ...' there, or run 'modprobe --ignore-install %s'",
		module_name, command, module_name, module_name);
	return -ENOENT;
}

static int insert(struct kmod_module *module)
{
	int err;

	err = kmod_module_probe_insert_module(module, KMOD_PROBE_APPLY_BLACKLIST, NULL,
					      NULL, NULL, NULL);
	if (err > 0) {
		message("module '%s' is blacklisted in /etc/modprobe.d: load it with "
			"'modprobe %s', or remove that line",
			module_name, module_name);
		return -EPERM;
	}
	if (err == -EOPNOTSUPP && kernel_explain_stub(module))
		return err;
	return check_command(module) ?: err ? load_failed(err) : 0;
}

static int lookup_and_insert(struct kmod_ctx *kmod)
{
	struct kmod_list *found = NULL;
	struct kmod_module *module;
	int err;

	err = kmod_module_new_from_lookup(kmod, module_name, &found);
	if (err < 0 || !found)
		return not_installed();
	module = kmod_module_get_module(found);
	err = insert(module);
	kmod_module_unref(module);
	kmod_module_unref_list(found);
	return err;
}

/* devtmpfs makes the node before the module's init returns; udev may need longer. */
static int wait_for(const char *path)
{
	const struct timespec pause = { .tv_nsec = DEVICE_LOOK_MS * 1000000L };
	int looks;

	for (looks = 0; looks < DEVICE_WAIT_MS / DEVICE_LOOK_MS; looks++) {
		if (access(path, F_OK) == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	message("module '%s' is loaded, but '%s' did not appear within %d seconds: "
		"is devtmpfs mounted on /dev?",
		module_name, path, DEVICE_WAIT_MS / 1000);
	return -ENOENT;
}

/* Return: to be given to kmod_unref(), or NULL. */
static struct kmod_ctx *open_kmod(void)
{
	struct kmod_ctx *kmod = kmod_new(NULL, NULL);

	/* libkmod must not print to stderr: we print what failed. */
	if (kmod)
		kmod_set_log_priority(kmod, 0);
	return kmod;
}

bool module_is_installed(void)
{
	struct kmod_ctx *kmod = open_kmod();
	struct kmod_list *found = NULL;
	bool installed;

	if (!kmod)
		return false;
	installed = kmod_module_new_from_lookup(kmod, module_name, &found) >= 0 && found;
	kmod_module_unref_list(found);
	kmod_unref(kmod);
	return installed;
}

int module_load(const char *path)
{
	struct kmod_ctx *kmod = open_kmod();
	int err;

	if (!kmod)
		return load_failed(-ENOMEM);
	err = lookup_and_insert(kmod);
	kmod_unref(kmod);
	if (err)
		return err;
	message("loaded module '%s'", module_name);
	return wait_for(path);
}
