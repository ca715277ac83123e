/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * sendtrace - what a process sends, and to whom
 *
 * The interface between sendtrace.ko and the programs that read /dev/sendtrace.
 *
 * Each open file of /dev/sendtrace is a session: a configuration, a filter and one ring
 * for each possible CPU. A session is used in these steps:
 *
 *   open()                                 needs CAP_SYS_ADMIN in the initial user
 *                                          namespace
 *   ioctl(SENDTRACE_IOC_INFO)              versions and limits
 *   ioctl(SENDTRACE_IOC_CONFIG)            allocates the rings; once per session
 *   ioctl(SENDTRACE_IOC_FILTER)            any time, also while the session runs
 *   mmap() of each ring                    only to read from mapped rings; without it,
 *                                          records are read with read()
 *   ioctl(SENDTRACE_IOC_START)             when it returns, the probes are armed
 *   poll(), then the rings or read()       repeat as long as needed
 *   ioctl(SENDTRACE_IOC_STOP)              records left in the rings can still be read
 *   close()
 *
 * The first read() from a session that was never configured or started does the missing
 * steps itself: default configuration, no filter, start. So `cat /dev/sendtrace` prints
 * the records of every call on the host.
 *
 * Numbers are in host byte order; addresses are as in the kernel (network byte order).
 * Times are CLOCK_MONOTONIC, in nanoseconds. Process and thread ids are those of the
 * initial pid namespace, uids those of the initial user namespace. Reserved fields must
 * be zero in arguments and are zero in results.
 */
#ifndef _UAPI_LINUX_SENDTRACE_H
#define _UAPI_LINUX_SENDTRACE_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Incremented when an old reader would misread a new module, or the other way round. */
#define SENDTRACE_ABI 1

#define SENDTRACE_DEVICE "/dev/sendtrace"

/* The kernel's TASK_COMM_LEN (include/linux/sched.h), NUL included. */
#define SENDTRACE_COMM_LEN     16
#define SENDTRACE_VERSION_LEN  32
#define SENDTRACE_MAX_PATTERNS 32
#define SENDTRACE_PATTERN_LEN  64
#define SENDTRACE_MAX_PIDS     32

/* Records begin and end at multiples of this many bytes. */
#define SENDTRACE_ALIGN 8

/* ---- Records ------------------------------------------------------------------ */

/**
 * enum sendtrace_record_type - type of a record
 * @SENDTRACE_RECORD_SEND: a send() or sendto(), struct sendtrace_event
 * @SENDTRACE_RECORD_ACCEPT: an accept() or accept4(), struct sendtrace_event
 * @SENDTRACE_RECORD_LOST: events that did not fit into the ring, struct sendtrace_lost
 * @SENDTRACE_RECORD_FRAGMENT: part of a long payload, struct sendtrace_fragment
 *
 * A reader must skip types that it does not know.
 */
enum sendtrace_record_type {
	SENDTRACE_RECORD_SEND = 1,
	SENDTRACE_RECORD_ACCEPT = 2,
	SENDTRACE_RECORD_LOST = 3,
	SENDTRACE_RECORD_FRAGMENT = 4,
};

/**
 * struct sendtrace_record - header of every record
 * @size: bytes of the whole record, including this header; a multiple of
 *	SENDTRACE_ALIGN
 * @header_size: bytes of the record's fixed part, including this header; a multiple of
 *	SENDTRACE_ALIGN. The variable part begins at this offset. If a newer module has
 *	added fields, this is larger than the struct that the reader knows.
 * @type: enum sendtrace_record_type
 * @seq: number of earlier events on this CPU in this session, including lost ones. The
 *	@seq of the next record is larger by 1 after an event, by @count after a struct
 *	sendtrace_lost, and by 0 after a struct sendtrace_fragment. Any other step is an
 *	unreported loss.
 * @time: when the record was written; never less than @time of the previous record in
 *	the same ring
 * @cpu: the CPU that recorded it; its ring holds the record
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
 * enum sendtrace_why - why fewer bytes were captured than were sent or, if the call failed,
 *	than it was asked to send
 * @SENDTRACE_WHY_COMPLETE: nothing is missing
 * @SENDTRACE_WHY_SNAPLEN: longer than the session's snap length
 * @SENDTRACE_WHY_INLINE_BOUND: only where struct sendtrace_info.late is 0: longer than
 *	struct sendtrace_info.inline_max, or than this session's part of it
 * @SENDTRACE_WHY_RING_SIZE: only where struct sendtrace_info.late is 0: longer than half
 *	of the ring
 * @SENDTRACE_WHY_RING_FULL: the ring had no room for the rest
 * @SENDTRACE_WHY_FAULT: the sender's memory could not be read: it was never valid, was
 *	unmapped meanwhile, or belonged to a process that is being killed. Also if it was
 *	not resident, and late copying was not possible
 * @SENDTRACE_WHY_NO_WORK: too long to be copied inline, while too many other calls, or too
 *	many of the same user, were being copied late (module parameter works)
 * @SENDTRACE_WHY_AGAIN: the call failed and is to be made again, by the caller or by the
 *	kernel: a signal interrupted it (EINTR, or a kernel-internal errno such as ERESTARTSYS),
 *	or it would have blocked (EAGAIN) on a SOCK_STREAM or SOCK_SEQPACKET. No payload is
 *	recorded: that call shows it
 * @SENDTRACE_WHY_FAILED: the call failed otherwise: of what it was asked to send, at most the
 *	first SENDTRACE_FAILED_MAX bytes are recorded, and only if they are resident
 *
 * A call that failed has only COMPLETE, the last two, or RING_FULL.
 */
enum sendtrace_why {
	SENDTRACE_WHY_COMPLETE = 0,
	SENDTRACE_WHY_SNAPLEN = 1,
	SENDTRACE_WHY_INLINE_BOUND = 2,
	SENDTRACE_WHY_RING_SIZE = 3,
	SENDTRACE_WHY_RING_FULL = 4,
	SENDTRACE_WHY_FAULT = 5,
	SENDTRACE_WHY_NO_WORK = 6,
	SENDTRACE_WHY_AGAIN = 7,
	SENDTRACE_WHY_FAILED = 8,
};

/* Maximum payload of a call that failed, in bytes; less if many sessions record it. */
#define SENDTRACE_FAILED_MAX 4096

/*
 * struct sendtrace_event.event_flags: what @peer is. Without the first three, it is the
 * socket's own peer, or that of the datagram that it was collecting (UDP_CORK, MSG_MORE).
 *
 * SENDTRACE_EVENT_PEER_FROM_CALL: the address that the caller passed, read from its memory
 *	when the call was entered. The kernel reads it a moment later, again
 * SENDTRACE_EVENT_PEER_LATE: it was read only when the call returned, because its page was not
 *	resident before. Another thread may have changed it meanwhile, also on purpose: never
 *	trust it
 * SENDTRACE_EVENT_PEER_ASKED: only what the caller asked for; the kernel may have sent
 *	elsewhere, or refuses such an address. The unspecified address, which the kernel
 *	replaces; an address of another family or length than the socket takes; a stream that
 *	is not connected; a raw socket whose caller writes the header (IP_HDRINCL, AF_PACKET);
 *	a datagram that a BPF program of its cgroup may redirect
 * SENDTRACE_EVENT_PEER_INIT_NET: its sin6_scope_id is the number of an interface of the
 *	initial network namespace
 */
#define SENDTRACE_EVENT_PEER_FROM_CALL (1U << 0)
#define SENDTRACE_EVENT_PEER_LATE      (1U << 1)
#define SENDTRACE_EVENT_PEER_ASKED     (1U << 2)
#define SENDTRACE_EVENT_PEER_INIT_NET  (1U << 3)

/**
 * struct sendtrace_event - one call of send(), sendto(), accept() or accept4()
 * @rec: type SENDTRACE_RECORD_SEND or SENDTRACE_RECORD_ACCEPT
 * @enter_time: when the call was entered
 * @exit_time: when it returned
 * @len: bytes that the caller asked to send; 0 for accept
 * @ret: return value: bytes sent, the new descriptor, or a negative errno (for an
 *	interrupted call, perhaps a kernel-internal one such as -512, ERESTARTSYS)
 * @inode: inode number of the socket, as in `socket:[N]` of /proc/PID/fd; 0 if the
 *	descriptor was not a socket
 * @pid: process (thread group) id
 * @tid: thread id
 * @uid: effective user id
 * @fd: the descriptor; for accept, the listening one (@ret is the new one)
 * @flags: MSG_* of a send, SOCK_* of an accept4
 * @addr_len: length of the address that the caller passed; 0 for accept
 * @peer_pid: for AF_UNIX, the process that connected or listened at the other end, or created
 *	the socketpair() (of SOCK_DGRAM only while the other end has no name); else 0
 * @frag_len: bytes of payload in the struct sendtrace_fragment records that this thread
 *	wrote since its previous event
 * @cap_len: bytes of payload in this record; they follow those @frag_len bytes
 * @event_flags: SENDTRACE_EVENT_*
 * @family: AF_*; 0 if the descriptor was not a socket
 * @sock_type: SOCK_STREAM, SOCK_DGRAM, ...
 * @protocol: IPPROTO_*, or the family's own
 * @why: enum sendtrace_why
 * @local_len: bytes of the local address, a sockaddr of @family; 0 if unknown
 * @peer_len: bytes of the destination address, a sockaddr; 0 if unknown
 * @reserved: zero
 * @comm: name of the thread at the entry of the call, padded with NUL
 * @process: name of the process (of its thread-group leader) at that time
 *
 * The local address, the peer's address and the payload follow at @rec.header_size, each
 * padded with zero bytes to a multiple of SENDTRACE_ALIGN. The payload is the first
 * @frag_len + @cap_len of the @ret bytes that were sent, or of the @len bytes that it was
 * asked to send, if @ret is larger or the call failed (then @frag_len is 0, and @cap_len at
 * most SENDTRACE_FAILED_MAX). It is copied when the call returns, before the thread goes on:
 * if another thread has changed the buffer by then, the changed bytes are recorded.
 *
 * An AF_UNIX address that comes from the kernel is only as long as its name. A path ends
 * with NUL unless it fills sun_path. An abstract name begins with NUL and takes all
 * remaining bytes (unix(7)).
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
 * struct sendtrace_fragment - part of a payload that is too long for one record
 * @rec: type SENDTRACE_RECORD_FRAGMENT; its seq is that of the next event on this CPU
 * @offset: position of this part in the payload
 * @tid: the sending thread; its next event ends the payload (see frag_len there)
 * @cap_len: bytes of payload; they begin at @rec.header_size
 *
 * The fragments of a thread come in order, from @offset 0 on, and before the event that
 * they belong to. They may be in the rings of other CPUs. If the event was lost, the
 * thread's next record shows it: a fragment with @offset 0, or an event with frag_len 0.
 */
struct sendtrace_fragment {
	struct sendtrace_record rec;
	__u64 offset;
	__u32 tid;
	__u32 cap_len;
};

/**
 * enum sendtrace_lost_reason - why a whole event was lost
 * @SENDTRACE_LOST_RING_FULL: the ring had no room even for the event without payload
 * @SENDTRACE_LOST_REASONS: size of the arrays below, not a reason
 */
enum sendtrace_lost_reason {
	SENDTRACE_LOST_RING_FULL = 0,
	SENDTRACE_LOST_REASONS = 8,
};

/**
 * struct sendtrace_lost - events lost on this CPU since the previous record
 * @rec: type SENDTRACE_RECORD_LOST; its seq is that of the first lost event; its time is
 *	not later than that of the next record. Written before the next record that fits,
 *	or by STOP, unless an earlier STOP has used the room that is kept free for it
 * @count: number of lost events
 * @reasons: number for each enum sendtrace_lost_reason; their sum is @count
 */
struct sendtrace_lost {
	struct sendtrace_record rec;
	__u64 count;
	__u64 reasons[SENDTRACE_LOST_REASONS];
};

/* ---- Rings -------------------------------------------------------------------- */

/*
 * A ring is mapped in two parts. The page size is struct sendtrace_info.page_size.
 *
 *   offset SENDTRACE_MMAP_CONSUMER(cpu), 1 page, readable and writable, MAP_SHARED
 *	struct sendtrace_consumer
 *   offset SENDTRACE_MMAP_PRODUCER(cpu, page_size), 1 page + 2 * ring size, read only
 *	struct sendtrace_producer, then the data, mapped twice in a row: a record that
 *	wraps around the end is contiguous, too
 *
 * Positions count bytes and never wrap. Position modulo ring size (a power of two) is the
 * offset in the data. The reader does
 *
 *	head = load_acquire(&producer->pos);	pairs with the kernel's release: all
 *						records below head are complete
 *	while (tail != head) {
 *		record = data + (tail & (ring_size - 1));
 *		... use it ...
 *		tail += record->size;
 *	}
 *	store_release(&consumer->pos, tail);	pairs with the kernel's acquire: the
 *						kernel may overwrite all below tail
 *
 * and keeps tail in its own memory. A wrong consumer position (not the beginning of a
 * record, or not between the old tail and head) harms only this reader. poll() reports
 * EPOLLIN while a ring is not empty, and EPOLLHUP after the session was stopped.
 *
 * To get the calls of one thread in order: always take the record with the lowest time of
 * all rings, but first look again at every ring that was empty. If that finds a new head in
 * any ring, look again at all that are still empty.
 *
 * Between threads, also those on one connection, a record then stands where its call returned.
 * So an answer may stand before its request:
 *
 *	A: send() of the request is entered
 *	B: is woken, receives it and sends the answer
 *	B: send() returns, the answer is recorded
 *	A: send() returns, the request is recorded
 *
 * Causal order is by struct sendtrace_event.enter_time for what is sent, and by exit_time for
 * what is received or accepted; it never contradicts the order of one thread's calls. A reader
 * that needs it has to sort: how much later a record can come is not bounded, since a call may
 * take any time.
 */
#define SENDTRACE_MMAP_CONSUMER(cpu)	   ((__u64)(cpu) << 32)
#define SENDTRACE_MMAP_PRODUCER(cpu, page) (SENDTRACE_MMAP_CONSUMER(cpu) + (page))

/**
 * struct sendtrace_consumer - the page of a ring that the reader writes
 * @pos: everything below has been read
 */
struct sendtrace_consumer {
	__u64 pos;
};

/**
 * struct sendtrace_producer - the page of a ring that the kernel writes
 * @pos: everything below has been written
 * @data_offset: bytes from this struct to the data
 * @data_size: bytes of data, a power of two; mapped twice
 * @cpu: the CPU that writes this ring
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
 * @nr_cpus: the highest CPU number that may have a ring, plus one
 * @max_sessions: how many sessions can run concurrently
 * @snaplen_default: bytes of one call
 * @snaplen_max: bytes of one call
 * @inline_max: bytes of one call that are copied inline, in the handler. If @late is 0, longer
 *	payloads are cut there, and it is a limit for all sessions together; where the kernel
 *	has interrupts off then, 65536 is a further limit
 * @ring_size_default: bytes for each CPU
 * @ring_size_min: bytes for each CPU
 * @ring_size_max: bytes for each CPU
 * @late: 1 if longer payloads are copied whole before the caller continues; 0 if this kernel
 *	does not let a module do that
 * @events_missing: SENDTRACE_EVENTS_* of which some calls are not seen, because this kernel
 *	lacks a function to probe; the kernel's log names the function. 0 if all calls are
 *	seen. Modules older than this field set it to 0, too
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
 * struct sendtrace_config - what a session records, and its ring size
 * @snaplen: maximum payload per call, in bytes; 0 for the default
 * @ring_size: bytes of ring per CPU, rounded up to a power of two; 0 for the default:
 *	16 MiB, or less if all rings together would exceed 64 MiB
 * @events: SENDTRACE_EVENTS_*; 0 for all of them
 * @reserved: must be zero
 *
 * On return, the struct contains the values in use.
 */
struct sendtrace_config {
	__u32 snaplen;
	__u32 ring_size;
	__u32 events;
	__u32 reserved[5];
};

/**
 * struct sendtrace_filter - whose calls are recorded
 * @nr_patterns: number of @patterns used; 0 for any name
 * @nr_pids: number of @pids used; 0 for any process
 * @reserved: must be zero
 * @pids: process ids
 * @patterns: names or patterns, not empty, each ended and padded with NUL
 *
 * A call is recorded if its process is one of @pids (or @nr_pids is 0) and the name of
 * its process or of its thread matches one of @patterns (or @nr_patterns is 0).
 *
 * "." matches every name. `*`, `?`, `[a-z]` and `[!a-z]` work as in a shell; named
 * classes such as `[:digit:]` are not supported. A backslash makes the next character
 * literal. A `[` without `]`, and a `\` at the end, are literal. The kernel keeps only 15
 * characters of a name: of a longer pattern without any of these special characters, only
 * the first 15 are compared.
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
 * struct sendtrace_stats - a session's counters since its first start
 * @hits: calls that this session had to decide on: filtered + captured + the sum of lost
 * @filtered: calls that the filter or the choice of events refused
 * @captured: event records written
 * @bytes: bytes of payload in them
 * @cut: event records with less payload than was sent; a call that failed sent nothing
 * @faults: event records cut because memory could not be read
 * @missed: calls, of any process, that found no free probe instance while this session ran
 *	(module parameter maxactive), or whose user had its share of them; counted by the
 *	probes of the events that this session records; not part of any other counter
 * @lost: calls lost, for each enum sendtrace_lost_reason
 * @blind: 1 if the probes are registered but see nothing at present, because root has
 *	disabled kprobes (debugfs, kprobes/enabled) or ftrace (sysctl
 *	kernel.ftrace_enabled)
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
 * Every command fails with EFAULT if its pointer cannot be read or written, and with
 * EINVAL if a value is out of its limits or a reserved field is not zero. Unknown
 * commands fail with ENOTTY. Other errors:
 *
 * INFO		none
 * CONFIG	EPERM: no CAP_SYS_ADMIN; EBUSY: the session already has rings; ENOMEM;
 *		EINTR: a signal came while the rings were allocated, which can be repeated
 * FILTER	EPERM: no CAP_SYS_ADMIN; EINVAL: also if a pattern is empty or does not
 *		end with NUL; ENOMEM
 * START	EALREADY: already running; EPERM: no CAP_SYS_ADMIN, or the kernel is
 *		locked down (kernel_lockdown(7)); EUSERS: max_sessions are running;
 *		ENOENT: this kernel lacks a function to probe; ENOMEM; if it was never
 *		configured, also EINTR, as CONFIG
 * STOP		EALREADY: not running
 * STATS	none
 *
 * read() returns as many whole records as fit into the buffer. A record that is larger
 * than the whole buffer is returned in pieces, by consecutive read() calls. If there is
 * no record, read() waits, or fails with EAGAIN if O_NONBLOCK is set; after the session
 * was stopped it returns 0. It fails with EBUSY if the rings are mapped. If it has to
 * start the session, it can also fail with the errors of START.
 *
 * mmap() fails with EBUSY after a read() that had a session to read from, with ENXIO before
 * CONFIG, with EINVAL for any other offset or length than those above, and with EPERM for a
 * writable mapping of the producer's part. A mapping keeps the session open; no child has it.
 *
 * Before the first start, poll() reports EPOLLIN: a read() would start the session.
 */
#define SENDTRACE_IOC_MAGIC  0xF5
#define SENDTRACE_IOC_INFO   _IOR(SENDTRACE_IOC_MAGIC, 0x00, struct sendtrace_info)
#define SENDTRACE_IOC_CONFIG _IOWR(SENDTRACE_IOC_MAGIC, 0x01, struct sendtrace_config)
#define SENDTRACE_IOC_FILTER _IOW(SENDTRACE_IOC_MAGIC, 0x02, struct sendtrace_filter)
#define SENDTRACE_IOC_START  _IO(SENDTRACE_IOC_MAGIC, 0x03)
#define SENDTRACE_IOC_STOP   _IO(SENDTRACE_IOC_MAGIC, 0x04)
#define SENDTRACE_IOC_STATS  _IOR(SENDTRACE_IOC_MAGIC, 0x05, struct sendtrace_stats)

#endif /* _UAPI_LINUX_SENDTRACE_H */
