/* SPDX-License-Identifier: GPL-2.0 */
/* What a library writes to its BIOs, and for which TLS session. */
#ifndef _ST_TLS_WRITTEN_H
#define _ST_TLS_WRITTEN_H

#include <linux/types.h>

/**
 * struct st_tls_begin - the first bytes of a piece of ciphertext, by which it is known
 * @bytes: these bytes
 * @words: likewise
 */
struct st_tls_begin {
	union {
		u8 bytes[16];
		u64 words[2];
	};
};

/**
 * struct st_tls_left - what a call of a library has written
 * @begins: the first piece, and the last one that begins with other bytes
 * @nr: how many of both there are
 *
 * A program sends from the first piece on. In a handshake the last one is all of a flight, of
 * which a filter BIO was given the parts before.
 */
struct st_tls_left {
	struct st_tls_begin begins[2];
	u32 nr;
};

/**
 * struct st_tls_shake - a handshake goes on
 * @ssl: of this session
 * @sp: the user's stack pointer at the function's entry
 * @returns_to: x86: the address that stands there, as long as it has not returned
 * @width: bytes of that; 0: it is not on the stack
 * @time: when it was entered; nanoseconds
 */
struct st_tls_shake {
	u64 ssl;
	unsigned long sp;
	u64 returns_to;
	u32 width;
	u64 time;
};

bool st_tls_begin_is_record(const struct st_tls_begin *begin);
bool st_tls_begin_is_hello(const struct st_tls_begin *begin);
bool st_tls_begin_is_again(const struct st_tls_begin *hello,
			   const struct st_tls_begin *begin);
void st_tls_left_add(struct st_tls_left *left, const struct st_tls_begin *begin);

void st_tls_shake_begins(const struct st_tls_shake *shake);
bool st_tls_shake_around(unsigned long sp, struct st_tls_shake *shake);
void st_tls_shake_drop(u64 ssl);

#endif /* _ST_TLS_WRITTEN_H */
