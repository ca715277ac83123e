// SPDX-License-Identifier: GPL-2.0
/* The command line. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include "message.h"
#include "number.h"
#include "pattern.h"
#include "text.h"
#include "ways.h"

enum {
	/* Options without a short form: beyond the range of char. */
	OPTION_READ = 256,
	OPTION_NO_LOAD,
	OPTION_DEVICE,
	OPTION_NOT_READERS,
	OPTION_SORT,
	OPTION_TLS,
	OPTION_TLS_URETPROBES,

	SNAPLEN_MAX = 64 << 20,
	/* The module's limits, where a page has 4 KiB; a larger page is a larger minimum. */
	BUFFER_KIB_MIN = 4,
	BUFFER_KIB_MAX = 1 << 20,
	DURATION_MAX = 1000000000,
	WINDOW_MAX = 3600,
	PID_MAX = 1 << 22, /* the kernel's PID_MAX_LIMIT */
};

/*
 * getopt_long() and the usage are both made from this table. An argument that begins with '['
 * can be left out.
 */
static const struct known_option {
	int letter;
	const char *name;
	const char *argument;
	const char *help;
} known_options[] = {
	{ 'a', "accepts", NULL, "also show accepted connections" },
	{ 'B', "buffer-size", "KIB",
	  "ring size per CPU in KiB (default: at most 16384)" },
	{ 'c', "count", "N", "stop after N lines" },
	{ 'd', "duration", "SECONDS", "stop after SECONDS, which may be a fraction" },
	{ 'e', "events", "LIST", "what is shown (default: send), see below" },
	{ 'p', "pid", "PID", "only process PID; repeatable, or a list PID,PID..." },
	{ 'q', "quiet", NULL, "print only errors and losses" },
	{ 's', "snaplen", "BYTES", "show at most BYTES per call (default 1048576)" },
	{ OPTION_SORT, "sort", "[=TIME]", "causal order; live, lines come TIME later" },
	{ 'v', "verbose", NULL, "also print versions and limits" },
	{ OPTION_TLS, "tls", NULL, "what goes through TLS libraries, in the clear" },
	{ OPTION_TLS_URETPROBES, "tls-uretprobes", NULL,
	  "the same, in a way that may kill the traced program" },
	{ OPTION_READ, "read", NULL, "use read(2) instead of mapped rings" },
	{ OPTION_NO_LOAD, "no-load", NULL, "do not load the module" },
	{ OPTION_NOT_READERS, "not-readers", NULL,
	  "leave out processes that read these lines" },
	{ OPTION_DEVICE, "device", "FILE",
	  "read FILE: another device, or a saved stream" },
	{ 'V', "version", NULL, "print the version" },
	{ 'h', "help", NULL, "print this help" },
};

enum {
	NR_OPTIONS = sizeof(known_options) / sizeof(known_options[0])
};

__attribute__((format(printf, 2, 3))) static int wrong(struct options *options,
						       const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message_format(options->error, sizeof(options->error), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static const struct known_option *find_option(int letter)
{
	size_t i;

	for (i = 0; i < NR_OPTIONS; i++) {
		if (known_options[i].letter == letter)
			return &known_options[i];
	}
	return NULL;
}

/* ---- Values --------------------------------------------------------------------- */

static int parse_number(struct options *options, int letter, const char *text,
			uint64_t min, uint64_t max, uint64_t *value)
{
	const struct known_option *option = find_option(letter);

	if (number_parse(text, min, max, value) == 0)
		return 0;
	return wrong(options, "--%s is '%s', expected a whole number from %llu to %llu",
		     option->name, text, (unsigned long long)min,
		     (unsigned long long)max);
}

static int parse_ring_size(struct options *options, const char *text)
{
	uint64_t kib;
	int err;

	err = parse_number(options, 'B', text, BUFFER_KIB_MIN, BUFFER_KIB_MAX, &kib);
	if (!err)
		options->ring_size = (uint32_t)(kib * 1024);
	return err;
}

static int parse_snaplen(struct options *options, const char *text)
{
	uint64_t bytes;
	int err;

	err = parse_number(options, 's', text, 1, SNAPLEN_MAX, &bytes);
	if (!err)
		options->snaplen = (uint32_t)bytes;
	return err;
}

static int parse_duration(struct options *options, const char *text)
{
	if (number_parse_seconds(text, DURATION_MAX, &options->duration) == 0)
		return 0;
	return wrong(
		options,
		"--duration is '%s', expected seconds above 0 and up to %d, such as 10 or 0.5",
		text, DURATION_MAX);
}

static int parse_window(struct options *options, const char *text)
{
	options->sort = true;
	options->window = 0;
	if (!text || number_parse_time(text, WINDOW_MAX, &options->window) == 0)
		return 0;
	return wrong(
		options,
		"--sort is '%s', expected a time above 0 and up to %ds, such as 100ms or 2s",
		text, WINDOW_MAX);
}

static int add_pid(struct options *options, const char *text, const char *whole)
{
	struct sendtrace_filter *filter = &options->filter;
	uint64_t pid;

	if (number_parse(text, 1, PID_MAX, &pid))
		return wrong(
			options,
			"--pid is '%s', expected process ids from 1 to %d, such as 812 or 812,813",
			whole, PID_MAX);
	if (filter->nr_pids == SENDTRACE_MAX_PIDS)
		return wrong(options, "'%s' is process id number %d, expected at most %d",
			     text, SENDTRACE_MAX_PIDS + 1, SENDTRACE_MAX_PIDS);
	filter->pids[filter->nr_pids++] = (uint32_t)pid;
	return 0;
}

static int add_pids(struct options *options, const char *list)
{
	/* One digit more than a number may have: what is cut off is then no number. */
	char text[NUMBER_WIDEST + 2];
	const char *from = list;
	size_t size;
	int err;

	for (;;) {
		size = strcspn(from, ",");
		snprintf(text, sizeof(text), "%.*s", (int)size, from);
		err = add_pid(options, text, list);
		if (err || from[size] == '\0')
			return err;
		from += size + 1;
	}
}

/* The first list makes the set, unless it only takes away from the default; others change it. */
static int choose_ways(struct options *options, const char *list)
{
	struct words names = { .used = 0 };
	const char *bad;
	int size;

	if (options->calls == 0 && *list == '!')
		options->calls = ways_default();
	size = ways_choose(&options->calls, list, &bad);
	if (size < 0) {
		ways_all_names(&names);
		return wrong(options, "--events has '%.*s', expected a list of %s",
			     -size - 1, bad, names.buffer);
	}
	if (options->calls == 0)
		return wrong(
			options,
			"--events '%s' leaves nothing to show, expected at least one "
			"kind of call",
			list);
	return 0;
}

/* ---- Patterns ------------------------------------------------------------------- */

static int add_pattern(struct options *options, const char *pattern)
{
	struct sendtrace_filter *filter = &options->filter;
	const char *missing = pattern_fault(pattern);
	size_t size = strlen(pattern);

	if (size == 0)
		return wrong(options,
			     "COMM is '', expected a name, a pattern, or '.' for all");
	if (size >= SENDTRACE_PATTERN_LEN)
		return wrong(options,
			     "COMM is '%s', expected at most %d characters, not %zu",
			     pattern, SENDTRACE_PATTERN_LEN - 1, size);
	if (missing)
		return wrong(options, "COMM is '%s', expected %s", pattern, missing);
	if (filter->nr_patterns == SENDTRACE_MAX_PATTERNS)
		return wrong(options, "COMM '%s' is name number %d, expected at most %d",
			     pattern, SENDTRACE_MAX_PATTERNS + 1, SENDTRACE_MAX_PATTERNS);
	memcpy(filter->patterns[filter->nr_patterns++], pattern, size + 1);
	return 0;
}

/* ---- The command line ----------------------------------------------------------- */

static void fill_getopt(struct option longs[NR_OPTIONS + 1],
			char shorts[2 * NR_OPTIONS + 2])
{
	size_t i;

	memset(longs, 0, (NR_OPTIONS + 1) * sizeof(*longs));
	*shorts++ = ':'; /* getopt_long() then returns ':' for a missing argument */
	for (i = 0; i < NR_OPTIONS; i++) {
		const struct known_option *known = &known_options[i];

		longs[i].name = known->name;
		longs[i].has_arg = !known->argument	   ? no_argument :
				   *known->argument == '[' ? optional_argument :
							     required_argument;
		longs[i].val = known->letter;
		if (known->letter > 0xff)
			continue;
		*shorts++ = (char)known->letter;
		if (known->argument)
			*shorts++ = ':';
	}
	*shorts = '\0';
}

static int bad_option(struct options *options, int answer, char **argv)
{
	const struct known_option *known = find_option(optopt);

	if (answer == ':' && known)
		return wrong(options, "option '%s' needs a value, expected '--%s %s'",
			     argv[optind - 1], known->name, known->argument);
	if (known)
		return wrong(options, "'%s': the option takes no value, expected '--%s'",
			     argv[optind - 1], known->name);
	if (optopt)
		return wrong(
			options,
			"unknown option '-%c', expected one that 'sendread --help' lists",
			optopt);
	return wrong(options,
		     "unknown option '%s', expected one that 'sendread --help' lists",
		     argv[optind - 1]);
}

static int set_flag(struct options *options, int letter)
{
	switch (letter) {
	case 'q':
		options->quiet = true;
		break;
	case 'v':
		options->verbose = true;
		break;
	case OPTION_READ:
		options->use_read = true;
		break;
	case OPTION_NO_LOAD:
		options->no_load = true;
		break;
	case OPTION_NOT_READERS:
		options->not_readers = true;
		break;
	case OPTION_TLS_URETPROBES:
		options->tls_uretprobes = true;
		/* fall through */
	case OPTION_TLS:
		options->calls |= ways_tls();
		break;
	}
	return 0;
}

static int set_option(struct options *options, int letter, const char *argument)
{
	switch (letter) {
	case 'B':
		return parse_ring_size(options, argument);
	case 's':
		return parse_snaplen(options, argument);
	case 'c':
		return parse_number(options, letter, argument, 1, UINT64_MAX,
				    &options->count);
	case 'd':
		return parse_duration(options, argument);
	case 'e':
		return choose_ways(options, argument);
	case 'p':
		return add_pids(options, argument);
	case OPTION_SORT:
		return parse_window(options, argument);
	case OPTION_DEVICE:
		options->device = argument;
		return *argument ? 0 :
				   wrong(options, "--device is '', expected a file name");
	default:
		return set_flag(options, letter);
	}
}

int options_parse(struct options *options, int argc, char **argv)
{
	struct option longs[NR_OPTIONS + 1];
	char shorts[2 * NR_OPTIONS + 2];
	bool accepts = false;
	int letter, err = 0;

	memset(options, 0, sizeof(*options));
	options->device = SENDTRACE_DEVICE;
	options->sink_new = text_new;
	fill_getopt(longs, shorts);
	opterr = 0;
	optind = 0;
	while (!err && (letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (letter == 'h' || letter == 'V') {
			options->action = letter == 'h' ? OPTIONS_HELP : OPTIONS_VERSION;
			return 0;
		}
		if (letter == '?' || letter == ':')
			return bad_option(options, letter, argv);
		accepts |= letter == 'a';
		err = set_option(options, letter, optarg);
	}
	for (; !err && optind < argc; optind++)
		err = add_pattern(options, argv[optind]);
	if (!options->calls)
		options->calls = ways_default();
	if (accepts)
		options->calls |= ways_of_type(SENDTRACE_RECORD_ACCEPT);
	options->tls = options->calls & ways_tls();
	return err;
}

static bool matches_all(const struct sendtrace_filter *filter)
{
	return filter->nr_pids == 0 &&
	       (filter->nr_patterns == 0 ||
		(filter->nr_patterns == 1 && strcmp(filter->patterns[0], ".") == 0));
}

int options_check_device(struct options *options)
{
	if (options->filter.nr_patterns == 0 && options->filter.nr_pids == 0)
		return wrong(
			options,
			"no COMM and no --pid, expected a name, a process id, or '.' for all processes");
	if (options->sort && !options->window)
		return wrong(
			options,
			"--sort waits for the end, which a live trace does not have, expected how "
			"long events may be held back, such as '--sort=100ms', or a saved stream");
	return 0;
}

int options_check_saved(struct options *options)
{
	if (!matches_all(&options->filter))
		return wrong(
			options,
			"'%s' is a saved record stream, expected no COMM and no --pid: "
			"they choose what the kernel records",
			options->device);
	return 0;
}

/* ---- The usage ------------------------------------------------------------------ */

static void usage_option(FILE *to, const struct known_option *option)
{
	char name[40];

	snprintf(name, sizeof(name), "--%s%s%s", option->name,
		 option->argument && *option->argument != '[' ? " " : "",
		 option->argument ?: "");
	if (option->letter > 0xff)
		fprintf(to, "      %-22s %s\n", name, option->help);
	else
		fprintf(to, "  -%c, %-22s %s\n", option->letter, name, option->help);
}

void options_usage(FILE *to)
{
	size_t i;

	fputs("Usage: sendread [OPTION]... [COMM]...\n"
	      "Show what processes send and receive, and to whom: one line per call.\n"
	      "\n"
	      "COMM is the name of a process or thread, or a pattern with *, ? or [a-z];\n"
	      "'.' matches every name.\n"
	      "\n",
	      to);
	for (i = 0; i < NR_OPTIONS; i++)
		usage_option(to, &known_options[i]);
	fputs("\n"
	      "LIST: send, recv, accept, connect, close, all, and calls, such as sendto,write;\n"
	      "'!NAME' takes one away: 'all,!read'.\n"
	      "\n"
	      "EXAMPLES:\n"
	      "  sendread mysqld            what mysqld sends\n"
	      "  sendread 'php*' nginx      several names\n"
	      "  sendread -e send,recv nc   both directions\n"
	      "  sendread --tls curl        what curl sends and receives over TLS\n"
	      "  sendread -p 812 -c 7       the next 7 sends of process 812\n"
	      "  sendread -d 10 -s 100 .    all processes for 10 seconds, 100 bytes each\n",
	      to);
}
