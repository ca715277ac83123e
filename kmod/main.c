// SPDX-License-Identifier: GPL-2.0
/*
 * sendtrace - what a process sends and receives, and to whom
 *
 * Each file is a room. Calls go down and to the right, never up; so do the headers.
 *
 *	main
 *	 |- dev			/dev/sendtrace: ioctls, poll, mmap; starts and stops sessions
 *	 |   |- consume		read() and who consumes the rings
 *	 |- stats		/proc/sendtrace
 *	 |- probe		arms the hooks
 *	     |- symbol		the functions that this kernel has
 *	     |   |- inlined	is one of them inside its callers?
 *	     |- trace		one callback of ftrace at all entries
 *	     |- canary		do hooks see anything?
 *	     |- entry		a function is entered, or returns: the filter
 *	     |   |- returns	catches returns, of so many concurrent calls
 *	     |- hooks		the table: which functions, for which calls
 *	         |- event	a call begins, and who wants to know
 *	         |- sendto, message, receive	what each function is given, and returns
 *	         |   |- source	who sent what is received
 *	         |   |- syscall	the call that its caller made
 *	         |   |- cmsg	ancillary data
 *	         |- lifecycle, connect	accept, connect, shutdown, close
 *	         |   |- nested	is it called by a system call's function, or by io_uring?
 *	         |- deliver	a call ends: its record, for every session
 *	             |- late	payloads that a handler cannot copy
 *	             |   |- pool	objects that carry calls to task work
 *	             |   |   |- share	how much of a pool one user may hold
 *	             |- record	writes records
 *	             |   |- payload	one source of bytes
 *	             |- peer	struct socket -> both ends
 *	tls			the functions of TLS libraries that are traced
 *	 |- tls_set		the probes on one function
 *	 |   |- uprobe		places in the code of programs
 *	 |- tls_note		the socket calls inside a call; entry and deliver hand it these
 *	 |- tls_call		a call begins, and ends
 *	     |- tls_open	calls that have not returned
 *	     |   |- tls_around	which of them a thread is inside
 *	     |- tls_conn	which socket a TLS session was last seen to use
 *	     |- tls_bio		ciphertext that the program sends itself
 *	         |- tls_written	what is written to BIOs, and for which TLS session
 *	session			life and configuration of one open file
 *	 |- running		the table of running sessions, which event walks
 *	 |- rules		whose calls
 *	 |   |- pattern		globs
 *	 |- ring, bell		one CPU's ring; waking its reader
 *	hook.h			one row of the table
 *	call.h			what is known of a call: its caller.h, payload and peer
 *	compat.h		kernel versions, and nowhere else but in supported.h
 *	stub			what is loaded instead of all this where it is not supported
 */
#include <linux/init.h>
#include <linux/module.h>

#include "dev.h"
#include "nested.h"
#include "pool.h"
#include "probe.h"
#include "session.h"
#include "stats.h"
#include "tls.h"

static int __init sendtrace_init(void)
{
	int err;

	/* st_probe_init() last: it does more than check parameters. */
	err = st_pool_init() ?: st_session_init() ?: st_nested_init() ?: st_probe_init();
	if (err)
		return err;
	err = st_tls_init();
	if (err)
		goto err_tls;
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
	st_tls_exit();
err_tls:
	st_probe_exit();
	return err;
}

static void __exit sendtrace_exit(void)
{
	st_dev_exit();
	st_stats_exit();
	st_probe_exit();
	st_tls_exit(); /* behind the hooks, which look at its table */
	st_pool_exit(); /* last: a thread may still be in deferred work */
}

module_init(sendtrace_init);
module_exit(sendtrace_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Shows what processes send and receive, and to whom");
MODULE_AUTHOR("The sendtrace authors");
MODULE_VERSION(ST_VERSION);
