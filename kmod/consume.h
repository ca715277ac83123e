/* SPDX-License-Identifier: GPL-2.0 */
/* How a session's rings are consumed: by read(), or mapped into the reader's process. */
#ifndef _ST_CONSUME_H
#define _ST_CONSUME_H

#include <linux/types.h>
#include <linux/sendtrace.h>

#include "session.h"

int st_consume_claim(struct st_session *session, enum st_mode mode);
void st_consume_unclaim(struct st_session *session);
bool st_consume_was_started(struct st_session *session);
struct st_ring *st_consume_ring(struct st_session *session, u64 cpu);
bool st_consume_readable(const struct st_session *session);
struct st_ring *st_consume_oldest(struct st_session *session,
				  const struct sendtrace_record **rec);
int st_consume_lock(struct st_session *session, bool nonblock);
void st_consume_unlock(struct st_session *session);
ssize_t st_consume_read(struct st_session *session, char __user *buf, size_t size,
			bool nonblock);

#endif /* _ST_CONSUME_H */
