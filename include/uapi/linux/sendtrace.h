/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * sendtrace - what a process sends, and to whom
 *
 * The contract between sendtrace.ko and whoever reads /dev/sendtrace.
 *
 * A session is an open file of /dev/sendtrace. It has a configuration, a filter
 * and one ring for each possible CPU, and is read in one of two ways:
 *
 *   open()                                 needs CAP_SYS_ADMIN in the initial user
 *                                          namespace
 *   ioctl(SENDTRACE_IOC_INFO)              versions and limits
 *   ioctl(SENDTRACE_IOC_CONFIG)            allocates the rings; once for each session
 *   ioctl(SENDTRACE_IOC_FILTER)            any time, also while the session runs
 *   mmap() of each ring, or nothing        decides: mapped, or read() of whole records
 *   ioctl(SENDTRACE_IOC_START)             the probes are armed when it returns
 *   poll(), then the rings or read()       as long as wanted
 *   ioctl(SENDTRACE_IOC_STOP)              what the rings still hold can be read
 *   close()
 *
 * A read() from a session that was never configured or started does the missing
 * steps itself: default configuration, no filter, start. So `cat /dev/sendtrace`
 * yields the records of every call on the host.
 *
 * Numbers are in the byte order of the host, addresses as the kernel keeps them
 * (network byte order). Times are nanoseconds of CLOCK_MONOTONIC. Process and thread
 * ids are those of the initial pid namespace, uids those of the initial user
 * namespace. Reserved fields must be zero on the way in and are zero on the way out.
 */
#ifndef _UAPI_LINUX_SENDTRACE_H
#define _UAPI_LINUX_SENDTRACE_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Raised when an old reader could misread a new module, or the other way round. */
#define SENDTRACE_ABI 1

#define SENDTRACE_DEVICE "/dev/sendtrace"

/* The kernel's TASK_COMM_LEN (include/linux/sched.h), NUL included. */
#define SENDTRACE_COMM_LEN     16
#define SENDTRACE_VERSION_LEN  32
#define SENDTRACE_MAX_PATTERNS 32
#define SENDTRACE_PATTERN_LEN  64
#define SENDTRACE_MAX_PIDS     32

/* Every record begins and ends on a multiple of this many bytes. */
#define SENDTRACE_ALIGN 8

/* ---- Records ------------------------------------------------------------------ */

/**
 * enum sendtrace_record_type - what a record is
 * @SENDTRACE_RECORD_SEND: a send() or sendto(), struct sendtrace_event
 * @SENDTRACE_RECORD_ACCEPT: an accept() or accept4(), struct sendtrace_event
 * @SENDTRACE_RECORD_LOST: events that did not fit the ring, struct sendtrace_lost
 * @SENDTRACE_RECORD_FRAGMENT: a part of a long payload, struct sendtrace_fragment
 *
 * A reader passes over types that it does not know.
 */
enum sendtrace_record_type {
	SENDTRACE_RECORD_SEND = 1,
	SENDTRACE_RECORD_ACCEPT = 2,
	SENDTRACE_RECORD_LOST = 3,
	SENDTRACE_RECORD_FRAGMENT = 4,
};

/**
 * struct sendtrace_record - what every record begins with
 * @size: bytes of the whole record, this header included; a multiple of
 *	SENDTRACE_ALIGN
 * @header_size: bytes of the record's fixed part, this header included; a multiple
 *	of SENDTRACE_ALIGN. What is of variable length begins there. Larger than the
 *	struct that the reader knows where a newer module has added fields.
 * @type: enum sendtrace_record_type
 * @seq: how many events came before on this CPU in this session, those lost
 *	included. The next record's is one more after an event, @count more after a
 *	struct sendtrace_lost, the same after a struct sendtrace_fragment: any other step is
 *	a loss that was not told.
 * @time: when it was written; never less than that of the record before in the ring
 * @cpu: the CPU, and so the ring, that it was recorded on
 * @reserved: zero
 */
struct sendtrace_record {
	__u32 size;
	__u16 header_size;
	__u16 type;
	__u64 seq;
	__u64 time;
	__u32 cpu;
	__u32 reserved;
};

/**
 * enum sendtrace_why - why fewer bytes were captured than were sent
 * @SENDTRACE_WHY_COMPLETE: nothing is missing
 * @SENDTRACE_WHY_SNAPLEN: the session's snap length
 * @SENDTRACE_WHY_INLINE_BOUND: more than the module copies of one call
 *	(struct sendtrace_info.inline_max)
 * @SENDTRACE_WHY_RING_SIZE: more than half of the ring, where it has to be copied at once
 * @SENDTRACE_WHY_RING_FULL: the ring had no room for the rest
 * @SENDTRACE_WHY_FAULT: the sender's memory could not be read: never valid, unmapped
 *	meanwhile, or given up by a process that is being killed; or, of a call that
 *	failed, or that could not be copied late, not resident
 * @SENDTRACE_WHY_NO_WORK: more than is copied at once, while too many other long
 *	payloads were being copied (module parameter works)
 */
enum sendtrace_why {
	SENDTRACE_WHY_COMPLETE = 0,
	SENDTRACE_WHY_SNAPLEN = 1,
	SENDTRACE_WHY_INLINE_BOUND = 2,
	SENDTRACE_WHY_RING_SIZE = 3,
	SENDTRACE_WHY_RING_FULL = 4,
	SENDTRACE_WHY_FAULT = 5,
	SENDTRACE_WHY_NO_WORK = 6,
};

/* struct sendtrace_event.event_flags: @peer is the address that the caller passed. */
#define SENDTRACE_EVENT_PEER_FROM_CALL (1U << 0)

/**
 * struct sendtrace_event - one call of send(), sendto(), accept() or accept4()
 * @rec: type SENDTRACE_RECORD_SEND or SENDTRACE_RECORD_ACCEPT
 * @enter_time: when the call was entered
 * @exit_time: when it returned
 * @len: bytes that the caller asked to send; 0 for accept
 * @ret: what the call returned: bytes or the new descriptor, or a negative errno
 *	(an interrupted call may show the kernel's own -512, ERESTARTSYS)
 * @inode: inode number of the socket, the one in `socket:[N]` of /proc/PID/fd;
 *	0 where the descriptor was no socket
 * @pid: process (thread group) id
 * @tid: thread id
 * @uid: effective user id
 * @fd: descriptor that was sent on; of accept, the listening one (@ret is the new one)
 * @flags: MSG_* of a send, SOCK_* of an accept4
 * @addr_len: length of the address that the caller passed; 0 for accept
 * @peer_pid: AF_UNIX: process that connected or listened at the other end; else 0
 * @frag_len: bytes of payload in the struct sendtrace_fragment records of this thread
 *	since its event before
 * @cap_len: bytes of payload in this record, which follow those
 * @event_flags: SENDTRACE_EVENT_*
 * @family: AF_*, 0 where the descriptor was no socket
 * @sock_type: SOCK_STREAM, SOCK_DGRAM, ...
 * @protocol: IPPROTO_*, or the family's own
 * @why: enum sendtrace_why
 * @local_len: bytes of the local address, a sockaddr of @family; 0 if unknown
 * @peer_len: bytes of the address sent to, a sockaddr; 0 if unknown
 * @reserved: zero
 * @comm: name of the thread when the call was entered, padded with NUL
 * @process: name of the process then: its thread-group leader's
 *
 * At @rec.header_size follow the local address, the peer's address and the payload,
 * each padded with zero bytes to a multiple of SENDTRACE_ALIGN. The payload of a call
 * that succeeded is the first @frag_len + @cap_len of the @ret bytes that were sent; of
 * a call that failed, of the @len bytes that it was asked to send. It is copied when the
 * call returns, before the thread goes on: what another thread has written over it by
 * then is seen changed.
 *
 * An AF_UNIX address of the kernel's is as long as its name needs. A path is ended by NUL unless it fills
 * sun_path; an abstract name begins with NUL, and is all that follows (unix(7)).
 */
struct sendtrace_event {
	struct sendtrace_record rec;
	__u64 enter_time;
	__u64 exit_time;
	__u64 len;
	__s64 ret;
	__u64 inode;
	__u32 pid;
	__u32 tid;
	__u32 uid;
	__s32 fd;
	__u32 flags;
	__s32 addr_len;
	__u32 peer_pid;
	__u32 frag_len;
	__u32 cap_len;
	__u32 event_flags;
	__u32 reserved;
	__u16 family;
	__u16 sock_type;
	__u16 protocol;
	__u16 why;
	__u16 local_len;
	__u16 peer_len;
	char comm[SENDTRACE_COMM_LEN];
	char process[SENDTRACE_COMM_LEN];
};

/**
 * struct sendtrace_fragment - a part of a payload that is too long for one record
 * @rec: type SENDTRACE_RECORD_FRAGMENT; its seq is the next event's
 * @offset: of this part in the payload
 * @tid: whose; the thread's next event says by its frag_len that it is complete
 * @cap_len: bytes of payload, which begin at @rec.header_size
 *
 * A thread's fragments come in order, the first with @offset 0, all of them before the
 * event that they belong to, perhaps in other CPUs' rings. The event may be lost: then the
 * thread's next first fragment, or its next event with a frag_len of 0, shows it.
 */
struct sendtrace_fragment {
	struct sendtrace_record rec;
	__u64 offset;
	__u32 tid;
	__u32 cap_len;
};

/**
 * enum sendtrace_lost_reason - why an event is not there at all
 * @SENDTRACE_LOST_RING_FULL: the ring had no room for the header
 * @SENDTRACE_LOST_REASONS: room in the tables below, not a reason
 */
enum sendtrace_lost_reason {
	SENDTRACE_LOST_RING_FULL = 0,
	SENDTRACE_LOST_REASONS = 8,
};

/**
 * struct sendtrace_lost - events lost on this CPU since the record before
 * @rec: type SENDTRACE_RECORD_LOST; its seq is the first lost event's, its time at
 *	most that of the record that follows it
 * @count: how many
 * @reasons: how many for each enum sendtrace_lost_reason; they add up to @count
 */
struct sendtrace_lost {
	struct sendtrace_record rec;
	__u64 count;
	__u64 reasons[SENDTRACE_LOST_REASONS];
};

/* ---- Rings -------------------------------------------------------------------- */

/*
 * A ring is mapped in two pieces, of the pages that struct sendtrace_info.page_size
 * tells:
 *
 *   offset SENDTRACE_MMAP_CONSUMER(cpu), 1 page, readable and writable, MAP_SHARED
 *	struct sendtrace_consumer
 *   offset SENDTRACE_MMAP_PRODUCER(cpu, page_size), 1 page + 2 * ring size, read only
 *	struct sendtrace_producer, then the data, twice in a row, so that a record
 *	that wraps can be read without looking
 *
 * Positions count bytes and never wrap; a position's place in the data is its
 * remainder modulo the ring size (a power of two). Record by record, the reader does
 *
 *	head = load_acquire(&producer->pos);	pairs with the kernel's release: what
 *						is below head is complete
 *	while (tail != head) {
 *		record = data + (tail & (ring_size - 1));
 *		... use it ...
 *		tail += record->size;
 *	}
 *	store_release(&consumer->pos, tail);	pairs with the kernel's acquire: the
 *						kernel may write over all below tail
 *
 * and keeps tail for itself. A consumer position that is not at a record's beginning,
 * or not between the two ends, harms only the reader who wrote it. poll() says
 * EPOLLIN while a ring is not empty, and EPOLLHUP after the session was stopped.
 *
 * To see the calls of one thread, or along one connection, in their order: give out
 * the record with the lowest time among all rings, but not before every ring that
 * seemed empty has been looked at once more, after the last time that a new head was
 * seen in any ring.
 */
#define SENDTRACE_MMAP_CONSUMER(cpu)	   ((__u64)(cpu) << 32)
#define SENDTRACE_MMAP_PRODUCER(cpu, page) (SENDTRACE_MMAP_CONSUMER(cpu) + (page))

/**
 * struct sendtrace_consumer - the page of a ring that the reader writes
 * @pos: all below has been read
 */
struct sendtrace_consumer {
	__u64 pos;
};

/**
 * struct sendtrace_producer - the page of a ring that the kernel writes
 * @pos: all below has been written
 * @data_offset: from this struct to the data, in bytes
 * @data_size: bytes of data, a power of two; mapped twice
 * @cpu: whose ring it is
 * @reserved: zero
 */
struct sendtrace_producer {
	__u64 pos;
	__u64 data_offset;
	__u64 data_size;
	__u32 cpu;
	__u32 reserved;
};

/* ---- Commands ----------------------------------------------------------------- */

/**
 * struct sendtrace_info - versions and limits
 * @abi: SENDTRACE_ABI of the module
 * @page_size: bytes
 * @nr_cpus: one more than the highest CPU number that may have a ring
 * @max_sessions: that can run at the same time
 * @snaplen_default: bytes of one call
 * @snaplen_max: bytes of one call
 * @inline_max: bytes of one call that are copied at once. Where that is less than
 *	@snaplen_max and @late is 0, what is longer is cut
 * @late: 1 where longer payloads are copied whole before the caller goes on; 0 where the
 *	kernel does not let a module do that
 * @ring_size_default: bytes for each CPU
 * @ring_size_min: bytes for each CPU
 * @ring_size_max: bytes for each CPU
 * @events_missing: SENDTRACE_EVENTS_* of which some calls are not seen, because this kernel
 *	lacks a function to probe; the kernel's log names it. 0 if every call is seen, and
 *	from modules that do not know this field
 * @reserved: zero
 * @version: MODULE_VERSION, ended by NUL
 */
struct sendtrace_info {
	__u32 abi;
	__u32 page_size;
	__u32 nr_cpus;
	__u32 max_sessions;
	__u32 snaplen_default;
	__u32 snaplen_max;
	__u32 inline_max;
	__u32 ring_size_default;
	__u32 ring_size_min;
	__u32 ring_size_max;
	__u32 late;
	__u32 events_missing;
	__u32 reserved[4];
	char version[SENDTRACE_VERSION_LEN];
};

/* struct sendtrace_config.events: which calls are recorded. */
#define SENDTRACE_EVENTS_SEND	(1U << 0)
#define SENDTRACE_EVENTS_ACCEPT (1U << 1)
#define SENDTRACE_EVENTS_ALL	(SENDTRACE_EVENTS_SEND | SENDTRACE_EVENTS_ACCEPT)

/**
 * struct sendtrace_config - what a session records, and the memory that it takes
 * @snaplen: bytes of payload of one call, at the most; 0 for the default
 * @ring_size: bytes of ring for each CPU, rounded up to a power of two; 0 for the
 *	default: 16 MiB, less where that would be over 64 MiB for all CPUs together
 * @events: SENDTRACE_EVENTS_*; 0 for all of them
 * @reserved: must be zero
 *
 * On return it says what is in force.
 */
struct sendtrace_config {
	__u32 snaplen;
	__u32 ring_size;
	__u32 events;
	__u32 reserved[5];
};

/**
 * struct sendtrace_filter - whose calls are recorded
 * @nr_patterns: how many of @patterns are used; 0 for any name
 * @nr_pids: how many of @pids are used; 0 for any process
 * @reserved: must be zero
 * @pids: process ids
 * @patterns: names, each ended and padded with NUL
 *
 * A call is recorded if its process is among @pids (or there are none) and the name
 * of its process or of its thread matches one of @patterns (or there are none). "."
 * matches every name; `*`, `?`, `[a-z]` and `[!a-z]` are as in a shell, but for classes
 * with a name (`[:digit:]`), which are not known; `\` takes away a character's meaning. A
 * `[` without its `]`, and a `\` at the end, stand for themselves. A pattern without any
 * of these that is longer than the 15 characters which the kernel keeps of a name is
 * compared as far as those.
 *
 * The calls of the process that started the session are never recorded.
 */
struct sendtrace_filter {
	__u32 nr_patterns;
	__u32 nr_pids;
	__u32 reserved[6];
	__u32 pids[SENDTRACE_MAX_PIDS];
	char patterns[SENDTRACE_MAX_PATTERNS][SENDTRACE_PATTERN_LEN];
};

/**
 * struct sendtrace_stats - a session's counters, from its first start on
 * @hits: calls that this session was offered; filtered + captured + all of lost
 * @filtered: calls that the filter, or the choice of events, refused
 * @captured: records written
 * @bytes: bytes of payload in them
 * @cut: records with less payload than was sent
 * @faults: records cut because memory could not be read
 * @missed: calls of any process that found no free probe instance while this session
 *	ran (module parameter maxactive); in none of the other figures
 * @lost: calls lost, for each enum sendtrace_lost_reason
 * @blind: 1 where the probes are registered, but see nothing just now: root has switched
 *	off kprobes (debugfs, kprobes/enabled) or ftrace (sysctl kernel.ftrace_enabled)
 * @reserved: zero
 */
struct sendtrace_stats {
	__u64 hits;
	__u64 filtered;
	__u64 captured;
	__u64 bytes;
	__u64 cut;
	__u64 faults;
	__u64 missed;
	__u64 lost[SENDTRACE_LOST_REASONS];
	__u64 blind;
	__u64 reserved[8];
};

/*
 * Every command fails with EFAULT for a pointer that cannot be read or written, with
 * EINVAL for a value out of its limits or a reserved field that is not zero, and
 * ENOTTY answers what is no command. Beyond those:
 *
 * INFO
 * CONFIG	EPERM: no CAP_SYS_ADMIN; EBUSY: the session has its rings already; ENOMEM
 * FILTER	EPERM: no CAP_SYS_ADMIN; EINVAL also for a pattern that is empty or not
 *		ended by NUL; ENOMEM
 * START	EALREADY: it runs; EPERM: no CAP_SYS_ADMIN, or the kernel is locked down
 *		(kernel_lockdown(7)); EUSERS: max_sessions run; ENOENT: this kernel has
 *		no function to probe; ENOMEM
 * STOP		EALREADY: it does not run
 * STATS
 *
 * read() returns as many whole records as fit; a record that is larger than the whole
 * buffer comes in pieces, by one read() after the other. It fails with EBUSY where the
 * rings are mapped, EAGAIN with O_NONBLOCK where there is nothing, as START where it has
 * to start the session, and returns 0 where there is nothing and the session was stopped.
 *
 * mmap() fails with EBUSY after a read(), with ENXIO before CONFIG, with EINVAL for an
 * offset or a length that is none of those above, and with EPERM for a writable mapping
 * of the producer's part.
 *
 * poll() says EPOLLIN also before the first start, as a read() would not wait for one.
 */
#define SENDTRACE_IOC_MAGIC  0xF5
#define SENDTRACE_IOC_INFO   _IOR(SENDTRACE_IOC_MAGIC, 0x00, struct sendtrace_info)
#define SENDTRACE_IOC_CONFIG _IOWR(SENDTRACE_IOC_MAGIC, 0x01, struct sendtrace_config)
#define SENDTRACE_IOC_FILTER _IOW(SENDTRACE_IOC_MAGIC, 0x02, struct sendtrace_filter)
#define SENDTRACE_IOC_START  _IO(SENDTRACE_IOC_MAGIC, 0x03)
#define SENDTRACE_IOC_STOP   _IO(SENDTRACE_IOC_MAGIC, 0x04)
#define SENDTRACE_IOC_STATS  _IOR(SENDTRACE_IOC_MAGIC, 0x05, struct sendtrace_stats)

#endif /* _UAPI_LINUX_SENDTRACE_H */
