// SPDX-License-Identifier: GPL-2.0
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "fixture.h"

static struct mm_struct *lender;

static int keep_data(struct kunit_resource *resource, void *data)
{
	resource->data = data;
	return 0;
}

void st_test_at_end(struct kunit *test, void (*undo)(struct kunit_resource *), void *data)
{
	struct kunit_resource *resource;

	resource = kunit_alloc_and_get_resource(test, keep_data, undo, GFP_KERNEL, data);
	KUNIT_ASSERT_NOT_NULL(test, resource);
	kunit_put_resource(resource);
}

/* ---- User memory ---------------------------------------------------------------- */

/* KUnit calls this in the process that loads the module, unlike the cases. */
int st_test_suite_init(struct kunit_suite *suite)
{
	lender = get_task_mm(current);
	return lender ? 0 : -ESRCH;
}

void st_test_suite_exit(struct kunit_suite *suite)
{
	mmput(lender);
}

/*
 * After a failed assertion the case's thread has exited, and its exit has dropped the
 * memory. Then this runs in the process that loads the module, and must not drop it
 * again.
 */
static void drop_user_memory(struct kunit_resource *resource)
{
	if (!(current->flags & PF_KTHREAD))
		return;
	kthread_unuse_mm(lender);
	mmput(lender);
}

void st_test_use_user_memory(struct kunit *test)
{
	/* This reference is dropped by drop_user_memory() or by the exit of the thread. */
	mmget(lender);
	kthread_use_mm(lender);
	st_test_at_end(test, drop_user_memory, NULL);
}

struct user_pages {
	unsigned long at;
	size_t size;
};

static void unmap_pages(struct kunit_resource *resource)
{
	const struct user_pages *pages = resource->data;

	vm_munmap(pages->at, pages->size);
}

void __user *st_test_user_pages(struct kunit *test, size_t size)
{
	struct user_pages *pages = kunit_kzalloc(test, sizeof(*pages), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pages);
	pages->size = PAGE_ALIGN(size);
	pages->at = vm_mmap(NULL, 0, pages->size + PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(pages->at));
	vm_munmap(pages->at + pages->size, PAGE_SIZE);
	st_test_at_end(test, unmap_pages, pages);
	return (void __user *)pages->at;
}

/* ---- Allocations that fail ------------------------------------------------------- */

void st_test_fail_allocation(int n)
{
	WRITE_ONCE(current->fail_nth, n);
}

bool st_test_allocation_failed(void)
{
	bool failed = !READ_ONCE(current->fail_nth);

	WRITE_ONCE(current->fail_nth, 0);
	return failed;
}
