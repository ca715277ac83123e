// SPDX-License-Identifier: GPL-2.0
/* Gives up what is not needed any more, before records are looked at. */
#include "rights.h"

#include <errno.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

enum {
	/* No name is looked up: that could load libraries. The kernel's overflowuid, too. */
	NOBODY = 65534,
	/* Uid 0 is nothing special to execve() and setuid(), and none of this can be undone. */
	NO_ROOT = SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_CAP_AMBIENT_RAISE |
		  SECURE_ALL_LOCKS
};

static bool has(cap_value_t capability, cap_flag_t flag)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (!caps)
		return false;
	if (cap_get_flag(caps, capability, flag, &value))
		value = CAP_CLEAR;
	cap_free(caps);
	return value == CAP_SET;
}

bool rights_has(cap_value_t capability)
{
	return has(capability, CAP_EFFECTIVE);
}

/* The number of the initial user namespace: linux/proc_ns.h. */
static bool is_initial_user_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/user", &status) || status.st_ino == 0xEFFFFFFD;
}

static bool is_root(void)
{
	uid_t real, effective, saved;

	return getresuid(&real, &effective, &saved) || !real || !effective || !saved;
}

/* ---- Steps -------------------------------------------------------------------------- */

/* Other processes of our new uid must not read our memory, which holds payloads. */
static int forbid_looks(void)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* From here on no program that is executed gets more rights than this process has. */
static int forbid_new_rights(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Capabilities that are permitted survive the change of the uid. */
static int become_nobody(void)
{
	if (!is_root() || !is_initial_user_namespace())
		return 0;
	if (!has(CAP_SETGID, CAP_PERMITTED) || !has(CAP_SETUID, CAP_PERMITTED))
		return 0;
	return cap_setgroups(NOBODY, 0, NULL) || cap_setuid(NOBODY) || is_root();
}

static int set_caps(const cap_value_t *kept, int nr)
{
	cap_t caps = cap_init();
	int err = !caps;

	if (!err && nr)
		err = cap_set_flag(caps, CAP_PERMITTED, nr, kept, CAP_SET) ||
		      cap_set_flag(caps, CAP_EFFECTIVE, nr, kept, CAP_SET);
	err = err || cap_set_proc(caps);
	cap_free(caps);
	return err;
}

/* no_new_privs keeps uid 0 from regaining capabilities, too: these are a second lock. */
static int lock_out(const cap_value_t *kept, int nr)
{
	cap_value_t all[64], setpcap = CAP_SETPCAP;
	cap_value_t cap;
	int number = 0;

	if (!has(setpcap, CAP_PERMITTED))
		return 0;
	for (cap = 0; cap < nr; cap++)
		all[number++] = kept[cap];
	all[number++] = setpcap;
	if (set_caps(all, number))
		return -1;
	for (cap = 0; cap_get_bound(cap) >= 0; cap++)
		if (cap_drop_bound(cap))
			return -1;
	return cap_set_secbits(NO_ROOT);
}

/* Return: -1 if anything is left besides what is kept. */
static int check(const cap_value_t *kept, int nr)
{
	cap_t got = cap_get_proc(), none = cap_init();
	int err = !got || !none;

	errno = 0;
	if (!err && nr)
		err = cap_set_flag(got, CAP_PERMITTED, nr, kept, CAP_CLEAR) ||
		      cap_set_flag(got, CAP_EFFECTIVE, nr, kept, CAP_CLEAR);
	err = err || cap_compare(got, none);
	if (!err && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		err = 1;
	cap_free(got);
	cap_free(none);
	return err ? -1 : 0;
}

/* ---- All of it ----------------------------------------------------------------------- */

static const char *failed_step;

/* Return: 0 or a negative errno, and what failed in failed_step. */
static int step(int failed, const char *name)
{
	if (!failed)
		return 0;
	failed_step = name;
	return errno ? -errno : -EPERM;
}

static int keep(const cap_value_t *kept, int nr)
{
	int err;

	errno = 0;
	err = step(forbid_looks(), "PR_SET_DUMPABLE");
	if (!err)
		err = step(forbid_new_rights(), "PR_SET_NO_NEW_PRIVS");
	if (!err)
		err = step(become_nobody(), "the change to uid 65534");
	if (!err)
		err = step(cap_reset_ambient(), "clearing the ambient capabilities");
	if (!err)
		err = step(lock_out(kept, nr), "emptying the bounding set");
	if (!err)
		err = step(set_caps(kept, nr), "dropping capabilities");
	/* The change of the uid has changed that, too. */
	if (!err)
		err = step(forbid_looks(), "PR_SET_DUMPABLE");
	if (!err)
		err = step(check(kept, nr), "a last look at what is left");
	return err;
}

int rights_keep(const cap_value_t *kept, int nr)
{
	cap_value_t there[8];
	int i, number = 0;

	for (i = 0; i < nr && number < 8; i++)
		if (has(kept[i], CAP_PERMITTED))
			there[number++] = kept[i];
	return keep(there, number);
}

int rights_drop(void)
{
	int err = keep(NULL, 0);

	if (err)
		message("cannot give up the rights that tracing does not need: %s failed: %s. "
			"sendread does not go on with more rights than it needs",
			failed_step, strerror(-err));
	return err;
}
