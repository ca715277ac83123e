/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * sendtrace - what a process sends and receives, and to whom: the records
 *
 * Included by <linux/sendtrace.h>, which says how they are read, and what holds for all numbers,
 * addresses, times and ids in them.
 */
#ifndef _UAPI_LINUX_SENDTRACE_EVENT_H
#define _UAPI_LINUX_SENDTRACE_EVENT_H

#include <linux/types.h>

/* The kernel's TASK_COMM_LEN (include/linux/sched.h), NUL included. */
#define SENDTRACE_COMM_LEN 16

/* Records begin and end at multiples of this many bytes. */
#define SENDTRACE_ALIGN 8

/* ---- Records ------------------------------------------------------------------ */

/**
 * enum sendtrace_record_type - type of a record
 * @SENDTRACE_RECORD_SEND: something was sent on a socket, struct sendtrace_event
 * @SENDTRACE_RECORD_ACCEPT: a connection was accepted, struct sendtrace_event
 * @SENDTRACE_RECORD_LOST: events that did not fit into the ring, struct sendtrace_lost
 * @SENDTRACE_RECORD_FRAGMENT: part of a long payload, struct sendtrace_fragment
 * @SENDTRACE_RECORD_RECV: something was received on a socket, struct sendtrace_event
 * @SENDTRACE_RECORD_CONNECT: a socket was connected, struct sendtrace_event
 * @SENDTRACE_RECORD_SHUTDOWN: a direction was shut down, struct sendtrace_event
 * @SENDTRACE_RECORD_CLOSE: the last descriptor of a socket was closed, struct sendtrace_event
 *
 * A reader must skip types that it does not know.
 */
enum sendtrace_record_type {
	SENDTRACE_RECORD_SEND = 1,
	SENDTRACE_RECORD_ACCEPT = 2,
	SENDTRACE_RECORD_LOST = 3,
	SENDTRACE_RECORD_FRAGMENT = 4,
	SENDTRACE_RECORD_RECV = 5,
	SENDTRACE_RECORD_CONNECT = 6,
	SENDTRACE_RECORD_SHUTDOWN = 7,
	SENDTRACE_RECORD_CLOSE = 8,
};

/**
 * enum sendtrace_call - the system call of an event, as its caller sees it
 * @SENDTRACE_CALL_UNKNOWN: of an older module, which records send(), sendto() and accept() only
 * @SENDTRACE_CALL_SENDTO: sendto(), and send() where that is one of its own
 * @SENDTRACE_CALL_SENDMSG: sendmsg()
 * @SENDTRACE_CALL_SENDMMSG: sendmmsg(); each message is an event
 * @SENDTRACE_CALL_WRITE: write()
 * @SENDTRACE_CALL_WRITEV: writev()
 * @SENDTRACE_CALL_PWRITEV2: pwritev2()
 * @SENDTRACE_CALL_IO_SUBMIT_WRITE: io_submit(), IOCB_CMD_PWRITE and IOCB_CMD_PWRITEV
 * @SENDTRACE_CALL_SENDFILE: sendfile(); each piece that reaches the socket is an event
 * @SENDTRACE_CALL_SPLICE_WRITE: splice() into a socket; likewise
 * @SENDTRACE_CALL_IO_URING_SEND: io_uring, any operation that sends
 * @SENDTRACE_CALL_RECVFROM: recvfrom(), and recv() where that is one of its own
 * @SENDTRACE_CALL_RECVMSG: recvmsg()
 * @SENDTRACE_CALL_RECVMMSG: recvmmsg(); each message is an event
 * @SENDTRACE_CALL_READ: read()
 * @SENDTRACE_CALL_READV: readv()
 * @SENDTRACE_CALL_PREADV2: preadv2()
 * @SENDTRACE_CALL_IO_SUBMIT_READ: io_submit(), IOCB_CMD_PREAD and IOCB_CMD_PREADV
 * @SENDTRACE_CALL_SPLICE_READ: splice() out of a socket
 * @SENDTRACE_CALL_IO_URING_RECV: io_uring, any operation that receives
 * @SENDTRACE_CALL_ACCEPT: accept() and accept4()
 * @SENDTRACE_CALL_IO_URING_ACCEPT: io_uring
 * @SENDTRACE_CALL_CONNECT: connect()
 * @SENDTRACE_CALL_IO_URING_CONNECT: io_uring
 * @SENDTRACE_CALL_SHUTDOWN: shutdown()
 * @SENDTRACE_CALL_IO_URING_SHUTDOWN: io_uring
 * @SENDTRACE_CALL_CLOSE: whatever closed the last descriptor: close(), exit(), io_uring; not a
 *	kernel thread, which closes a socket that lay in a message nobody received, or that
 *	io_uring held: which process it belonged to is not known then
 * @SENDTRACE_CALL_SSL_WRITE: SSL_write() of a TLS library: the bytes before they are encrypted;
 *	likewise all that follow (SENDTRACE_IOC_TLS)
 * @SENDTRACE_CALL_SSL_WRITE_EX: SSL_write_ex()
 * @SENDTRACE_CALL_SSL_WRITE_EX2: SSL_write_ex2(), or SSL_write_ex() where that calls it
 * @SENDTRACE_CALL_SSL_SENDFILE: SSL_sendfile(); without its bytes
 * @SENDTRACE_CALL_GNUTLS_SEND: gnutls_record_send() and gnutls_record_send2()
 * @SENDTRACE_CALL_SSL_READ: SSL_read()
 * @SENDTRACE_CALL_SSL_READ_EX: SSL_read_ex()
 * @SENDTRACE_CALL_GNUTLS_RECV: gnutls_record_recv()
 * @SENDTRACE_CALL_WOLFSSL_WRITE: wolfSSL_write()
 * @SENDTRACE_CALL_MBEDTLS_WRITE: mbedtls_ssl_write()
 * @SENDTRACE_CALL_WOLFSSL_READ: wolfSSL_read()
 * @SENDTRACE_CALL_MBEDTLS_READ: mbedtls_ssl_read()
 * @SENDTRACE_CALLS: one more than the largest, not a call
 *
 * Calls that the kernel refuses before they reach a socket are no events: of a descriptor that
 * is none (but for sendto() and accept()), pread() and pwrite() (ESPIPE).
 */
enum sendtrace_call {
	SENDTRACE_CALL_UNKNOWN = 0,
	SENDTRACE_CALL_SENDTO = 1,
	SENDTRACE_CALL_SENDMSG = 2,
	SENDTRACE_CALL_SENDMMSG = 3,
	SENDTRACE_CALL_WRITE = 4,
	SENDTRACE_CALL_WRITEV = 5,
	SENDTRACE_CALL_PWRITEV2 = 6,
	SENDTRACE_CALL_IO_SUBMIT_WRITE = 7,
	SENDTRACE_CALL_SENDFILE = 8,
	SENDTRACE_CALL_SPLICE_WRITE = 9,
	SENDTRACE_CALL_IO_URING_SEND = 10,
	SENDTRACE_CALL_RECVFROM = 11,
	SENDTRACE_CALL_RECVMSG = 12,
	SENDTRACE_CALL_RECVMMSG = 13,
	SENDTRACE_CALL_READ = 14,
	SENDTRACE_CALL_READV = 15,
	SENDTRACE_CALL_PREADV2 = 16,
	SENDTRACE_CALL_IO_SUBMIT_READ = 17,
	SENDTRACE_CALL_SPLICE_READ = 18,
	SENDTRACE_CALL_IO_URING_RECV = 19,
	SENDTRACE_CALL_ACCEPT = 20,
	SENDTRACE_CALL_IO_URING_ACCEPT = 21,
	SENDTRACE_CALL_CONNECT = 22,
	SENDTRACE_CALL_IO_URING_CONNECT = 23,
	SENDTRACE_CALL_SHUTDOWN = 24,
	SENDTRACE_CALL_IO_URING_SHUTDOWN = 25,
	SENDTRACE_CALL_CLOSE = 26,
	SENDTRACE_CALL_SSL_WRITE = 27,
	SENDTRACE_CALL_SSL_WRITE_EX = 28,
	SENDTRACE_CALL_SSL_WRITE_EX2 = 29,
	SENDTRACE_CALL_SSL_SENDFILE = 30,
	SENDTRACE_CALL_GNUTLS_SEND = 31,
	SENDTRACE_CALL_SSL_READ = 32,
	SENDTRACE_CALL_SSL_READ_EX = 33,
	SENDTRACE_CALL_GNUTLS_RECV = 34,
	SENDTRACE_CALL_WOLFSSL_WRITE = 35,
	SENDTRACE_CALL_MBEDTLS_WRITE = 36,
	SENDTRACE_CALL_WOLFSSL_READ = 37,
	SENDTRACE_CALL_MBEDTLS_READ = 38,
	SENDTRACE_CALLS = 39,
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
 * @SENDTRACE_WHY_ASYNC: longer than struct sendtrace_info.inline_max, and made by io_uring: its
 *	caller may reuse the buffer before the rest could be copied
 * @SENDTRACE_WHY_NOT_COPIED: the bytes are not where the module may read them: a call with
 *	MSG_TRUNC on TCP, a splice out of a socket, memory of a device, a file of SSL_sendfile()
 *
 * A call that failed has only COMPLETE, AGAIN, FAILED, or RING_FULL.
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
	SENDTRACE_WHY_ASYNC = 9,
	SENDTRACE_WHY_NOT_COPIED = 10,
};

/* Maximum payload of a call that failed, in bytes; less if many sessions record it. */
#define SENDTRACE_FAILED_MAX 4096

/*
 * struct sendtrace_event.event_flags: what @peer is, and SENDTRACE_EVENT_EARLY. Without the
 * first three, it is the socket's own peer, or that of the datagram that it was collecting
 * (UDP_CORK, MSG_MORE).
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
 * SENDTRACE_EVENT_EARLY: a message of sendmmsg(), recvmmsg() or io_submit() that may stand
 *	before an earlier one of the same system call: the payload of that one was still to be
 *	copied, and this one could not wait for it, because too many others did (module
 *	parameter works)
 */
#define SENDTRACE_EVENT_PEER_FROM_CALL (1U << 0)
#define SENDTRACE_EVENT_PEER_LATE      (1U << 1)
#define SENDTRACE_EVENT_PEER_ASKED     (1U << 2)
#define SENDTRACE_EVENT_PEER_INIT_NET  (1U << 3)
#define SENDTRACE_EVENT_EARLY	       (1U << 4)

/* Descriptions of ancillary data that an event has room for. */
#define SENDTRACE_CMSGS 2

/**
 * struct sendtrace_cmsg - ancillary data of a message (cmsg(3)): its kind and size
 * @level: SOL_*; 65535 for a larger or negative number
 * @type: SCM_* or another type of that level; likewise
 * @len: bytes of data, without the header
 */
struct sendtrace_cmsg {
	__u16 level;
	__u16 type;
	__u32 len;
};

/**
 * struct sendtrace_event - one call, or one message of it
 * @rec: type SENDTRACE_RECORD_SEND, _RECV, _ACCEPT, _CONNECT, _SHUTDOWN or _CLOSE
 * @enter_time: when the call was entered
 * @exit_time: when it returned
 * @len: bytes that the caller asked to send, or had room for; else 0
 * @ret: return value: bytes sent or received, the new descriptor, or a negative errno (for an
 *	interrupted call, perhaps a kernel-internal one such as -512, ERESTARTSYS)
 * @inode: inode number of the socket, as in `socket:[N]` of /proc/PID/fd; 0 if the
 *	descriptor was not a socket
 * @pid: process (thread group) id
 * @tid: thread id
 * @uid: effective user id
 * @fd: the descriptor; for accept, the listening one (@ret is the new one); -1 where the kernel
 *	does not tell: io_uring, io_submit(), a socket that an exiting process closes
 * @flags: MSG_* of a send, SOCK_* of an accept4, SHUT_* of a shutdown; of a receive, the MSG_*
 *	that were asked for, and of those that it returned MSG_TRUNC, MSG_CTRUNC, MSG_EOR and
 *	MSG_ERRQUEUE
 * @addr_len: length of the address that the caller passed or, by a receive, was given; else 0
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
 * @peer_len: bytes of the destination's or, of a receive, the source's address, a sockaddr; 0 if
 *	unknown
 * @reserved: zero
 * @comm: name of the thread during the call, padded with NUL
 * @process: name of the process (of its thread-group leader) at that time
 * @cookie: number of the socket, unique in its network namespace as long as the host runs
 *	(SO_COOKIE); 0 if there was no socket
 * @cgroup: id of the thread's cgroup in the unified hierarchy: the number of its inode; 0
 *	without one
 * @position: TCP: bytes that were sent or, of a receive, received on the connection since it
 *	began, this call's included; else 0. Read without a lock: while packets come it may be
 *	wrong by some of them, so use @write_seq and @copied_seq where it must be exact
 * @write_seq: TCP: the sequence number that the next byte to be sent will have; else 0
 * @copied_seq: TCP: that of the next byte to be read
 * @netns: inode number of the socket's network namespace, as `net:[N]` of /proc/PID/ns
 * @call: enum sendtrace_call
 * @nr_cmsgs: how many pieces of ancillary data the message had
 * @cmsgs: the first of them; unused ones are zero
 *
 * The local address, the peer's address and the payload follow at @rec.header_size, each
 * padded with zero bytes to a multiple of SENDTRACE_ALIGN. The payload is the first
 * @frag_len + @cap_len of the @ret bytes that were sent or received, or of the @len bytes that
 * it was asked to send, if @ret is larger or the call failed (then @frag_len is 0, and @cap_len
 * at most SENDTRACE_FAILED_MAX). It is copied when the call returns, before the thread goes on:
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
	__u64 cookie;
	__u64 cgroup;
	__u64 position;
	__u32 write_seq;
	__u32 copied_seq;
	__u32 netns;
	__u16 call;
	__u16 nr_cmsgs;
	struct sendtrace_cmsg cmsgs[SENDTRACE_CMSGS];
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

#endif /* _UAPI_LINUX_SENDTRACE_EVENT_H */
