/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the suites: user memory, allocations that fail, cleanup. */
#ifndef _ST_FIXTURE_H
#define _ST_FIXTURE_H

#include <kunit/test.h>

/**
 * st_test_at_end() - call a function when the case ends, even after a failure
 * @test: the case
 * @undo: called with a resource whose data is @data
 * @data: passed to @undo
 */
void st_test_at_end(struct kunit *test, void (*undo)(struct kunit_resource *),
		    void *data);

/*
 * For struct kunit_suite. Cases run in kernel threads, which have no user memory. These
 * functions lend them the memory of the process that loads the module.
 */
int st_test_suite_init(struct kunit_suite *suite);
void st_test_suite_exit(struct kunit_suite *suite);

/**
 * st_test_use_user_memory() - give the case a user address space, until it ends
 * @test: the case; call this at most once per case
 */
void st_test_use_user_memory(struct kunit *test);

/**
 * st_test_user_pages() - map user memory, with an unmapped page behind it
 * @test: the case, which has called st_test_use_user_memory()
 * @size: bytes, rounded up to whole pages
 *
 * Return: its address; unmapped when the case ends.
 */
void __user *st_test_user_pages(struct kunit *test, size_t size);

/**
 * st_test_fail_allocation() - make an allocation of this thread fail
 * @n: the n-th next allocation, from 1; 0 for none
 *
 * This works only if debugfs allows allocations that may sleep to fail (failslab,
 * fail_page_alloc: ignore-gfp-wait).
 */
void st_test_fail_allocation(int n);

/**
 * st_test_allocation_failed() - has the chosen allocation failed?
 *
 * Return: true if it has. If not, there were fewer allocations; then none will fail
 * later.
 */
bool st_test_allocation_failed(void);

#endif /* _ST_FIXTURE_H */
