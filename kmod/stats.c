// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/sendtrace/stats: one `key value` per line; first the totals, then the values of
 * each CPU, with `cpuN.` in front of the key. New keys are added at the end of their
 * part; keys are never removed.
 *
 * /proc/sendtrace/sessions: one line per open session; new fields are added at its end.
 *
 * Both need CAP_SYS_ADMIN.
 */
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/time.h>

#include "calls.h"
#include "probe.h"
#include "session.h"
#include "stats.h"
#include "tls_call.h"

static void show_counters(struct seq_file *m, const char *prefix,
			  const struct st_counters *counters)
{
	seq_printf(m, "%shits %llu\n", prefix, counters->hits);
	seq_printf(m, "%sfiltered %llu\n", prefix, counters->filtered);
	seq_printf(m, "%scaptured %llu\n", prefix, counters->captured);
	seq_printf(m, "%sbytes %llu\n", prefix, counters->bytes);
	seq_printf(m, "%scut %llu\n", prefix, counters->cut);
	seq_printf(m, "%sfaults %llu\n", prefix, counters->faults);
	seq_printf(m, "%slost_ring_full %llu\n", prefix,
		   counters->lost[SENDTRACE_LOST_RING_FULL]);
}

/* A key that is newer than those of show_counters(). */
static void show_blocked(struct seq_file *m, const char *prefix,
			 const struct st_counters *counters)
{
	seq_printf(m, "%sblocked %llu\n", prefix, counters->blocked);
}

/* The newest one. */
static void show_early(struct seq_file *m, const char *prefix,
		       const struct st_counters *counters)
{
	seq_printf(m, "%searly %llu\n", prefix, counters->early);
}

/* Two of the keys are older than the others, and have their own place. */
static void show_missed(struct seq_file *m, enum st_hook_id id)
{
	seq_printf(m, "missed_%s %llu\n", st_hooks[id].name, st_probe_missed(id));
}

static void show_hook(struct seq_file *m, enum st_hook_id id)
{
	const char *name = st_hooks[id].name;

	if (id != ST_HOOK_SENDTO && id != ST_HOOK_ACCEPT)
		show_missed(m, id);
	seq_printf(m, "hits_%s %llu\n", name, st_probe_hits(id));
	seq_printf(m, "armed_%s %d\n", name, st_probe_is_armed(id));
}

static void count_session(const struct st_session *session, void *arg)
{
	unsigned int *open_and_running = arg;

	open_and_running[0]++;
	open_and_running[1] += READ_ONCE(session->running);
}

static int stats_show(struct seq_file *m, void *v)
{
	unsigned int open_and_running[2] = {};
	struct st_counters sum = {};
	char prefix[16];
	int cpu, i;

	for_each_possible_cpu(cpu)
		st_sessions_count(cpu, &sum);
	st_sessions_visit(count_session, open_and_running);
	seq_printf(m, "sessions %u\n", open_and_running[0]);
	seq_printf(m, "running %u\n", open_and_running[1]);
	seq_printf(m, "armed %d\n", st_probe_armed());
	show_counters(m, "", &sum);
	show_missed(m, ST_HOOK_SENDTO);
	show_missed(m, ST_HOOK_ACCEPT);
	seq_printf(m, "blind %d\n", st_probe_blind());
	show_blocked(m, "", &sum);
	for (i = 0; i < ST_HOOKS; i++)
		if (st_probe_is_needed(i))
			show_hook(m, i);
	show_early(m, "", &sum);
	seq_printf(m, "missed_tls %llu\n", st_tls_missed());

	for_each_possible_cpu(cpu) {
		struct st_counters counters = {};

		st_sessions_count(cpu, &counters);
		snprintf(prefix, sizeof(prefix), "cpu%d.", cpu);
		show_counters(m, prefix, &counters);
		show_blocked(m, prefix, &counters);
		show_early(m, prefix, &counters);
	}
	return 0;
}

static void show_time(struct seq_file *m, time64_t seconds)
{
	struct tm tm;

	time64_to_tm(seconds, 0, &tm);
	seq_printf(m, "%04ld-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		   tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void show_session(const struct st_session *session, void *arg)
{
	static const char *const modes[] = { "none", "read", "map" };
	struct seq_file *m = arg;

	seq_printf(m, "session=%llu pid=%u comm=", session->id, session->opener_pid);
	seq_escape(m, session->opener_comm, " \t\n\\");
	seq_printf(m, " uid=%u since=", session->opener_uid);
	show_time(m, session->opened);
	seq_printf(m, " state=%s reading=%s",
		   READ_ONCE(session->running) ? "running" : "stopped",
		   modes[READ_ONCE(session->mode)]);
	seq_printf(m, " snaplen=%u ring=%u events=%u ", session->snaplen,
		   session->ring_size, st_session_events(session->calls));
	rcu_read_lock();
	st_rules_show(rcu_dereference(session->rules), m);
	rcu_read_unlock();
	seq_puts(m, " calls=");
	st_calls_show(session->calls, m);
	seq_putc(m, '\n');
}

static int sessions_show(struct seq_file *m, void *v)
{
	st_sessions_visit(show_session, m);
	return 0;
}

/* ---- The files -------------------------------------------------------------------- */

/*
 * The counters tell when each traced call returns, and how long its payload is; the sessions
 * tell whom root watches. The mode of a file lets root of a container pass who is uid 0 on
 * the host, so the capability is checked, too.
 */
static int open_for_root(struct file *file, int (*show)(struct seq_file *m, void *v))
{
	return capable(CAP_SYS_ADMIN) ? single_open(file, show, NULL) : -EPERM;
}

static int stats_open(struct inode *inode, struct file *file)
{
	return open_for_root(file, stats_show);
}

static int sessions_open(struct inode *inode, struct file *file)
{
	return open_for_root(file, sessions_show);
}

static const struct proc_ops stats_ops = {
	.proc_open = stats_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static const struct proc_ops sessions_ops = {
	.proc_open = sessions_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static struct proc_dir_entry *folder;

/**
 * st_stats_init() - create /proc/sendtrace
 *
 * Return: 0 or -ENOMEM.
 */
int __init st_stats_init(void)
{
	folder = proc_mkdir("sendtrace", NULL);
	if (!folder)
		return -ENOMEM;
	if (proc_create("stats", 0400, folder, &stats_ops) &&
	    proc_create("sessions", 0400, folder, &sessions_ops))
		return 0;
	st_stats_exit();
	return -ENOMEM;
}

/**
 * st_stats_exit() - remove /proc/sendtrace; waits for its last reader
 */
void st_stats_exit(void)
{
	proc_remove(folder);
}
