// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions are opened and closed while other processes send.
 *
 *	churn many ROUNDS	8 threads open, start, read and close 64 sessions
 *	churn limit		64 sessions run, the 65th is refused
 *	churn large		a session asks for more memory than the machine has
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check.h"
#include "tracer.h"

enum {
	THREADS = 8,
	EACH = 8,
};

struct churner {
	pthread_t thread;
	int rounds;
	unsigned long records;
};

static void free_records(struct records *records)
{
	for (size_t i = 0; i < records->number; i++)
		free(records->record[i]);
	free(records->record);
	*records = (struct records){ 0 };
}

/* Only one thread at a time may call tracer_read(). */
static void read_all(struct tracer *tracer, struct records *records)
{
	static _Thread_local char room[1 << 16] __attribute__((aligned(8)));
	ssize_t got;

	if (tracer->rings) {
		tracer_read(tracer, records);
		return;
	}
	while ((got = read(tracer->fd, room, sizeof(room))) > 0)
		records_add(records, room, got);
	must(got, "read");
}

/* Check the records, and the statistics once the session has stopped. */
static unsigned long end_session(struct tracer *tracer)
{
	struct records records = { 0 };
	struct sendtrace_stats stats;
	unsigned long events = 0;

	tracer_stop(tracer);
	stats = tracer_stats(tracer);
	read_all(tracer, &records);
	for (size_t i = 0; i < records.number; i++)
		events += as_event(records.record[i]) != NULL;
	check_sequence(&records);
	check_records(&records);
	check_equal(events, stats.captured,
		    "records, compared with the counter captured");
	check_equal(stats.filtered + stats.captured + stats.lost[0], stats.hits,
		    "filtered + captured + lost, compared with hits");
	tracer_close(tracer);
	free_records(&records);
	return events;
}

static void *churn(void *arg)
{
	static const char *const patterns[] = { ".", "storm", "nobody", "s*m" };
	struct churner *churner = arg;
	struct tracer tracers[EACH];

	for (int round = 0; round < churner->rounds; round++) {
		for (int i = 0; i < EACH; i++) {
			tracer_open(&tracers[i]);
			tracer_config(&tracers[i], tracers[i].info.ring_size_min << i % 4,
				      0, 0);
			tracer_filter(&tracers[i], patterns[(round + i) % 4]);
			if ((round + i) % 3)
				tracer_map(&tracers[i]);
			tracer_start(&tracers[i]);
		}
		for (int i = 0; i < EACH; i++)
			churner->records += end_session(&tracers[(i * 3 + round) % EACH]);
	}
	return NULL;
}

static void many(void)
{
	struct churner churners[THREADS] = { 0 };
	unsigned long records = 0;

	for (int i = 0; i < THREADS; i++) {
		churners[i].rounds = atoi(case_args[0]);
		must(-pthread_create(&churners[i].thread, NULL, churn, &churners[i]),
		     "a thread");
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(churners[i].thread, NULL);
		records += churners[i].records;
	}
	check(records > 0, "something was recorded");
}

static void limit(void)
{
	static struct tracer tracers[SENDTRACE_MAX_PIDS * 4];
	uint32_t max;

	tracer_open(&tracers[0]);
	max = tracers[0].info.max_sessions;
	check_equal(max, THREADS * EACH, "max_sessions");
	for (uint32_t i = 0; i <= max; i++) {
		if (i)
			tracer_open(&tracers[i]);
		tracer_config(&tracers[i], tracers[i].info.ring_size_min, 0, 0);
		check_errno(ioctl(tracers[i].fd, SENDTRACE_IOC_START),
			    i < max ? 0 : EUSERS, "START of session %u", i + 1);
	}
	tracer_stop(&tracers[17]);
	check_errno(ioctl(tracers[max].fd, SENDTRACE_IOC_START), 0,
		    "START after another has stopped");
	for (uint32_t i = 0; i <= max; i++)
		tracer_close(&tracers[i]);
}

/* It must be refused; the kernel must not kill a process for it. */
static void large(void)
{
	struct sendtrace_config config = { 0 };
	struct tracer tracer;

	tracer_open(&tracer);
	config.ring_size = tracer.info.ring_size_max;
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_CONFIG, &config), ENOMEM,
		    "CONFIG with rings of %u bytes", config.ring_size);
	tracer_config(&tracer, tracer.info.ring_size_min, 0, 0);
	tracer_start(&tracer);
	tracer_close(&tracer);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "many", many },
		{ "limit", limit },
		{ "large", large },
		{},
	};

	return run_cases(argc, argv, cases);
}
