// SPDX-License-Identifier: GPL-2.0
/* Names the functions of libraries to the module. */
#include "tls_library.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "message.h"
#include "options.h"
#include "sendtrace_tls.h"
#include "words.h"

enum {
	COMPLAINED_MAX = 4096, /* libraries; beyond them, complaints are repeated */
};

_Static_assert(FLOW_RETURNS_MAX <= SENDTRACE_TLS_RETURNS, "all returns fit");

/* Some are no calls that are recorded. */
static const uint32_t module_functions[TLS_FUNCTIONS] = {
	[TLS_SSL_WRITE] = SENDTRACE_CALL_SSL_WRITE,
	[TLS_SSL_WRITE_EX] = SENDTRACE_CALL_SSL_WRITE_EX,
	[TLS_SSL_WRITE_EX2] = SENDTRACE_CALL_SSL_WRITE_EX2,
	[TLS_SSL_READ] = SENDTRACE_CALL_SSL_READ,
	[TLS_SSL_READ_EX] = SENDTRACE_CALL_SSL_READ_EX,
	[TLS_SSL_SENDFILE] = SENDTRACE_CALL_SSL_SENDFILE,
	[TLS_SSL_FREE] = SENDTRACE_TLS_FREE,
	[TLS_SSL_DO_HANDSHAKE] = SENDTRACE_TLS_HANDSHAKE,
	[TLS_BIO_WRITE] = SENDTRACE_TLS_BIO_WRITE,
	[TLS_GNUTLS_RECORD_SEND] = SENDTRACE_CALL_GNUTLS_SEND,
	[TLS_GNUTLS_RECORD_SEND2] = SENDTRACE_CALL_GNUTLS_SEND,
	[TLS_GNUTLS_RECORD_RECV] = SENDTRACE_CALL_GNUTLS_RECV,
	[TLS_GNUTLS_DEINIT] = SENDTRACE_TLS_FREE,
	[TLS_WOLFSSL_WRITE] = SENDTRACE_CALL_WOLFSSL_WRITE,
	[TLS_WOLFSSL_READ] = SENDTRACE_CALL_WOLFSSL_READ,
	[TLS_WOLFSSL_FREE] = SENDTRACE_TLS_FREE,
	[TLS_MBEDTLS_SSL_WRITE] = SENDTRACE_CALL_MBEDTLS_WRITE,
	[TLS_MBEDTLS_SSL_READ] = SENDTRACE_CALL_MBEDTLS_READ,
	[TLS_MBEDTLS_SSL_FREE] = SENDTRACE_TLS_FREE,
	/* Servers keep a session and reset it for the next client. */
	[TLS_MBEDTLS_SSL_SESSION_RESET] = SENDTRACE_TLS_FREE,
};

/* ---- Complaints ------------------------------------------------------------------------ */

enum complaint {
	NOT_CERTAIN,
	REFUSED,
};

/* Return: whether it is the first one of its kind about this file. */
static bool is_first(enum complaint kind, const struct tls_library *library)
{
	static struct {
		uint64_t inode;
		uint32_t major, minor;
		enum complaint kind;
	} complained[COMPLAINED_MAX];
	static unsigned int number;
	unsigned int i;

	for (i = 0; i < number; i++)
		if (complained[i].kind == kind && complained[i].inode == library->inode &&
		    complained[i].major == library->major &&
		    complained[i].minor == library->minor)
			return false;
	if (number < COMPLAINED_MAX) {
		complained[number].kind = kind;
		complained[number].inode = library->inode;
		complained[number].major = library->major;
		complained[number++].minor = library->minor;
	}
	return true;
}

static bool is_insisted_on(const struct options *options, const struct tls_site *site)
{
	return options->tls_uretprobes && site->entry &&
	       !tls_function_only_begins(site->function);
}

static bool is_traceable(const struct options *options, const struct tls_site *site)
{
	return !site->why || is_insisted_on(options, site);
}

/* Is it one of those that are recorded? */
static bool is_call(const struct tls_site *site)
{
	return !tls_function_only_begins(site->function);
}

/*
 * A call that -e left out needs no probe; the end of a session always does. Of libcrypto alone,
 * which many programs have, nothing is worth a probe.
 */
static bool is_wanted(const struct options *options, const struct tls_site *site,
		      const struct tls_mapping *mapping)
{
	if (site->function == TLS_BIO_WRITE)
		return mapping->has_calls;
	return !is_call(site) ||
	       options->calls & SENDTRACE_CALL_BIT(module_functions[site->function]);
}

/* Is it wanted, but cannot be traced? */
static bool is_missed(const struct options *options, const struct tls_site *site,
		      const struct tls_mapping *mapping)
{
	return !is_traceable(options, site) && is_wanted(options, site, mapping);
}

/* The functions that one reason keeps from being traced. */
static void say_why(const struct options *options, const struct tls_library *library,
		    const struct tls_mapping *mapping, const char *why)
{
	struct words names = { .used = 0 };
	bool has_entry = false;
	unsigned int i;

	for (i = 0; i < library->nr_sites; i++) {
		const struct tls_site *site = &library->sites[i];

		if (!site->why || strcmp(site->why, why) ||
		    !is_missed(options, site, mapping))
			continue;
		words_add(&names, "%s%s", names.used ? ", " : "",
			  tls_function_name(site->function));
		has_entry |= site->entry && !tls_function_only_begins(site->function);
	}
	if (names.used)
		message("'%s' in process %d ('%s'): %s cannot be traced: it %s%s",
			library->path, (int)mapping->pid, mapping->name, names.buffer,
			why,
			has_entry ?
				"; --tls-uretprobes insists, see sendread(8) for its danger" :
				"");
}

static bool is_said_before(const struct tls_library *library, unsigned int site)
{
	unsigned int i;

	for (i = 0; i < site; i++)
		if (library->sites[i].why &&
		    strcmp(library->sites[i].why, library->sites[site].why) == 0)
			return true;
	return false;
}

static void complain(const struct options *options, const struct tls_library *library,
		     const struct tls_mapping *mapping)
{
	bool any = library->why;
	unsigned int i;

	for (i = 0; i < library->nr_sites; i++)
		any |= is_missed(options, &library->sites[i], mapping);
	if (!any || options->quiet || !is_first(NOT_CERTAIN, library))
		return;
	if (library->why)
		message("'%s' in process %d ('%s') %s: if it has TLS functions, they are not "
			"traced",
			library->path, (int)mapping->pid, mapping->name, library->why);
	for (i = 0; i < library->nr_sites; i++)
		if (library->sites[i].why && !is_said_before(library, i))
			say_why(options, library, mapping, library->sites[i].why);
}

/* ---- News ------------------------------------------------------------------------------ */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void announce(const struct options *options, const struct tls_library *library,
		     const struct tls_mapping *mapping, const struct words *names)
{
	uint64_t late;

	if (!mapping->is_late) {
		if (options->verbose)
			message("traces %s of '%s'", names->buffer, library->path);
		return;
	}
	late = (now_ns() - mapping->time) / 1000000;
	if (!options->quiet && !mapping->time)
		message("process %d ('%s') maps '%s': its calls are traced now; what came before "
			"is missing",
			(int)mapping->pid, mapping->name, library->path);
	else if (!options->quiet)
		message("process %d ('%s') mapped '%s': its calls are traced now, %llu ms later; "
			"what came before is missing",
			(int)mapping->pid, mapping->name, library->path,
			(unsigned long long)late);
}

/* ---- To the module ----------------------------------------------------------------------- */

static int add(struct sendtrace *trace, const struct tls_library *library,
	       const struct tls_site *site, pid_t pid)
{
	struct sendtrace_tls function = {
		.pid = (uint32_t)pid,
		.function = module_functions[site->function],
		.address = site->entry,
		.file = library->fd,
	};

	if (site->why) {
		function.flags = SENDTRACE_TLS_URETPROBE;
	} else {
		function.nr_returns = site->nr_returns;
		memcpy(function.returns, site->returns,
		       site->nr_returns * sizeof(site->returns[0]));
	}
	return sendtrace_add_tls(trace, &function);
}

static enum tls_named refused(const struct tls_library *library,
			      const struct tls_site *site,
			      const struct tls_mapping *mapping, int err)
{
	const char *name = tls_function_name(site->function);
	static bool said_permission;

	switch (err) {
	case -ESRCH:
	case -ESTALE:
		return TLS_CHANGED;
	case -EPERM:
		if (!said_permission)
			message("no permission to trace TLS libraries, expected CAP_SYS_ADMIN, and a kernel "
				"that is not locked down (kernel_lockdown(7))");
		said_permission = true;
		return TLS_FAILED;
	}
	if (!is_first(REFUSED, library))
		return TLS_NOT_NAMED;
	if (err == -E2BIG)
		message("no more functions of TLS libraries can be traced: '%s' of process %d "
			"('%s') is not",
			library->path, (int)mapping->pid, mapping->name);
	else
		message("the kernel cannot trace %s of '%s' in process %d ('%s'): %s",
			name, library->path, (int)mapping->pid, mapping->name,
			strerror(-err));
	return TLS_NOT_NAMED;
}

void tls_library_too_many(const struct options *options,
			  const struct tls_mapping *mapping)
{
	static bool said;

	if (!said && !options->quiet)
		message("process %d ('%s') maps more than %d TLS libraries: the others are not "
			"traced",
			(int)mapping->pid, mapping->name, TLS_LIBRARIES_MAX);
	said = true;
}

enum tls_named tls_library_name(struct sendtrace *trace, const struct options *options,
				const struct tls_library *library,
				const struct tls_mapping *mapping)
{
	struct words names = { .used = 0 };
	enum tls_named result = TLS_NOT_NAMED, one;
	bool is_news = !mapping->time;
	unsigned int i;
	int err;

	complain(options, library, mapping);
	for (i = 0; i < library->nr_sites; i++) {
		const struct tls_site *site = &library->sites[i];

		if (!is_traceable(options, site) || !is_wanted(options, site, mapping))
			continue;
		err = add(trace, library, site, mapping->pid);
		one = err && err != -EEXIST ? refused(library, site, mapping, err) :
					      TLS_NAMED;
		if (one == TLS_CHANGED || one == TLS_FAILED)
			return one;
		if (one == TLS_NAMED && is_call(site))
			result = TLS_NAMED;
		if (err)
			continue;
		words_add(&names, "%s%s", names.used ? ", " : "",
			  tls_function_name(site->function));
		is_news |= is_call(site);
	}
	if (names.used && is_news)
		announce(options, library, mapping, &names);
	return result;
}
