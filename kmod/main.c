// SPDX-License-Identifier: GPL-2.0
/*
 * sendtrace - what a process sends, and to whom
 *
 * Who calls whom, a room a file; nothing calls upwards:
 *
 *	main
 *	 |- dev		/dev/sendtrace: starts and stops sessions, arms the probes
 *	 |- stats	/proc/sendtrace
 *	     |- probe	kretprobes: which calls are seen
 *	     |- event	a call's story, from its entry to its record
 *	     |   |- defer	what has to wait until the thread may sleep
 *	     |   |- record	writes into the ring
 *	     |   |- peer	who is at both ends of the socket
 *	     |- session	who wants what, and the table that event walks
 *	         |- filter	whose calls
 *	         |- ring	one CPU's records, on their way to the reader
 */
#include <linux/init.h>
#include <linux/module.h>

#include "defer.h"
#include "dev.h"
#include "probe.h"
#include "session.h"
#include "stats.h"

static int __init sendtrace_init(void)
{
	int err;

	err = st_probe_init() ?: st_defer_init() ?: st_session_init();
	if (err)
		return err;
	err = st_stats_init();
	if (err)
		goto err_stats;
	err = st_dev_init();
	if (err)
		goto err_dev;
	pr_info("version " ST_VERSION " loaded\n");
	return 0;

err_dev:
	st_stats_exit();
err_stats:
	return err;
}

static void __exit sendtrace_exit(void)
{
	st_dev_exit();
	st_stats_exit();
	st_defer_exit(); /* last: a thread may still be leaving what was deferred */
}

module_init(sendtrace_init);
module_exit(sendtrace_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Shows what processes send, and to whom");
MODULE_AUTHOR("The sendtrace authors");
MODULE_VERSION(ST_VERSION);
