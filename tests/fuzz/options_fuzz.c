// SPDX-License-Identifier: GPL-2.0
/* The input is a command line, each argument ended by NUL. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "decimal.h"
#include "message.h"
#include "number.h"
#include "options.h"
#include "report.h"
#include "ways.h"

enum {
	ARGUMENTS_MAX = 80,
	SECONDS_MAX = 1000000000,
	DECIMALS = 9,
	PID_LIMIT = 1 << 22,
	SNAPLEN_LIMIT = 64 << 20,
	DIGITS_MAX = 4096,
};

/* ---- Numbers -------------------------------------------------------------------- */

static bool is_digits(const char *text)
{
	return text[0] && strspn(text, "0123456789") == strlen(text);
}

/* The C library's answer, for digits only. */
static bool value_of(const char *text, uint64_t *value)
{
	errno = 0;
	*value = is_digits(text) ? strtoull(text, NULL, 10) : 0;
	return is_digits(text) && errno == 0;
}

static bool whole_number(const char *text, uint64_t *value)
{
	return value_of(text, value) && strlen(text) <= NUMBER_WIDEST;
}

/* The expected nanoseconds: the digits without the point, filled up with zeros. */
static bool seconds(const char *text, uint64_t *nanoseconds)
{
	size_t whole = strcspn(text, "."), decimals;
	char digits[DIGITS_MAX];

	decimals = text[whole] ? strlen(text) - whole - 1 : 0;
	if (decimals > DECIMALS || whole > NUMBER_WIDEST || whole + decimals == 0)
		return false;
	snprintf(digits, sizeof(digits), "%.*s%s%.*s", (int)whole, text,
		 text[whole] ? text + whole + 1 : "", (int)(DECIMALS - decimals),
		 "000000000");
	return value_of(digits, nanoseconds) && *nanoseconds > 0 &&
	       *nanoseconds <= (uint64_t)SECONDS_MAX * 1000000000;
}

static void try_number(const char *text)
{
	uint64_t expected, value;
	char digits[NUMBER_WIDEST + 2], printed[NUMBER_WIDEST + 2];
	bool valid = whole_number(text, &expected);

	require((number_parse(text, 0, UINT64_MAX, &value) == 0) == valid,
		"'%s' is%s a number", text, valid ? "" : " not");
	require(!valid || value == expected, "'%s' is %llu", text,
		(unsigned long long)value);
	if (!valid)
		return;
	require((number_parse(text, 7, 700, &value) == 0) ==
			(expected >= 7 && expected <= 700),
		"limits of '%s'", text);
	*decimal_put(digits, expected) = '\0';
	snprintf(printed, sizeof(printed), "%llu", (unsigned long long)expected);
	require(strcmp(digits, printed) == 0, "'%s', expected '%s'", digits, printed);
	*decimal_put_signed(digits, (int64_t)expected) = '\0';
	snprintf(printed, sizeof(printed), "%lld", (long long)expected);
	require(strcmp(digits, printed) == 0, "'%s', expected '%s'", digits, printed);
}

static void try_seconds(const char *text)
{
	uint64_t expected, value;
	bool valid;

	if (strlen(text) + DECIMALS + 1 > DIGITS_MAX)
		return;
	valid = seconds(text, &expected);
	require((number_parse_seconds(text, SECONDS_MAX, &value) == 0) == valid,
		"'%s' is%s seconds", text, valid ? "" : " not");
	require(!valid || value == expected, "'%s' is %llu nanoseconds", text,
		(unsigned long long)value);
}

/* ---- The command line ----------------------------------------------------------- */

static bool is_among(const char *pattern, char **argv, int argc)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], pattern) == 0)
			return true;
	}
	return false;
}

static void require_sound(const struct options *options, int argc, char **argv)
{
	const struct sendtrace_filter *filter = &options->filter;
	uint32_t i;

	require(options->action <= OPTIONS_VERSION, "action %d", options->action);
	require(filter->nr_pids <= SENDTRACE_MAX_PIDS, "%u pids", filter->nr_pids);
	require(filter->nr_patterns <= SENDTRACE_MAX_PATTERNS, "%u patterns",
		filter->nr_patterns);
	for (i = 0; i < filter->nr_pids; i++)
		require(filter->pids[i] >= 1 && filter->pids[i] <= PID_LIMIT, "pid %u",
			filter->pids[i]);
	for (i = 0; i < filter->nr_patterns; i++) {
		const char *pattern = filter->patterns[i];

		require(memchr(pattern, '\0', SENDTRACE_PATTERN_LEN) && pattern[0],
			"a pattern that the module refuses");
		require(is_among(pattern, argv, argc), "'%s' was not given", pattern);
	}
	require(options->snaplen <= SNAPLEN_LIMIT, "snaplen %u", options->snaplen);
	require(options->ring_size % 1024 == 0 && options->ring_size <= 1u << 30,
		"ring size %u", options->ring_size);
	require(options->duration <= (uint64_t)SECONDS_MAX * 1000000000, "duration");
	require(options->device && options->device[0], "no device");
	require(options->action || options->calls, "nothing is chosen");
	require(!(options->calls & ~(SENDTRACE_CALLS_ALL | SENDTRACE_CALLS_TLS)),
		"calls 0x%llx", (unsigned long long)options->calls);
	require(options->action ||
			options->tls == ((options->calls & SENDTRACE_CALLS_TLS) != 0),
		"tls %d", options->tls);
}

/* A message is one line with any quoted text; bytes above ASCII may be UTF-8. */
static void require_one_line(void)
{
	const struct output *output = output_of(STDERR_FILENO);
	size_t i;

	require(output->size > 0 && output->text[output->size - 1] == '\n', "no line");
	for (i = 0; i + 1 < output->size; i++)
		require((unsigned char)output->text[i] >= 0x20 && output->text[i] != 0x7f,
			"byte %zu of a message is 0x%02x", i, output->text[i]);
}

static void try_refusal(const struct options *options)
{
	require(memchr(options->error, '\0', sizeof(options->error)),
		"an endless reason");
	require(options->error[0], "refused without a reason");
	outputs_reset(1 + strlen(options->error) / 2);
	message("%s", options->error);
	require_one_line();
}

/* The names of what was chosen choose it again. */
static void try_chosen(const struct options *options)
{
	struct words words = { .used = 0 };
	char *argv[] = { (char *)"sendread", (char *)"-e", words.buffer, NULL };
	struct options *again = malloc(sizeof(*again));
	char *from, *to = words.buffer;

	if (!again)
		abort();
	ways_describe(&words, options->calls, options->calls);
	for (from = words.buffer; *from; from++)
		if (*from != ' ')
			*to++ = *from;
	*to = '\0';
	require(options_parse(again, 3, argv) == 0, "'%s' is refused", words.buffer);
	require(!(options->calls & ~again->calls), "'%s' does not have all",
		words.buffer);
	free(again);
}

/* The message that sendread listens, with the filter in words. */
static void try_listening(const struct options *options)
{
	static const struct sendtrace_config config = { .ring_size = 4096 };
	static struct sendtrace *trace;

	if (!trace && sendtrace_open_stream(&trace, -1))
		abort();
	outputs_reset(SIZE_MAX);
	report_listening(options, trace, &config);
	require_one_line();
}

static void try_options(int argc, char **argv)
{
	struct options *options = malloc(sizeof(*options));
	int err;

	if (!options)
		abort();
	memset(options, 0xaa, sizeof(*options));
	err = options_parse(options, argc, argv);
	require(err == 0 || err == -EINVAL, "options_parse() returned %d", err);
	if (err) {
		try_refusal(options);
	} else {
		require_sound(options, argc, argv);
		try_listening(options);
		if (!options->action)
			try_chosen(options);
		if (options->calls & SENDTRACE_CALL_BIT(SENDTRACE_CALL_ACCEPT) ?
			    options_check_device(options) :
			    options_check_saved(options))
			try_refusal(options);
	}
	free(options);
}

static void try_arguments(char *words[ARGUMENTS_MAX + 1], int count)
{
	/* getopt_long() changes the order. */
	char *argv[ARGUMENTS_MAX + 2] = { (char *)"sendread" };

	memcpy(argv + 1, words, (size_t)count * sizeof(*words));
	try_options(count + 1, argv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words[ARGUMENTS_MAX + 1];
	int count = 0, i;

	while (size > 0 && count < ARGUMENTS_MAX) {
		const uint8_t *end = memchr(data, '\0', size);
		size_t length = end ? (size_t)(end - data) : size;

		words[count] = (char *)exact_copy(data, length + 1 - !end);
		if (!end) {
			words[count] = realloc(words[count], length + 1);
			words[count][length] = '\0';
		}
		try_number(words[count]);
		try_seconds(words[count]);
		count++;
		data += length + !!end;
		size -= length + !!end;
	}
	try_arguments(words, count);
	for (i = 0; i < count; i++)
		free(words[i]);
	return 0;
}
