/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SINK_ADDRESS_H
#define _SINK_ADDRESS_H

enum {
	ADDRESS_IPV4_WIDEST = 15,
	ADDRESS_IPV6_WIDEST = 45,
	ADDRESS_SLACK = 3, /* bytes that may be written behind the end */
};

/*
 * An address in network byte order as inet_ntop() writes it, in a tenth of its time: it uses
 * printf(). There must be room for the widest text and the slack.
 * Return: the end of what was written; no NUL.
 */
char *address_put_ipv4(char *to, const unsigned char address[4]);
char *address_put_ipv6(char *to, const unsigned char address[16]);

#endif /* _SINK_ADDRESS_H */
