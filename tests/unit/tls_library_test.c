// SPDX-License-Identifier: GPL-2.0
/*
 * What of a library is named to the module, and what is said of it. tls_library.c is compiled here,
 * so that this test can answer in the module's place.
 */
#include "child.h"

#include <errno.h>
#include <string.h>

#include "sendtrace_tls.h"

static int answered(struct sendtrace *trace, const struct sendtrace_tls *function);

#define sendtrace_add_tls answered
#include "../../user/sendread/tls_library.c"
#undef sendtrace_add_tls

#include "ways.h"

enum {
	MOST = 16
};

/* What was named, and what each is answered with, or all that are beyond. */
static struct {
	struct sendtrace_tls functions[MOST];
	unsigned int number;
	int errors[MOST];
	int error;
} module;

static int answered(struct sendtrace *trace, const struct sendtrace_tls *function)
{
	unsigned int nth = module.number++;

	assert_null(trace);
	module.functions[nth] = *function;
	return module.errors[nth] ? module.errors[nth] : module.error;
}

static struct options options;
static struct tls_library library;
static struct tls_mapping mapping;
static enum tls_named named;

/* A file that nothing was said of. */
static int make_library(void **state)
{
	static uint64_t inode;
	static char path[] = "/lib/libssl.so";

	(void)state;
	memset(&module, 0, sizeof(module));
	options = (struct options){ .calls = ways_tls() };
	library = (struct tls_library){
		.fd = 77, .path = path, .major = 8, .minor = 1, .inode = ++inode
	};
	mapping = (struct tls_mapping){ .pid = 4711, .name = "server" };
	return 0;
}

static struct tls_site *add_site(enum tls_function function, const char *why)
{
	struct tls_site *site = &library.sites[library.nr_sites++];

	*site = (struct tls_site){ .function = function, .why = why, .entry = 0x1000 };
	if (why || tls_function_only_begins(function))
		return site;
	site->nr_returns = 2;
	site->returns[0] = 0x1010;
	site->returns[1] = 0x1020;
	return site;
}

static void name_it(void *arg)
{
	(void)arg;
	named = tls_library_name(NULL, &options, &library, &mapping);
}

/* Is that what is said? "": nothing. */
static void says(const char *expected)
{
	module.number = 0;
	assert_string_equal(said_by(name_it, NULL), expected);
}

static void it_says_nothing_and_names(unsigned int number)
{
	says("");
	assert_int_equal(module.number, number);
}

/* ---- What is named --------------------------------------------------------------------- */

static void a_function_is_named_with_its_returns_and_its_file(void **state)
{
	const struct sendtrace_tls *got = module.functions;

	(void)state;
	add_site(TLS_SSL_READ, NULL);
	add_site(TLS_SSL_FREE, NULL);
	it_says_nothing_and_names(2);
	assert_int_equal(named, TLS_NAMED);
	assert_int_equal(got[0].pid, 4711);
	assert_int_equal(got[0].function, SENDTRACE_CALL_SSL_READ);
	assert_int_equal(got[0].flags, 0);
	assert_int_equal(got[0].address, 0x1000);
	assert_int_equal(got[0].file, 77);
	assert_int_equal(got[0].nr_returns, 2);
	assert_int_equal(got[0].returns[1], 0x1020);
	assert_int_equal(got[1].function, SENDTRACE_TLS_FREE);
	assert_int_equal(got[1].nr_returns, 0);
	assert_int_equal(got[1].flags, 0);
}

static void what_only_ends_sessions_is_no_library_that_is_traced(void **state)
{
	(void)state;
	add_site(TLS_SSL_FREE, NULL);
	add_site(TLS_GNUTLS_DEINIT, NULL);
	it_says_nothing_and_names(2);
	assert_int_equal(named, TLS_NOT_NAMED);
}

static void what_is_not_asked_for_is_not_named(void **state)
{
	(void)state;
	options.calls = SENDTRACE_CALL_BIT(SENDTRACE_CALL_SSL_WRITE);
	add_site(TLS_SSL_READ, NULL);
	add_site(TLS_SSL_WRITE, NULL);
	add_site(TLS_SSL_FREE, NULL);
	it_says_nothing_and_names(2);
	assert_int_equal(module.functions[0].function, SENDTRACE_CALL_SSL_WRITE);
	assert_int_equal(module.functions[1].function, SENDTRACE_TLS_FREE);
}

static void both_functions_that_send_with_GnuTLS_are_one_call(void **state)
{
	(void)state;
	add_site(TLS_GNUTLS_RECORD_SEND, NULL);
	add_site(TLS_GNUTLS_RECORD_SEND2, NULL);
	it_says_nothing_and_names(2);
	assert_int_equal(module.functions[0].function, SENDTRACE_CALL_GNUTLS_SEND);
	assert_int_equal(module.functions[1].function, SENDTRACE_CALL_GNUTLS_SEND);
}

/* ---- What cannot be traced ----------------------------------------------------------------- */

#define WHERE "sendread: '/lib/libssl.so' in process 4711 ('server')"

static void what_is_not_certain_is_not_named_and_said_once(void **state)
{
	(void)state;
	add_site(TLS_SSL_READ, "is strange");
	add_site(TLS_SSL_WRITE, NULL);
	add_site(TLS_SSL_READ_EX, "is strange");
	add_site(TLS_SSL_WRITE_EX, "is long")->entry = 0;
	says(WHERE
	     ": SSL_read, SSL_read_ex cannot be traced: it is strange; --tls-uretprobes "
	     "insists, see sendread(8) for its danger\n" WHERE
	     ": SSL_write_ex cannot be traced: it is long\n");
	assert_int_equal(module.number, 1);
	it_says_nothing_and_names(1);
	/* Another file is said of. */
	library.inode += 1000;
	assert_non_null(strstr(said_by(name_it, NULL), "is strange"));
}

static void it_can_be_insisted_on_where_the_entry_is_known(void **state)
{
	(void)state;
	options.tls_uretprobes = true;
	add_site(TLS_SSL_READ, "is strange");
	add_site(TLS_SSL_WRITE, "is long")->entry = 0;
	add_site(TLS_SSL_FREE, "is odd");
	says(WHERE ": SSL_write cannot be traced: it is long\n" WHERE
		   ": SSL_free cannot be traced: it is odd\n");
	assert_int_equal(module.number, 1);
	assert_int_equal(module.functions[0].function, SENDTRACE_CALL_SSL_READ);
	assert_int_equal(module.functions[0].flags, SENDTRACE_TLS_URETPROBE);
	assert_int_equal(module.functions[0].nr_returns, 0);
	assert_int_equal(named, TLS_NAMED);
}

static void a_file_that_could_not_be_looked_at_is_named(void **state)
{
	(void)state;
	library.fd = -1;
	library.why = "cannot be read";
	says(WHERE " cannot be read: if it has TLS functions, they are not traced\n");
	assert_int_equal(named, TLS_NOT_NAMED);
	it_says_nothing_and_names(0);
}

static void nothing_of_that_is_said_where_quiet_is_asked_for(void **state)
{
	(void)state;
	options.quiet = true;
	add_site(TLS_SSL_READ, "is strange");
	add_site(TLS_SSL_WRITE, NULL);
	mapping.is_late = true;
	mapping.time = 1;
	it_says_nothing_and_names(1);
	library.why = "cannot be read";
	it_says_nothing_and_names(1);
}

/* ---- What is new --------------------------------------------------------------------------- */

static void what_was_there_before_is_said_with_v(void **state)
{
	(void)state;
	options.verbose = true;
	add_site(TLS_SSL_READ, NULL);
	add_site(TLS_SSL_FREE, NULL);
	says("sendread: traces SSL_read, SSL_free of '/lib/libssl.so'\n");
	/* Another process that maps it. */
	module.error = -EEXIST;
	it_says_nothing_and_names(2);
	assert_int_equal(named, TLS_NAMED);
	/* Only what is new is said. */
	module.error = 0;
	module.errors[0] = -EEXIST;
	says("sendread: traces SSL_free of '/lib/libssl.so'\n");
}

static void what_comes_later_is_said_with_how_late_it_is_traced(void **state)
{
	unsigned int late = 0;

	(void)state;
	add_site(TLS_SSL_READ, NULL);
	mapping.is_late = true;
	mapping.time = now_ns() - 70 * UINT64_C(1000000);
	assert_int_equal(
		sscanf(said_by(name_it, NULL),
		       "sendread: process 4711 ('server') mapped '/lib/libssl.so': its "
		       "calls are traced now, %u ms later; what came before is missing",
		       &late),
		1);
	assert_true(late >= 70 && late < 70 + 1000 * TEST_SECONDS);
	/* When it was mapped is not known. */
	mapping.time = 0;
	says("sendread: process 4711 ('server') maps '/lib/libssl.so': its calls are traced now; "
	     "what came before is missing\n");
	module.error = -EEXIST;
	it_says_nothing_and_names(1);
}

/* ---- What the module refuses --------------------------------------------------------------- */

static void a_process_that_changed_is_looked_at_again(void **state)
{
	(void)state;
	add_site(TLS_SSL_READ, NULL);
	add_site(TLS_SSL_WRITE, NULL);
	module.error = -ESTALE;
	it_says_nothing_and_names(1);
	assert_int_equal(named, TLS_CHANGED);
	module.error = -ESRCH;
	it_says_nothing_and_names(1);
	assert_int_equal(named, TLS_CHANGED);
}

static void one_function_that_is_refused_does_not_matter_to_the_others(void **state)
{
	(void)state;
	add_site(TLS_SSL_READ, NULL);
	add_site(TLS_SSL_WRITE, NULL);
	module.errors[0] = -EIO;
	says("sendread: the kernel cannot trace SSL_read of '/lib/libssl.so' in process 4711 "
	     "('server'): Input/output error\n");
	assert_int_equal(module.number, 2);
	assert_int_equal(named, TLS_NAMED);
	it_says_nothing_and_names(2);
	module.error = -EIO;
	it_says_nothing_and_names(2);
	assert_int_equal(named, TLS_NOT_NAMED);
}

static void of_too_many_functions_each_library_is_named_once(void **state)
{
	(void)state;
	add_site(TLS_SSL_READ, NULL);
	add_site(TLS_SSL_WRITE, NULL);
	module.error = -E2BIG;
	says("sendread: no more functions of TLS libraries can be traced: '/lib/libssl.so' of "
	     "process 4711 ('server') is not\n");
	assert_int_equal(named, TLS_NOT_NAMED);
	it_says_nothing_and_names(2);
}

static void without_permission_it_ends_and_that_is_said_once(void **state)
{
	(void)state;
	add_site(TLS_SSL_READ, NULL);
	add_site(TLS_SSL_WRITE, NULL);
	module.error = -EPERM;
	says("sendread: no permission to trace TLS libraries, expected CAP_SYS_ADMIN, and a "
	     "kernel that is not locked down (kernel_lockdown(7))\n");
	assert_int_equal(module.number, 1);
	assert_int_equal(named, TLS_FAILED);
	it_says_nothing_and_names(1);
	assert_int_equal(named, TLS_FAILED);
}

static void say_too_many(void *arg)
{
	(void)arg;
	tls_library_too_many(&options, &mapping);
	tls_library_too_many(&options, &mapping);
}

static void that_a_process_has_too_many_libraries_is_said_once(void **state)
{
	(void)state;
	assert_string_equal(said_by(say_too_many, NULL),
			    "sendread: process 4711 ('server') maps more than 256 TLS "
			    "libraries: the others are not traced\n");
}

#define library_case(function) cmocka_unit_test_setup(function, make_library)

int main(void)
{
	const struct CMUnitTest tests[] = {
		library_case(a_function_is_named_with_its_returns_and_its_file),
		library_case(what_only_ends_sessions_is_no_library_that_is_traced),
		library_case(what_is_not_asked_for_is_not_named),
		library_case(both_functions_that_send_with_GnuTLS_are_one_call),
		library_case(what_is_not_certain_is_not_named_and_said_once),
		library_case(it_can_be_insisted_on_where_the_entry_is_known),
		library_case(a_file_that_could_not_be_looked_at_is_named),
		library_case(nothing_of_that_is_said_where_quiet_is_asked_for),
		library_case(what_was_there_before_is_said_with_v),
		library_case(what_comes_later_is_said_with_how_late_it_is_traced),
		library_case(a_process_that_changed_is_looked_at_again),
		library_case(one_function_that_is_refused_does_not_matter_to_the_others),
		library_case(of_too_many_functions_each_library_is_named_once),
		library_case(without_permission_it_ends_and_that_is_said_once),
		library_case(that_a_process_has_too_many_libraries_is_said_once),
	};

	message_set_program("sendread");
	return run_all("tls_library", tests);
}
