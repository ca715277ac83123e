// SPDX-License-Identifier: GPL-2.0
/* What sendread prints on standard error while it runs, and at the end: losses, the summary. */
#include "report.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "left_out.h"
#include "message.h"
#include "words.h"

enum {
	INTERVAL_MS = 1000
};

static const char *const lost_reasons[SENDTRACE_LOST_REASONS] = {
	[SENDTRACE_LOST_RING_FULL] = "ring full",
};

/* The word for a reason; a newer module may have more. */
static const char *lost_reason(size_t reason)
{
	return lost_reasons[reason] ?: "unknown reason";
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* ---- Counting ------------------------------------------------------------------- */

void report_cut(struct tally *tally, const struct sendtrace_item *item)
{
	tally->cut[sendtrace_why(item)]++;
}

void report_unknown(struct tally *tally, const struct sendtrace_item *item)
{
	if (tally->unknown++ == 0)
		message("records of type %u come, which this sendread does not know: it is older "
			"than the module; get a newer one",
			item->rec.type);
}

static const char *keep_advice(int err)
{
	switch (err) {
	case -EMFILE:
	case -ENFILE:
		return "; expected a free descriptor (ulimit -n)";
	case -ENOMEM:
		return "";
	default:
		return "; set TMPDIR to a directory with room";
	}
}

void report_kept(struct tally *tally, const struct sendtrace *trace)
{
	const char *folder;
	int err = sendtrace_keep_error(trace, &folder);

	if (!err || tally->keep_failed)
		return;
	tally->keep_failed = true;
	switch (err) {
	case -ENOBUFS:
		message("payloads are unjoined: '%s' would have to keep more than 1 GiB of "
			"unfinished ones: try a smaller --snaplen",
			folder);
		break;
	case -EFBIG:
		message("payloads are unjoined: the limit of a file's size (ulimit -f) leaves no "
			"more room for them in '%s'",
			folder);
		break;
	default:
		message("payloads are unjoined: their parts cannot be kept in '%s': %s%s",
			folder, strerror(-err), keep_advice(err));
	}
}

static void note_cpu(struct tally *tally, uint32_t cpu)
{
	if (!tally->pending.any || cpu < tally->pending.first_cpu)
		tally->pending.first_cpu = cpu;
	if (!tally->pending.any || cpu > tally->pending.last_cpu)
		tally->pending.last_cpu = cpu;
	tally->pending.any = true;
}

/* A saved stream may claim any number: the sum must not wrap around to 0. */
static void add(__u64 *sum, __u64 count)
{
	if (__builtin_add_overflow(*sum, count, sum))
		*sum = ~0ULL;
}

/* Records and counters tell of the same losses, one sooner than the other. */
static __u64 known_lost(const struct tally *tally, size_t reason)
{
	__u64 lost = tally->lost[reason], counted = tally->counted.lost[reason];

	return lost > counted ? lost : counted;
}

/* Return: whether that is news. */
static bool count_lost(struct tally *tally, const struct sendtrace_lost *lost)
{
	bool news = false;
	__u64 before;
	size_t i;

	for (i = 0; i < SENDTRACE_LOST_REASONS; i++) {
		before = known_lost(tally, i);
		add(&tally->lost[i], lost->reasons[i]);
		add(&tally->pending.lost[i], known_lost(tally, i) - before);
		news |= known_lost(tally, i) > before;
	}
	return news;
}

void report_gap(struct tally *tally, const struct sendtrace_item *item)
{
	bool news = item->missing > 0;

	add(&tally->unreported, item->missing);
	add(&tally->pending.unreported, item->missing);
	if (item->rec.type == SENDTRACE_RECORD_LOST)
		news |= count_lost(tally, &item->lost);
	if (news)
		note_cpu(tally, item->rec.cpu);
}

static void count_counted(struct tally *tally, const __u64 lost[SENDTRACE_LOST_REASONS])
{
	__u64 before;
	size_t i;

	for (i = 0; i < SENDTRACE_LOST_REASONS; i++) {
		before = known_lost(tally, i);
		tally->counted.lost[i] = lost[i];
		add(&tally->pending.lost[i], known_lost(tally, i) - before);
		tally->pending.counted |= known_lost(tally, i) > before;
	}
}

static void count_missed(struct tally *tally, __u64 missed)
{
	if (missed > tally->counted.missed)
		tally->pending.missed += missed - tally->counted.missed;
	tally->counted.missed = missed;
}

void report_counters(struct tally *tally, const struct sendtrace_stats *stats)
{
	/* The records of what was lost just now may still be in the rings. */
	count_counted(tally, tally->earlier);
	memcpy(tally->earlier, stats->lost, sizeof(tally->earlier));
	count_missed(tally, stats->missed);
}

/* A gap of the sequence is explained where the counters know more than the records. */
static void settle_unreported(struct tally *tally)
{
	__u64 explained = 0;
	size_t i;

	for (i = 0; i < SENDTRACE_LOST_REASONS; i++)
		add(&explained, known_lost(tally, i) - tally->lost[i]);
	tally->unreported -= explained < tally->unreported ? explained :
							     tally->unreported;
}

void report_end(struct tally *tally, const struct sendtrace_stats *stats, uint64_t count)
{
	/* Events of a newer module's types are captured, and come as records of unknown types. */
	uint64_t captured = stats->captured, others = tally->skipped + tally->unknown;
	uint64_t wanted = captured > others ? captured - others : 0;

	if (count && count < wanted)
		wanted = count;
	tally->pending.end = true;
	count_counted(tally, stats->lost);
	count_missed(tally, stats->missed);
	settle_unreported(tally);
	tally->unprinted = wanted > tally->printed ? wanted - tally->printed : 0;
}

static bool is_pending(const struct tally *tally)
{
	return tally->pending.any || tally->pending.counted || tally->pending.missed;
}

/* Where: on which CPUs as far as the records say, or in which way it is known else. */
static void append_where(struct words *words, const struct tally *tally)
{
	if (tally->pending.counted)
		words_add(words, "%s", tally->pending.end ? "at the end: " : "");
	else if (tally->pending.first_cpu == tally->pending.last_cpu)
		words_add(words, "cpu %u: ", tally->pending.first_cpu);
	else
		words_add(words, "cpus %u to %u: ", tally->pending.first_cpu,
			  tally->pending.last_cpu);
}

static void say_lost(const struct tally *tally)
{
	struct words words = { .used = 0 };
	const char *comma = "";
	size_t i;

	append_where(&words, tally);
	for (i = 0; i < SENDTRACE_LOST_REASONS; i++) {
		if (!tally->pending.lost[i])
			continue;
		words_add(&words, "%s%llu event%s lost: %s", comma,
			  (unsigned long long)tally->pending.lost[i],
			  plural(tally->pending.lost[i]), lost_reason(i));
		comma = ", ";
	}
	if (tally->pending.unreported)
		words_add(&words, "%s%llu event%s lost: unexplained sequence gap", comma,
			  (unsigned long long)tally->pending.unreported,
			  plural(tally->pending.unreported));
	message("%s", words.buffer);
}

static void append_missed(struct words *words, __u64 missed)
{
	words_add(
		words,
		"%llu call%s missed: too many at the same time (see maxactive in 'modinfo "
		"sendtrace'), or inside another probe's handler",
		(unsigned long long)missed, plural(missed));
}

static void say_missed(__u64 missed)
{
	struct words words = { .used = 0 };

	append_missed(&words, missed);
	message("%s", words.buffer);
}

int report_pending(struct tally *tally, _Bool now)
{
	int64_t time, wait;

	if (!is_pending(tally))
		return -1;
	time = clock_ms();
	wait = tally->said ? tally->said + INTERVAL_MS - time : 0;
	if (!now && wait > 0)
		return (int)wait;
	if (tally->pending.any || tally->pending.counted)
		say_lost(tally);
	if (tally->pending.missed)
		say_missed(tally->pending.missed);
	memset(&tally->pending, 0, sizeof(tally->pending));
	tally->said = time;
	return -1;
}

/* ---- The end -------------------------------------------------------------------- */

static void summarize_lost(const struct tally *tally)
{
	bool none = true;
	size_t i;

	for (i = 0; i < SENDTRACE_LOST_REASONS; i++) {
		__u64 lost = known_lost(tally, i);

		if (!lost)
			continue;
		none = false;
		message_plain("%llu event%s lost: %s", (unsigned long long)lost,
			      plural(lost), lost_reason(i));
	}
	if (tally->unreported)
		message_plain("%llu event%s lost: unexplained sequence gap",
			      (unsigned long long)tally->unreported,
			      plural(tally->unreported));
	else if (none)
		message_plain("0 events lost");
}

static void summarize_cut(const uint64_t cut[SENDTRACE_WHYS])
{
	struct words words = { .used = 0 };
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < SENDTRACE_WHYS; i++) {
		if (!cut[i])
			continue;
		words_add(&words, "%s%s %llu", sum ? ", " : "",
			  i == SENDTRACE_WHY_UNKNOWN ? "reasons of a newer module" :
						       sendtrace_why_name(i),
			  (unsigned long long)cut[i]);
		sum += cut[i];
	}
	if (sum)
		message_plain("%llu event%s cut: %s", (unsigned long long)sum,
			      plural(sum), words.buffer);
}

void report_order(const struct sendtrace *trace)
{
	struct sendtrace_order_stats stats;

	sendtrace_get_order_stats(trace, &stats);
	if (stats.late)
		message_plain(
			"%llu event%s out of order: came later than the window (see --sort)",
			(unsigned long long)stats.late, plural(stats.late));
	if (stats.early)
		message_plain(
			"%llu event%s shown early: too many for the window (see --sort)",
			(unsigned long long)stats.early, plural(stats.early));
}

static void summarize_missed(__u64 missed)
{
	struct words words = { .used = 0 };

	append_missed(&words, missed);
	message_plain("%s", words.buffer);
}

static void summarize_early(__u64 early)
{
	message_plain(
		"%llu event%s perhaps before an earlier one of the same call: too many payloads "
		"were being copied (see works in 'modinfo sendtrace'; --sort has the order)",
		(unsigned long long)early, plural(early));
}

static void ask_counters(struct tally *tally, struct sendtrace *trace)
{
	struct sendtrace_stats stats;

	if (sendtrace_get_stats(trace, &stats))
		return;
	memcpy(tally->counted.lost, stats.lost, sizeof(stats.lost));
	tally->counted.missed = stats.missed;
	tally->counted.early = stats.early;
}

void report_summary(const struct tally *tally, struct sendtrace *trace)
{
	uint64_t captured = tally->printed + tally->unprinted;
	struct tally now = *tally;

	ask_counters(&now, trace);
	message_plain("%llu event%s captured", (unsigned long long)captured,
		      plural(captured));
	if (tally->unprinted)
		message_plain("%llu event%s not printed",
			      (unsigned long long)tally->unprinted,
			      plural(tally->unprinted));
	summarize_lost(&now);
	summarize_cut(tally->cut);
	if (now.counted.missed)
		summarize_missed(now.counted.missed);
	if (now.counted.early)
		summarize_early(now.counted.early);
	if (tally->unknown)
		message_plain(
			"%llu record%s of unknown types: sendread is older than the module",
			(unsigned long long)tally->unknown, plural(tally->unknown));
	if (tally->forgotten)
		message_plain(
			"%llu socket%s forgotten: too many were open, so what their closes "
			"say begins later",
			(unsigned long long)tally->forgotten, plural(tally->forgotten));
	left_out_say();
	report_order(trace);
}
