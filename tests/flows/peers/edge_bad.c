/* SPDX-License-Identifier: MIT */
/* edge_bad: bad pointers, lengths and descriptors.  See edge.h. */
#include "edge.h"

#include <sys/mman.h>
#include <sys/select.h>
#include <sys/uio.h>

static void bad_connect(void)
{
	int fd = new_socket(&to, 0);

	SAY(connect(fd, BAD, 16));
	SAY(connect(fd, NULL, 16));
	SAY(connect(fd, (struct sockaddr *)&to.at, 3));
	SAY(connect(fd, (struct sockaddr *)&to.at, 1000));
	SAY(connect(-1, (struct sockaddr *)&to.at, to.len));
	SAY(connect(0, (struct sockaddr *)&to.at, to.len));
	close(fd);
	go_on(connected());
}
static void bad_send(void)
{
	int fd = connected();
	SAY(send(fd, BAD, 4, 0));
	go_on(fd);
}
static void bad_write(void)
{
	int fd = connected();
	SAY(write(fd, BAD, 4));
	go_on(fd);
}
static void bad_big(void)
{
	int fd = connected();
	SAY(write(fd, BAD, BIG));
	go_on(fd);
}
static void bad_length(void)
{
	int fd = connected();
	SAY(write(fd, "x", far_too_long));
	go_on(fd);
}
static void bad_writev(void)
{
	int fd = connected();
	SAY(writev(fd, BAD, 1));
	go_on(fd);
}
static void bad_writev_base(void)
{
	int fd = connected();
	struct iovec v[] = { { BAD, 4 }, { "x", 1 } };

	SAY(writev(fd, v, 2));
	go_on(fd);
}
static void bad_writev_second(void)
{
	int fd = connected();
	struct iovec v[] = { { "x", 1 }, { BAD, 4 } };

	SAY(writev(fd, v, 2) == -1 && errno == EFAULT);
	go_on(fd);
}
static void bad_sendmsg(void)
{
	int fd = connected();
	SAY(sendmsg(fd, BAD, 0));
	go_on(fd);
}
static void bad_sendmsg_iov(void)
{
	int fd = connected();
	struct msghdr m = { .msg_iov = BAD, .msg_iovlen = 1 };

	SAY(sendmsg(fd, &m, 0));
	m.msg_iovlen = 5000;
	SAY(sendmsg(fd, &m, 0));
	go_on(fd);
}
static void bad_sendmsg_base(void)
{
	int fd = connected();
	struct iovec v = { BAD, 4 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	SAY(sendmsg(fd, &m, 0));
	go_on(fd);
}
static void bad_sendmmsg(void)
{
	int fd = connected();
	SAY(sendmmsg(fd, BAD, 1, 0));
	go_on(fd);
}
static void bad_recv(void)
{
	int fd = connected();

	SAY(recv(fd, BAD, 4, MSG_DONTWAIT));
	SAY(send(fd, "good", 4, 0));
	SAY(recv(fd, BAD, 4, 0));
	finish(fd);
}
static void bad_getpeername(void)
{
	int fd = connected();
	struct sockaddr_storage a;
	socklen_t len = sizeof(a), minus = (socklen_t)-1, four = 4, none = 0;

	SAY(getpeername(fd, BAD, &len));
	SAY(getpeername(fd, (struct sockaddr *)&a, BAD));
	SAY(getpeername(fd, (struct sockaddr *)&a, &minus));
	SAY(getpeername(fd, (struct sockaddr *)&a, &four));
	say("length %d\n", (int)four);
	SAY(getpeername(fd, (struct sockaddr *)&a, &none));
	say("length %d\n", (int)none);
	SAY(getpeername(fd, (struct sockaddr *)&a, &len));
	say("length %d, right %d\n", (int)len, !memcmp(&a, &to.at, to.len));
	go_on(fd);
}
static void bad_waits(void)
{
	int fd = connected();

	SAY(poll(BAD, 1, 0));
	SAY(poll(BAD, 1, 10));
	SAY(ppoll(NULL, 0, BAD, NULL));
	SAY(select(fd + 1, BAD, NULL, NULL, NULL));
	SAY(select(0, NULL, NULL, NULL, BAD));
	go_on(fd);
}

static char *end_of_page(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(page + 4096, 4096);
	memset(page, 'h', 4096);
	return page + 4096;
}
static void half_bad(void)
{
	int fd = connected();
	char *end = end_of_page();

	SAY(write(fd, end - 10, 20));
	SAY(write(fd, end - 4, 4));
	finish(fd);
}
static void half_bad_far(void)
{
	int fd = connected();
	char *end = end_of_page();

	SAY(write(fd, end - 1000, 1200));
	SAY(write(fd, end - 4, 4));
	finish(fd);
}
static void whole_page(void)
{
	int fd = connected();

	SAY(write(fd, end_of_page() - 1, 1));
	finish(fd);
}

int main(int argc, char **argv)
{
	static const struct edge_case cases[] = {
		CASE(bad_connect),     CASE(bad_send),		CASE(bad_write),
		CASE(bad_big),	       CASE(bad_length),	CASE(bad_writev),
		CASE(bad_writev_base), CASE(bad_writev_second), CASE(bad_sendmsg),
		CASE(bad_sendmsg_iov), CASE(bad_sendmsg_base),	CASE(bad_sendmmsg),
		CASE(bad_recv),	       CASE(bad_getpeername),	CASE(bad_waits),
		CASE(half_bad),	       CASE(half_bad_far),	CASE(whole_page),
	};

	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
