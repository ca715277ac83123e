// SPDX-License-Identifier: GPL-2.0
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "module.h"
#include "options.h"
#include "sendtrace.h"

static bool is_stdin(const char *device)
{
	return strcmp(device, "-") == 0;
}

int session_is_saved(const struct options *options)
{
	struct stat status;

	if (is_stdin(options->device))
		return 1;
	if (stat(options->device, &status)) {
		if (strcmp(options->device, SENDTRACE_DEVICE) == 0)
			return 0;
		message("cannot open '%s': %s; expected the device or a saved record stream",
			options->device, strerror(errno));
		return -ENOENT;
	}
	if (S_ISCHR(status.st_mode))
		return 0;
	if (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode))
		return 1;
	message("'%s' is of the wrong type, expected the device, a file or a pipe",
		options->device);
	return -EINVAL;
}

int session_open_saved(const struct options *options, struct reader **reader)
{
	int fd, err;

	if (is_stdin(options->device))
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	else
		fd = open(options->device, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		message("cannot open '%s': %s", options->device, strerror(-err));
		return err;
	}
	err = reader_open_stream(reader, fd);
	if (err) {
		message("cannot read '%s': %s", options->device, strerror(-err));
		close(fd);
	}
	return err;
}

/* ---- Opening the device --------------------------------------------------------- */

static int open_failed(const struct options *options, int err)
{
	switch (err) {
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		message("'%s' is not there: load the module with 'modprobe sendtrace'%s",
			options->device,
			options->no_load ? " (--no-load forbids it here)" :
					   ", or run sendread as root, which loads it");
		break;
	case -EACCES:
		message("no permission to open '%s': run sendread as root",
			options->device);
		break;
	case -EPERM:
		message("no permission to trace with '%s': expected CAP_SYS_ADMIN on the host "
			"itself, not in a container: run sendread as root there",
			options->device);
		break;
	case -ENOTTY:
		message("'%s' does not answer as sendtrace, expected ABI %d: "
			"is it %s, and of the same version as sendread?",
			options->device, SENDTRACE_ABI, SENDTRACE_DEVICE);
		break;
	default:
		message("cannot open '%s': %s", options->device, strerror(-err));
	}
	return err;
}

static bool may_load(const struct options *options, int err)
{
	return (err == -ENOENT || err == -ENXIO || err == -ENODEV) && !options->no_load &&
	       geteuid() == 0 && strcmp(options->device, SENDTRACE_DEVICE) == 0;
}

static int open_device(const struct options *options, struct reader **reader)
{
	int err = reader_open(reader, options->device);

	if (may_load(options, err)) {
		err = module_load(options->device);
		if (err)
			return err;
		err = reader_open(reader, options->device);
	}
	return err ? open_failed(options, err) : 0;
}

static int check_abi(struct reader *reader)
{
	const struct sendtrace_info *info = reader_info(reader);

	if (info->abi == SENDTRACE_ABI)
		return 0;
	message("module sendtrace %s speaks ABI %u, expected %d: update %s",
		info->version, info->abi, SENDTRACE_ABI,
		info->abi < SENDTRACE_ABI ? "the module and load it anew" : "sendread");
	return -EPROTO;
}

/* ---- Configuration -------------------------------------------------------------- */

static int check_limits(const struct options *options, const struct sendtrace_info *info)
{
	if (options->snaplen > info->snaplen_max) {
		message("--snaplen is %u, expected at most %u, this module's limit",
			options->snaplen, info->snaplen_max);
		return -ERANGE;
	}
	if (options->ring_size && (options->ring_size < info->ring_size_min ||
				   options->ring_size > info->ring_size_max)) {
		message("--buffer-size is %u, expected from %u to %u, this module's limits",
			options->ring_size / 1024, (info->ring_size_min + 1023) / 1024,
			info->ring_size_max / 1024);
		return -ERANGE;
	}
	return 0;
}

static int memory_failed(const struct sendtrace_config *config,
			 const struct sendtrace_info *info)
{
	uint32_t size = config->ring_size ? config->ring_size : info->ring_size_default;

	message("no memory for rings of %u KiB for each of %u CPUs: try a smaller "
		"--buffer-size, such as %u",
		size / 1024, info->nr_cpus, size / 4096);
	return -ENOMEM;
}

static int configure(const struct options *options, struct reader *reader,
		     struct sendtrace_config *config)
{
	const struct sendtrace_info *info = reader_info(reader);
	int err;

	err = check_limits(options, info);
	if (err)
		return err;
	*config = (struct sendtrace_config){
		.snaplen = options->snaplen,
		.ring_size = options->ring_size,
		.events = options->accepts ? SENDTRACE_EVENTS_ALL : SENDTRACE_EVENTS_SEND,
	};
	err = reader_configure(reader, config);
	if (err == -ENOMEM)
		return memory_failed(config, info);
	if (err)
		message("'%s' refuses the configuration: %s", options->device,
			strerror(-err));
	return err;
}

static int set_filter(const struct options *options, struct reader *reader)
{
	int err = reader_filter(reader, &options->filter);

	if (err)
		message("'%s' refuses the filter: %s", options->device, strerror(-err));
	return err;
}

static int map(const struct options *options, struct reader *reader)
{
	int err;

	if (options->use_read)
		return 0;
	err = reader_map(reader);
	if (err)
		message("cannot map the rings of '%s': %s; --read does without",
			options->device, strerror(-err));
	return err;
}

/* ---- Start ---------------------------------------------------------------------- */

static int start_failed(const struct reader *reader, int err)
{
	const char *lockdown = module_lockdown();

	switch (err) {
	case -EPERM:
		if (lockdown)
			message("the kernel is locked down (%s) and lets nobody trace, "
				"see kernel_lockdown(7)",
				lockdown);
		else
			message("no permission to trace: expected CAP_SYS_ADMIN on the host "
				"itself: run sendread as root there");
		break;
	case -EUSERS:
		message("%u sessions run already, expected fewer: end another sendread, "
			"/proc/sendtrace/sessions lists them",
			reader_info(reader)->max_sessions);
		break;
	case -ENOENT:
		message("this kernel has no function to probe, expected '__sys_sendto' and "
			"CONFIG_KRETPROBES=y: 'dmesg' says more");
		break;
	case -ENOMEM:
		message("no memory to arm the probes: try a smaller --buffer-size, or a "
			"smaller module parameter maxactive");
		break;
	default:
		message("cannot start to trace: %s; 'dmesg' may say more",
			strerror(-err));
	}
	return err;
}

static int start(struct reader *reader)
{
	int err = reader_start(reader);

	return err ? start_failed(reader, err) : 0;
}

int session_start(const struct options *options, struct reader **result,
		  struct sendtrace_config *config)
{
	struct reader *reader;
	int err;

	err = open_device(options, &reader);
	if (err)
		return err;
	err = check_abi(reader);
	if (!err)
		err = configure(options, reader, config);
	if (!err)
		err = set_filter(options, reader);
	if (!err)
		err = map(options, reader);
	if (!err)
		err = start(reader);
	if (err)
		reader_free(reader);
	else
		*result = reader;
	return err;
}
