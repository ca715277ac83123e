/* SPDX-License-Identifier: GPL-2.0 */
/* What the suites share: user memory, allocations that fail, clearing up. */
#ifndef _ST_FIXTURE_H
#define _ST_FIXTURE_H

#include <kunit/test.h>

/**
 * st_test_at_end() - have something undone when the case ends, however it ends
 * @test: the case
 * @undo: called with a resource whose data is @data
 * @data: what to undo
 */
void st_test_at_end(struct kunit *test, void (*undo)(struct kunit_resource *),
		    void *data);

/*
 * Cases run in kernel threads, which have no memory of a user's. These lend them that of
 * whoever loads the module: for struct kunit_suite.
 */
int st_test_suite_init(struct kunit_suite *suite);
void st_test_suite_exit(struct kunit_suite *suite);

/**
 * st_test_use_user_memory() - give the case a user's address space, until it ends
 * @test: the case; once in each
 */
void st_test_use_user_memory(struct kunit *test);

/**
 * st_test_user_pages() - map memory of the user's, and nothing behind it
 * @test: the case, which has called st_test_use_user_memory()
 * @size: bytes, rounded up to whole pages
 *
 * Return: where; unmapped when the case ends.
 */
void __user *st_test_user_pages(struct kunit *test, size_t size);

/**
 * st_test_fail_allocation() - let an allocation of this thread fail
 * @n: which of those to come, from 1; 0 for none
 *
 * It takes effect where debugfs allows waiting allocations to fail (failslab,
 * fail_page_alloc: ignore-gfp-wait).
 */
void st_test_fail_allocation(int n);

/**
 * st_test_allocation_failed() - has it come to that?
 *
 * Return: true if so. If not, there were fewer allocations, and none will fail now.
 */
bool st_test_allocation_failed(void);

#endif /* _ST_FIXTURE_H */
