/* SPDX-License-Identifier: MIT */
/*
 * edge_moved: sockets that others have too, or that have another number, before they
 * connect; options, flags and addresses that are wrong; how all of them end.
 */
#include "edge.h"

#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/uio.h>

static const char post[] = "POST / HTTP/1.0\r\n\r\n";

/* --- another number ----------------------------------------------------------------
 */

static void moved_connects(void)
{
	char bytes[64];

	for (int i = 0; i < 5; i++) {
		int low = new_socket(&to, 0), fd = fcntl(low, F_DUPFD_CLOEXEC, 100);

		SAY(close(low));
		dial_held(fd);
		SAY(send(fd, "moved", 5, 0));
		SAY(read(fd, bytes, sizeof(bytes)));
		SAY(close(fd));
	}
}

static void moved_and_both(void)
{
	int fd = new_socket(&to, 0), twin = fcntl(fd, F_DUPFD_CLOEXEC, 100);

	dial_held(fd);
	SAY(send(fd, "both", 4, 0));
	SAY(close(fd));
	usleep(100000);
	SAY(send(twin, "again", 5, 0));
	usleep(50000);
	SAY(send(twin, "again", 5, 0));
	finish(twin);
}

/* --- another holder ----------------------------------------------------------------
 */

static int passed_on(int by)
{
	char c, control[CMSG_SPACE(sizeof(int))];
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(by, &m, 0) == 1 && CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

static void pass(int by, int fd)
{
	char c = 'x', control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&m);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	SAY(sendmsg(by, &m, 0));
}

static void passed_before(void)
{
	int two[2], fd;
	pid_t other;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, two))
		fail("socketpair");
	other = fork();
	if (!other) {
		fd = passed_on(two[1]);
		usleep(150000);
		_exit(send(fd, "passed", 6, 0) == 6 ? 3 : 4);
	}
	fd = new_socket(&to, 0);
	pass(two[0], fd);
	dial_held(fd);
	SAY(send(fd, "first", 5, 0));
	SAY(close(fd));
	wait_child(other);
}

static void forked_raw_before(void)
{
	int fd = new_socket(&to, 0);
	pid_t other = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (!other) {
		usleep(150000);
		_exit(send(fd, "forked", 6, 0) == 6 ? 3 : 4);
	}
	dial_held(fd);
	SAY(send(fd, "first", 5, 0));
	SAY(close(fd));
	wait_child(other);
}

static int closes(void *fd)
{
	_exit(close(*(int *)fd) ? 4 : 3);
}

/* As those spawn who do it by hand: our memory, but descriptors of its own. */
static void cloned_closes(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	int fd = connected_nonblocking();
	pid_t other;

	SAY(send(fd, "cloned", 6, 0));
	other = clone(closes, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
		      &fd);
	wait_child(other);
	SAY(close(fd));
	SAY(poll(NULL, 0, 100));
}

/* --- flags and addresses -----------------------------------------------------------
 */

static void short_address(void)
{
	int fd = connected();

	SAY(sendto(fd, "short", 5, 0, (struct sockaddr *)&to.at, 1));
	finish(fd);
}

static void post_at_once(void)
{
	int fd = connected();

	SAY(send(fd, post, strlen(post), MSG_DONTWAIT));
	finish(fd);
}

static void late_at_once(void)
{
	int fd = connected();

	usleep(1000);
	SAY(send(fd, "late", 4, MSG_DONTWAIT));
	finish(fd);
}

static void vector_at_once(void)
{
	struct iovec v = { (char *)"vector", 6 };
	int fd = connected();

	SAY(pwritev2(fd, &v, 1, -1, RWF_NOWAIT));
	finish(fd);
}

static void range_refused(void)
{
	int fd = connected_nonblocking();
	struct pollfd p = { fd, POLLIN, 0 };

	SAY(send(fd, "range", 5, 0));
	SAY(close_range((unsigned int)fd, (unsigned int)fd, 0x70));
	SAY(poll(&p, 1, 1000));
	SAY(poll(NULL, 0, 50));
	SAY(send(fd, "more", 4, MSG_NOSIGNAL));
	fcntl(fd, F_SETFL, 0);
	finish(fd);
}

/* --- ends --------------------------------------------------------------------------
 */

static void closed_unread(void)
{
	int fd = connected();

	SAY(send(fd, "unread", 6, 0));
	usleep(150000);
	SAY(close(fd));
}

static void closed_unread_at_once(void)
{
	int fd = connected();

	SAY(send(fd, "unread", 6, 0));
	SAY(close(fd));
}

static void stream_shut(void)
{
	int fd = connected();
	FILE *f;

	SAY(send(fd, "stream", 6, 0));
	usleep(100000);
	f = fdopen(fd, "w");
	signal(SIGPIPE, SIG_IGN);
	fprintf(f, "lost");
	SAY(shutdown(fd, SHUT_WR));
	SAY(fclose(f));
}

static void again_after_unspec(void)
{
	const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	int fd = connected();

	SAY(connect(fd, &nowhere, sizeof(nowhere)));
	SAY(send(fd, "nobody", 6, MSG_NOSIGNAL));
	SAY(dial(fd, &to));
	SAY(send(fd, "first", 5, 0));
	usleep(100000);
	SAY(dial(fd, &to));
	SAY(connect(fd, &nowhere, sizeof(nowhere)));
	SAY(dial(fd, &to));
	SAY(dial(fd, &to));
	SAY(send(fd, "second", 6, 0));
	finish(fd);
}

static void loop_all_closed(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int set = epoll_create1(0), fd = new_socket(&to, SOCK_NONBLOCK), twin;

	dial_held(fd);
	SAY(epoll_ctl(set, EPOLL_CTL_ADD, fd, &e));
	SAY(epoll_wait(set, &e, 1, 1000));
	SAY(send(fd, "loop", 4, 0));
	twin = dup(fd);
	SAY(close(fd));
	SAY(close(twin));
	SAY(epoll_wait(set, &e, 1, 100));
	SAY(epoll_wait(set, &e, 1, 100));
}

static const struct edge_case cases[] = {
	CASE(moved_connects),	 CASE(moved_and_both),	   CASE(passed_before),
	CASE(forked_raw_before), CASE(cloned_closes),	   CASE(short_address),
	CASE(post_at_once),	 CASE(late_at_once),	   CASE(vector_at_once),
	CASE(range_refused),	 CASE(closed_unread),	   CASE(closed_unread_at_once),
	CASE(stream_shut),	 CASE(again_after_unspec), CASE(loop_all_closed),
};

int main(int argc, char **argv)
{
	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
