// SPDX-License-Identifier: GPL-2.0
/*
 * The helper as sendread sees it. tls.c is compiled here with another helper, which does not always
 * answer.
 */
#include "child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "rights.h"
#include "session.h"
#include "source.h"
#include "tls_helper.h"

__attribute__((noreturn)) static void helps(const struct tls_helper *helper);
static bool may(int capability);

#define tls_helper_work helps
#define rights_has	may
#include "../../user/sendread/tls.c"
#undef tls_helper_work
#undef rights_has

static struct sendtrace_info info = { .tls = 1 };

static const struct sendtrace_info *fake_info(const struct source *source)
{
	(void)source;
	return &info;
}

static const struct source_ops ops = { .info = fake_info };
static struct source source = { .ops = &ops };
static struct sendtrace trace = { .source = &source };
static const struct options options;

static int missing_right = -1;

static bool may(int capability)
{
	return capability != missing_right;
}

/* ---- Helpers --------------------------------------------------------------------------- */

static void says(const struct tls_helper *as, char word)
{
	if (write(as->answers, &word, 1) != 1)
		_exit(1);
}

/* Until sendread ends; the status says whether there was an order. */
static void waits_for_order(const struct tls_helper *as)
{
	char order;

	/* As its descriptors are closed in the real one. */
	close(helper.orders);
	if (read(as->orders, &order, 1) != 1)
		_exit(0);
}

__attribute__((noreturn)) static void sleeps(void)
{
	for (;;)
		pause();
}

static void works(const struct tls_helper *as)
{
	says(as, TLS_ANSWER_LOOKED);
	waits_for_order(as);
	says(as, TLS_ANSWER_TRACES);
	sleeps();
}

static void fails_first(const struct tls_helper *as)
{
	says(as, TLS_ANSWER_FAILED);
}

static void fails_then(const struct tls_helper *as)
{
	says(as, TLS_ANSWER_LOOKED);
	waits_for_order(as);
	says(as, TLS_ANSWER_FAILED);
}

static void ends_first(const struct tls_helper *as)
{
	(void)as;
}

static void ends_then(const struct tls_helper *as)
{
	says(as, TLS_ANSWER_LOOKED);
	waits_for_order(as);
}

static void ends_at_once(const struct tls_helper *as)
{
	says(as, TLS_ANSWER_LOOKED);
}

static void never_answers(const struct tls_helper *as)
{
	(void)as;
	sleeps();
}

static void (*how)(const struct tls_helper *as);

static void helps(const struct tls_helper *as)
{
	signal(SIGPIPE, SIG_IGN);
	how(as);
	_exit(0);
}

/* ---- Its start -------------------------------------------------------------------------- */

static int result;
static pid_t last;

static int count_descriptors(void)
{
	DIR *all = opendir("/proc/self/fd");
	int number = 0;

	assert_non_null(all);
	while (readdir(all))
		number++;
	closedir(all);
	return number;
}

static void prepare_and_begin(void *arg)
{
	(void)arg;
	result = tls_prepare(&options, &trace);
	last = helper.pid;
	if (!result)
		result = tls_begin();
}

/* Start and end. Whatever happens, nothing is left of it. */
static void starts(void (*as)(const struct tls_helper *as), int error,
		   const char *message)
{
	int before = count_descriptors();

	how = as;
	assert_string_equal(said_by(prepare_and_begin, NULL), message);
	assert_int_equal(result, error);
	tls_end();
	assert_int_equal(tls_fd(), -1);
	assert_int_equal(count_descriptors(), before);
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
}

static void one_that_works_is_ended_at_the_end(void **state)
{
	int64_t before = clock_ms();

	(void)state;
	starts(works, 0, "");
	starts(works, 0, "");
	assert_true(clock_ms() - before < END_MS);
}

static void what_it_has_said_is_not_said_again(void **state)
{
	(void)state;
	starts(fails_first, -EIO, "");
	starts(fails_then, -EIO, "");
}

static void one_that_ends_unexpectedly_is_told(void **state)
{
	static const char ended[] =
		"sendread: the process sendread-tls, which finds TLS libraries, has ended "
		"unexpectedly\n";

	(void)state;
	starts(ends_first, -EPIPE, ended);
	starts(ends_then, -EPIPE, ended);
	starts(ends_at_once, -EPIPE, ended);
}

static void one_that_does_not_answer_is_told_and_ended(void **state)
{
	int patience = patience_ms;
	int64_t before = clock_ms();

	(void)state;
	patience_ms = 50;
	starts(never_answers, -ETIMEDOUT,
	       "sendread: the process sendread-tls, which finds TLS libraries, does not answer\n");
	patience_ms = patience;
	assert_true(clock_ms() - before >= 50);
	assert_true(clock_ms() - before < END_MS);
}

static void a_signal_ends_the_wait(void **state)
{
	(void)state;
	signals.stop = 1;
	starts(never_answers, -EINTR, "sendread: interrupted before the trace began\n");
	signals.stop = 0;
}

/* ---- What it needs ------------------------------------------------------------------------ */

static void without_uprobes_there_is_none(void **state)
{
	(void)state;
	info.tls = 0;
	starts(works, -EOPNOTSUPP,
	       "sendread: this kernel has no uprobes (CONFIG_UPROBES), with which --tls sees the "
	       "calls of TLS libraries\n");
	info.tls = 1;
}

static void without_a_right_there_is_none(void **state)
{
	static const int needed[] = { TLS_HELPER_RIGHTS };
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		missing_right = needed[i];
		starts(works, -EPERM,
		       "sendread: --tls looks for TLS libraries in other processes, expected "
		       "CAP_SYS_ADMIN, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH\n");
	}
	missing_right = -1;
}

/* ---- While it traces ----------------------------------------------------------------------- */

static void has_ended(void *arg)
{
	(void)arg;
	tls_has_ended();
}

static void its_end_is_seen_and_told(void **state)
{
	struct pollfd hung = { .events = 0 };

	(void)state;
	how = works;
	prepare_and_begin(NULL);
	assert_int_equal(result, 0);
	hung.fd = tls_fd();
	assert_int_equal(poll(&hung, 1, 0), 0);
	kill(last, SIGKILL);
	assert_int_equal(poll(&hung, 1, TEST_SECONDS * 1000), 1);
	assert_string_equal(
		said_by(has_ended, NULL),
		"sendread: the process sendread-tls has ended unexpectedly: TLS "
		"libraries that are loaded from now on are not traced\n");
	assert_int_equal(tls_fd(), -1);
	tls_end();
	assert_int_equal(waitpid(-1, NULL, 0), -1);
}

/* Otherwise its id would be free, and tls_end() could end another process. */
static void an_id_stays_its_own_until_the_end(void **state)
{
	siginfo_t ended;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	how = fails_first;
	prepare_and_begin(NULL);
	assert_int_equal(result, -EIO);
	assert_int_equal(waitid(P_PID, (id_t)last, &ended, WEXITED | WNOWAIT), 0);
	assert_int_equal(ended.si_pid, last);
	tls_end();
	assert_int_equal(waitpid(-1, NULL, 0), -1);
}

static void without_one_there_is_nothing_to_end(void **state)
{
	(void)state;
	assert_int_equal(tls_fd(), -1);
	tls_end();
	assert_int_equal(tls_fd(), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(without_one_there_is_nothing_to_end),
		test_case(one_that_works_is_ended_at_the_end),
		test_case(what_it_has_said_is_not_said_again),
		test_case(one_that_ends_unexpectedly_is_told),
		test_case(one_that_does_not_answer_is_told_and_ended),
		test_case(a_signal_ends_the_wait),
		test_case(without_uprobes_there_is_none),
		test_case(without_a_right_there_is_none),
		test_case(its_end_is_seen_and_told),
		test_case(an_id_stays_its_own_until_the_end),
	};

	signal(SIGPIPE, SIG_IGN);
	message_set_program("sendread");
	return run_all("tls", tests);
}
