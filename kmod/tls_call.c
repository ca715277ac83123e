// SPDX-License-Identifier: GPL-2.0
/*
 * A call of a TLS library begins, and ends.
 *
 * What a library is given and what it returns is its public interface; nothing is read from its
 * own structures, which change with each version. So which connection a call is for is learnt
 * from what the same thread does inside the call: a socket call whose bytes begin a TLS record; or
 * by what it has written to a BIO, if the program sends that itself (tls_bio.c).
 * Callbacks of the program, such as those that verify a certificate or look up a session, may use
 * other sockets: two candidates are none.
 *
 * Context: uprobes' handlers: preemption and interrupts are on, and they may sleep.
 */
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/compat.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <asm/syscall.h>

#include "asks.h"
#include "call.h"
#include "compat.h"
#include "deliver.h"
#include "event.h"
#include "tls_bio.h"
#include "tls_call.h"
#include "tls_conn.h"
#include "tls_open.h"
#include "tls_written.h"

/**
 * struct function - one function of a library
 * @hook: its calls, as the sessions are asked for them; nothing else is used
 * @written: which argument is a pointer to the number of bytes, if the function returns 1 for
 *	success; 0: it returns the number
 * @returns_int: it returns an int
 * @takes_int: how many bytes is an int, too
 * @receives: it receives
 * @has_no_buffer: its second argument is none
 *
 * In all of them, the first argument is the TLS session, the second the buffer, and the third how
 * many bytes.
 */
struct function {
	struct st_hook hook;
	u8 written;
	bool returns_int;
	bool takes_int;
	bool receives;
	bool has_no_buffer;
};

#define HOOK(named, id)                                                         \
	{                                                                       \
		.name = named, .calls = SENDTRACE_CALL_BIT(SENDTRACE_CALL_##id) \
	}

/*
 *	int SSL_write(SSL *ssl, const void *buf, int num);
 *	int SSL_write_ex(SSL *s, const void *buf, size_t num, size_t *written);
 *	int SSL_write_ex2(SSL *s, const void *buf, size_t num, uint64_t flags, size_t *written);
 *	ossl_ssize_t SSL_sendfile(SSL *s, int fd, off_t offset, size_t size, int flags);
 *	int SSL_read(SSL *ssl, void *buf, int num);
 *	int SSL_read_ex(SSL *ssl, void *buf, size_t num, size_t *readbytes);	(SSL_write(3ssl))
 *	ssize_t gnutls_record_send2(gnutls_session_t session, const void *data, size_t data_size,
 *				    size_t pad, unsigned flags);
 *	ssize_t gnutls_record_recv(gnutls_session_t session, void *data, size_t data_size);
 *	int wolfSSL_write(WOLFSSL *ssl, const void *data, int sz);
 *	int wolfSSL_read(WOLFSSL *ssl, void *data, int sz);		(wolfssl/ssl.h)
 *	int mbedtls_ssl_write(mbedtls_ssl_context *ssl, const unsigned char *buf, size_t len);
 *	int mbedtls_ssl_read(mbedtls_ssl_context *ssl, unsigned char *buf, size_t len);
 *								(mbedtls/ssl.h)
 */
#define FUNCTION(name, id, ...) \
	[SENDTRACE_CALL_##id -  \
		SENDTRACE_CALL_SSL_WRITE] = { .hook = HOOK(name, id), __VA_ARGS__ }

static const struct function functions[] = {
	FUNCTION("SSL_write", SSL_WRITE, .returns_int = true, .takes_int = true),
	FUNCTION("SSL_write_ex", SSL_WRITE_EX, .written = 3),
	FUNCTION("SSL_write_ex2", SSL_WRITE_EX2, .written = 4),
	FUNCTION("SSL_sendfile", SSL_SENDFILE, .has_no_buffer = true),
	FUNCTION("gnutls_record_send", GNUTLS_SEND, .returns_int = false),
	FUNCTION("SSL_read", SSL_READ, .returns_int = true, .takes_int = true,
		 .receives = true),
	FUNCTION("SSL_read_ex", SSL_READ_EX, .written = 3, .receives = true),
	FUNCTION("gnutls_record_recv", GNUTLS_RECV, .receives = true),
	FUNCTION("wolfSSL_write", WOLFSSL_WRITE, .returns_int = true, .takes_int = true),
	FUNCTION("mbedtls_ssl_write", MBEDTLS_WRITE, .returns_int = true),
	FUNCTION("wolfSSL_read", WOLFSSL_READ, .returns_int = true, .takes_int = true,
		 .receives = true),
	FUNCTION("mbedtls_ssl_read", MBEDTLS_READ, .returns_int = true, .receives = true),
};

static const struct function *function_of(u16 id)
{
	return &functions[id - SENDTRACE_CALL_SSL_WRITE];
}

/* Calls that found no room in the table. */
static atomic64_t missed;

/**
 * st_tls_missed() - calls of TLS libraries that were missed since the module was loaded
 *
 * Return: how many found no room.
 */
u64 st_tls_missed(void)
{
	return atomic64_read(&missed);
}

/* ---- Registers ------------------------------------------------------------------------ */

/* Does the calling thread run 32-bit code? Then all of its words are half as long. */
static bool is_narrow(struct pt_regs *regs)
{
#ifdef CONFIG_X86
	return !user_64bit_mode(regs);
#else
	return false; /* arm64's uprobes are for 64-bit code only */
#endif
}

static u64 read_word(u64 address, bool narrow)
{
	u64 word = 0;

	if (copy_from_user(&word, (const void __user *)(unsigned long)address,
			   narrow ? sizeof(u32) : sizeof(u64)))
		return 0;
	return word;
}

/* i386: all arguments are on the stack, behind the return address. */
static u64 argument(struct pt_regs *regs, unsigned int n)
{
	if (is_narrow(regs))
		return read_word(user_stack_pointer(regs) + (n + 1) * sizeof(u32), true);
	return regs_get_kernel_argument(regs, n);
}

static long result(struct pt_regs *regs, bool returns_int)
{
	unsigned long value = regs_return_value(regs);

	return returns_int || is_narrow(regs) ? (int)value : (long)value;
}

/* ---- A call begins -------------------------------------------------------------------- */

static bool any_asks(const struct st_hook *hook)
{
	enum st_answer answer = st_event_asks_quickly(hook);

	return answer == ST_UNSURE ? st_event_asks(hook) : answer != ST_REFUSED;
}

/* Returns a bit for each session that wants it. */
static unsigned long ask(const struct st_hook *hook, struct st_caller *caller)
{
	unsigned long wanted = 0;

	preempt_disable();
	if (any_asks(hook)) {
		wanted = this_cpu_read(st_asked.wanted);
		*caller = this_cpu_ptr(&st_asked)->caller;
		st_event_asked();
	}
	preempt_enable();
	return wanted;
}

/* What tells later whether the call was left without returning (tls_around.c). */
static void fill_left(struct st_tls_open *open, struct pt_regs *regs, bool narrow)
{
#ifdef CONFIG_X86
	open->returns_to = read_word(open->sp, narrow);
#else
	open->frame = regs->regs[29];
	open->returns_to = regs->regs[30];
#endif
}

static void fill(struct st_tls_open *open, const struct function *function,
		 struct pt_regs *regs)
{
	bool narrow = is_narrow(regs);
	struct st_call *call = &open->call;

	fill_left(open, regs, narrow);
	open->ssl = argument(regs, 0);
	open->written = function->written ? argument(regs, function->written) : 0;
	open->left.nr = 0;
	open->candidates = 0;
	call->hook = &function->hook;
	call->enter_time = ktime_get_ns();
	/* SSL_sendfile()'s offset has 64 bits everywhere: on i386 it is two words. */
	call->len = argument(regs, function->has_no_buffer ? 3 + narrow : 2);
	if (function->takes_int)
		call->len = max((int)call->len, 0);
	if (function->has_no_buffer)
		call->payload.kind = ST_PAYLOAD_NONE;
	else
		st_payload_set_user(&call->payload,
				    (const void __user *)(unsigned long)argument(regs,
										 1));
}

static void note_missed(unsigned long sp)
{
	struct st_tls_process process;

	st_tls_process_read(&process);
	st_tls_open_drop(&process, sp);
	atomic64_inc(&missed);
}

static void note_call(u16 id, unsigned long wanted, const struct st_caller *caller,
		      struct pt_regs *regs)
{
	struct st_tls_open *open = st_tls_open_new();

	if (!open) {
		note_missed(user_stack_pointer(regs));
		return;
	}
	open->sp = user_stack_pointer(regs);
	st_tls_process_read(&open->process);
	open->call.id = id;
	open->call.wanted = wanted;
	st_caller_copy_ended(&open->call.caller, caller);
	fill(open, function_of(id), regs);
	open->is_known = st_tls_conn_get(&open->process, open->ssl, &open->call);
	st_tls_open_add(open);
}

/**
 * st_tls_call_begins() - note a call that a session wants
 * @id: enum sendtrace_call, of SENDTRACE_CALLS_TLS
 * @regs: the user's registers at the function's entry
 *
 * Return: false if no session wants it.
 */
bool st_tls_call_begins(u16 id, struct pt_regs *regs)
{
	struct st_caller caller;
	unsigned long wanted;

	st_tls_open_hold();
	wanted = ask(&function_of(id)->hook, &caller);
	if (wanted)
		note_call(id, wanted, &caller, regs);
	st_tls_open_release();
	return wanted;
}

/**
 * st_tls_call_frees() - a TLS session ends
 * @regs: the user's registers at the entry of SSL_free(), or another library's function for it
 */
void st_tls_call_frees(struct pt_regs *regs)
{
	struct st_tls_process process;
	u64 ssl = argument(regs, 0);

	st_tls_process_read(&process);
	st_tls_conn_drop(&process, ssl);
	st_tls_bio_drop(&process, ssl);
	st_tls_shake_drop(ssl);
}

/* ---- Ciphertext -------------------------------------------------------------------------- */

/**
 * st_tls_call_shakes() - a TLS session begins its handshake, or goes on with it
 * @regs: the user's registers at the entry of SSL_do_handshake()
 */
void st_tls_call_shakes(struct pt_regs *regs)
{
	struct st_tls_shake shake = {
		.ssl = argument(regs, 0),
		.sp = user_stack_pointer(regs),
		.time = ktime_get_ns(),
	};

	if (IS_ENABLED(CONFIG_X86)) {
		shake.width = is_narrow(regs) ? sizeof(u32) : sizeof(u64);
		shake.returns_to = read_word(shake.sp, is_narrow(regs));
	}
	st_tls_shake_begins(&shake);
}

/**
 * struct written - a piece of ciphertext that is written to a BIO
 * @begin: its first bytes
 * @shake: the handshake that the thread is in; NULL if none
 */
struct written {
	const struct st_tls_begin *begin;
	const struct st_tls_shake *shake;
};

/* The newer one counts: a thread may have left the other one without being seen. */
static bool note_written(struct st_tls_open *open, const void *what)
{
	const struct written *written = what;

	if (written->shake && open->call.enter_time < written->shake->time)
		return false;
	st_tls_left_add(&open->left, written->begin);
	return true;
}

static void leave_hello(u64 ssl, const struct st_tls_begin *begin)
{
	struct st_tls_left left = { .nr = 0 };
	struct st_tls_process process;

	st_tls_left_add(&left, begin);
	st_tls_process_read(&process);
	st_tls_bio_renew(&process, ssl, begin);
	st_tls_bio_leave(&process, ssl, &left);
}

/**
 * st_tls_call_writes() - something is written to a BIO
 * @regs: the user's registers at the entry of BIO_write()
 *
 *	int BIO_write(BIO *b, const void *data, int dlen);
 *
 * It may be any BIO, and anything.
 */
void st_tls_call_writes(struct pt_regs *regs)
{
	unsigned long sp = user_stack_pointer(regs);
	struct st_tls_begin begin;
	struct st_tls_shake shake;
	struct written written = { .begin = &begin };

	if ((int)argument(regs, 2) < (int)sizeof(begin) ||
	    copy_from_user(&begin, (const void __user *)(unsigned long)argument(regs, 1),
			   sizeof(begin)) ||
	    !st_tls_begin_is_record(&begin))
		return;
	if (st_tls_begin_is_hello(&begin) && st_tls_shake_around(sp, &shake))
		written.shake = &shake;
	if (!(st_tls_is_open() && st_tls_open_note(sp, note_written, &written)) &&
	    written.shake)
		leave_hello(shake.ssl, &begin);
}

/* ---- A call ends ---------------------------------------------------------------------- */

/* What is known of the TLS session's socket, if no socket call was made inside the call. */
static bool get_known(struct st_tls_open *open)
{
	struct st_tls_process *process = &open->process;

	if (open->is_known && !open->left.nr)
		return true;
	if (open->left.nr)
		st_tls_bio_renew(process, open->ssl, &open->left.begins[0]);
	if (st_tls_conn_get(process, open->ssl, &open->call))
		return true;
	if (st_tls_bio_take(process, open->ssl, &open->call)) {
		st_tls_conn_set(process, open->ssl, &open->call);
		return true;
	}
	if (open->left.nr)
		st_tls_bio_leave(process, open->ssl, &open->left);
	return false;
}

/* The socket that it is for; the newest I/O counts. */
static void find_socket(struct st_tls_open *open)
{
	if (open->candidates == 1 && open->is_known)
		return;
	if (open->candidates == 1) {
		st_tls_conn_set(&open->process, open->ssl, &open->call);
		st_tls_bio_drop(&open->process, open->ssl);
		return;
	}
	if (open->candidates == 0 && get_known(open))
		return;
	open->call.fd = -1;
	st_peer_clear(&open->call.peer);
}

/* Bytes that were sent or received; 0 if none, or less. */
static u64 bytes_of(const struct st_tls_open *open, struct pt_regs *regs)
{
	const struct function *function = function_of(open->call.id);
	long value = result(regs, function->returns_int || function->written);

	if (value <= 0)
		return 0;
	if (!function->written)
		return value;
	return value == 1 ? read_word(open->written, is_narrow(regs)) : 0;
}

/* What no call of a library has, or what is not known of it. */
static void set_rest(struct st_call *call)
{
	call->sock = NULL;
	call->flags = 0;
	call->account = 0;
	call->async = false;
	call->nr_cmsgs = 0;
	call->addr = NULL;
	call->addr_len = 0;
	call->peer.unnamed = NULL;
	/* These count the bytes on the wire. */
	call->peer.position = 0;
	call->peer.write_seq = 0;
	call->peer.copied_seq = 0;
}

/* One that sends or receives nothing is no event: most often it would block. */
static void deliver(struct st_call *call, u64 bytes)
{
	set_rest(call);
	preempt_disable();
	if (bytes)
		st_deliver(call,
			   function_of(call->id)->receives ? SENDTRACE_RECORD_RECV :
							     SENDTRACE_RECORD_SEND,
			   bytes, min_t(u64, bytes, call->len));
	else
		st_event_pass(&call->entry);
	preempt_enable();
}

/**
 * st_tls_call_ends() - record a call that returns
 * @regs: the user's registers at the function's return
 * @sp: the stack pointer, as at its entry
 *
 * Return: false if no session wanted it when it began.
 */
bool st_tls_call_ends(struct pt_regs *regs, unsigned long sp)
{
	struct st_tls_open *open = st_tls_open_take(sp);

	if (!open)
		return false;
	find_socket(open);
	deliver(&open->call, bytes_of(open, regs));
	st_tls_open_free(open);
	return true;
}
