/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * sendtrace - what a process sends and receives, and to whom
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
 * the records of every send(), sendto() and accept() on the host.
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
#include <linux/sendtrace_event.h>

/* Incremented when an old reader would misread a new module, or the other way round. */
#define SENDTRACE_ABI 1

#define SENDTRACE_DEVICE "/dev/sendtrace"

#define SENDTRACE_VERSION_LEN  32
#define SENDTRACE_MAX_PATTERNS 32
#define SENDTRACE_PATTERN_LEN  64
#define SENDTRACE_MAX_PIDS     32

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
 * any ring, look again at all that are still empty. Only a message with SENDTRACE_EVENT_EARLY
 * may stand before an earlier one of the same system call; their exit_time has the order.
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
 * @calls_missing: the same for each enum sendtrace_call, as in struct sendtrace_config.calls
 * @tls: 1 if calls of TLS libraries can be traced (SENDTRACE_IOC_TLS): this kernel has uprobes
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
	__u64 calls_missing;
	__u32 tls;
	__u32 reserved;
	char version[SENDTRACE_VERSION_LEN];
};

/* struct sendtrace_config.calls: which calls are recorded. */
#define SENDTRACE_CALL_BIT(call) (1ULL << (call))

/* All calls on sockets. */
#define SENDTRACE_CALLS_ALL (SENDTRACE_CALL_BIT(SENDTRACE_CALL_CLOSE + 1) - 2)

/* All calls of TLS libraries, of which a session sees those that it names (SENDTRACE_IOC_TLS). */
#define SENDTRACE_CALLS_TLS                    \
	(SENDTRACE_CALL_BIT(SENDTRACE_CALLS) - \
	 SENDTRACE_CALL_BIT(SENDTRACE_CALL_SSL_WRITE))

/* struct sendtrace_config.events: the same before there was @calls. */
#define SENDTRACE_EVENTS_SEND	(1U << 0)
#define SENDTRACE_EVENTS_ACCEPT (1U << 1)
#define SENDTRACE_EVENTS_ALL	(SENDTRACE_EVENTS_SEND | SENDTRACE_EVENTS_ACCEPT)

/**
 * struct sendtrace_config - what a session records, and its ring size
 * @snaplen: maximum payload per call, in bytes; 0 for the default
 * @ring_size: bytes of ring per CPU, rounded up to a power of two; 0 for the default:
 *	16 MiB, or less if all rings together would exceed 64 MiB
 * @events: SENDTRACE_EVENTS_*; 0 for all of them, which are send(), sendto() and accept().
 *	Without effect if @calls is not 0
 * @reserved1: must be zero
 * @calls: SENDTRACE_CALL_BIT() of each enum sendtrace_call that is recorded; 0: as @events says
 * @reserved: must be zero
 *
 * On return, the struct contains the values in use.
 */
struct sendtrace_config {
	__u32 snaplen;
	__u32 ring_size;
	__u32 events;
	__u32 reserved1;
	__u64 calls;
	__u32 reserved[2];
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

/* Return instructions of one function. */
#define SENDTRACE_TLS_RETURNS 64

/*
 * struct sendtrace_tls.function, if it is no enum sendtrace_call. None of these is recorded, and
 * of all of them only the entry is used.
 *
 * SENDTRACE_TLS_FREE: SSL_free(), gnutls_deinit(), wolfSSL_free(), mbedtls_ssl_free() or
 *	mbedtls_ssl_session_reset(): a TLS session is freed, or begins again.
 *
 * The others tell connections of programs that OpenSSL gives what it has encrypted, and that send
 * it themselves (memory BIOs). Without them, these connections are unknown.
 *
 * SENDTRACE_TLS_BIO_WRITE: BIO_write(): by the first bytes that it is given inside a call of
 *	SENDTRACE_CALLS_TLS, the socket call is known that sends them later; from then on the TLS
 *	session's connection is known, too.
 * SENDTRACE_TLS_HANDSHAKE: SSL_do_handshake(): together with SENDTRACE_TLS_BIO_WRITE, the
 *	connection is known before the first call that is recorded.
 */
#define SENDTRACE_TLS_FREE	0
#define SENDTRACE_TLS_BIO_WRITE 0x100
#define SENDTRACE_TLS_HANDSHAKE 0x101

/* struct sendtrace_tls.flags */
#define SENDTRACE_TLS_URETPROBE (1U << 0)

/**
 * struct sendtrace_tls - a function of a TLS library, or of a program that contains one
 * @pid: a process that has mapped it, in the caller's pid namespace
 * @function: enum sendtrace_call, of SENDTRACE_CALLS_TLS; or SENDTRACE_TLS_FREE, _BIO_WRITE or
 *	_HANDSHAKE
 * @address: of its first instruction, in that process
 * @nr_returns: number of @returns used
 * @flags: SENDTRACE_TLS_URETPROBE: find the return by exchanging the return address instead. It
 *	kills programs that switch stacks inside the function; then @nr_returns is 0
 * @file: a descriptor of the file that the addresses were found in, not opened with O_PATH
 * @reserved: must be zero
 * @returns: addresses of its return instructions, in the same mapping
 *
 * The process may map another file there at any time: so it is compared with @file, which may
 * also be the file that overlayfs shows of the one that is mapped. /proc/PID/map_files opens
 * a file in the way that it was mapped, also if it has no name any more.
 *
 * The file that is mapped there is traced, in every process that maps it and that the filter
 * lets pass; also in those that map it later. It is let go when no process maps it any more,
 * and has to be named again then.
 *
 * A wrong address breaks the programs that map the file. So an address has to lie in a private
 * executable mapping of a regular file, and a return has to be one. Whether an address is the
 * beginning of an instruction is not known here: find them with a disassembler, from the
 * beginning of the function.
 */
struct sendtrace_tls {
	__u32 pid;
	__u32 function;
	__u64 address;
	__u32 nr_returns;
	__u32 flags;
	__s32 file;
	__u32 reserved;
	__u64 returns[SENDTRACE_TLS_RETURNS];
};

/**
 * struct sendtrace_stats - a session's counters since its first start
 * @hits: calls that this session had to decide on: filtered + captured + the sum of lost
 * @filtered: calls that the filter or the choice of calls refused; one that comes through two
 *	probes (a connect(), which io_uring shares a function with) counts twice, here and in
 *	@hits
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
 * @blocked: of @filtered, those that would have been recorded but for their result: receives
 *	that found nothing (EAGAIN), and tries of io_uring that it repeats itself
 * @early: of @captured, those with SENDTRACE_EVENT_EARLY
 * @tls_missed: of @missed, calls of TLS libraries, if this session records any: too many were
 *	open in all processes together
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
	__u64 blocked;
	__u64 early;
	__u64 tls_missed;
	__u64 reserved[5];
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
 *		end with NUL; ENOMEM; while a session runs that has named functions (TLS),
 *		also the errors of the kernel's uprobes: then the filter is changed, but some
 *		of these functions are not traced in the programs that it adds
 * START	EALREADY: already running; EPERM: no CAP_SYS_ADMIN, or the kernel is
 *		locked down (kernel_lockdown(7)); EUSERS: max_sessions are running;
 *		ENOENT: this kernel lacks a function to probe; ENOMEM; if it was never
 *		configured, also EINTR, as CONFIG; if it has named functions (TLS), also the
 *		errors of the kernel's uprobes. The session is as before then
 * STOP		EALREADY: not running
 * STATS	none
 * TLS		EPERM: no CAP_SYS_ADMIN, or the kernel is locked down; EINVAL: also if the
 *		session records no call of SENDTRACE_CALLS_TLS, an address is not in such a
 *		mapping, or a return is none; EBADF: the descriptor is none, or was opened
 *		with O_PATH; ESRCH: no such process; ESTALE: another file is mapped there;
 *		EEXIST: the session has named this function already; E2BIG: it has named too
 *		many; EOPNOTSUPP: this kernel has no uprobes; ENOMEM; and the errors of the
 *		kernel's uprobes, such as EIO: the file cannot be probed there
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
#define SENDTRACE_IOC_TLS    _IOW(SENDTRACE_IOC_MAGIC, 0x06, struct sendtrace_tls)

#endif /* _UAPI_LINUX_SENDTRACE_H */
