/* SPDX-License-Identifier: GPL-2.0 */
/* The address that a call gives. */
#ifndef _ST_GIVEN_H
#define _ST_GIVEN_H

struct sock;
struct socket;
struct st_peer;

void st_given_read(struct socket *sock, struct st_peer *peer, const void __user *addr,
		   int addr_len);
void st_given_note(struct socket *sock, struct st_peer *peer, const void *addr,
		   int addr_len);
void st_given_read_late(struct st_peer *peer, const void __user *addr, int addr_len);

void st_given_connect(const struct sock *sk, struct st_peer *peer,
		      const void __user *addr, int addr_len);
void st_given_connect_kernel(const struct sock *sk, struct st_peer *peer,
			     const void *addr, int addr_len);

#endif /* _ST_GIVEN_H */
