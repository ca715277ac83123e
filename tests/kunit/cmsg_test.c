// SPDX-License-Identifier: GPL-2.0
/* Ancillary data: what is noted of it, and buffers that lie. */
#include "../../kmod/cmsg.c"

#include <linux/string.h>

#include "fixture.h"

/* A buffer of ancillary data, as its caller builds it, and what was noted of it. */
struct control {
	void __user *at;
	size_t len;
	struct st_call call;
};

static int cmsg_test_init(struct kunit *test)
{
	struct control *control = kunit_kzalloc(test, sizeof(*control), GFP_KERNEL);

	if (!control)
		return -ENOMEM;
	test->priv = control;
	st_test_use_user_memory(test);
	control->at = st_test_user_pages(test, PAGE_SIZE);
	return 0;
}

/* Adds a piece whose header says @said bytes, header included, and that takes @takes. */
static void add(struct kunit *test, int level, int type, u64 said, size_t takes)
{
	struct control *control = test->priv;
	struct cmsghdr header = { .cmsg_len = said,
				  .cmsg_level = level,
				  .cmsg_type = type };

	KUNIT_ASSERT_EQ(test,
			copy_to_user(control->at + control->len, &header, sizeof(header)),
			0);
	control->len += takes;
}

static void add_piece(struct kunit *test, int level, int type, size_t bytes)
{
	add(test, level, type, CMSG_LEN(bytes), CMSG_SPACE(bytes));
}

static void add_compat(struct kunit *test, int level, int type, u32 bytes)
{
	struct control *control = test->priv;
	struct compat_cmsghdr header = {
		.cmsg_len = sizeof(header) + bytes,
		.cmsg_level = level,
		.cmsg_type = type,
	};

	KUNIT_ASSERT_EQ(test,
			copy_to_user(control->at + control->len, &header, sizeof(header)),
			0);
	control->len += sizeof(header) + ALIGN(bytes, sizeof(u32));
}

static const struct st_call *noted(struct kunit *test, bool compat)
{
	struct control *control = test->priv;

	memset(&control->call.cmsgs, 0, sizeof(control->call.cmsgs));
	control->call.nr_cmsgs = 0;
	st_cmsg_read(&control->call, control->at, control->len, compat);
	return &control->call;
}

static void expect_nothing(struct kunit *test)
{
	const struct st_call *call = noted(test, false);

	KUNIT_EXPECT_EQ(test, call->nr_cmsgs, 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(call->cmsgs, 0, sizeof(call->cmsgs)));
}

static void expect_piece(struct kunit *test, const struct sendtrace_cmsg *cmsg, int level,
			 int type, u32 len)
{
	KUNIT_EXPECT_EQ(test, cmsg->level, level);
	KUNIT_EXPECT_EQ(test, cmsg->type, type);
	KUNIT_EXPECT_EQ(test, cmsg->len, len);
}

/* ---- What is noted ------------------------------------------------------------------------- */

static void each_piece_is_noted_by_kind_and_size(struct kunit *test)
{
	const struct st_call *call;

	add_piece(test, SOL_SOCKET, SCM_RIGHTS, 3 * sizeof(int));
	add_piece(test, SOL_IP, 8, 12);
	call = noted(test, false);
	KUNIT_EXPECT_EQ(test, call->nr_cmsgs, 2);
	expect_piece(test, &call->cmsgs[0], SOL_SOCKET, SCM_RIGHTS, 3 * sizeof(int));
	expect_piece(test, &call->cmsgs[1], SOL_IP, 8, 12);
}

static void a_number_that_has_no_room_is_no_other_one(struct kunit *test)
{
	const struct st_call *call;

	add_piece(test, SOL_SOCKET | 0x10000, SCM_RIGHTS, sizeof(int));
	add_piece(test, SOL_SOCKET, -1, 0);
	call = noted(test, false);
	expect_piece(test, &call->cmsgs[0], U16_MAX, SCM_RIGHTS, sizeof(int));
	expect_piece(test, &call->cmsgs[1], SOL_SOCKET, U16_MAX, 0);
}

static void more_pieces_than_there_is_room_for_are_counted(struct kunit *test)
{
	const struct st_call *call;
	int i;

	for (i = 0; i < SENDTRACE_CMSGS + 3; i++)
		add_piece(test, SOL_SOCKET, i + 1, i);
	call = noted(test, false);
	KUNIT_EXPECT_EQ(test, call->nr_cmsgs, SENDTRACE_CMSGS + 3);
	expect_piece(test, &call->cmsgs[0], SOL_SOCKET, 1, 0);
	expect_piece(test, &call->cmsgs[1], SOL_SOCKET, 2, 1);
}

static void the_last_piece_need_not_be_padded(struct kunit *test)
{
	const struct st_call *call;

	add_piece(test, SOL_SOCKET, SCM_RIGHTS, sizeof(int));
	add(test, SOL_SOCKET, SCM_RIGHTS, CMSG_LEN(1), CMSG_LEN(1));
	call = noted(test, false);
	KUNIT_EXPECT_EQ(test, call->nr_cmsgs, 2);
	expect_piece(test, &call->cmsgs[1], SOL_SOCKET, SCM_RIGHTS, 1);
}

static void headers_of_32_bit_programs_are_narrower(struct kunit *test)
{
	const struct st_call *call;

	add_compat(test, SOL_SOCKET, SCM_RIGHTS, sizeof(int));
	add_compat(test, SOL_IP, 8, 13);
	add_compat(test, SOL_IP, 9, 0);
	call = noted(test, true);
	KUNIT_EXPECT_EQ(test, call->nr_cmsgs, 3);
	expect_piece(test, &call->cmsgs[0], SOL_SOCKET, SCM_RIGHTS, sizeof(int));
	expect_piece(test, &call->cmsgs[1], SOL_IP, 8, 13);
}

/* A call's fields are undefined until they are set. */
static void what_no_piece_uses_is_zero(struct kunit *test)
{
	struct control *control = test->priv;

	add_piece(test, SOL_SOCKET, SCM_RIGHTS, sizeof(int));
	memset(&control->call.cmsgs, 0xa5, sizeof(control->call.cmsgs));
	st_cmsg_read(&control->call, control->at, control->len, false);
	expect_piece(test, &control->call.cmsgs[0], SOL_SOCKET, SCM_RIGHTS, sizeof(int));
	expect_piece(test, &control->call.cmsgs[1], 0, 0, 0);
}

static void many_pieces_are_looked_at_up_to_a_bound(struct kunit *test)
{
	int i;

	for (i = 0; i < CMSGS_MAX + 1; i++)
		add_piece(test, SOL_SOCKET, SCM_RIGHTS, 0);
	KUNIT_EXPECT_EQ(test, noted(test, false)->nr_cmsgs, CMSGS_MAX);
}

/* ---- Buffers that lie -------------------------------------------------------------------- */

static void a_buffer_too_short_for_a_header_has_nothing(struct kunit *test)
{
	struct control *control = test->priv;

	add_piece(test, SOL_SOCKET, SCM_RIGHTS, 0);
	control->len = sizeof(struct cmsghdr) - 1;
	expect_nothing(test);
	control->len = 0;
	expect_nothing(test);
}

static void a_piece_shorter_than_its_header_ends_it(struct kunit *test)
{
	add(test, SOL_SOCKET, SCM_RIGHTS, sizeof(struct cmsghdr) - 1, CMSG_SPACE(0));
	add_piece(test, SOL_SOCKET, SCM_RIGHTS, 4);
	expect_nothing(test);
}

static void a_piece_of_no_length_ends_it(struct kunit *test)
{
	const struct st_call *call;

	add_piece(test, SOL_SOCKET, SCM_RIGHTS, 4);
	add(test, SOL_SOCKET, SCM_RIGHTS, 0, CMSG_SPACE(0));
	call = noted(test, false);
	KUNIT_EXPECT_EQ(test, call->nr_cmsgs, 1);
}

static void a_piece_that_leaves_the_buffer_ends_it(struct kunit *test)
{
	static const u64 lies[] = { CMSG_LEN(5), INT_MAX,     U32_MAX,
				    S64_MAX,	 U64_MAX - 6, U64_MAX };
	struct control *control = test->priv;
	int i;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		control->len = 0;
		add(test, SOL_SOCKET, SCM_RIGHTS, lies[i], CMSG_LEN(4));
		expect_nothing(test);
	}
}

static void a_length_that_lies_about_the_buffer_ends_at_its_last_page(struct kunit *test)
{
	struct control *control = test->priv;

	control->at += PAGE_SIZE - CMSG_SPACE(8);
	add_piece(test, SOL_SOCKET, SCM_RIGHTS, 8);
	control->len = SIZE_MAX;
	KUNIT_EXPECT_EQ(test, noted(test, false)->nr_cmsgs, 1);
}

static void a_page_that_is_not_resident_ends_it(struct kunit *test)
{
	struct control *control = test->priv;

	control->at = st_test_user_pages(test, PAGE_SIZE);
	control->len = PAGE_SIZE;
	expect_nothing(test);
}

static void an_address_of_the_kernel_has_nothing(struct kunit *test)
{
	struct control *control = test->priv;
	struct cmsghdr header = { .cmsg_len = CMSG_LEN(0), .cmsg_type = 1 };

	control->at = (void __user *)&header;
	control->len = sizeof(header);
	expect_nothing(test);
	control->at = NULL;
	expect_nothing(test);
}

static struct kunit_case cmsg_cases[] = {
	KUNIT_CASE(each_piece_is_noted_by_kind_and_size),
	KUNIT_CASE(a_number_that_has_no_room_is_no_other_one),
	KUNIT_CASE(more_pieces_than_there_is_room_for_are_counted),
	KUNIT_CASE(the_last_piece_need_not_be_padded),
	KUNIT_CASE(headers_of_32_bit_programs_are_narrower),
	KUNIT_CASE(what_no_piece_uses_is_zero),
	KUNIT_CASE(many_pieces_are_looked_at_up_to_a_bound),
	KUNIT_CASE(a_buffer_too_short_for_a_header_has_nothing),
	KUNIT_CASE(a_piece_shorter_than_its_header_ends_it),
	KUNIT_CASE(a_piece_of_no_length_ends_it),
	KUNIT_CASE(a_piece_that_leaves_the_buffer_ends_it),
	KUNIT_CASE(a_length_that_lies_about_the_buffer_ends_at_its_last_page),
	KUNIT_CASE(a_page_that_is_not_resident_ends_it),
	KUNIT_CASE(an_address_of_the_kernel_has_nothing),
	{}
};

static struct kunit_suite cmsg_suite = {
	.name = "sendtrace_cmsg",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.init = cmsg_test_init,
	.test_cases = cmsg_cases,
};
kunit_test_suite(cmsg_suite);
