/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_ADDRESS_H
#define _SENDREAD_ADDRESS_H

enum {
	ADDRESS_IPV4_WIDEST = 15,
	ADDRESS_IPV6_WIDEST = 45,
	ADDRESS_SLACK = 3, /* that may be written behind the end */
};

/*
 * An address in network byte order as inet_ntop() writes it, which takes ten times as
 * long for going through printf(). There must be room for the widest and the slack.
 * Return: the end of what was written; no NUL.
 */
char *address_put_ipv4(char *to, const unsigned char address[4]);
char *address_put_ipv6(char *to, const unsigned char address[16]);

#endif /* _SENDREAD_ADDRESS_H */
