// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/sendtrace/stats: a `key value` a line, totals first, then each CPU's with the CPU
 * in front of the key. Keys are added at the end of their part and never taken away.
 *
 * /proc/sendtrace/sessions: a line for each open session.
 */
#include <linux/cpumask.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "probe.h"
#include "session.h"
#include "stats.h"

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

static int stats_show(struct seq_file *m, void *v)
{
	struct st_counters sum = {};
	char prefix[16];
	int cpu;

	for_each_possible_cpu(cpu)
		st_sessions_count(cpu, &sum);
	seq_printf(m, "sessions %d\n", st_sessions_open());
	seq_printf(m, "running %d\n", st_sessions_running());
	seq_printf(m, "armed %d\n", st_probe_armed());
	show_counters(m, "", &sum);
	seq_printf(m, "missed_send %llu\n", st_probe_missed(ST_PROBE_SEND));
	seq_printf(m, "missed_accept %llu\n", st_probe_missed(ST_PROBE_ACCEPT));

	for_each_possible_cpu(cpu) {
		struct st_counters counters = {};

		st_sessions_count(cpu, &counters);
		snprintf(prefix, sizeof(prefix), "cpu%d.", cpu);
		show_counters(m, prefix, &counters);
	}
	return 0;
}

static int sessions_show(struct seq_file *m, void *v)
{
	st_sessions_show(m);
	return 0;
}

static struct proc_dir_entry *folder;

/**
 * st_stats_init() - make /proc/sendtrace appear
 *
 * Return: 0 or -ENOMEM.
 */
int __init st_stats_init(void)
{
	folder = proc_mkdir("sendtrace", NULL);
	if (!folder)
		return -ENOMEM;
	/* Names and filters are root's business, sums are anybody's. */
	if (proc_create_single("stats", 0444, folder, stats_show) &&
	    proc_create_single("sessions", 0400, folder, sessions_show))
		return 0;
	st_stats_exit();
	return -ENOMEM;
}

/**
 * st_stats_exit() - take it away, after the last reader has left
 */
void st_stats_exit(void)
{
	proc_remove(folder);
}
