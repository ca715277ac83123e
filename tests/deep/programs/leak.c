// SPDX-License-Identifier: GPL-2.0
/*
 * Does a byte of kernel memory reach user space that was not written for it? All available
 * memory is filled with a pattern and freed, by the kernel's own poisoning where it has
 * that, and by us. Then every byte that the module returns is checked: it has a known
 * value, or it is zero.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tracer.h"

enum {
	PAINT = 0xa5,
	PIPES = 200,
	RING = 1 << 20,
};

/* ---- Painting -------------------------------------------------------------------------- */

static size_t free_memory(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	size_t kib = 0;

	while (!kib && file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemFree: %zu", &kib) != 1)
			kib = 0;
	if (!kib)
		die("/proc/meminfo has no MemFree");
	fclose(file);
	return kib << 10;
}

/* Pages, like those of the rings: three quarters of the free ones. */
static void paint_pages(void *arg)
{
	size_t len = free_memory() / 4 * 3;
	char *pages = mmap(NULL, len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)arg;
	if (pages == MAP_FAILED)
		die("mapping %zu bytes", len);
	memset(pages, PAINT, len);
}

/* Slab objects of all sizes up to 4 KiB: messages that are sent and received. */
static void paint_objects(void *arg)
{
	static char bytes[4096];
	int ends[2];

	(void)arg;
	memset(bytes, PAINT, sizeof(bytes));
	for (int i = 0; i < PIPES; i++) {
		must(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), "socketpair");
		for (size_t len = 8; len <= 3500; len = len * 3 / 2)
			if (send(ends[0], bytes, len, MSG_DONTWAIT) < 0)
				break;
	}
}

/* The kernel stack of this thread, by a call that copies much of our memory there. */
static void paint_stack(void)
{
	char paint[1024];
	struct iovec parts[64];
	int null = must(open("/dev/null", O_WRONLY), "/dev/null");

	memset(paint, PAINT, sizeof(paint));
	memset(parts, PAINT, sizeof(parts));
	/* The call fails after it has copied them to the stack. */
	(void)!writev(null, parts, 8);
	(void)!select(1000, (fd_set *)paint, NULL, NULL, NULL);
	close(null);
}

static void paint(void)
{
	in_child(paint_pages, NULL);
	in_child(paint_objects, NULL);
	paint_stack();
}

/* ---- Checking --------------------------------------------------------------------------- */

static void check_zero(const void *bytes, size_t len, const char *what)
{
	const unsigned char *at = bytes;

	size_t i = 0;

	/* memcmp is fast; rings are large. */
	while (i < len && !at[i])
		i++;
	check(i == len, "%s: byte %zu of %zu is 0x%02x, not 0", what, i, len,
	      i < len ? at[i] : 0);
}

static void check_text(const char *text, size_t size, const char *want, const char *what)
{
	check(strncmp(text, want, size) == 0, "%s: expected '%s', got '%.*s'", what, want,
	      (int)size, text);
	check_zero(text + strlen(want), size - strlen(want), what);
}

static size_t padded(size_t len)
{
	return (len + SENDTRACE_ALIGN - 1) & ~(size_t)(SENDTRACE_ALIGN - 1);
}

/* ---- ioctl ------------------------------------------------------------------------------ */

static void ioctls(void)
{
	struct sendtrace_info info;
	struct sendtrace_stats stats;
	struct sendtrace_config config = { .ring_size = RING };
	struct tracer tracer;

	paint();
	tracer_open(&tracer);
	memset(&info, PAINT, sizeof(info));
	must(ioctl(tracer.fd, SENDTRACE_IOC_INFO, &info), "INFO");
	check_zero(&info.reserved, sizeof(info.reserved), "reserved of INFO");
	check_text(info.version, sizeof(info.version), info.version, "version of INFO");
	check(info.late <= 1, "expected late of INFO to be 0 or 1, got %u", info.late);

	paint_stack();
	must(ioctl(tracer.fd, SENDTRACE_IOC_CONFIG, &config), "CONFIG");
	check_zero(config.reserved, sizeof(config.reserved), "reserved of CONFIG");

	paint_stack();
	memset(&stats, PAINT, sizeof(stats));
	must(ioctl(tracer.fd, SENDTRACE_IOC_STATS, &stats), "STATS");
	check_zero(&stats, sizeof(stats), "STATS of a session that has not run");
	tracer_close(&tracer);
}

/* ---- The mapped pages -------------------------------------------------------------------- */

static void check_fresh_ring(const struct tracer *tracer, const struct ring *ring)
{
	const struct sendtrace_producer *producer = ring->producer;
	const char *data = (const char *)producer + producer->data_offset;

	check_zero(ring->consumer, tracer->info.page_size, "the consumer's page");
	check_equal(producer->pos, 0, "the producer's position");
	check_zero(producer + 1, tracer->info.page_size - sizeof(*producer),
		   "the producer's page behind its fields");
	check_zero(data, 2 * producer->data_size, "the data of a ring");
}

static void fresh_rings(void)
{
	struct tracer tracer;

	paint();
	tracer_open(&tracer);
	tracer_config(&tracer, RING, 0, 0);
	tracer_map(&tracer);
	for (uint32_t cpu = 0; cpu < tracer.info.nr_cpus; cpu++)
		check_fresh_ring(&tracer, &tracer.rings[cpu]);
	tracer_close(&tracer);
}

/* ---- Records ------------------------------------------------------------------------------ */

static void fill(unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = i * 7 + 1;
}

static struct address udp_to, udp6_to, unix_to;
static int unix_far;

/* Lengths that need every number of padding bytes; short names; short addresses. */
static void send_all_kinds(void *arg)
{
	int udp = connected_socket(SOCK_DGRAM, &udp_to);
	int udp6 = connected_socket(SOCK_DGRAM, &udp6_to);
	int local = connected_socket(SOCK_DGRAM, &unix_to);
	unsigned char bytes[300], room[300];

	(void)arg;
	fill(bytes, sizeof(bytes));
	prctl(PR_SET_NAME, "leaking");
	prctl(PR_SET_NAME, "lk");
	for (size_t len = 0; len < 18; len++) {
		paint_stack();
		must(send(udp, bytes, len, 0), "send of UDP");
		must(send(udp6, bytes, len, 0), "send of UDP over IPv6");
		must(send(local, bytes, len, 0), "send of a unix datagram");
		/* The queue is short, and a send would wait for room. */
		must(recv(unix_far, room, sizeof(room), 0), "recv");
		send(-1, bytes, len, 0);
	}
	must(sendto(udp, bytes, 3, 0, (struct sockaddr *)&udp_to.sa, udp_to.len),
	     "sendto");
	must(send(udp, bytes, sizeof(bytes), 0), "a longer send");
}

static void check_in(const struct sockaddr_in *in, const char *what)
{
	check_zero(in->sin_zero, sizeof(in->sin_zero), what);
}

static void check_in6(const struct sockaddr_in6 *in6, const char *what)
{
	check_zero(&in6->sin6_flowinfo, sizeof(in6->sin6_flowinfo), what);
	check_zero(&in6->sin6_scope_id, sizeof(in6->sin6_scope_id), what);
}

/* The unused bytes of an address, and those behind it. */
static void check_address(const void *address, size_t len, const char *what)
{
	static const size_t lens[] = {
		[AF_INET] = sizeof(struct sockaddr_in),
		[AF_INET6] = sizeof(struct sockaddr_in6),
	};
	const struct sockaddr *any = address;

	if (len && any->sa_family == AF_INET)
		check_in(address, what);
	if (len && any->sa_family == AF_INET6)
		check_in6(address, what);
	if (len && any->sa_family != AF_UNIX)
		check_equal(len, lens[any->sa_family], "length of %s", what);
	check_zero((const char *)address + len, padded(len) - len, what);
}

static void check_event(const struct sendtrace_event *event)
{
	const unsigned char *payload = event_payload(event);
	unsigned char want[300];

	fill(want, sizeof(want));
	check_equal(event->rec.header_size, sizeof(*event), "header_size");
	check_zero(&event->rec.reserved, sizeof(event->rec.reserved), "reserved");
	check_zero(&event->reserved, sizeof(event->reserved), "reserved of an event");
	check_text(event->comm, sizeof(event->comm), "lk", "comm");
	check_text(event->process, sizeof(event->process), "lk", "process");
	check_equal(event->cap_len, event->len, "bytes of the payload");
	check(memcmp(payload, want, event->cap_len) == 0, "the payload");
	check_zero(payload + event->cap_len, padded(event->cap_len) - event->cap_len,
		   "behind the payload");
	check_address(event_local(event), event->local_len, "the local address");
	check_address(event_peer(event), event->peer_len, "the peer's address");
	check_equal(event->event_flags & ~SENDTRACE_EVENT_PEER_FROM_CALL, 0,
		    "flags without a meaning");
	check_equal((const char *)payload + padded(event->cap_len) - (const char *)event,
		    event->rec.size, "the record's size, compared with its contents");
}

static void prepare_sockets(void)
{
	udp_to = udp_sink("127.0.0.1");
	udp6_to = udp_sink("::1");
	unix_to = unix_address("@l");
	unix_far = bound_socket(SOCK_DGRAM, &unix_to);
}

/* Behind the last record the ring is unchanged. */
static void check_rest(const struct ring *ring)
{
	const struct sendtrace_producer *producer = ring->producer;
	const char *data = (const char *)producer + producer->data_offset;

	check_zero(data + producer->pos, producer->data_size - producer->pos,
		   "the ring behind its last record");
}

static void records(bool mapped)
{
	struct records found = { 0 };
	struct tracer tracer;

	prepare_sockets();
	paint();
	tracer_open(&tracer);
	tracer_config(&tracer, RING, 0, 0);
	tracer_filter(&tracer, "lk");
	if (mapped)
		tracer_map(&tracer);
	tracer_start(&tracer);
	in_child(send_all_kinds, NULL);
	tracer_read(&tracer, &found);
	check_equal(found.number, 4 * 18 + 2, "records");
	for (size_t i = 0; i < found.number; i++)
		check_event(event_at(&found, i));
	for (uint32_t cpu = 0; mapped && cpu < tracer.info.nr_cpus; cpu++)
		check_rest(&tracer.rings[cpu]);
	tracer_close(&tracer);
}

static void records_mapped(void)
{
	records(true);
}

static void records_read(void)
{
	records(false);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "ioctls", ioctls },
		{ "fresh_rings", fresh_rings },
		{ "records_mapped", records_mapped },
		{ "records_read", records_read },
		{},
	};

	return run_cases(argc, argv, cases);
}
