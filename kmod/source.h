/* SPDX-License-Identifier: GPL-2.0 */
/* Who sent what was received. */
#ifndef _ST_SOURCE_H
#define _ST_SOURCE_H

#include <linux/types.h>

struct pt_regs;
struct sk_buff;
struct sock;
struct sockaddr;
struct socket;
struct st_addr;
struct st_call;
struct st_peer;

bool st_source_begins(struct st_call *call, struct pt_regs *regs);
bool st_source_of_skb(const struct sock *sk, const struct sk_buff *skb,
		      struct st_addr *from);
bool st_source_note(const void *owner, const struct sock *sk, const struct st_addr *from,
		    u64 now);
bool st_source_take(const void *owner, const struct sock *sk, u64 since,
		    struct st_addr *from);
void st_source_set(struct socket *sock, struct st_peer *peer, u64 since,
		   const struct sockaddr *name, int len);
void st_source_unknown(struct socket *sock, struct st_peer *peer);

#endif /* _ST_SOURCE_H */
