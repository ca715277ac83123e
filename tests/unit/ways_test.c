// SPDX-License-Identifier: GPL-2.0
/* Which calls -e chooses, and how a set of calls is described. */
#include "test.h"

#include <string.h>

#include "options.h"
#include "sendtrace.h"
#include "ways.h"

#define BIT(call) SENDTRACE_CALL_BIT(SENDTRACE_CALL_##call)

static const uint64_t sends = BIT(SENDTO) | BIT(SENDMSG) | BIT(SENDMMSG) | BIT(WRITE) |
			      BIT(WRITEV) | BIT(PWRITEV2) | BIT(IO_SUBMIT_WRITE) |
			      BIT(SENDFILE) | BIT(SPLICE_WRITE) | BIT(IO_URING_SEND);
static const uint64_t receives =
	BIT(RECVFROM) | BIT(RECVMSG) | BIT(RECVMMSG) | BIT(READ) | BIT(READV) |
	BIT(PREADV2) | BIT(IO_SUBMIT_READ) | BIT(SPLICE_READ) | BIT(IO_URING_RECV);
static const uint64_t accepts = BIT(ACCEPT) | BIT(IO_URING_ACCEPT);
static const uint64_t connects = BIT(CONNECT) | BIT(IO_URING_CONNECT);
static const uint64_t closes = BIT(SHUTDOWN) | BIT(IO_URING_SHUTDOWN) | BIT(CLOSE);

static struct options options;

/* The set that up to three arguments before the name choose. */
static uint64_t chosen(char *one, char *two, char *three)
{
	char *argv[] = { "sendread", ".", one, two, three, NULL };
	int argc = 2 + !!one + !!two + !!three;

	assert_int_equal(options_parse(&options, argc, argv), 0);
	return options.calls;
}

static void every_way_of_sending_is_the_default(void **state)
{
	(void)state;
	assert_true(chosen(NULL, NULL, NULL) == sends);
	assert_true(chosen("-a", NULL, NULL) == (sends | accepts));
}

static void groups_are_all_that_has_their_kind(void **state)
{
	(void)state;
	assert_true(chosen("-esend", NULL, NULL) == sends);
	assert_true(chosen("-erecv", NULL, NULL) == receives);
	assert_true(chosen("-eaccept", NULL, NULL) == accepts);
	assert_true(chosen("-econnect", NULL, NULL) == connects);
	assert_true(chosen("-eclose", NULL, NULL) == closes);
	assert_true(chosen("--events=all", NULL, NULL) == SENDTRACE_CALLS_ALL);
	assert_true((sends | receives | accepts | connects | closes) ==
		    SENDTRACE_CALLS_ALL);
}

static void each_call_is_chosen_by_its_name(void **state)
{
	unsigned int call, other;
	char argument[64];

	(void)state;
	for (call = 1; call < SENDTRACE_CALLS; call++) {
		uint64_t expected = 0;

		for (other = 1; other < SENDTRACE_CALLS; other++)
			if (strcmp(sendtrace_call_name(call),
				   sendtrace_call_name(other)) == 0)
				expected |= SENDTRACE_CALL_BIT(other);
		/* Of these the group has the same name. */
		if (expected & (accepts | connects) && !(expected & sends))
			expected = expected & accepts ? accepts : connects;
		if (expected == BIT(CLOSE))
			expected = closes;
		if (expected == BIT(SHUTDOWN))
			expected |= BIT(IO_URING_SHUTDOWN);
		sprintf(argument, "--events=%s", sendtrace_call_name(call));
		assert_true(chosen(argument, NULL, NULL) == expected);
	}
}

static void lists_are_added_up_in_their_order(void **state)
{
	(void)state;
	assert_true(chosen("-ewrite,writev", NULL, NULL) == (BIT(WRITE) | BIT(WRITEV)));
	assert_true(chosen("-ewrite", "-ewritev", "-eread") ==
		    (BIT(WRITE) | BIT(WRITEV) | BIT(READ)));
	assert_true(chosen("-eall,!read", NULL, NULL) ==
		    (SENDTRACE_CALLS_ALL & ~BIT(READ)));
	assert_true(chosen("-eall,!recv,recvmsg", NULL, NULL) ==
		    ((SENDTRACE_CALLS_ALL & ~receives) | BIT(RECVMSG)));
	/* What is taken away from nothing is taken from the default. */
	assert_true(chosen("-e!write", NULL, NULL) == (sends & ~BIT(WRITE)));
	assert_true(chosen("-e!write,read", "-e!sendmsg", NULL) ==
		    ((sends & ~BIT(WRITE) & ~BIT(SENDMSG)) | BIT(READ)));
	assert_true(chosen("-erecv", "-e!read", NULL) == (receives & ~BIT(READ)));
	assert_true(chosen("-eio_uring", NULL, NULL) ==
		    (BIT(IO_URING_SEND) | BIT(IO_URING_RECV) | BIT(IO_URING_ACCEPT) |
		     BIT(IO_URING_CONNECT) | BIT(IO_URING_SHUTDOWN)));
}

/* "all" is all calls on sockets: what is encrypted and what is in the clear would both be shown. */
static void calls_of_tls_libraries_are_asked_for_by_an_option_or_by_name(void **state)
{
	static const uint64_t tls = SENDTRACE_CALLS_TLS;

	(void)state;
	assert_true(ways_tls() == tls);
	assert_true((tls & SENDTRACE_CALLS_ALL) == 0);
	assert_true(chosen(NULL, NULL, NULL) == sends && !options.tls);
	assert_true(chosen("-eall", NULL, NULL) == SENDTRACE_CALLS_ALL && !options.tls);
	assert_true(chosen("--tls", NULL, NULL) == tls && options.tls);
	assert_true(chosen("-esend", "--tls", NULL) == (sends | tls) && options.tls);
	assert_true(chosen("--tls", "-esend", NULL) == (sends | tls));
	assert_true(chosen("--tls", "-a", NULL) == (tls | accepts));
	assert_true(chosen("--tls", "-e!SSL_read", NULL) == (tls & ~BIT(SSL_READ)) &&
		    options.tls);
	assert_true(chosen("-eSSL_write", NULL, NULL) == BIT(SSL_WRITE) && options.tls);
	assert_true(chosen("-esend,SSL_read", NULL, NULL) == (sends | BIT(SSL_READ)));
	assert_true(chosen("-egnutls_record_send", NULL, NULL) == BIT(GNUTLS_SEND));
	/* Nothing is left of what it added. */
	assert_true(chosen("-eSSL_write,send", "-e!SSL_write", NULL) == sends &&
		    !options.tls);
}

static void the_dangerous_means_is_asked_for_with_its_own_option(void **state)
{
	(void)state;
	chosen("--tls", NULL, NULL);
	assert_false(options.tls_uretprobes);
	assert_true(chosen("--tls-uretprobes", NULL, NULL) == SENDTRACE_CALLS_TLS);
	assert_true(options.tls && options.tls_uretprobes);
}

static void accepts_are_added_wherever_the_option_stands(void **state)
{
	(void)state;
	assert_true(chosen("-a", "-erecv", NULL) == (receives | accepts));
	assert_true(chosen("-erecv", "-a", NULL) == (receives | accepts));
	assert_true(chosen("-a", "-e!accept", NULL) == (sends | accepts));
}

static void assert_refused(char *argument, const char *quoted)
{
	char *argv[] = { "sendread", argument, ".", NULL };

	assert_true(options_parse(&options, 3, argv) < 0);
	if (!strstr(options.error, quoted) || !strstr(options.error, ", expected "))
		fail_msg("'%s' does not quote %s", options.error, quoted);
}

static void a_name_that_is_unknown_is_quoted_and_the_known_ones_are_listed(void **state)
{
	static char longest[4000] = "-e";

	(void)state;
	assert_refused("-efoo",
		       "--events has 'foo', expected a list of send, recv, "
		       "accept, connect, close, all, sendto, sendmsg, sendmmsg, "
		       "write, writev, pwritev2, io_submit, sendfile, splice, "
		       "io_uring, recvfrom, recvmsg, recvmmsg, read, readv, "
		       "preadv2, shutdown, SSL_write, SSL_write_ex, SSL_write_ex2, "
		       "SSL_sendfile, gnutls_record_send, SSL_read, SSL_read_ex, "
		       "gnutls_record_recv, wolfSSL_write, mbedtls_ssl_write, "
		       "wolfSSL_read, mbedtls_ssl_read");
	assert_refused("-esend,!foo,recv", "'foo'");
	assert_refused("-e", "'");
	assert_refused("-esend,", "''");
	assert_refused("-e,send", "''");
	assert_refused("-e!", "''");
	assert_refused("-e!!send", "'!send'");
	assert_refused("-esen", "'sen'");
	assert_refused("-esendt", "'sendt'");
	assert_refused("-esend recv", "'send recv'");
	assert_refused("-eunknown", "'unknown'");
	memset(longest + 2, 'x', sizeof(longest) - 3);
	assert_refused(longest, "SSL_read_ex, gnutls_record_recv");
	assert_refused("-e!send", "leaves nothing to show");
	assert_refused("-eread,!recv", "leaves nothing to show");
}

static void assert_described(uint64_t ways, uint64_t asked, const char *expected)
{
	struct words words = { .used = 0 };

	ways_describe(&words, ways, asked);
	assert_string_equal(words.buffer, expected);
}

static void a_set_is_described_with_each_name_once(void **state)
{
	(void)state;
	assert_described(0, 0, "nothing");
	assert_described(BIT(WRITE) | BIT(SENDMSG), SENDTRACE_CALLS_ALL,
			 "sendmsg, write");
	assert_described(SENDTRACE_CALLS_ALL, SENDTRACE_CALLS_ALL,
			 "sendto, sendmsg, sendmmsg, write, writev, pwritev2, io_submit, "
			 "sendfile, splice, io_uring, recvfrom, recvmsg, recvmmsg, read, "
			 "readv, preadv2, accept, connect, shutdown, close");
}

static void what_is_only_a_part_of_its_name_says_which(void **state)
{
	(void)state;
	assert_described(BIT(IO_URING_SEND), sends, "io_uring");
	assert_described(BIT(IO_URING_SEND) | BIT(SPLICE_READ), SENDTRACE_CALLS_ALL,
			 "io_uring (send), splice (recv)");
	assert_described(BIT(ACCEPT), SENDTRACE_CALLS_ALL, "accept");
	assert_described(BIT(IO_URING_SHUTDOWN), SENDTRACE_CALLS_ALL, "io_uring (close)");
}

static void a_type_is_the_group_of_its_calls(void **state)
{
	(void)state;
	assert_true(ways_of_type(SENDTRACE_RECORD_SEND) == sends);
	assert_true(ways_of_type(SENDTRACE_RECORD_RECV) == receives);
	assert_true(ways_of_type(SENDTRACE_RECORD_ACCEPT) == accepts);
	assert_true(ways_of_type(SENDTRACE_RECORD_CONNECT) == connects);
	assert_true((ways_of_type(SENDTRACE_RECORD_SHUTDOWN) |
		     ways_of_type(SENDTRACE_RECORD_CLOSE)) == closes);
	assert_true(ways_of_type(SENDTRACE_RECORD_LOST) == 0);
	assert_true(ways_of_type(SENDTRACE_RECORD_FRAGMENT) == 0);
	assert_true(ways_of_type(99) == 0);
}

static void names_of_numbers_are_words_or_nothing(void **state)
{
	(void)state;
	assert_string_equal(sendtrace_call_name(SENDTRACE_CALL_CLOSE), "close");
	assert_string_equal(sendtrace_call_name(0), "unknown");
	assert_string_equal(sendtrace_call_name(SENDTRACE_CALLS), "unknown");
	assert_string_equal(sendtrace_call_name(~0U), "unknown");
	assert_string_equal(sendtrace_cmsg_name(1, 1), "SCM_RIGHTS");
	assert_string_equal(sendtrace_cmsg_name(17, 103), "UDP_SEGMENT");
	assert_string_equal(sendtrace_cmsg_name(41, 50), "IPV6_PKTINFO");
	assert_null(sendtrace_cmsg_name(1, 0));
	assert_null(sendtrace_cmsg_name(65535, 65535));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(every_way_of_sending_is_the_default),
		test_case(groups_are_all_that_has_their_kind),
		test_case(each_call_is_chosen_by_its_name),
		test_case(lists_are_added_up_in_their_order),
		test_case(calls_of_tls_libraries_are_asked_for_by_an_option_or_by_name),
		test_case(the_dangerous_means_is_asked_for_with_its_own_option),
		test_case(accepts_are_added_wherever_the_option_stands),
		test_case(a_name_that_is_unknown_is_quoted_and_the_known_ones_are_listed),
		test_case(a_set_is_described_with_each_name_once),
		test_case(what_is_only_a_part_of_its_name_says_which),
		test_case(a_type_is_the_group_of_its_calls),
		test_case(names_of_numbers_are_words_or_nothing),
	};

	return run_all("ways", tests);
}
