/* SPDX-License-Identifier: MIT */
/*
 * uring: what the programs uring and uring_raw share: connections by io_uring, and such
 * as are made in part by libc and in part by a ring.  Each tells by ring_call() how it
 * reaches the kernel.  See edge.h for the words of the command line.
 */
#ifndef URING_H
#define URING_H

#include "edge.h"

#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <sys/mman.h>

static long ring_call(long number, long a, long b, long c, long d, long e);

#define ENTRIES 8

static struct ring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	unsigned int added;
} ring;

static void *ring_map(int fd, size_t n, off_t what)
{
	void *at = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, what);

	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

static void ring_open(void)
{
	struct io_uring_params p = { 0 };
	long fd = ring_call(SYS_io_uring_setup, ENTRIES, (long)&p, 0, 0, 0);
	char *sq, *cq;

	if (fd < 0)
		fail("io_uring_setup");
	ring.fd = (int)fd;
	sq = ring_map(ring.fd, p.sq_off.array + p.sq_entries * 4, IORING_OFF_SQ_RING);
	cq = ring_map(ring.fd, p.cq_off.cqes + p.cq_entries * sizeof(*ring.cqes),
		      IORING_OFF_CQ_RING);
	ring.sqes = ring_map(ring.fd, p.sq_entries * sizeof(*ring.sqes),
			     IORING_OFF_SQES);
	ring.sq_tail = (void *)(sq + p.sq_off.tail);
	ring.sq_mask = (void *)(sq + p.sq_off.ring_mask);
	ring.sq_array = (void *)(sq + p.sq_off.array);
	ring.cq_head = (void *)(cq + p.cq_off.head);
	ring.cq_tail = (void *)(cq + p.cq_off.tail);
	ring.cq_mask = (void *)(cq + p.cq_off.ring_mask);
	ring.cqes = (void *)(cq + p.cq_off.cqes);
}

static struct io_uring_sqe *ring_add(int opcode, int fd, const void *at, size_t n)
{
	unsigned int tail = *ring.sq_tail, i = tail & *ring.sq_mask;
	struct io_uring_sqe *sqe = &ring.sqes[i];

	*sqe = (struct io_uring_sqe){ .opcode = (__u8)opcode,
				      .fd = fd,
				      .addr = (__u64)(uintptr_t)at,
				      .len = (__u32)n,
				      .user_data = (__u64)opcode };
	ring.sq_array[i] = i;
	__atomic_store_n(ring.sq_tail, tail + 1, __ATOMIC_RELEASE);
	ring.added++;
	return sqe;
}

/* Hands over what was added, and waits for so many answers. */
static long ring_enter(unsigned int wanted)
{
	unsigned int n = ring.added;

	ring.added = 0;
	return ring_call(SYS_io_uring_enter, ring.fd, n, wanted,
			 wanted ? IORING_ENTER_GETEVENTS : 0, 0);
}

/* The next answer, in the order they come. */
static struct io_uring_cqe ring_next(void)
{
	unsigned int head = *ring.cq_head;
	struct io_uring_cqe cqe;

	while (head == __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE))
		if (ring_enter(1) < 0)
			fail("io_uring_enter");
	cqe = ring.cqes[head & *ring.cq_mask];
	__atomic_store_n(ring.cq_head, head + 1, __ATOMIC_RELEASE);
	return cqe;
}

static long ring_result(void)
{
	struct io_uring_cqe cqe = ring_next();

	say("answer to %d: %d\n", (int)cqe.user_data, cqe.res);
	return cqe.res;
}

static long ring_do(int opcode, int fd, const void *at, size_t n)
{
	ring_add(opcode, fd, at, n);
	return ring_result();
}

static void ring_add_connect(int fd)
{
	ring_add(IORING_OP_CONNECT, fd, &to.at, 0)->off = to.len;
}

static long ring_connect(int fd)
{
	ring_add_connect(fd);
	return ring_result();
}

static long ring_poll(int fd, short events)
{
	ring_add(IORING_OP_POLL_ADD, fd, NULL, 0)->poll_events = (__u16)events;
	return ring_result();
}

static void ring_hear(int fd)
{
	char c[64] = "";
	long n = ring_do(IORING_OP_RECV, fd, c, sizeof(c));

	say("heard %.*s\n", n > 0 ? (int)n : 0, c);
}

/* The rest, however it is cut. */
static void ring_finish(int fd)
{
	char c[64] = "";
	int n = 0, k;

	SAY(shutdown(fd, SHUT_WR));
	do {
		ring_add(IORING_OP_RECV, fd, c + n, sizeof(c) - (size_t)n);
		k = ring_next().res;
		n += k > 0 ? k : 0;
	} while (k > 0);
	say("end %d, heard %.*s\n", k, n, c);
	SAY(close(fd));
}

/* --- by the ring alone
 * ----------------------------------------------------------------- */

static void ring_all(void)
{
	int fd = new_socket(&to, 0);

	ring_connect(fd);
	ring_do(IORING_OP_SEND, fd, "ring", 4);
	ring_hear(fd);
	ring_finish(fd);
}

static void ring_polls(void)
{
	int fd = new_socket(&to, SOCK_NONBLOCK);

	ring_connect(fd);
	ring_poll(fd, POLLOUT);
	SAY(error_of(fd));
	ring_do(IORING_OP_SEND, fd, "ring", 4);
	ring_poll(fd, POLLIN);
	ring_hear(fd);
	ring_finish(fd);
}

/* Two rings. */
static void ring_twice(void)
{
	SAY(close(ring.fd));
	ring_open();
	ring_all();
}

/* One after the other, handed over at once. */
static void ring_linked(void)
{
	int fd = new_socket(&to, 0);
	char c[64];

	ring_add_connect(fd);
	ring.sqes[0].flags = IOSQE_IO_LINK;
	ring_add(IORING_OP_SEND, fd, "linked", 6)->flags = IOSQE_IO_LINK;
	ring_add(IORING_OP_RECV, fd, c, sizeof(c));
	for (int i = 0; i < 3; i++)
		ring_result();
	ring_finish(fd);
}

static void ring_closes(void)
{
	int fd = new_socket(&to, 0);

	ring_connect(fd);
	ring_do(IORING_OP_SEND, fd, "ring", 4);
	ring_hear(fd);
	ring_do(IORING_OP_SHUTDOWN, fd, NULL, SHUT_WR);
	ring_hear(fd);
	ring_do(IORING_OP_CLOSE, fd, NULL, 0);
	SAY(close(fd));
}

static void ring_refused(void)
{
	int fd = new_socket(&to, 0);
	struct sockaddr_in none = { .sin_family = AF_INET, .sin_port = htons(9) };

	none.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ring_add(IORING_OP_CONNECT, fd, &none, 0)->off = sizeof(none);
	ring_result();
	SAY(close(fd));
}

/* Its own server: a ring accepts, libc connects. */
static void ring_accepts(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM, 0), accepted;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(here);

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	SAY(bind(listener, (struct sockaddr *)&here, len));
	SAY(listen(listener, 5));
	getsockname(listener, (struct sockaddr *)&here, &len);
	ring_add(IORING_OP_ACCEPT, listener, NULL, 0);
	SAY(ring_enter(0));
	SAY(connect(fd, (struct sockaddr *)&here, len));
	SAY(write(fd, "accept", 6));
	accepted = (int)ring_result();
	ring_hear(accepted);
	ring_do(IORING_OP_SEND, accepted, "answer", 6);
	ring_hear(fd);
	SAY(close(accepted));
	SAY(close(fd));
	SAY(close(listener));
}

/* --- half by libc
 * ---------------------------------------------------------------------- */

static void mixed_ring_connects(void)
{
	int fd = new_socket(&to, 0);

	ring_connect(fd);
	SAY(write(fd, "libc", 4));
	finish(fd);
}

static void mixed_ring_connects_nonblocking(void)
{
	int fd = new_socket(&to, SOCK_NONBLOCK);

	ring_connect(fd);
	SAY(writable(fd));
	SAY(write(fd, "libc", 4));
	fcntl(fd, F_SETFL, 0);
	finish(fd);
}

static void held_ring_sends(void)
{
	int fd = connected();

	ring_do(IORING_OP_SEND, fd, "ring", 4);
	ring_hear(fd);
	ring_finish(fd);
}

static void held_ring_writes(void)
{
	int fd = connected();

	ring_do(IORING_OP_WRITE, fd, "ring", 4);
	ring_hear(fd);
	finish(fd);
}

static void held_ring_polls(void)
{
	int fd = connected();

	ring_poll(fd, POLLOUT);
	ring_do(IORING_OP_SEND, fd, "ring", 4);
	ring_poll(fd, POLLIN);
	finish(fd);
}

/* A time limit in the ring, for bare it ends so too. */
static void held_ring_reads(void)
{
	const struct __kernel_timespec little = { 0, 200000000 };
	int fd = connected();
	char c[8];

	ring_add(IORING_OP_RECV, fd, c, sizeof(c))->flags = IOSQE_IO_LINK;
	ring_add(IORING_OP_LINK_TIMEOUT, -1, &little, 1);
	ring_result();
	ring_result();
	go_on(fd);
}

static void held_libc_writes_ring_reads(void)
{
	int fd = connected();

	SAY(write(fd, "libc", 4));
	ring_hear(fd);
	ring_finish(fd);
}

static void held_ring_reads_libc_writes(void)
{
	int fd = connected();
	char c[8];

	ring_add(IORING_OP_RECV, fd, c, sizeof(c));
	SAY(ring_enter(0));
	SAY(write(fd, "libc", 4));
	ring_result();
	finish(fd);
}

static void held_ring_shuts(void)
{
	int fd = connected();

	ring_do(IORING_OP_SHUTDOWN, fd, NULL, SHUT_WR);
	hear(fd);
	SAY(close(fd));
}

static void held_ring_closes(void)
{
	int fd = connected();

	ring_do(IORING_OP_CLOSE, fd, NULL, 0);
	SAY(close(fd));
}

static void greeted_ring_hears(void)
{
	int fd = connected();

	ring_hear(fd);
	ring_do(IORING_OP_SEND, fd, "ring", 4);
	ring_finish(fd);
}

static int uring_main(int argc, char **argv)
{
	static const struct edge_case cases[] = {
		CASE(ring_all),
		CASE(ring_twice),
		CASE(ring_polls),
		CASE(ring_linked),
		CASE(ring_closes),
		CASE(ring_refused),
		CASE(ring_accepts),
		CASE(mixed_ring_connects),
		CASE(mixed_ring_connects_nonblocking),
		CASE(held_ring_sends),
		CASE(held_ring_writes),
		CASE(held_ring_polls),
		CASE(held_ring_reads),
		CASE(held_libc_writes_ring_reads),
		CASE(held_ring_reads_libc_writes),
		CASE(held_ring_shuts),
		CASE(held_ring_closes),
		CASE(greeted_ring_hears),
	};

	if (argc == 4)
		ring_open();
	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}

#endif
