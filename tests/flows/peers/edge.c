/* SPDX-License-Identifier: MIT */
/*
 * edge CASE HOST PORT: after two ordinary requests connects once more and then does what programs
 * rarely do first on a connection.  Every call, its result and its errno are said on stdout; how
 * long connect() took, on stderr.
 * edge list: all cases.        edge child FD: what the others execute.
 *
 * What is said leaves by the system call itself: between the calls of a case nothing else happens.
 */
#include "peer.h"

#include <linux/sockios.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

extern char **environ;
static struct place to;
static char self[512];
static void *volatile bad_pointer = (void *)8;
static volatile size_t far_too_long = (size_t)-1;

#define BAD bad_pointer
#define BIG (1 << 20)

/* --- saying ----------------------------------------------------------------------------- */

static long raw(long number, long a, long b, long c)
{
#if defined(__x86_64__)
	long r;

	__asm__ volatile("syscall" : "=a"(r) : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return r;
#else
	return syscall(number, a, b, c);
#endif
}

static void say_to(int out, const char *format, ...)
{
	char line[512];
	int was = errno, n;
	va_list args;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	raw(SYS_write, out, (long)line, n < (int)sizeof(line) ? n : (int)sizeof(line));
	errno = was;
}

#define say(...) say_to(1, __VA_ARGS__)

static long said(const char *what, long r)
{
	say("%s = %ld%s%s\n", what, r, r == -1 ? " " : "", r == -1 ? strerror(errno) : "");
	return r;
}

#define SAY(call) said(#call, (long)(call))

static int connected_to(int flags)
{
	int fd = new_socket(&to, flags);
	long from = now_us();
	int r = dial(fd, &to);

	say_to(2, "%ld\n", now_us() - from);
	said("connect", r);
	return fd;
}

static int connected(void)
{
	return connected_to(0);
}

static int writable(int fd)
{
	struct pollfd p = { fd, POLLOUT, 0 };

	return poll(&p, 1, -1) == 1 && p.revents == POLLOUT;
}

static int connected_nonblocking(void)
{
	int fd = connected_to(SOCK_NONBLOCK);

	SAY(writable(fd));
	SAY(error_of(fd));
	return fd;
}

static void hear(int fd)
{
	char bytes[4096];
	size_t n = 0;
	ssize_t k = 0;

	while (n < sizeof(bytes) && (k = read(fd, bytes + n, sizeof(bytes) - n)) > 0)
		n += (size_t)k;
	said("end", k);
	say("heard %.*s\n", (int)n, bytes);
}

static void finish(int fd)
{
	SAY(shutdown(fd, SHUT_WR));
	hear(fd);
	SAY(close(fd));
}

static void wait_child(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	say("child ended with %x\n", status);
}

/* --- processes -------------------------------------------------------------------------- */

static void fork_child_first(void)
{
	int fd = connected();
	pid_t child = fork();

	if (child == 0) {
		SAY(send(fd, "child", 5, 0));
		_exit(0);
	}
	wait_child(child);
	SAY(send(fd, "parent", 6, 0));
	finish(fd);
}

static void fork_parent_first(void)
{
	int fd = connected(), go[2];
	pid_t child;
	char c;

	if (pipe(go))
		fail("pipe");
	child = fork();
	if (child == 0) {
		if (read(go[0], &c, 1) == 1)
			SAY(send(fd, "child", 5, 0));
		_exit(0);
	}
	SAY(send(fd, "parent", 6, 0));
	SAY(write(go[1], "x", 1));
	wait_child(child);
	finish(fd);
}

static void fork_child_alone(void)
{
	int fd = connected();
	pid_t child = fork();

	if (child == 0) {
		SAY(send(fd, "child", 5, 0));
		finish(fd);
		_exit(0);
	}
	close(fd);
	wait_child(child);
}

static void fork_child_closes(void)
{
	int fd = connected();
	pid_t child = fork();

	if (child == 0) {
		SAY(close(fd));
		_exit(0);
	}
	wait_child(child);
	SAY(send(fd, "parent", 6, 0));
	finish(fd);
}

static void fork_parent_exits(void)
{
	int fd = connected(), held[2];
	char c;

	if (pipe(held))
		fail("pipe");
	if (fork() == 0) {
		if (fork()) {
			SAY(send(fd, "child", 5, 0));
			finish(fd);
		}
		_exit(0); /* the pipe's other end is gone with them */
	}
	close(held[1]);
	close(fd);
	if (read(held[0], &c, 1) == 0)
		say("all ended\n");
}

static char **child_words(int fd)
{
	static char number[16];
	static char *words[] = { self, "child", number, NULL };

	snprintf(number, sizeof(number), "%d", fd);
	return words;
}

static void exec_child(void)
{
	int fd = connected();

	execv(self, child_words(fd));
	fail("execv");
}

static void exec_after_send(void)
{
	int fd = connected_nonblocking();

	SAY(send(fd, "first", 5, 0));
	fcntl(fd, F_SETFL, 0);
	execv(self, child_words(fd));
	fail("execv");
}

static void exec_closes(void)
{
	int fd = connected();

	fcntl(fd, F_SETFD, FD_CLOEXEC);
	execl("/bin/echo", "echo", "executed", NULL);
	fail("execl");
}

static void exec_fails(void)
{
	int fd = connected();

	SAY(execl("/nonexistent/program", "program", NULL));
	SAY(send(fd, "still", 5, 0));
	finish(fd);
}

static void spawn_inherits(void)
{
	int fd = connected();
	pid_t child;

	if (posix_spawn(&child, self, NULL, NULL, child_words(fd), environ))
		fail("posix_spawn");
	wait_child(child);
	SAY(close(fd));
}

static void spawn_dup2(void)
{
	posix_spawn_file_actions_t actions;
	int fd = connected();
	pid_t child;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 9);
	posix_spawn_file_actions_addclose(&actions, fd);
	if (posix_spawn(&child, self, &actions, NULL, child_words(9), environ))
		fail("posix_spawn");
	wait_child(child);
	SAY(close(fd));
}

static void vfork_exec(void)
{
	int fd = connected();
	char **words = child_words(fd);
	pid_t child = vfork();

	if (child == 0) {
		execv(self, words);
		_exit(1);
	}
	wait_child(child);
	SAY(close(fd));
}

static void vfork_dup2_exec(void)
{
	int fd = connected();
	char **words = child_words(9);
	pid_t child = vfork();

	if (child == 0) {
		dup2(fd, 9);
		close(fd);
		execv(self, words);
		_exit(1);
	}
	wait_child(child);
	SAY(send(fd, " parent", 7, 0));
	SAY(close(fd));
}

static void by_shell(void)
{
	int fd = connected();
	char command[64];

	snprintf(command, sizeof(command), "printf shell >&%d", fd);
	SAY(system(command));
	finish(fd);
}

static void passed_on(void)
{
	int fd = connected(), ends[2];
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } control = { 0 };
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		fail("socketpair");
	control.head = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	child = fork();
	if (child == 0) {
		char byte;
		struct iovec in = { &byte, 1 };

		close(fd);
		m.msg_iov = &in;
		SAY(recvmsg(ends[1], &m, 0));
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
		SAY(send(fd, "passed", 6, 0));
		finish(fd);
		_exit(0);
	}
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	if (sendmsg(ends[0], &m, 0) != 1)
		fail("sendmsg");
	wait_child(child);
	SAY(close(fd));
}

/* The deferring happens after the child is there to receive it. */
static void passed_to_child_born_before(void)
{
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } control = { 0 };
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	int fd, ends[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		fail("socketpair");
	control.head = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	child = fork();
	if (child == 0) {
		char byte;
		struct iovec in = { &byte, 1 };

		m.msg_iov = &in;
		if (recvmsg(ends[1], &m, 0) != 1)
			fail("recvmsg");
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
		SAY(send(fd, "passed", 6, 0));
		finish(fd);
		_exit(0);
	}
	fd = connected();
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	if (sendmsg(ends[0], &m, 0) != 1)
		fail("sendmsg");
	close(fd);
	wait_child(child);
}

/* --- other numbers for it --------------------------------------------------------------- */

static void dup_write(void)
{
	int fd = connected(), other = dup(fd);

	SAY(write(other, "dup", 3));
	SAY(shutdown(fd, SHUT_WR));
	hear(fd);
	SAY(close(other));
	SAY(close(fd));
}

static void dup_close(void)
{
	int fd = connected(), other = dup(fd);

	SAY(close(other));
	SAY(write(fd, "fd", 2));
	finish(fd);
}

static void dup_close_first(void)
{
	int fd = connected(), other = dup(fd);

	SAY(close(fd));
	SAY(write(other, "other", 5));
	finish(other);
}

static void dup2_write(void)
{
	int fd = connected();

	SAY(dup2(fd, 50));
	SAY(close(fd));
	SAY(write(50, "fifty", 5));
	finish(50);
}

static void dup3_write(void)
{
	int fd = connected();

	SAY(dup3(fd, 50, O_CLOEXEC));
	SAY(write(50, "fifty", 5));
	SAY(write(fd, "three", 5));
	SAY(close(50));
	finish(fd);
}

static void dup2_itself(void)
{
	int fd = connected();

	SAY(dup2(fd, fd));
	SAY(dup3(fd, fd, 0));
	SAY(write(fd, "same", 4));
	finish(fd);
}

static void fcntl_dup(void)
{
	int fd = connected(), other = fcntl(fd, F_DUPFD, 60);

	SAY(other);
	SAY(write(other, "sixty", 5));
	SAY(close(other));
	finish(fd);
}

static void dup2_over(void)
{
	int fd = connected(), ends[2];
	char c[4];

	if (pipe(ends))
		fail("pipe");
	SAY(dup2(ends[1], fd));
	SAY(write(fd, "pipe", 4));
	SAY(read(ends[0], c, 4));
	SAY(close(fd));
}

static void dup2_over_fails(void)
{
	int fd = connected();

	SAY(dup2(777, fd));
	SAY(write(fd, "still", 5));
	finish(fd);
}

static void close_reused(void)
{
	int fd = connected(), other;

	SAY(close(fd));
	other = socket(AF_INET, SOCK_DGRAM, 0);
	say("same number %d\n", other == fd);
	SAY(send(other, "udp", 3, 0));
	SAY(close(other));
	SAY(close(other));
}

static void raw_close_file(void)
{
	char name[] = "/tmp/edge.XXXXXX", c[8];
	int fd = connected(), other;

	raw(SYS_close, fd, 0, 0);
	other = mkstemp(name);
	unlink(name);
	say("same number %d\n", other == fd);
	SAY(write(other, "file", 4));
	SAY(lseek(other, 0, SEEK_SET));
	SAY(read(other, c, 8));
	SAY(close(other));
}

static void raw_close_udp(void)
{
	int fd = connected(), other;
	char c;

	raw(SYS_close, fd, 0, 0);
	other = socket(AF_INET, SOCK_DGRAM, 0);
	say("same number %d\n", other == fd);
	SAY(send(other, "udp", 3, 0));
	SAY(recv(other, &c, 1, MSG_DONTWAIT));
	SAY(shutdown(other, SHUT_WR));
	SAY(close(other));
}

static void raw_close_tcp(void)
{
	int fd = connected(), other;

	raw(SYS_close, fd, 0, 0);
	other = new_socket(&to, 0);
	say("same number %d\n", other == fd);
	SAY(send(other, "early", 5, MSG_NOSIGNAL));
	SAY(dial(other, &to));
	SAY(send(other, "other", 5, 0));
	finish(other);
}

static void raw_close_pair(void)
{
	int fd = connected(), ends[2];
	char c[8];

	raw(SYS_close, fd, 0, 0);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		fail("socketpair");
	say("same number %d\n", ends[0] == fd);
	SAY(send(ends[0], "pair", 4, 0));
	SAY(recv(ends[1], c, 8, 0));
	SAY(close(ends[0]));
	SAY(recv(ends[1], c, 8, 0));
}

static void raw_close_closed(void)
{
	int fd = connected();
	char c;

	raw(SYS_close, fd, 0, 0);
	SAY(send(fd, "gone", 4, 0));
	SAY(recv(fd, &c, 1, 0));
	SAY(dial(fd, &to));
	SAY(close(fd));
}

static void bulk_close(void)
{
	int fd = connected(), other = dup(fd);

	SAY(close_range((unsigned int)fd, (unsigned int)other, 0));
	SAY(close(fd));
}

static void bulk_close_all(void)
{
	int fd = connected_nonblocking();

	SAY(send(fd, "bulk", 4, 0));
	closefrom(3);
	SAY(close(fd));
}

/* --- ways to write first ---------------------------------------------------------------- */

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

static void big_write(void) { int fd = connected(); SAY(write(fd, big(), BIG)); finish(fd); }
static void big_send(void) { int fd = connected(); SAY(send(fd, big(), BIG, 0)); finish(fd); }
static void big_writev(void)
{
	char *bytes = big();
	struct iovec v[] = { { bytes, 1000 }, { bytes + 1000, 1000 }, { bytes + 2000, BIG - 2000 } };
	int fd = connected();

	SAY(writev(fd, v, 3));
	finish(fd);
}
static void two_segments(void) { int fd = connected(); SAY(write(fd, big(), 3000)); finish(fd); }

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

/* --- what may not ride ------------------------------------------------------------------ */

#define POST "POST /order HTTP/1.1\r\n\r\n"

static void post(void) { int fd = connected(); SAY(send(fd, POST, 24, 0)); finish(fd); }
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

/* --- bad pointers ----------------------------------------------------------------------- */

static void after_bad(int fd)
{
	SAY(send(fd, "good", 4, 0));
	finish(fd);
}

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
	after_bad(connected());
}
static void bad_send(void) { int fd = connected(); SAY(send(fd, BAD, 4, 0)); after_bad(fd); }
static void bad_write(void) { int fd = connected(); SAY(write(fd, BAD, 4)); after_bad(fd); }
static void bad_big(void) { int fd = connected(); SAY(write(fd, BAD, BIG)); after_bad(fd); }
static void bad_length(void) { int fd = connected(); SAY(write(fd, "x", far_too_long)); after_bad(fd); }
static void bad_writev(void) { int fd = connected(); SAY(writev(fd, BAD, 1)); after_bad(fd); }
static void bad_writev_base(void)
{
	int fd = connected();
	struct iovec v[] = { { BAD, 4 }, { "x", 1 } };

	SAY(writev(fd, v, 2));
	after_bad(fd);
}
static void bad_writev_second(void)
{
	int fd = connected();
	struct iovec v[] = { { "x", 1 }, { BAD, 4 } };

	SAY(writev(fd, v, 2) == -1 && errno == EFAULT);
	after_bad(fd);
}
static void bad_sendmsg(void) { int fd = connected(); SAY(sendmsg(fd, BAD, 0)); after_bad(fd); }
static void bad_sendmsg_iov(void)
{
	int fd = connected();
	struct msghdr m = { .msg_iov = BAD, .msg_iovlen = 1 };

	SAY(sendmsg(fd, &m, 0));
	m.msg_iovlen = 5000;
	SAY(sendmsg(fd, &m, 0));
	after_bad(fd);
}
static void bad_sendmsg_base(void)
{
	int fd = connected();
	struct iovec v = { BAD, 4 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	SAY(sendmsg(fd, &m, 0));
	after_bad(fd);
}
static void bad_sendmmsg(void) { int fd = connected(); SAY(sendmmsg(fd, BAD, 1, 0)); after_bad(fd); }
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
	after_bad(fd);
}
static void bad_waits(void)
{
	int fd = connected();

	SAY(poll(BAD, 1, 0));
	SAY(poll(BAD, 1, 10));
	SAY(ppoll(NULL, 0, BAD, NULL));
	SAY(select(fd + 1, BAD, NULL, NULL, NULL));
	SAY(select(0, NULL, NULL, NULL, BAD));
	after_bad(fd);
}

static char *end_of_page(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

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

/* --- questions -------------------------------------------------------------------------- */

static void errno_untouched(void)
{
	struct pollfd p = { .events = POLLOUT };
	int fd = new_socket(&to, 0);
	char c[4];
	long from;
	int e[8];

	from = now_us();
	errno = 77, (void)!dial(fd, &to), e[0] = errno;
	say_to(2, "%ld\n", now_us() - from);
	errno = 77, (void)!send(fd, "ping", 4, 0), e[1] = errno;
	p.fd = fd;
	errno = 77, poll(&p, 1, 0), e[2] = errno;
	errno = 77, (void)!recv(fd, c, 4, 0), e[3] = errno;
	errno = 77, shutdown(fd, SHUT_WR), e[4] = errno;
	errno = 77, close(fd), e[5] = errno;
	fd = new_socket(&to, 0);
	dial(fd, &to);
	errno = 77, usleep(1000), e[6] = errno;
	errno = 77, close(fd), e[7] = errno;
	for (int i = 0; i < 8; i++)
		say("%d ", e[i]);
	say("\n");
}

static void information(void)
{
	int fd = connected(), n = -1;
	struct tcp_info info = { 0 };
	struct sockaddr_storage here;
	socklen_t len = sizeof(info);

	SAY(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	say("state %d, mss %d\n", info.tcpi_state, info.tcpi_snd_mss > 1000);
	len = sizeof(n);
	SAY(getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &n, &len));
	say("maxseg %d\n", n);
	SAY(ioctl(fd, FIONREAD, &n));
	SAY(n);
	SAY(ioctl(fd, SIOCOUTQ, &n));
	SAY(n);
	SAY(error_of(fd));
	len = sizeof(here);
	SAY(getsockname(fd, (struct sockaddr *)&here, &len));
	say("length %d, port %d\n", (int)len, ((struct sockaddr_in *)&here)->sin_port != 0);
	after_bad(fd);
}

static void maxseg_first(void)
{
	int fd = connected(), n = -1;
	socklen_t len = sizeof(n);

	SAY(getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &n, &len));
	say("maxseg %d\n", n);
	after_bad(fd);
}

static void options(void)
{
	int fd = connected(), one = 1;

	SAY(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	SAY(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one)));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_CORK, &one, sizeof(one)));
	SAY(send(fd, "cork", 4, 0));
	one = 0;
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_CORK, &one, sizeof(one)));
	finish(fd);
}

static void connect_again(void)
{
	int fd = connected();

	SAY(dial(fd, &to));
	SAY(send(fd, "x", 1, 0));
	SAY(dial(fd, &to));
	finish(fd);
}

static void connect_unspec(void)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	int fd = connected();
	char c;

	SAY(connect(fd, &nobody, sizeof(nobody)));
	SAY(recv(fd, &c, 1, MSG_DONTWAIT));
	SAY(dial(fd, &to));
	after_bad(fd);
}

static void listen_on_it(void)
{
	int fd = connected();

	SAY(listen(fd, 1));
	SAY(bind(fd, (struct sockaddr *)&to.at, to.len));
	SAY(accept(fd, NULL, NULL));
	after_bad(fd);
}

static void not_a_file(void)
{
	int fd = connected();
	struct stat st;
	char c;

	SAY(lseek(fd, 0, SEEK_CUR));
	SAY(fstat(fd, &st));
	say("socket %d\n", S_ISSOCK(st.st_mode));
	SAY(pread(fd, &c, 1, 0));
	SAY(fsync(fd));
	after_bad(fd);
}

/* --- reading and waiting ---------------------------------------------------------------- */

static void peek(void)
{
	int fd = connected();
	char c[8];

	SAY(recv(fd, c, 8, MSG_PEEK | MSG_DONTWAIT));
	SAY(send(fd, "peek", 4, 0));
	SAY(recv(fd, c, 2, MSG_PEEK));
	SAY(recv(fd, c, 4, MSG_WAITALL));
	finish(fd);
}

static void receive_dontwait(void)
{
	int fd = connected();
	char c;

	SAY(recv(fd, &c, 1, MSG_DONTWAIT));
	SAY(send(fd, "then", 4, 0));
	finish(fd);
}

static void receive_timeout(void)
{
	const struct timeval little = { 0, 60000 };
	int fd = connected();
	long from = now_us();
	char c;

	SAY(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof(little)));
	SAY(recv(fd, &c, 1, 0));
	say("in time %d\n", now_us() - from > 55000 && now_us() - from < 100000);
	SAY(send(fd, "then", 4, 0));
	finish(fd);
}

static void send_timeout(void)
{
	const struct timeval little = { 0, 4000 };
	int fd = connected();

	SAY(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &little, sizeof(little)));
	SAY(send(fd, "timeout", 7, 0));
	SAY(send(fd, "again", 5, 0) > 0 || errno == EAGAIN);
	finish(fd);
}

static void send_timeout_before(void)
{
	const struct timeval second = { 1, 0 };
	int fd = new_socket(&to, 0);
	long from = now_us();

	SAY(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second)));
	SAY(dial(fd, &to));
	say_to(2, "%ld\n", now_us() - from);
	SAY(send(fd, "timeout", 7, 0));
	finish(fd);
}

static void poll_both(void)
{
	int fd = connected();
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0 };
	long from;

	SAY(poll(&p, 1, 50));
	SAY(p.revents);
	SAY(send(fd, "both", 4, 0));
	finish(fd);
	fd = connected();
	p = (struct pollfd){ fd, POLLIN, 0 };
	from = now_us();
	SAY(poll(&p, 1, 60));
	SAY(p.revents);
	say("in time %d\n", now_us() - from > 59000 && now_us() - from < 90000);
	after_bad(fd);
}

static void select_both(void)
{
	struct timeval little = { 0, 60000 };
	int fd = connected();
	fd_set r, w;

	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_SET(fd, &r);
	FD_SET(fd, &w);
	SAY(select(fd + 1, &r, &w, NULL, &little));
	say("%d %d\n", FD_ISSET(fd, &r) != 0, FD_ISSET(fd, &w) != 0);
	FD_SET(fd, &r);
	SAY(select(fd + 1, &r, NULL, NULL, &little));
	say("%d, time left %ld\n", FD_ISSET(fd, &r) != 0, little.tv_sec * 1000000 + little.tv_usec);
	after_bad(fd);
}

static void toggled(void)
{
	struct pollfd p = { .events = POLLIN };
	int fd = connected(), one = 1;
	char c[4];

	SAY(ioctl(fd, FIONBIO, &one));
	SAY(send(fd, "toggled", 7, 0));
	SAY(recv(fd, c, 4, 0));
	p.fd = fd;
	SAY(poll(&p, 1, 1000));
	one = 0;
	SAY(ioctl(fd, FIONBIO, &one));
	finish(fd);
}

/* --- ends ------------------------------------------------------------------------------- */

static void shutdown_at_once(void)
{
	int fd = connected();

	SAY(shutdown(fd, SHUT_WR));
	SAY(send(fd, "x", 1, MSG_NOSIGNAL));
	hear(fd);
	SAY(close(fd));
}

static void shutdown_after_send(void)
{
	int fd = connected_nonblocking();

	SAY(send(fd, "last", 4, 0));
	SAY(shutdown(fd, SHUT_WR));
	fcntl(fd, F_SETFL, 0);
	hear(fd);
	SAY(close(fd));
}

static void shutdown_reading(void)
{
	int fd = connected();
	char c;

	SAY(shutdown(fd, SHUT_RD));
	SAY(recv(fd, &c, 1, 0));
	SAY(send(fd, "write", 5, 0));
	SAY(shutdown(fd, SHUT_WR));
	SAY(close(fd));
}

static void shutdown_both(void)
{
	int fd = connected();
	char c;

	SAY(shutdown(fd, SHUT_RDWR));
	SAY(recv(fd, &c, 1, 0));
	SAY(send(fd, "x", 1, MSG_NOSIGNAL));
	SAY(close(fd));
}

static void shutdown_wrong(void) { int fd = connected(); SAY(shutdown(fd, 77)); after_bad(fd); }
static void close_unwritten(void) { int fd = connected(); SAY(close(fd)); SAY(close(fd)); }
static void exit_unwritten(void) { connected(); _exit(3); }
static void exit_after_send(void)
{
	int fd = connected_nonblocking();

	SAY(send(fd, "exit", 4, 0));
	_exit(3);
}
static void after_a_nap(void)
{
	int fd = connected();

	usleep(1000);
	SAY(send(fd, "nap", 3, 0));
	finish(fd);
}

/* --- its own Fast Open ------------------------------------------------------------------ */

static void own_connect(void)
{
	int fd = new_socket(&to, 0), one = 1;
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);

	SAY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)));
	SAY(dial(fd, &to));
	SAY(getpeername(fd, (struct sockaddr *)&a, &len));
	SAY(send(fd, "own", 3, 0));
	finish(fd);
	close(connected());
}

static void own_send(void)
{
	int fd = new_socket(&to, 0);

	SAY(sendto(fd, "own", 3, MSG_FASTOPEN, (struct sockaddr *)&to.at, to.len));
	finish(fd);
	close(connected());
}

/* ---------------------------------------------------------------------------------------- */

#define CASE(name) { #name, name }

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	CASE(fork_child_first), CASE(fork_parent_first), CASE(fork_child_alone),
	CASE(fork_child_closes), CASE(fork_parent_exits), CASE(exec_child),
	CASE(exec_after_send), CASE(exec_closes), CASE(exec_fails), CASE(spawn_inherits),
	CASE(spawn_dup2), CASE(vfork_exec), CASE(vfork_dup2_exec), CASE(by_shell),
	CASE(passed_on), CASE(passed_to_child_born_before), CASE(dup_write), CASE(dup_close),
	CASE(dup_close_first), CASE(dup2_write), CASE(dup3_write), CASE(dup2_itself),
	CASE(fcntl_dup), CASE(dup2_over), CASE(dup2_over_fails), CASE(close_reused),
	CASE(raw_close_file), CASE(raw_close_udp), CASE(raw_close_tcp), CASE(raw_close_pair),
	CASE(raw_close_closed), CASE(bulk_close), CASE(bulk_close_all), CASE(writev_two),
	CASE(writev_odd), CASE(sendmsg_two), CASE(sendmsg_empty), CASE(sendmmsg_three),
	CASE(sendto_address), CASE(send_dontwait), CASE(send_more), CASE(send_oob),
	CASE(two_writes), CASE(big_write), CASE(big_send), CASE(big_writev),
	CASE(two_segments), CASE(zero_write), CASE(zero_send), CASE(zero_bad),
	CASE(by_sendfile), CASE(by_splice), CASE(by_stdio), CASE(by_stdio_close),
	CASE(by_stdio_both), CASE(by_dprintf), CASE(by_pwritev2), CASE(two_threads),
	CASE(reader_and_writer), CASE(post), CASE(post_nonblocking), CASE(post_cut), CASE(get),
	CASE(bad_connect), CASE(bad_send), CASE(bad_write), CASE(bad_big), CASE(bad_length),
	CASE(bad_writev), CASE(bad_writev_base), CASE(bad_writev_second), CASE(bad_sendmsg),
	CASE(bad_sendmsg_iov), CASE(bad_sendmsg_base), CASE(bad_sendmmsg), CASE(bad_recv),
	CASE(bad_getpeername), CASE(bad_waits), CASE(half_bad), CASE(half_bad_far), CASE(whole_page),
	CASE(errno_untouched), CASE(information), CASE(maxseg_first), CASE(options),
	CASE(connect_again), CASE(connect_unspec), CASE(listen_on_it), CASE(not_a_file),
	CASE(peek), CASE(receive_dontwait), CASE(receive_timeout), CASE(send_timeout),
	CASE(send_timeout_before), CASE(poll_both), CASE(select_both), CASE(toggled),
	CASE(shutdown_at_once), CASE(shutdown_after_send), CASE(shutdown_reading),
	CASE(shutdown_both), CASE(shutdown_wrong), CASE(close_unwritten), CASE(exit_unwritten),
	CASE(exit_after_send), CASE(after_a_nap), CASE(own_connect), CASE(own_send),
};

static int child(int fd)
{
	SAY(send(fd, "executed", 8, 0));
	finish(fd);
	return 7;
}

int main(int argc, char **argv)
{
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		fail("readlink");
	if (argc == 3)
		return child(atoi(argv[2]));
	if (argc == 4) {
		to = place_of(argv[2], argv[3]);
		ask(&to, "prime");
		ask(&to, "prime");
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (argc == 2)
			printf("%s\n", cases[i].name);
		else if (!strcmp(cases[i].name, argv[1]))
			cases[i].run();
	return 0;
}
