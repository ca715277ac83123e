/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SENDTRACE_H
#define SENDTRACE_H

/*
 * libsendtrace - what processes send and receive, as records for a program
 *
 * Records come from the device /dev/sendtrace, live, or from a saved stream: a file or a
 * pipe that holds what `cat /dev/sendtrace` wrote.
 *
 *	sendtrace_open()
 *	sendtrace_configure(), sendtrace_set_filter(), sendtrace_map()	the device only; optional
 *	sendtrace_set_order()						optional
 *	sendtrace_start()
 *	sendtrace_next() ...						1: an item
 *		sendtrace_wait()					0: nothing now
 *	sendtrace_stop(), sendtrace_next() ... until -ENODATA		the device only
 *	sendtrace_close()
 *
 * Unless a function says otherwise, it returns 0 or a negative errno. The library prints
 * nothing, catches no signals and keeps no state outside the handle: handles may be used
 * concurrently, each by one thread at a time. Strings need no freeing.
 *
 * Payloads that span several records are joined. While their parts arrive they are kept in
 * memory (2 MiB for all of a handle), and beyond that in an unnamed file in $TMPDIR or /tmp (up
 * to 1 GiB), which is opened with the handle. sendtrace_keep_error() says what went wrong there.
 *
 * For C11 and C++11. Everything that is public begins with sendtrace_ or SENDTRACE_. The
 * records' fixed parts, struct sendtrace_event and others, are described in
 * <linux/sendtrace.h>.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/sendtrace.h>

#include "sendtrace_names.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * struct sendtrace - a handle: a session of the device, or a saved stream
 */
struct sendtrace;

/**
 * struct sendtrace_joined - the bytes of an event's fragments, for sendtrace_payload_read()
 */
struct sendtrace_joined;

struct pollfd;

/**
 * struct sendtrace_fault - what was wrong with a record, as text for people
 * @where: where the record begins: a place in the stream or in a ring
 * @text: what was found and what was expected
 * @hint: what may be the reason, or ""
 */
struct sendtrace_fault {
	char where[64];
	char text[160];
	const char *hint;
};

/**
 * struct sendtrace_item - a record that was checked
 * @missing: events of this CPU that are missing before this record and that no LOST record
 *	reports: the sequence numbers have a gap. 0 as long as all is well; 1 where the
 *	numbers step back, since then nobody can say how many are missing
 * @local: the local address, @event.local_len bytes, not aligned
 * @peer: the peer's address, @event.peer_len bytes, not aligned
 * @payload: @event.cap_len bytes, the end of the payload; see sendtrace_payload()
 * @joined: the beginning of the payload, @event.frag_len bytes, where it came in fragments;
 *	NULL where there are none, or they could not be kept
 * @rec: the header, which all types have
 * @event: of an event: see sendtrace_is_event()
 * @lost: of SENDTRACE_RECORD_LOST
 * @fragment: of SENDTRACE_RECORD_FRAGMENT
 *
 * The fixed part is a copy. @local, @peer and @payload point into the ring or the buffer.
 * The item is the library's: all of it is valid until the next sendtrace_next() or
 * sendtrace_close(), and the kernel does not write over it until then. Programs make no items
 * and do not use sizeof(): the fixed part is last, so that fields can be appended to it.
 *
 * Fragments are joined to their event and are not returned, but for one with a gap before
 * it: there @missing is not 0, and nothing else of the item needs a look.
 * Of a @rec.type that the library does not know, only @rec and @missing are set.
 */
struct sendtrace_item {
	uint64_t missing;
	const unsigned char *local;
	const unsigned char *peer;
	const unsigned char *payload;
	struct sendtrace_joined *joined;
	union {
		struct sendtrace_record rec;
		struct sendtrace_event event;
		struct sendtrace_lost lost;
		struct sendtrace_fragment fragment;
	};
};

/* ---- Opening and closing ---------------------------------------------------------- */

/**
 * sendtrace_open - open the device or a saved stream, whichever @path is
 * @result: the new handle, to be given to sendtrace_close()
 * @path: SENDTRACE_DEVICE or another name of the device, a file, a pipe, or "-" for standard
 *	input
 *
 * Does not wait for the writer of a named pipe: sendtrace_wait() does.
 *
 * Errors: as sendtrace_is_saved(), sendtrace_open_device() and open().
 */
int sendtrace_open(struct sendtrace **result, const char *path);

/**
 * sendtrace_is_saved - whether a path is a saved stream
 * @path: as for sendtrace_open()
 *
 * Return: 1 for a saved stream (a file, a pipe, or "-"), 0 for a character device, -EINVAL
 * for anything else, -ENOENT and others where stat() fails.
 */
int sendtrace_is_saved(const char *path);

/**
 * sendtrace_open_device - open the device
 * @result: the new handle
 * @path: the device
 *
 * Errors: -ENOENT, -ENXIO, -ENODEV: the module is not loaded; -EACCES, -EPERM: no permission
 * (CAP_SYS_ADMIN in the initial user namespace); -ENOTTY: another device, or a module whose
 * struct sendtrace_info is another; -ENOMEM; and what else open() fails with.
 */
int sendtrace_open_device(struct sendtrace **result, const char *path);

/**
 * sendtrace_open_stream - read a saved stream from a descriptor
 * @result: the new handle
 * @fd: the stream; sendtrace_close() closes it. On an error it stays open
 *
 * Errors: -ENOMEM.
 */
int sendtrace_open_stream(struct sendtrace **result, int fd);

/**
 * sendtrace_close - end the session, free and close everything
 * @trace: handle, or NULL
 */
void sendtrace_close(struct sendtrace *trace);

/* ---- The device: before the start ------------------------------------------------- */

/**
 * sendtrace_get_info - versions and limits of the module
 * @trace: handle
 *
 * Of a module whose abi is not SENDTRACE_ABI, abi and version can be shown, and nothing else
 * works.
 *
 * Return: valid until sendtrace_close(); NULL for a saved stream.
 */
const struct sendtrace_info *sendtrace_get_info(const struct sendtrace *trace);

/**
 * sendtrace_configure - say what is recorded, and allocate the rings
 * @trace: session
 * @config: what is wanted; on return what is in force
 *
 * Errors: -EBUSY: done before, or started without; -EINVAL: beyond the limits of
 * sendtrace_get_info(); -EPROTO: the module's ABI is not SENDTRACE_ABI; -EPERM; -ENOMEM;
 * -ENOTTY: a saved stream.
 */
int sendtrace_configure(struct sendtrace *trace, struct sendtrace_config *config);

/**
 * sendtrace_set_filter - say whose calls are recorded; at any time
 * @trace: session
 * @filter: names and process ids; everyone's if never called
 *
 * Errors: -EINVAL, -EPERM, -ENOMEM; -ENOTTY: a saved stream.
 */
int sendtrace_set_filter(struct sendtrace *trace, const struct sendtrace_filter *filter);

/**
 * sendtrace_map - map the rings, which is faster than the read() that is used without it
 * @trace: session that was configured
 *
 * Errors: -ENXIO: not configured; -EBUSY: records were read before; -EALREADY: mapped before;
 * -EPROTO: the rings are not as expected; -ENOMEM; what mmap() fails with; -ENOTTY: a saved
 * stream. After a failure the kernel may keep the session for mapping: to read without, close
 * the handle and open another one.
 */
int sendtrace_map(struct sendtrace *trace);

/**
 * sendtrace_rings - how many rings there are
 * @trace: handle
 *
 * Return: how many are mapped; if none is, the number of CPU numbers; 0 for a saved stream.
 */
unsigned int sendtrace_rings(const struct sendtrace *trace);

/* ---- Records ---------------------------------------------------------------------- */

/**
 * sendtrace_start - begin to record; calls made after it returned are recorded
 * @trace: session; for a saved stream there is nothing to do
 *
 * A session that was stopped can be started again.
 *
 * Errors: -EPROTO: the module's ABI is not SENDTRACE_ABI; -EPERM: no permission, or the
 * kernel is locked down; -EUSERS: too many sessions run; -ENOENT: this kernel has no function
 * to probe; -EALREADY: it runs; -ENOMEM.
 */
int sendtrace_start(struct sendtrace *trace);

/**
 * enum sendtrace_order - in which order sendtrace_next() returns records
 * @SENDTRACE_ORDER_RETURN: as they come: in the order of their times, which is where their
 *	calls returned
 * @SENDTRACE_ORDER_CAUSAL: the whole stream in causal order
 * @SENDTRACE_ORDER_WINDOW: in causal order as far as a window of time allows
 *
 * The calls of one thread come in their order in all three. Between threads, the order of
 * return may show an answer before its request: A sends a request, B is woken and sends the
 * answer, and B's call returns before A's does. In causal order a send, a connect and a shutdown
 * stand where their call was entered (enter_time), a receive, an accept and a close where it
 * returned (exit_time), and everything else at its time; records with the same time keep the
 * order of the stream. So an answer stands behind its request.
 */
enum sendtrace_order {
	SENDTRACE_ORDER_RETURN = 0,
	SENDTRACE_ORDER_CAUSAL = 1,
	SENDTRACE_ORDER_WINDOW = 2,
};

/**
 * sendtrace_set_order - have records sorted, from the next one on
 * @trace: handle
 * @order: as above
 * @window: nanoseconds for SENDTRACE_ORDER_WINDOW, else 0
 *
 * SENDTRACE_ORDER_CAUSAL reads the stream to its end before sendtrace_next() returns the first
 * record, and does so piece by piece: sendtrace_next() returns 0 in between. Records beyond
 * 64 MiB are kept in an unnamed file in $TMPDIR or /tmp, which is opened here and needs up to
 * one and a half times as much room as the stream.
 *
 * SENDTRACE_ORDER_WINDOW holds a record back until records have come whose time is later by the
 * window, or until none have come for that long. So a record is returned late by @window, and
 * it stands in causal order unless a call that began before its own took longer than @window:
 * then that call's record comes late, and is counted. If the records that are held back need
 * more than 64 MiB, the first ones are returned early, and counted.
 *
 * In both, after the end and after sendtrace_stop() all that was held back is returned; also
 * before an error of the source. Memory: 64 MiB, and the largest record with its payload.
 *
 * Errors: -EINVAL: no such order; a window without a length, or a length without a window;
 * SENDTRACE_ORDER_CAUSAL for the device, whose records have no end yet; -EBUSY: done before;
 * -ENOMEM; for SENDTRACE_ORDER_CAUSAL also what open() fails with.
 */
int sendtrace_set_order(struct sendtrace *trace, enum sendtrace_order order,
			uint64_t window);

/**
 * struct sendtrace_order_stats - how sorting went
 * @late: records that came later than the window allows, and so stand too late
 * @early: records that were returned before the window had passed, for lack of memory
 * @error: why sendtrace_next() failed, if the reason was the temporary file: a negative errno;
 *	else 0
 * @reserved: zero
 */
struct sendtrace_order_stats {
	uint64_t late;
	uint64_t early;
	int error;
	int reserved[3];
};

/**
 * sendtrace_get_order_stats - find out how sorting went
 * @trace: handle
 * @stats: the numbers up to now on return, all 0 where nothing is sorted
 */
void sendtrace_get_order_stats(const struct sendtrace *trace,
			       struct sendtrace_order_stats *stats);

/**
 * sendtrace_next - the next record in the order of time, or of sendtrace_set_order()
 * @trace: handle that was started
 * @item: set where 1 is returned: the record, valid until the next call
 *
 * Never waits, and does a bounded amount of work. Return: 1; 0 if there is nothing now, or if
 * many fragments were joined, but their event has not come: then sendtrace_wait() and
 * sendtrace_poll_before() do not wait; -ENODATA after the last record of a stream or of a
 * session that was stopped; -EINVAL for a session that was never started; -EBADMSG for what
 * is no record, where sendtrace_get_fault() tells more; or what read() fails with. After
 * other errors than -ENODATA and -EINVAL nothing sensible follows.
 */
int sendtrace_next(struct sendtrace *trace, const struct sendtrace_item **item);

/* Are events missing: by a gap before the item, or as a LOST record? Return: 1 or 0. */
static inline int sendtrace_is_gap(const struct sendtrace_item *item)
{
	return item->missing || item->rec.type == SENDTRACE_RECORD_LOST;
}

/*
 * Is it of a type that the library does not know, of a newer module? Whether events are missing
 * before the CPU's next record cannot be seen then. Return: 1 or 0.
 */
static inline int sendtrace_is_unknown(const struct sendtrace_item *item)
{
	return item->rec.type < SENDTRACE_RECORD_SEND ||
	       item->rec.type > SENDTRACE_RECORD_CLOSE;
}

/* Is it a call, with @item->event? Return: 1 or 0. The bits are the types that are events. */
static inline int sendtrace_is_event(const struct sendtrace_item *item)
{
	return item->rec.type <= SENDTRACE_RECORD_CLOSE && (0x1e6 >> item->rec.type & 1);
}

/* Was it sent or received: can it have a payload? Return: 1 or 0. */
static inline int sendtrace_has_payload(const struct sendtrace_item *item)
{
	return item->rec.type == SENDTRACE_RECORD_SEND ||
	       item->rec.type == SENDTRACE_RECORD_RECV;
}

/* What was wrong when sendtrace_next() returned -EBADMSG; valid until its next call. */
const struct sendtrace_fault *sendtrace_get_fault(const struct sendtrace *trace);

/**
 * sendtrace_wait - wait for more records
 * @trace: handle of which sendtrace_next() returned 0
 * @timeout: milliseconds at most; -1 for no limit
 *
 * May return early. Errors: -EINTR: a signal came; -ENODEV: the session ended unexpectedly.
 */
int sendtrace_wait(struct sendtrace *trace, int timeout);

/**
 * sendtrace_poll_before - prepare a poll() that waits for more besides records
 * @trace: handle of which sendtrace_next() returned 0
 * @fd: on return what to poll() for records
 * @timeout: milliseconds, -1 for no limit; on return not more than before, perhaps less
 *
 * While records keep coming, the library looks again after a short nap and lets nobody wake
 * it, which spares the senders the wake-ups: @fd->fd is negative then. If more can be done
 * without waiting, @fd->fd is negative, too, and @timeout is 0.
 */
void sendtrace_poll_before(struct sendtrace *trace, struct pollfd *fd, int *timeout);

/**
 * sendtrace_poll_after - find out whether the source is still there
 * @trace: handle
 * @fd: as poll() left it
 *
 * Errors: -ENODEV: the session ended unexpectedly.
 */
int sendtrace_poll_after(struct sendtrace *trace, const struct pollfd *fd);

/**
 * sendtrace_stop - record no more; what the rings still hold can be read
 * @trace: session. Also a saved stream that is sorted: it ends where it was read up to, and
 *	what was held back can be read
 *
 * For a session it is async-signal-safe: a signal handler may call it once sendtrace_start() has
 * returned, and until sendtrace_close() is called, whichever function of the handle it interrupts.
 * What was recorded before then still ends with -ENODATA. Sleeps for some milliseconds.
 *
 * Errors: -EALREADY: it does not run, or no longer, or the stream was read to its end; -ENOTTY:
 * another saved stream, which nobody can stop.
 */
int sendtrace_stop(struct sendtrace *trace);

/**
 * sendtrace_get_stats - the session's counters
 * @trace: session
 * @stats: the counters on return
 *
 * Errors: -ENOTTY: a saved stream, which has none.
 */
int sendtrace_get_stats(struct sendtrace *trace, struct sendtrace_stats *stats);

/**
 * sendtrace_keep_error - why parts of payloads could not be kept, or read back
 * @trace: handle
 * @folder: on return the folder of the file that keeps them, valid until sendtrace_close();
 *	may be NULL
 *
 * Return: 0 as long as none was lost so. Otherwise the cause of the first loss: -ENOBUFS: the
 * unfinished payloads need more than 1 GiB; -EFBIG: more than RLIMIT_FSIZE; or what opening,
 * writing or reading the file failed with. The file is opened with the handle, but a failure
 * to do so is an error only when the file is needed.
 */
int sendtrace_keep_error(const struct sendtrace *trace, const char **folder);

/* ---- Payloads --------------------------------------------------------------------- */

/**
 * sendtrace_sent - how much an event's call sent or received or, if it failed, was asked to send
 * @event: an event
 *
 * Some sockets return more than they were given, or than there was room for (MSG_TRUNC): then,
 * too, no more than that was sent or received. A receive that failed received nothing.
 *
 * Return: bytes, at most @event->len.
 */
static inline uint64_t sendtrace_sent(const struct sendtrace_event *event)
{
	if (event->ret >= 0 && (uint64_t)event->ret < event->len)
		return (uint64_t)event->ret;
	if (event->ret < 0 && event->rec.type == SENDTRACE_RECORD_RECV)
		return 0;
	return event->len;
}

/*
 * Are the event's fragments gone? Then its payload has no beginning, and counts as none.
 * Return: 1 or 0.
 */
static inline int sendtrace_is_unjoined(const struct sendtrace_item *item)
{
	return item->event.frag_len && !item->joined;
}

/* Return: bytes of an event's payload that sendtrace_payload_read() gives. */
static inline uint64_t sendtrace_payload_size(const struct sendtrace_item *item)
{
	if (sendtrace_is_unjoined(item))
		return 0;
	return (uint64_t)item->event.frag_len + item->event.cap_len;
}

/* Has sendtrace_payload_read() failed for this event? Return: 1 or 0. */
int sendtrace_is_unread(const struct sendtrace_item *item);

/**
 * sendtrace_is_cut - is less of the payload there than was sent or received?
 * @item: a record
 *
 * A call that failed sent nothing, so it is never cut, although mostly there is less than it
 * was asked to send.
 *
 * Ask after sendtrace_payload_read() if you use it: it may find that a part cannot be read.
 *
 * Return: 1 or 0.
 */
static inline int sendtrace_is_cut(const struct sendtrace_item *item)
{
	return item->event.ret >= 0 &&
	       (sendtrace_payload_size(item) < sendtrace_sent(&item->event) ||
		(item->joined && sendtrace_is_unread(item))) &&
	       sendtrace_has_payload(item);
}

/*
 * The payload without copying it. Return: sendtrace_payload_size() bytes, or NULL where it came
 * in fragments: then use sendtrace_payload_read(). Most payloads are in one piece.
 */
static inline const unsigned char *sendtrace_payload(const struct sendtrace_item *item)
{
	return item->joined ? NULL : item->payload;
}

/**
 * sendtrace_payload_read - copy a part of the payload, however it came
 * @item: an event
 * @offset: of the part; bytes
 * @to: where it is copied
 * @size: bytes that there is room for
 *
 * Return: how many bytes were copied: fewer than @size at the end of the payload, 0 behind it;
 * -EIO or what pread() fails with where the file that keeps it cannot be read.
 */
ssize_t sendtrace_payload_read(const struct sendtrace_item *item, uint64_t offset,
			       void *to, size_t size);

/**
 * sendtrace_why - why an event has less payload than sendtrace_sent()
 * @item: such an event
 *
 * Return: an enum sendtrace_why that this library knows, but not SENDTRACE_WHY_COMPLETE, or
 * an enum sendtrace_reader_why; always below SENDTRACE_WHYS.
 */
unsigned int sendtrace_why(const struct sendtrace_item *item);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SENDTRACE_H */
