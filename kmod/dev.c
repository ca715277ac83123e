// SPDX-License-Identifier: GPL-2.0
/*
 * The device: maps system calls to operations of a session, and connects sessions and
 * probes.
 *
 * Lock order: read_lock of a session, its lock, then the locks of session.c, running.c and
 * probe.c.
 * mmap() is entered with mmap_lock held and takes only mode_lock. read() holds only
 * read_lock where it may fault.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "consume.h"
#include "dev.h"
#include "pool.h"
#include "probe.h"
#include "running.h"
#include "session.h"
#include "tls.h"
#include "tls_call.h"

/* ---- Starting and stopping ---------------------------------------------------- */

/* Checked here and at open(): the file may have been passed to another process. */
static int may_trace(void)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return security_locked_down(LOCKDOWN_KPROBES);
}

static struct st_missed missed_so_far(const struct st_session *session)
{
	u64 tls = session->calls & SENDTRACE_CALLS_TLS ? st_tls_missed() : 0;

	return (struct st_missed){
		.all = st_probe_missed_by(session->calls) + tls,
		.tls = tls,
	};
}

/* Adds what the session has missed since it was started. */
static void add_missed_in_this_run(const struct st_session *session,
				   struct st_missed *missed)
{
	struct st_missed now = missed_so_far(session);

	missed->all += now.all - session->missed_before.all;
	missed->tls += now.tls - session->missed_before.tls;
}

static int configure_if_never(struct st_session *session)
{
	struct sendtrace_config defaults = {};

	if (session->rings)
		return 0;
	st_session_complete_config(&defaults);
	return st_session_configure(session, &defaults);
}

static int session_begin(struct st_session *session)
{
	int err;

	lockdep_assert_held(&session->lock);
	if (session->running)
		return -EALREADY;
	err = may_trace();
	if (err)
		return err;
	err = configure_if_never(session);
	if (err)
		return err;
	err = st_pool_prepare();
	if (err)
		return err;
	err = st_probe_arm(session->asks);
	if (err)
		return err;
	err = st_session_prepare(session);
	if (err)
		goto err_prepare;
	/* Now, since the filter of a probe on a library looks at the prepared sessions. */
	err = st_tls_arm(session);
	if (err)
		goto err_tls;
	session->missed_before = missed_so_far(session);
	st_session_start(session);
	return 0;

err_tls:
	st_session_unprepare(session);
err_prepare:
	st_probe_disarm(session->asks);
	return err;
}

static int session_end(struct st_session *session)
{
	lockdep_assert_held(&session->lock);
	if (!session->running)
		return -EALREADY;
	st_tls_disarm(session);
	st_session_stop(session);
	add_missed_in_this_run(session, &session->missed);
	st_probe_disarm(session->asks);
	return 0;
}

/* ---- open and release ----------------------------------------------------------- */

static int dev_open(struct inode *inode, struct file *file)
{
	struct st_session *session;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	session = st_session_create();
	if (!session)
		return -ENOMEM;
	file->private_data = session;
	return stream_open(inode, file);
}

static int dev_release(struct inode *inode, struct file *file)
{
	struct st_session *session = file->private_data;

	mutex_lock(&session->lock);
	session_end(session);
	mutex_unlock(&session->lock);
	st_tls_forget(session);
	st_session_destroy(session);
	return 0;
}

/* ---- ioctl ---------------------------------------------------------------------- */

static int ioctl_info(void __user *arg)
{
	u64 missing = st_probe_missing();
	struct sendtrace_info info = {
		.abi = SENDTRACE_ABI,
		.page_size = PAGE_SIZE,
		.nr_cpus = nr_cpu_ids,
		.max_sessions = ST_MAX_RUNNING,
		.snaplen_default = ST_SNAPLEN_DEFAULT,
		.snaplen_max = ST_SNAPLEN_MAX,
		.inline_max = st_session_inline_max(),
		.late = ST_CAN_DEFER,
		.events_missing = st_session_events(missing),
		.calls_missing = missing,
		.tls = IS_ENABLED(CONFIG_UPROBES),
		.ring_size_default = st_session_default_ring_size(),
		.ring_size_min = ST_RING_SIZE_MIN,
		.ring_size_max = ST_RING_SIZE_MAX,
		.version = ST_VERSION,
	};

	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/*
 * A process that was given an open session may read the records that the giver has
 * chosen, but not choose others. So CONFIG and FILTER check the capability again, as
 * START does.
 */
static int ioctl_config(struct st_session *session, void __user *arg)
{
	struct sendtrace_config config;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&config, arg, sizeof(config)))
		return -EFAULT;
	err = st_session_complete_config(&config);
	if (err)
		return err;
	/* Before anything changes: after EFAULT the session has no rings. */
	if (copy_to_user(arg, &config, sizeof(config)))
		return -EFAULT;
	mutex_lock(&session->lock);
	err = st_session_configure(session, &config);
	mutex_unlock(&session->lock);
	return err;
}

static int ioctl_filter(struct st_session *session, void __user *arg)
{
	struct sendtrace_filter *wanted;
	struct st_rules *rules;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	wanted = memdup_user(arg, sizeof(*wanted));
	if (IS_ERR(wanted))
		return PTR_ERR(wanted);
	rules = st_rules_create(wanted);
	kfree(wanted);
	if (IS_ERR(rules))
		return PTR_ERR(rules);
	mutex_lock(&session->lock);
	st_session_set_rules(session, rules);
	err = session->running && session->calls & SENDTRACE_CALLS_TLS ?
		      st_tls_refilter() :
		      0;
	mutex_unlock(&session->lock);
	return err;
}

static int ioctl_tls(struct st_session *session, void __user *arg)
{
	struct sendtrace_tls wanted;
	int err = may_trace();

	if (err)
		return err;
	if (copy_from_user(&wanted, arg, sizeof(wanted)))
		return -EFAULT;
	mutex_lock(&session->lock);
	err = session->rings ? st_tls_add(session, &wanted) : -EINVAL;
	mutex_unlock(&session->lock);
	return err;
}

static int ioctl_start(struct st_session *session)
{
	int err;

	mutex_lock(&session->lock);
	err = session_begin(session);
	mutex_unlock(&session->lock);
	return err;
}

static int ioctl_stop(struct st_session *session)
{
	int err;

	mutex_lock(&session->lock);
	err = session_end(session);
	mutex_unlock(&session->lock);
	return err;
}

static int ioctl_stats(struct st_session *session, void __user *arg)
{
	struct sendtrace_stats stats = {};
	struct st_counters sum = {};
	struct st_missed missed;

	mutex_lock(&session->lock);
	st_session_count(session, &sum);
	missed = session->missed;
	stats.blind = st_probe_blind();
	if (session->running)
		add_missed_in_this_run(session, &missed);
	mutex_unlock(&session->lock);

	stats.missed = missed.all;
	stats.tls_missed = missed.tls;
	stats.hits = sum.hits;
	stats.filtered = sum.filtered;
	stats.captured = sum.captured;
	stats.bytes = sum.bytes;
	stats.cut = sum.cut;
	stats.faults = sum.faults;
	stats.blocked = sum.blocked;
	stats.early = sum.early;
	memcpy(stats.lost, sum.lost, sizeof(stats.lost));
	return copy_to_user(arg, &stats, sizeof(stats)) ? -EFAULT : 0;
}

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct st_session *session = file->private_data;
	void __user *argp = (void __user *)arg;

	switch (cmd) {
	case SENDTRACE_IOC_INFO:
		return ioctl_info(argp);
	case SENDTRACE_IOC_CONFIG:
		return ioctl_config(session, argp);
	case SENDTRACE_IOC_FILTER:
		return ioctl_filter(session, argp);
	case SENDTRACE_IOC_START:
		return ioctl_start(session);
	case SENDTRACE_IOC_STOP:
		return ioctl_stop(session);
	case SENDTRACE_IOC_STATS:
		return ioctl_stats(session, argp);
	case SENDTRACE_IOC_TLS:
		return ioctl_tls(session, argp);
	default:
		return -ENOTTY;
	}
}

/* ---- read ----------------------------------------------------------------------- */

/* For `cat`: starts a session that was never started. A stopped one stays stopped. */
static int start_if_never(struct st_session *session)
{
	int err = 0;

	mutex_lock(&session->lock);
	if (!st_consume_was_started(session))
		err = session_begin(session);
	mutex_unlock(&session->lock);
	return err;
}

static int lock_and_start(struct st_session *session, bool nonblock)
{
	int err = st_consume_lock(session, nonblock);

	if (err)
		return err;
	err = start_if_never(session);
	if (err)
		st_consume_unlock(session);
	return err;
}

static ssize_t dev_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	struct st_session *session = file->private_data;
	bool nonblock = file->f_flags & O_NONBLOCK;
	ssize_t done;
	int err;

	if (!size)
		return 0;
	err = st_consume_claim(session, ST_MODE_READ);
	if (err)
		return err;
	err = lock_and_start(session, nonblock);
	if (err) {
		/* The rings may still be mapped. */
		st_consume_unclaim(session);
		return err;
	}
	done = st_consume_read(session, buf, size, nonblock);
	st_consume_unlock(session);
	return done;
}

/*
 * A session that was never started is reported as readable: a read() would not wait for a
 * start, but start it.
 */
static __poll_t dev_poll(struct file *file, poll_table *wait)
{
	struct st_session *session = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &session->bell.waiters, wait);
	if (!st_consume_was_started(session))
		return EPOLLIN | EPOLLRDNORM;
	st_bell_want(&session->bell);
	if (st_session_has_stopped(session))
		mask |= EPOLLHUP;
	if (st_consume_readable(session))
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

/* ---- mmap ----------------------------------------------------------------------- */

static int dev_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct st_session *session = file->private_data;
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	struct st_ring *ring;
	int err;

	ring = st_consume_ring(session, upper_32_bits(offset));
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	offset = lower_32_bits(offset);
	err = st_ring_check_map(ring, vma, offset);
	if (!err)
		err = st_consume_claim(session, ST_MODE_MAP);
	if (err)
		return err;
	err = st_ring_map(ring, vma, offset);
	if (err)
		st_consume_unclaim(session);
	return err;
}

/* ---- The device ------------------------------------------------------------------ */

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.read = dev_read,
	.poll = dev_poll,
	.mmap = dev_mmap,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = KBUILD_MODNAME,
	.mode = 0600,
	.fops = &fops,
};

/**
 * st_dev_init() - create /dev/sendtrace
 *
 * Return: 0 or the error of misc_register().
 */
int __init st_dev_init(void)
{
	return misc_register(&device);
}

/**
 * st_dev_exit() - remove /dev/sendtrace
 *
 * It is not open: an open file holds a reference to the module.
 */
void st_dev_exit(void)
{
	misc_deregister(&device);
}
