// SPDX-License-Identifier: GPL-2.0
/* What the module is asked to record, also one that is older than config.calls. */
#include "test.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "session.h"
#include "start.c"

static struct sendtrace_info info = { .version = "0.9", .snaplen_max = 1 << 20 };
static struct sendtrace_config got;
static bool is_old;

static const struct sendtrace_info *fake_info(const struct source *source)
{
	(void)source;
	return &info;
}

/* An older module's reserved fields must be 0. */
static int fake_configure(struct source *source, struct sendtrace_config *config)
{
	(void)source;
	if (is_old && config->calls)
		return -EINVAL;
	got = *config;
	return 0;
}

static const struct source_ops ops = { .info = fake_info, .configure = fake_configure };
static struct source source = { .ops = &ops };
static struct sendtrace trace = { .source = &source };

/* Return: as configure(); what it prints is in @text. */
static int ask(uint64_t calls, bool old, char text[512])
{
	struct options options = { .device = "/dev/sendtrace", .calls = calls };
	int messages = memfd_create("messages", 0), stderr_was = dup(STDERR_FILENO), err;
	struct sendtrace_config config;
	ssize_t size;

	is_old = old;
	dup2(messages, STDERR_FILENO);
	err = configure(&options, &trace, &config);
	dup2(stderr_was, STDERR_FILENO);
	close(stderr_was);
	size = pread(messages, text, 511, 0);
	close(messages);
	assert_true(size >= 0);
	text[size] = '\0';
	return err;
}

#define BIT(call) SENDTRACE_CALL_BIT(SENDTRACE_CALL_##call)

static void the_module_is_asked_for_the_calls_that_were_chosen(void **state)
{
	char text[512];

	(void)state;
	assert_int_equal(ask(ways_default(), false, text), 0);
	assert_true(got.calls == ways_default());
	assert_int_equal(got.events, 0);
	assert_string_equal(text, "");
}

static void an_older_module_is_asked_for_what_it_can(void **state)
{
	uint64_t accepts = BIT(ACCEPT) | BIT(IO_URING_ACCEPT);
	char text[512];

	(void)state;
	assert_int_equal(ask(BIT(SENDTO), true, text), 0);
	assert_true(got.calls == 0);
	assert_int_equal(got.events, SENDTRACE_EVENTS_SEND);
	assert_int_equal(ask(accepts, true, text), 0);
	assert_int_equal(got.events, SENDTRACE_EVENTS_ACCEPT);
	assert_int_equal(ask(accepts | BIT(SENDTO), true, text), 0);
	assert_int_equal(got.events, SENDTRACE_EVENTS_ALL);
	assert_string_equal(text, "");
}

static void an_older_module_that_cannot_is_named_with_what_to_do(void **state)
{
	char text[512];

	(void)state;
	assert_int_equal(ask(ways_default(), true, text), -EPROTO);
	assert_non_null(strstr(text,
			       "module sendtrace 0.9 is too old for what --events asks "
			       "for: expected a newer one, or '--events=sendto'"));
	assert_null(strchr(strchr(text, '\n') + 1, '\n'));
	assert_int_equal(ask(BIT(SENDTO) | BIT(CLOSE), true, text), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(the_module_is_asked_for_the_calls_that_were_chosen),
		test_case(an_older_module_is_asked_for_what_it_can),
		test_case(an_older_module_that_cannot_is_named_with_what_to_do),
	};

	return run_all("start", tests);
}
