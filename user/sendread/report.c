// SPDX-License-Identifier: GPL-2.0
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "text.h"
#include "message.h"
#include "options.h"
#include "sendtrace.h"

enum {
	INTERVAL_MS = 1000
};

static const char *const lost_reasons[SENDTRACE_LOST_REASONS] = {
	[SENDTRACE_LOST_RING_FULL] = "ring full",
};

/* A reason that only a newer module knows. */
static const char *lost_reason(size_t reason)
{
	return lost_reasons[reason] ?: "unknown reason";
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

struct text {
	char buffer[700];
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *text,
							 const char *fmt, ...)
{
	size_t room = sizeof(text->buffer) - text->used;
	va_list ap;
	int size;

	va_start(ap, fmt);
	size = vsnprintf(text->buffer + text->used, room, fmt, ap);
	va_end(ap);
	text->used += (size_t)size < room ? (size_t)size : room - 1;
}

/* ---- The start ------------------------------------------------------------------ */

static void append_filter(struct text *text, const struct sendtrace_filter *filter)
{
	bool all = filter->nr_patterns == 0;
	uint32_t i;

	for (i = 0; i < filter->nr_patterns; i++)
		all |= strcmp(filter->patterns[i], ".") == 0;
	append(text, all ? "calls of everyone" : "calls of ");
	for (i = 0; !all && i < filter->nr_patterns; i++)
		append(text, "%s%s", i ? ", " : "", filter->patterns[i]);
	if (filter->nr_pids)
		append(text, filter->nr_pids > 1 ? " in processes " : " in process ");
	for (i = 0; i < filter->nr_pids; i++)
		append(text, "%s%u", i ? ", " : "", filter->pids[i]);
}

void report_listening(const struct options *options, const struct reader *reader,
		      const struct sendtrace_config *config)
{
	uint32_t rings = reader_rings(reader);
	struct text text = { .used = 0 };

	text.buffer[0] = '\0';
	append_filter(&text, &options->filter);
	message("listening: %s, snap length %u bytes, rings of %u KiB for each of %u CPU%s",
		text.buffer, config->snaplen, config->ring_size / 1024, rings,
		rings == 1 ? "" : "s");
}

/* Of a thread that is not its process's first one there is no such process, either. */
static bool is_process(uint32_t pid)
{
	return syscall(SYS_tgkill, pid, pid, 0) == 0 || errno != ESRCH;
}

/* In another namespace the numbers are others; its own number: linux/proc_ns.h. */
static bool sees_all_processes(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) == 0 && status.st_ino == 0xEFFFFFFC;
}

void report_absent(const struct sendtrace_filter *filter)
{
	uint32_t i;

	if (!sees_all_processes())
		return;
	for (i = 0; i < filter->nr_pids; i++)
		if (!is_process(filter->pids[i]))
			message("no process %u is here now, expected the number of one in "
				"the initial PID namespace; waiting for it",
				filter->pids[i]);
}

void report_versions(const struct reader *reader, const struct sendtrace_config *config)
{
	const struct sendtrace_info *info = reader_info(reader);

	message("sendread %s, module sendtrace %s, ABI %u", SENDTRACE_VERSION,
		info->version, info->abi);
	message("records of%s%s, up to %u bytes of payload copied of one call, read %s",
		config->events & SENDTRACE_EVENTS_SEND ? " sends" : "",
		config->events & SENDTRACE_EVENTS_ACCEPT ? " and accepts" : "",
		!info->late && info->inline_max < config->snaplen ? info->inline_max :
								    config->snaplen,
		reader_is_mapped(reader) ? "from mapped rings" : "by read()");
}

/* ---- Counting ------------------------------------------------------------------- */

void report_cut(struct tally *tally, const struct record *record)
{
	unsigned int why = format_text_why_of(record);

	tally->cut[why < REPORT_WHYS ? why : 0]++;
}

static void note_cpu(struct tally *tally, uint32_t cpu)
{
	if (!tally->pending.any || cpu < tally->pending.first_cpu)
		tally->pending.first_cpu = cpu;
	if (!tally->pending.any || cpu > tally->pending.last_cpu)
		tally->pending.last_cpu = cpu;
	tally->pending.any = true;
}

/* A saved stream may claim any number: the sum of losses must not come out as none. */
static void add(__u64 *sum, __u64 count)
{
	if (__builtin_add_overflow(*sum, count, sum))
		*sum = ~0ULL;
}

void report_lost(struct tally *tally, const struct record *record)
{
	size_t i;

	for (i = 0; i < SENDTRACE_LOST_REASONS; i++) {
		add(&tally->lost[i], record->lost.reasons[i]);
		add(&tally->pending.lost[i], record->lost.reasons[i]);
	}
	note_cpu(tally, record->rec.cpu);
}

void report_untold(struct tally *tally, const struct record *record, uint64_t expected)
{
	uint64_t missing = record->rec.seq - expected;

	/* A step back: how many are missing cannot be known, but something is wrong. */
	if (record->rec.seq < expected)
		missing = 1;
	add(&tally->untold, missing);
	add(&tally->pending.untold, missing);
	note_cpu(tally, record->rec.cpu);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void say_pending(const struct tally *tally)
{
	struct text text = { .used = 0 };
	const char *comma = "";
	size_t i;

	for (i = 0; i < SENDTRACE_LOST_REASONS; i++) {
		if (!tally->pending.lost[i])
			continue;
		append(&text, "%s%llu event%s lost: %s", comma,
		       (unsigned long long)tally->pending.lost[i],
		       plural(tally->pending.lost[i]), lost_reason(i));
		comma = ", ";
	}
	if (tally->pending.untold)
		append(&text,
		       "%s%llu events lost: out of sequence, and no record told it",
		       comma, (unsigned long long)tally->pending.untold);
	if (tally->pending.first_cpu == tally->pending.last_cpu)
		message("cpu %u: %s", tally->pending.first_cpu, text.buffer);
	else
		message("cpus %u to %u: %s", tally->pending.first_cpu,
			tally->pending.last_cpu, text.buffer);
}

int report_pending(struct tally *tally, _Bool now)
{
	int64_t time, wait;

	if (!tally->pending.any)
		return -1;
	time = now_ms();
	wait = tally->said ? tally->said + INTERVAL_MS - time : 0;
	if (!now && wait > 0)
		return (int)wait;
	say_pending(tally);
	memset(&tally->pending, 0, sizeof(tally->pending));
	tally->said = time;
	return -1;
}

/* ---- The end -------------------------------------------------------------------- */

static void summarize_lost(const __u64 lost[SENDTRACE_LOST_REASONS], uint64_t untold)
{
	bool none = true;
	size_t i;

	for (i = 0; i < SENDTRACE_LOST_REASONS; i++) {
		if (!lost[i])
			continue;
		none = false;
		message_plain("%llu event%s lost: %s", (unsigned long long)lost[i],
			      plural(lost[i]), lost_reason(i));
	}
	if (untold)
		message_plain("%llu event%s lost: out of sequence, and no record told it",
			      (unsigned long long)untold, plural(untold));
	else if (none)
		message_plain("0 events lost");
}

static void summarize_cut(const uint64_t cut[REPORT_WHYS])
{
	struct text text = { .used = 0 };
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < REPORT_WHYS; i++) {
		if (!cut[i])
			continue;
		append(&text, "%s%s %llu", sum ? ", " : "", format_text_why(i),
		       (unsigned long long)cut[i]);
		sum += cut[i];
	}
	if (sum)
		message_plain("%llu event%s cut: %s", (unsigned long long)sum,
			      plural(sum), text.buffer);
}

void report_summary(const struct tally *tally, struct reader *reader)
{
	struct sendtrace_stats stats;
	bool session = reader_stats(reader, &stats) == 0;

	message_plain("%llu event%s captured", (unsigned long long)tally->printed,
		      plural(tally->printed));
	summarize_lost(session ? stats.lost : tally->lost, tally->untold);
	summarize_cut(tally->cut);
	if (session && stats.missed)
		message_plain(
			"%llu call%s missed: no free probe instance (see maxactive in "
			"'modinfo sendtrace')",
			(unsigned long long)stats.missed, plural(stats.missed));
}
