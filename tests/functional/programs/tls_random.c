// SPDX-License-Identifier: GPL-2.0
/* Random values for the names of functions. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "tls_random.h"

enum {
	FILES = 6
};

static _Thread_local uint64_t state = 20261127;

void tls_random_seed(uint64_t seed)
{
	state = seed;
}

uint64_t tls_random_number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	/* Of any length. */
	return state >> (state & 63);
}

static int wrong_files[FILES];

void tls_random_open_files(void)
{
	int pipes[2];

	must(pipe(pipes), "pipe()");
	wrong_files[0] = -1;
	wrong_files[1] = pipes[0];
	wrong_files[2] = must(open("/", O_RDONLY), "open()");
	wrong_files[3] = must(open("/proc/self/exe", O_PATH), "open()");
	wrong_files[4] = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket()");
	wrong_files[5] = must(open("/proc/self/maps", O_RDONLY), "open()");
}

void tls_random_change(struct sendtrace_tls *named)
{
	switch (tls_random_number() % 6) {
	case 0:
		named->pid = tls_random_number();
		break;
	case 1:
		named->function = tls_random_number() % (SENDTRACE_CALLS + 2);
		break;
	case 2:
		named->address = tls_random_number();
		break;
	case 3:
		named->nr_returns = tls_random_number();
		break;
	case 4:
		named->flags = tls_random_number();
		break;
	default:
		named->returns[tls_random_number() % SENDTRACE_TLS_RETURNS] =
			tls_random_number();
	}
}

void tls_random_spoil(struct sendtrace_tls *named)
{
	switch (tls_random_number() % 7) {
	case 0:
		named->pid = 1U << 30 | tls_random_number();
		break;
	case 1:
		named->function =
			SENDTRACE_TLS_HANDSHAKE + 1 + (tls_random_number() & 0xffff);
		break;
	case 2: /* Above all memory of user space. */
		named->address = 1ULL << 63 | tls_random_number();
		break;
	case 3:
		named->nr_returns =
			SENDTRACE_TLS_RETURNS + 1 + (tls_random_number() & 0xffff);
		break;
	case 4:
		named->flags |= 2U << tls_random_number() % 31;
		break;
	case 5:
		named->reserved = tls_random_number() | 1;
		break;
	default:
		named->file = wrong_files[tls_random_number() % FILES];
	}
}

void tls_random_refused(struct sendtrace_tls *named)
{
	for (int changes = tls_random_number() % 4; changes > 0; changes--)
		tls_random_change(named);
	tls_random_spoil(named);
}
