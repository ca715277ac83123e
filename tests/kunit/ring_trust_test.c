// SPDX-License-Identifier: GPL-2.0
/* What user space can do to a ring: write any position, and map its parts. */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/prandom.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>

#include "fixture.h"
#include "ring_fixture.h"

#define SIZE PAGE_SIZE
/* The head when a position is tried: after a wrap, not a multiple of the ring size. */
#define HEAD (SIZE + 512)
/* What a record of 512 bytes needs: room for a LOST record stays free. */
#define NEED (512 + sizeof(struct sendtrace_lost))

static int ring_trust_test_init(struct kunit *test)
{
	test->priv = st_test_ring(test, SIZE);
	return 0;
}

/* ---- Positions that make no sense -------------------------------------------------------- */

struct position {
	const char *name;
	u64 pos;
	bool room; /* for a record of 512 bytes */
};

static const struct position positions[] = {
	{ "zero, more than a ring behind the head", 0, false },
	{ "a byte more than a ring behind the head", HEAD - SIZE - 1, false },
	{ "a ring behind the head", HEAD - SIZE, false },
	{ "a byte too little room for a record", HEAD - SIZE + NEED - 1, false },
	{ "exactly enough room for a record", HEAD - SIZE + NEED, true },
	{ "an unaligned position in between", HEAD - 77, true },
	{ "a byte behind the head", HEAD - 1, true },
	{ "at the head", HEAD, true },
	{ "a byte ahead of the head", HEAD + 1, false },
	{ "a ring ahead of the head", HEAD + SIZE, false },
	{ "the largest number", U64_MAX, false },
	{ "the largest signed number", S64_MAX, false },
};

static void describe_position(const struct position *position, char *name)
{
	strscpy(name, position->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(position, positions, describe_position);

static void fill_up_to_head(struct st_ring *ring)
{
	while (ring->head < HEAD) {
		st_test_write(ring, 512, 1);
		WRITE_ONCE(ring->consumer->pos, ring->head);
	}
}

static void any_consumer_position_is_tolerated(struct kunit *test)
{
	const struct position *position = test->param_value;
	struct st_ring *ring = test->priv;
	u64 before;

	fill_up_to_head(ring);
	before = ring->head;
	WRITE_ONCE(ring->consumer->pos, position->pos);
	KUNIT_EXPECT_EQ(test, st_test_write(ring, 512, 2), position->room);
	KUNIT_EXPECT_EQ(test, ring->head, before + (position->room ? 512 : 0));
	KUNIT_EXPECT_EQ(test, ring->producer->pos, ring->head);
}

static bool is_inside(const struct st_ring *ring, const void *at, size_t size)
{
	const u8 *from = at;

	return from >= ring->data && from < ring->data + SIZE && size <= SIZE;
}

static void no_position_leads_outside_the_data(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	struct rnd_state random;
	int i, taken = 0;
	void *rec;
	u32 size;

	prandom_seed_state(&random, 1);
	for (i = 0; i < 20000; i++) {
		size = 40 + 8 * (prandom_u32_state(&random) % (SIZE / 8));
		WRITE_ONCE(ring->consumer->pos,
			   ring->head -
				   (s32)prandom_u32_state(&random) % (2 * (s32)SIZE));
		preempt_disable();
		rec = st_ring_reserve(ring, size, i);
		preempt_enable();
		KUNIT_ASSERT_TRUE(test, !rec || is_inside(ring, rec, size));
		taken += !!rec;
		ring->head += rec ? 8 : 0;
	}
	KUNIT_EXPECT_GT(test, taken, 1000);
	KUNIT_EXPECT_LT(test, taken, 19000);
}

static void a_valid_position_works_again_after_invalid_ones(struct kunit *test)
{
	struct st_ring *ring = test->priv;

	fill_up_to_head(ring);
	WRITE_ONCE(ring->consumer->pos, U64_MAX);
	KUNIT_EXPECT_FALSE(test, st_test_write(ring, 64, 1));
	WRITE_ONCE(ring->consumer->pos, ring->head);
	KUNIT_EXPECT_TRUE(test, st_test_write(ring, 64, 2));
}

static void the_kernel_reads_at_its_own_position(struct kunit *test)
{
	struct st_ring *ring = test->priv;

	st_test_write(ring, 64, 1);
	WRITE_ONCE(ring->consumer->pos, 12345);
	KUNIT_EXPECT_TRUE(test, st_test_is_filled(st_test_peek(test, ring), 64, 1));
	KUNIT_EXPECT_TRUE(test, st_ring_readable(ring));
}

static void the_kernel_writes_at_its_own_position(struct kunit *test)
{
	struct st_ring *ring = test->priv;

	ring->producer->pos = 12344;
	st_test_write(ring, 64, 1);
	KUNIT_EXPECT_EQ(test, ring->producer->pos, 64);
	KUNIT_EXPECT_TRUE(test, st_test_is_filled((void *)ring->data, 64, 1));
}

/* ---- Mapping ---------------------------------------------------------------------------- */

#define PRODUCER_SIZE (PAGE_SIZE + 2 * SIZE)

struct mapping {
	const char *name;
	u64 offset;
	u64 size;
	vm_flags_t flags;
	int result;
};

static const struct mapping mappings[] = {
	{ "the consumer's page, shared and writable", 0, PAGE_SIZE, VM_SHARED | VM_WRITE,
	  0 },
	{ "the consumer's page, shared, read only", 0, PAGE_SIZE, VM_SHARED, 0 },
	{ "the consumer's page, private", 0, PAGE_SIZE, VM_WRITE, -EINVAL },
	{ "more than the consumer's page", 0, 2 * PAGE_SIZE, VM_SHARED, -EINVAL },
	{ "both parts in one mapping", 0, PAGE_SIZE + PRODUCER_SIZE, VM_SHARED, -EINVAL },
	{ "the producer's part, shared", PAGE_SIZE, PRODUCER_SIZE, VM_SHARED, 0 },
	{ "the producer's part, private", PAGE_SIZE, PRODUCER_SIZE, 0, 0 },
	{ "the producer's part, writable", PAGE_SIZE, PRODUCER_SIZE, VM_SHARED | VM_WRITE,
	  -EPERM },
	{ "the producer's part, private, writable", PAGE_SIZE, PRODUCER_SIZE, VM_WRITE,
	  -EPERM },
	{ "the producer's part, a page less", PAGE_SIZE, PRODUCER_SIZE - PAGE_SIZE,
	  VM_SHARED, -EINVAL },
	{ "the producer's part, a page more", PAGE_SIZE, PRODUCER_SIZE + PAGE_SIZE,
	  VM_SHARED, -EINVAL },
	{ "only the data", 2 * PAGE_SIZE, 2 * SIZE, VM_SHARED, -EINVAL },
	{ "from an unaligned offset", PAGE_SIZE + 1, PRODUCER_SIZE, VM_SHARED, -EINVAL },
	{ "from an offset far behind the end", 1ULL << 31, PAGE_SIZE, VM_SHARED,
	  -EINVAL },
};

static void describe_mapping(const struct mapping *mapping, char *name)
{
	strscpy(name, mapping->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(mapping, mappings, describe_mapping);

static void a_ring_is_mapped_in_its_two_parts_only(struct kunit *test)
{
	const struct mapping *mapping = test->param_value;
	struct vm_area_struct *vma = kunit_kzalloc(test, sizeof(*vma), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, vma);
	vma->vm_start = 0x10000;
	vma->vm_end = vma->vm_start + mapping->size;
	vma->vm_flags = mapping->flags;
	KUNIT_EXPECT_EQ(test, st_ring_check_map(test->priv, vma, mapping->offset),
			mapping->result);
}

static int map_ring(struct file *file, struct vm_area_struct *vma)
{
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	int err = st_ring_check_map(file->private_data, vma, offset);

	return err ?: st_ring_map(file->private_data, vma, offset);
}

static const struct file_operations ring_file = { .mmap = map_ring };

static void put_file(struct kunit_resource *resource)
{
	fput(resource->data);
}

/* Maps into the user memory from st_test_use_user_memory(). */
static unsigned long map_as_user(struct kunit *test, u64 offset, size_t size, int prot)
{
	struct file *file;
	unsigned long at;

	file = anon_inode_getfile("ring", &ring_file, test->priv, O_RDWR);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	st_test_at_end(test, put_file, file);
	at = vm_mmap(file, 0, size, prot, MAP_SHARED, offset);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(at));
	return at;
}

static void written_records_appear_in_the_mapping(struct kunit *test)
{
	struct sendtrace_producer producer;
	struct st_ring *ring = test->priv;
	struct sendtrace_record rec;
	unsigned long at;

	st_test_use_user_memory(test);
	at = map_as_user(test, PAGE_SIZE, PRODUCER_SIZE, PROT_READ);
	st_test_write(ring, 64, 9);
	KUNIT_EXPECT_EQ(
		test, copy_from_user(&producer, (void __user *)at, sizeof(producer)), 0);
	KUNIT_EXPECT_EQ(test, producer.pos, 64);
	at += producer.data_offset;
	KUNIT_EXPECT_EQ(test, copy_from_user(&rec, (void __user *)at, sizeof(rec)), 0);
	KUNIT_EXPECT_EQ(test, rec.time, 9);
	at += producer.data_size;
	KUNIT_EXPECT_EQ(test, copy_from_user(&rec, (void __user *)at, sizeof(rec)), 0);
	KUNIT_EXPECT_EQ(test, rec.time, 9);
	vm_munmap(at - producer.data_offset - producer.data_size, PRODUCER_SIZE);
}

static void what_the_reader_writes_appears_in_the_ring(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	unsigned long at;
	u64 pos = 64;

	st_test_use_user_memory(test);
	at = map_as_user(test, 0, PAGE_SIZE, PROT_READ | PROT_WRITE);
	st_test_write(ring, 64, 9);
	KUNIT_EXPECT_EQ(test, copy_to_user((void __user *)at, &pos, sizeof(pos)), 0);
	KUNIT_EXPECT_EQ(test, ring->consumer->pos, 64);
	KUNIT_EXPECT_FALSE(test, st_ring_readable(ring));
	vm_munmap(at, PAGE_SIZE);
}

static void the_producers_part_can_never_become_writable(struct kunit *test)
{
	struct vm_area_struct *vma;
	vm_flags_t flags = VM_MAYWRITE;
	unsigned long at;
	u64 pos = 1;

	st_test_use_user_memory(test);
	at = map_as_user(test, PAGE_SIZE, PRODUCER_SIZE, PROT_READ);
	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, at);
	if (vma)
		flags = vma->vm_flags;
	mmap_read_unlock(current->mm);
	KUNIT_EXPECT_EQ(test, flags & (VM_WRITE | VM_MAYWRITE), 0);
	KUNIT_EXPECT_NE(test, copy_to_user((void __user *)at, &pos, sizeof(pos)), 0);
	vm_munmap(at, PRODUCER_SIZE);
}

static struct kunit_case ring_trust_cases[] = {
	KUNIT_CASE_PARAM(any_consumer_position_is_tolerated, position_gen_params),
	KUNIT_CASE(no_position_leads_outside_the_data),
	KUNIT_CASE(a_valid_position_works_again_after_invalid_ones),
	KUNIT_CASE(the_kernel_reads_at_its_own_position),
	KUNIT_CASE(the_kernel_writes_at_its_own_position),
	KUNIT_CASE_PARAM(a_ring_is_mapped_in_its_two_parts_only, mapping_gen_params),
	KUNIT_CASE(written_records_appear_in_the_mapping),
	KUNIT_CASE(what_the_reader_writes_appears_in_the_ring),
	KUNIT_CASE(the_producers_part_can_never_become_writable),
	{}
};

static struct kunit_suite ring_trust_suite = {
	.name = "sendtrace_ring_trust",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.init = ring_trust_test_init,
	.test_cases = ring_trust_cases,
};
kunit_test_suite(ring_trust_suite);
