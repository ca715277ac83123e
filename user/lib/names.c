// SPDX-License-Identifier: GPL-2.0
/* The names of system calls, and of kinds of ancillary data. */
#include <sendtrace/calls.h>
#include <stddef.h>

#include "sendtrace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const calls[SENDTRACE_CALLS] = ST_CALL_NAMES;

const char *sendtrace_call_name(unsigned int call)
{
	return call < SENDTRACE_CALLS && calls[call] ? calls[call] : "unknown";
}

/*
 * By number: the headers of old distributions lack some. The numbers are those of Linux on x86 and
 * arm64; SCM_TIMESTAMP and its like have one for each size of time_t.
 */
static const struct kind {
	unsigned short level;
	unsigned short type;
	const char *name;
} kinds[] = {
	{ 1, 1, "SCM_RIGHTS" },
	{ 1, 2, "SCM_CREDENTIALS" },
	{ 1, 3, "SCM_SECURITY" },
	{ 1, 4, "SCM_PIDFD" },
	{ 1, 12, "SO_PRIORITY" },
	{ 1, 29, "SCM_TIMESTAMP" },
	{ 1, 35, "SCM_TIMESTAMPNS" },
	{ 1, 36, "SO_MARK" },
	{ 1, 37, "SCM_TIMESTAMPING" },
	{ 1, 40, "SO_RXQ_OVFL" },
	{ 1, 41, "SCM_WIFI_STATUS" },
	{ 1, 54, "SCM_TIMESTAMPING_OPT_STATS" },
	{ 1, 58, "SCM_TIMESTAMPING_PKTINFO" },
	{ 1, 61, "SCM_TXTIME" },
	{ 1, 63, "SCM_TIMESTAMP" },
	{ 1, 64, "SCM_TIMESTAMPNS" },
	{ 1, 65, "SCM_TIMESTAMPING" },
	{ 1, 78, "SCM_DEVMEM_LINEAR" },
	{ 1, 79, "SCM_DEVMEM_DMABUF" },
	{ 1, 81, "SCM_TS_OPT_ID" },
	{ 0, 1, "IP_TOS" },
	{ 0, 2, "IP_TTL" },
	{ 0, 7, "IP_RETOPTS" },
	{ 0, 8, "IP_PKTINFO" },
	{ 0, 11, "IP_RECVERR" },
	{ 0, 18, "IP_PASSSEC" },
	{ 0, 20, "IP_ORIGDSTADDR" },
	{ 0, 23, "IP_CHECKSUM" },
	{ 0, 25, "IP_RECVFRAGSIZE" },
	{ 0, 52, "IP_PROTOCOL" },
	{ 6, 36, "TCP_INQ" },
	{ 17, 103, "UDP_SEGMENT" },
	{ 17, 104, "UDP_GRO" },
	{ 41, 11, "IPV6_FLOWINFO" },
	{ 41, 25, "IPV6_RECVERR" },
	{ 41, 50, "IPV6_PKTINFO" },
	{ 41, 52, "IPV6_HOPLIMIT" },
	{ 41, 54, "IPV6_HOPOPTS" },
	{ 41, 55, "IPV6_RTHDRDSTOPTS" },
	{ 41, 57, "IPV6_RTHDR" },
	{ 41, 59, "IPV6_DSTOPTS" },
	{ 41, 61, "IPV6_PATHMTU" },
	{ 41, 62, "IPV6_DONTFRAG" },
	{ 41, 67, "IPV6_TCLASS" },
	{ 41, 74, "IPV6_ORIGDSTADDR" },
	{ 41, 77, "IPV6_RECVFRAGSIZE" },
	{ 132, 0, "SCTP_INIT" },
	{ 132, 1, "SCTP_SNDRCV" },
	{ 132, 2, "SCTP_SNDINFO" },
	{ 132, 3, "SCTP_RCVINFO" },
	{ 132, 4, "SCTP_NXTINFO" },
	{ 132, 5, "SCTP_PRINFO" },
	{ 132, 6, "SCTP_AUTHINFO" },
	{ 263, 8, "PACKET_AUXDATA" },
	{ 270, 3, "NETLINK_PKTINFO" },
	{ 279, 2, "ALG_SET_IV" },
	{ 279, 3, "ALG_SET_OP" },
	{ 279, 4, "ALG_SET_AEAD_ASSOCLEN" },
	{ 282, 1, "TLS_SET_RECORD_TYPE" },
	{ 282, 2, "TLS_GET_RECORD_TYPE" },
};

const char *sendtrace_cmsg_name(unsigned int level, unsigned int type)
{
	size_t i;

	for (i = 0; i < COUNT(kinds); i++)
		if (kinds[i].level == level && kinds[i].type == type)
			return kinds[i].name;
	return NULL;
}
