// SPDX-License-Identifier: GPL-2.0
/* From options to a session that runs, or to a message that says why not. */
#include "start.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "blind.h"
#include "hints.h"
#include "hits.h"
#include "kernel.h"
#include "message.h"
#include "module.h"
#include "options.h"
#include "rights.h"
#include "sendtrace.h"
#include "signals.h"
#include "tls.h"
#include "ways.h"

/*
 * Return: 1 for a file, a pipe or "-" (stdin) that holds a record stream, 0 for the device,
 * which may not be there yet, a negative errno after a message.
 */
static int is_saved(const struct options *options)
{
	int saved = sendtrace_is_saved(options->device);

	if (saved >= 0)
		return saved;
	/* The device is not there before the module is loaded. */
	if (strcmp(options->device, SENDTRACE_DEVICE) == 0 && saved != -EINVAL)
		return 0;
	if (saved == -EINVAL)
		message("'%s' is of the wrong type, expected the device, a file or a pipe",
			options->device);
	else
		message("cannot open '%s': %s; expected the device or a saved record stream",
			options->device, strerror(-saved));
	return saved;
}

/* Before the start: the file that a whole stream needs may be opened with more rights. */
static int set_order(const struct options *options, struct sendtrace *trace)
{
	int err = 0;

	if (options->sort && options->window)
		err = sendtrace_set_order(trace, SENDTRACE_ORDER_WINDOW, options->window);
	else if (options->sort)
		err = sendtrace_set_order(trace, SENDTRACE_ORDER_CAUSAL, 0);
	if (err == -ENOMEM)
		message("no memory for --sort");
	else if (err)
		message("--sort cannot have a temporary file: %s; expected a folder with room for "
			"the stream in TMPDIR, or /tmp",
			strerror(-err));
	return err;
}

static int open_saved(const struct options *options, struct sendtrace **trace)
{
	int err = sendtrace_open(trace, options->device);

	if (err) {
		message("cannot open '%s': %s", options->device, strerror(-err));
		return err;
	}
	err = set_order(options, *trace);
	if (err) {
		sendtrace_close(*trace);
		*trace = NULL;
	}
	return err;
}

/* ---- Opening the device --------------------------------------------------------- */

/* Of another file, such errors say nothing of the module. */
static bool is_absent(const struct options *options, int err)
{
	return (err == -ENOENT || err == -ENXIO || err == -ENODEV) &&
	       strcmp(options->device, SENDTRACE_DEVICE) == 0;
}

static int open_failed(const struct options *options, int err)
{
	/* A kernel newer than those that are supported may have the module all the same. */
	if (is_absent(options, err) && !module_is_installed() && kernel_explain())
		return err;
	if (is_absent(options, err)) {
		message("'%s' is not there: load the module with 'modprobe sendtrace'%s",
			options->device,
			options->no_load ?
				" (sendread does not load it because of --no-load)" :
				", or run sendread as root: then it loads the module");
		return err;
	}
	switch (err) {
	case -EACCES:
		message("no permission to open '%s': run sendread as root",
			options->device);
		break;
	case -EPERM:
		message("no permission to trace with '%s', expected CAP_SYS_ADMIN in the host's "
			"user namespace: run sendread as root on the host",
			options->device);
		break;
	case -ENOTTY:
		message("'%s' is not the sendtrace device, or its module has another version "
			"than sendread: expected ABI %d",
			options->device, SENDTRACE_ABI);
		break;
	default:
		message("cannot open '%s': %s; expected the device or a saved record stream",
			options->device, strerror(-err));
	}
	return err;
}

static bool may_load(const struct options *options, int err)
{
	return is_absent(options, err) && !options->no_load && geteuid() == 0;
}

static int open_device(const struct options *options, struct sendtrace **trace)
{
	int err = sendtrace_open_device(trace, options->device);

	if (may_load(options, err)) {
		err = module_load(options->device);
		if (err)
			return err;
		err = sendtrace_open_device(trace, options->device);
	}
	return err ? open_failed(options, err) : 0;
}

static int check_abi(struct sendtrace *trace)
{
	const struct sendtrace_info *info = sendtrace_get_info(trace);

	if (info->abi == SENDTRACE_ABI)
		return 0;
	message("module sendtrace %s has ABI %u, but sendread expects %d: update %s",
		info->version, info->abi, SENDTRACE_ABI,
		info->abi < SENDTRACE_ABI ? "the module and reload it" : "sendread");
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
	uint32_t smaller = size / 4 > info->ring_size_min ? size / 4 :
							    info->ring_size_min;

	message("no memory for rings of %u KiB for each of %u CPUs: try a smaller "
		"--buffer-size, such as %u",
		size / 1024, info->nr_cpus, smaller / 1024);
	return -ENOMEM;
}

/* Large rings take seconds, and a signal interrupts that. Only some signals mean the end. */
static int allocate(struct sendtrace *trace, struct sendtrace_config *config)
{
	int err;

	do {
		err = sendtrace_configure(trace, config);
	} while (err == -EINTR && !signals_stop());
	return err;
}

/* All that a module without config.calls can be asked for: its events of the same calls. */
static uint32_t older_events(uint64_t calls)
{
	uint64_t accepts = ways_of_type(SENDTRACE_RECORD_ACCEPT);
	uint64_t sendto = SENDTRACE_CALL_BIT(SENDTRACE_CALL_SENDTO);

	if (calls & ~(accepts | sendto))
		return 0;
	return (calls & sendto ? SENDTRACE_EVENTS_SEND : 0) |
	       (calls & accepts ? SENDTRACE_EVENTS_ACCEPT : 0);
}

/* It may be too old for what is asked for. Return: as allocate(). */
static int allocate_older(const struct options *options, struct sendtrace *trace,
			  struct sendtrace_config *config)
{
	const struct sendtrace_info *info = sendtrace_get_info(trace);

	config->calls = 0;
	config->events = older_events(options->calls);
	if (config->events)
		return allocate(trace, config);
	message("module sendtrace %s is too old for what --events asks for: expected a newer one, "
		"or '--events=sendto' (with -a also accepts), which is all that it can record",
		info->version);
	return -EPROTO;
}

static int configure(const struct options *options, struct sendtrace *trace,
		     struct sendtrace_config *config)
{
	const struct sendtrace_info *info = sendtrace_get_info(trace);
	int err;

	err = check_limits(options, info);
	if (err)
		return err;
	*config = (struct sendtrace_config){
		.snaplen = options->snaplen,
		.ring_size = options->ring_size,
		.calls = options->calls,
	};
	err = allocate(trace, config);
	if (err == -EINVAL)
		err = allocate_older(options, trace, config);
	if (err == -EPROTO)
		return err;
	if (err == -ENOMEM)
		return memory_failed(config, info);
	if (err == -EINTR)
		message("interrupted before the trace began");
	else if (err)
		message("'%s' refuses the configuration: %s", options->device,
			strerror(-err));
	return err;
}

static int set_filter(const struct options *options, struct sendtrace *trace)
{
	int err = sendtrace_set_filter(trace, &options->filter);

	if (err)
		message("'%s' refuses the filter: %s", options->device, strerror(-err));
	return err;
}

static int map(const struct options *options, struct sendtrace *trace)
{
	int err;

	if (options->use_read)
		return 0;
	err = sendtrace_map(trace);
	if (err)
		message("cannot map the rings of '%s': %s; try --read", options->device,
			strerror(-err));
	return err;
}

/* ---- Start ---------------------------------------------------------------------- */

/* Only this level forbids tracing. */
static bool forbids_tracing(const char *lockdown)
{
	return lockdown && strcmp(lockdown, "confidentiality") == 0;
}

static int start_failed(const struct sendtrace *trace, int err)
{
	const char *lockdown = module_lockdown();

	switch (err) {
	case -EPERM:
		if (forbids_tracing(lockdown))
			message("the kernel is locked down (%s) and forbids tracing, "
				"see kernel_lockdown(7)",
				lockdown);
		else
			message("no permission to trace, expected CAP_SYS_ADMIN in the host's "
				"user namespace: run sendread as root on the host");
		break;
	case -EUSERS:
		message("%u sessions run, more are not possible: stop one (see "
			"/proc/sendtrace/sessions)",
			sendtrace_get_info(trace)->max_sessions);
		break;
	case -ENOENT:
		message("this kernel lacks every function that must be probed for what --events "
			"asks for: 'dmesg' names them");
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

static int start(struct sendtrace *trace)
{
	int err = sendtrace_start(trace);

	return err ? start_failed(trace, err) : 0;
}

/* All but the start: what takes time is done before, since records wait for nobody. */
static int prepare(const struct options *options, struct sendtrace *trace,
		   struct sendtrace_config *config)
{
	int err = check_abi(trace);

	if (!err)
		err = configure(options, trace, config);
	if (!err)
		err = set_filter(options, trace);
	if (!err)
		err = map(options, trace);
	if (!err)
		err = set_order(options, trace);
	return err;
}

/* The hints take a while, and so does looking for TLS libraries. */
static int begin(const struct options *options, struct sendtrace *trace)
{
	int err = options->tls ? tls_prepare(options, trace) : 0;

	if (!err)
		err = hints_begin(options);
	if (!err && options->verbose)
		hits_begin(HITS_STATS);
	if (!err)
		err = start(trace);
	if (!err && options->tls)
		err = tls_begin();
	return err;
}

static int start_session(const struct options *options, struct sendtrace **result,
			 struct sendtrace_config *config)
{
	struct sendtrace *trace;
	int err;

	err = hints_prepare(options);
	if (!err)
		err = open_device(options, &trace);
	if (err)
		return err;
	err = prepare(options, trace, config);
	if (!err)
		err = begin(options, trace);
	if (err) {
		sendtrace_close(trace);
		tls_end();
		return err;
	}
	blind_init();
	*result = trace;
	return 0;
}

/* Before a record is looked at. A saved stream may be what a stranger has made. */
static int drop_rights(struct sendtrace **trace)
{
	int err = rights_drop();

	if (err) {
		sendtrace_close(*trace);
		*trace = NULL;
	}
	return err;
}

/* The options first: the device may be missing. */
int start_source(struct options *options, struct sendtrace **trace,
		 struct sendtrace_config *config)
{
	int saved = is_saved(options);
	int err;

	if (saved < 0)
		return saved;
	err = saved ? options_check_saved(options) : options_check_device(options);
	if (err) {
		message("%s", options->error);
		return -ERANGE;
	}
	err = saved ? open_saved(options, trace) : start_session(options, trace, config);
	if (err)
		return err;
	hints_output(options);
	return drop_rights(trace);
}
