/* SPDX-License-Identifier: MIT */
/* edge_write: every way to write first; and what may not ride in a SYN.  See edge.h. */
#include "edge.h"

#include <pthread.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

/* --- ways to write first
 * --------------------------------------------------------------- */

static void writev_two(void)
{
	int fd = connected();
	struct iovec v[] = { { "wri", 3 }, { "tev", 3 } };

	SAY(writev(fd, v, 2));
	finish(fd);
}

static void writev_odd(void)
{
	static struct iovec many[1025];
	int fd = connected();
	struct iovec v[] = { { BAD, 0 }, { "", 0 }, { "odd", 3 } };

	SAY(writev(fd, v, 0));
	SAY(writev(fd, v, (int)far_too_long));
	SAY(writev(fd, many, 1025));
	SAY(writev(fd, v, 2));
	SAY(writev(fd, v, 3));
	finish(fd);
}

static void sendmsg_two(void)
{
	int fd = connected();
	struct iovec v[] = { { "send", 4 }, { "msg", 3 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	SAY(sendmsg(fd, &m, 0));
	finish(fd);
}

static void sendmsg_empty(void)
{
	int fd = connected();
	struct msghdr m = { 0 };

	SAY(sendmsg(fd, &m, 0));
	SAY(send(fd, "after", 5, 0));
	finish(fd);
}

static void sendmmsg_three(void)
{
	int fd = connected();
	struct iovec v[] = { { "one", 3 }, { "two", 3 }, { "three", 5 } };
	struct mmsghdr m[3] = { { .msg_hdr = { .msg_iov = &v[0], .msg_iovlen = 1 } },
				{ .msg_hdr = { .msg_iov = &v[1], .msg_iovlen = 1 } },
				{ .msg_hdr = { .msg_iov = &v[2], .msg_iovlen = 1 } } };

	SAY(sendmmsg(fd, m, 3, 0));
	say("lengths %u %u %u\n", m[0].msg_len, m[1].msg_len, m[2].msg_len);
	SAY(sendmmsg(fd, m, 0, 0));
	finish(fd);
}

static void sendto_address(void)
{
	int fd = connected();

	SAY(sendto(fd, "sendto", 6, 0, (struct sockaddr *)&to.at, to.len));
	finish(fd);
}

static void send_dontwait(void)
{
	int fd = connected();
	char c;

	SAY(send(fd, "dontwait", 8, MSG_DONTWAIT));
	SAY(recv(fd, &c, 1, 0));
	SAY(send(fd, "more", 4, MSG_DONTWAIT));
	finish(fd);
}

static void send_more(void)
{
	int fd = connected();

	SAY(send(fd, "to", 2, MSG_MORE));
	SAY(send(fd, "gether", 6, MSG_NOSIGNAL));
	finish(fd);
}

static void send_oob(void)
{
	int fd = connected();

	SAY(send(fd, "oob", 3, MSG_OOB));
	SAY(send(fd, "in", 2, 0));
	finish(fd);
}

static void two_writes(void)
{
	int fd = connected();

	SAY(write(fd, "one", 3));
	SAY(write(fd, "two", 3));
	finish(fd);
}

static char *big(void)
{
	char *bytes = malloc(BIG);

	for (int i = 0; i < BIG; i++)
		bytes[i] = (char)(i * 31 >> 4);
	return bytes;
}

static void big_write(void)
{
	int fd = connected();
	SAY(write(fd, big(), BIG));
	finish(fd);
}
static void big_send(void)
{
	int fd = connected();
	SAY(send(fd, big(), BIG, 0));
	finish(fd);
}
static void big_writev(void)
{
	char *bytes = big();
	struct iovec v[] = { { bytes, 1000 },
			     { bytes + 1000, 1000 },
			     { bytes + 2000, BIG - 2000 } };
	int fd = connected();

	SAY(writev(fd, v, 3));
	finish(fd);
}
static void two_segments(void)
{
	int fd = connected();
	SAY(write(fd, big(), 3000));
	finish(fd);
}

static void zero_write(void)
{
	int fd = connected();

	SAY(write(fd, "", 0));
	SAY(write(fd, "after", 5));
	finish(fd);
}

static void zero_send(void)
{
	int fd = connected();

	SAY(send(fd, "", 0, 0));
	SAY(send(fd, NULL, 0, 0));
	SAY(send(fd, "after", 5, 0));
	finish(fd);
}

static void zero_bad(void)
{
	int fd = connected();

	SAY(write(fd, BAD, 0));
	SAY(write(fd, "after", 5));
	finish(fd);
}

static void by_sendfile(void)
{
	char name[] = "/tmp/edge.XXXXXX";
	int fd = connected(), file = mkstemp(name);
	off_t at = 0;

	unlink(name);
	if (write(file, "sendfile", 8) != 8)
		fail("write");
	SAY(sendfile(fd, file, &at, 0));
	SAY(sendfile(fd, file, &at, 100));
	SAY(sendfile(fd, file, &at, 100));
	finish(fd);
}

static void by_splice(void)
{
	int fd = connected(), ends[2];

	if (pipe(ends) || write(ends[1], "splice", 6) != 6)
		fail("pipe");
	SAY(splice(ends[0], NULL, fd, NULL, 6, 0));
	finish(fd);
}

static void by_sendfile_whole(void)
{
	int fd = connected(), program = open(self, O_RDONLY);
	off_t size = lseek(program, 0, SEEK_END), at = 0;

	SAY(sendfile(fd, program, &at, BIG) == size);
	SAY(at == size);
	close(program);
	finish(fd);
}

static void by_sendfile_nonblocking(void)
{
	int fd = connected_nonblocking(), program = open(self, O_RDONLY);
	off_t at = 0;

	SAY(sendfile(fd, program, &at, 100));
	SAY(at);
	close(program);
	fcntl(fd, F_SETFL, 0);
	finish(fd);
}

static void by_splice_nonblocking(void)
{
	int fd = connected_nonblocking(), ends[2];

	if (pipe(ends) || write(ends[1], "splice", 6) != 6)
		fail("pipe");
	SAY(splice(ends[0], NULL, fd, NULL, 6, SPLICE_F_NONBLOCK));
	fcntl(fd, F_SETFL, 0);
	finish(fd);
}

static void by_splice_more(void)
{
	int fd = connected(), ends[2];

	if (pipe(ends) || write(ends[1], "splice", 6) != 6)
		fail("pipe");
	SAY(splice(ends[0], NULL, fd, NULL, 3, SPLICE_F_MORE));
	SAY(splice(ends[0], NULL, fd, NULL, 3, 0));
	finish(fd);
}

static void by_stdio(void)
{
	int fd = connected();
	FILE *f = fdopen(fd, "w");

	SAY(fprintf(f, "std%s", "io"));
	SAY(fflush(f));
	finish(fd);
}

static void by_stdio_close(void)
{
	int fd = connected();
	FILE *f = fdopen(fd, "w");

	SAY(fprintf(f, "std%s", "io"));
	SAY(fclose(f));
	SAY(close(fd));
}

static void by_stdio_both(void)
{
	int fd = connected();
	FILE *f = fdopen(fd, "r+");
	char c[5] = "";

	SAY(fputs("both", f) >= 0);
	SAY(fflush(f));
	SAY(fread(c, 1, 4, f));
	say("read %s\n", c);
	SAY(fclose(f));
}

static void by_dprintf(void)
{
	int fd = connected();

	SAY(dprintf(fd, "dprintf %d", 42));
	finish(fd);
}

static void by_pwritev2(void)
{
	int fd = connected();
	struct iovec v = { "pwritev2", 8 };

	SAY(pwritev2(fd, &v, 1, -1, 0));
	SAY(pwrite(fd, "x", 1, 0));
	finish(fd);
}

static void *writer(void *descriptor)
{
	char bytes[100];
	ssize_t n;

	memset(bytes, 'w', sizeof(bytes));
	n = send((int)(long)descriptor, bytes, sizeof(bytes), 0);
	return (void *)(long)n;
}

static void two_threads(void)
{
	int fd = connected();
	pthread_t one, two;
	void *r, *s;

	pthread_create(&one, NULL, writer, (void *)(long)fd);
	pthread_create(&two, NULL, writer, (void *)(long)fd);
	pthread_join(one, &r);
	pthread_join(two, &s);
	say("sent %ld %ld\n", (long)r, (long)s);
	finish(fd);
}

static void *delayed_writer(void *descriptor)
{
	usleep(5000);
	return writer(descriptor);
}

/* One thread reads while another writes first. */
static void reader_and_writer(void)
{
	int fd = connected();
	pthread_t one;
	char c[4];

	pthread_create(&one, NULL, delayed_writer, (void *)(long)fd);
	SAY(recv(fd, c, 4, MSG_WAITALL));
	pthread_join(one, NULL);
	finish(fd);
}

/* --- what may not ride
 * ----------------------------------------------------------------- */

#define POST "POST /order HTTP/1.1\r\n\r\n"

static void post(void)
{
	int fd = connected();
	SAY(send(fd, POST, 24, 0));
	finish(fd);
}
static void post_nonblocking(void)
{
	int fd = connected_nonblocking();

	SAY(send(fd, POST, 24, 0));
	fcntl(fd, F_SETFL, 0);
	finish(fd);
}
static void post_cut(void)
{
	int fd = connected();
	struct iovec v[] = { { "", 0 }, { "PO", 2 }, { "ST / HTTP/1.1\r\n\r\n", 17 } };

	SAY(writev(fd, v, 3));
	finish(fd);
}
static void get(void)
{
	int fd = connected();

	SAY(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0));
	finish(fd);
}

int main(int argc, char **argv)
{
	static const struct edge_case cases[] = {
		CASE(writev_two),
		CASE(writev_odd),
		CASE(sendmsg_two),
		CASE(sendmsg_empty),
		CASE(sendmmsg_three),
		CASE(sendto_address),
		CASE(send_dontwait),
		CASE(send_more),
		CASE(send_oob),
		CASE(two_writes),
		CASE(big_write),
		CASE(big_send),
		CASE(big_writev),
		CASE(two_segments),
		CASE(zero_write),
		CASE(zero_send),
		CASE(zero_bad),
		CASE(by_sendfile),
		CASE(by_splice),
		CASE(by_stdio),
		CASE(by_stdio_close),
		CASE(by_sendfile_whole),
		CASE(by_sendfile_nonblocking),
		CASE(by_splice_nonblocking),
		CASE(by_splice_more),
		CASE(by_stdio_both),
		CASE(by_dprintf),
		CASE(by_pwritev2),
		CASE(two_threads),
		CASE(reader_and_writer),
		CASE(post),
		CASE(post_nonblocking),
		CASE(post_cut),
		CASE(get),
	};

	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
