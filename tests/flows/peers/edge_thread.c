/* SPDX-License-Identifier: MIT */
/* edge_thread: other threads that wait, write, close or end meanwhile; signal handlers
 * that use the connection.  See edge.h. */
#include "edge.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/time.h>

/* --- a loop that waits already
 * --------------------------------------------------------- */

static int set, loop_writes;
static _Atomic int waiting;

/* Ends when it has heard the answer; says what it was told, not how often. */
static void *loop(void *unused)
{
	struct epoll_event e;
	int told = 0, heard = 0;
	char c[4];

	while (!heard) {
		waiting = 1;
		if (epoll_wait(set, &e, 1, 3000) != 1) {
			say("no event\n");
			break;
		}
		if (e.events & EPOLLHUP) /* from before connect() */
			continue;
		if (e.events & EPOLLOUT && !told++) {
			say("writable, error %d\n", error_of(e.data.fd));
			if (loop_writes)
				SAY(send(e.data.fd, "loop", 4, 0));
		}
		if (e.events & EPOLLIN)
			heard = SAY(recv(e.data.fd, c, 4, 0)) == 4;
	}
	return unused;
}

static pthread_t loop_started(void)
{
	pthread_t thread;

	set = epoll_create1(0);
	waiting = 0;
	pthread_create(&thread, NULL, loop, NULL);
	while (!waiting)
		usleep(1000);
	usleep(2000);
	return thread;
}

static void add(int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &e))
		fail("epoll_ctl");
}

static void loop_ends(pthread_t thread, int fd)
{
	pthread_join(thread, NULL);
	fcntl(fd, F_SETFL, 0);
	finish(fd);
}

#define EDGE (EPOLLIN | EPOLLOUT | EPOLLET)

/* Registered while the loop sleeps, before connect(): the loop writes. */
static void loop_edge_before(void)
{
	pthread_t thread;
	int fd;

	loop_writes = 1;
	thread = loop_started();
	fd = new_socket(&to, SOCK_NONBLOCK);
	add(fd, EDGE);
	usleep(2000); /* it hears that nothing is connected, and sleeps again */
	dial_held(fd);
	loop_ends(thread, fd);
}

static void loop_edge_before_blocking(void)
{
	pthread_t thread;
	int fd;

	loop_writes = 1;
	thread = loop_started();
	fd = new_socket(&to, 0);
	add(fd, EDGE);
	usleep(2000);
	dial_held(fd);
	loop_ends(thread, fd);
}

/* The same, and who connected writes. */
static void loop_edge_connector_writes(void)
{
	pthread_t thread;
	int fd;

	loop_writes = 0;
	thread = loop_started();
	fd = new_socket(&to, 0);
	add(fd, EDGE);
	usleep(2000);
	dial_held(fd);
	if (send(fd, "main", 4, 0) != 4)
		fail("send");
	loop_ends(thread, fd);
}

static void loop_edge_connector_polls(void)
{
	pthread_t thread;
	int fd;

	loop_writes = 0;
	thread = loop_started();
	fd = new_socket(&to, SOCK_NONBLOCK);
	add(fd, EDGE);
	usleep(2000);
	dial_held(fd);
	if (!writable(fd) || send(fd, "main", 4, 0) != 4)
		fail("send");
	loop_ends(thread, fd);
}

static void loop_level(int flags, int writes)
{
	pthread_t thread;
	int fd;

	loop_writes = writes;
	thread = loop_started();
	fd = connected_to(flags);
	add(fd, EPOLLIN | (writes ? EPOLLOUT : 0));
	if (!writes && flags && !writable(fd))
		fail("poll");
	if (!writes && send(fd, "main", 4, 0) != 4)
		fail("send");
	loop_ends(thread, fd);
}

static void loop_level_after(void)
{
	loop_level(SOCK_NONBLOCK, 1);
}

static void loop_level_after_blocking(void)
{
	loop_level(0, 1);
}

static void loop_level_connector_writes(void)
{
	loop_level(0, 0);
}

static void loop_level_connector_polls(void)
{
	loop_level(SOCK_NONBLOCK, 0);
}

/* Who connected goes on with work of its own and never sleeps. */
static void loop_and_a_busy_thread(void)
{
	long until;
	pthread_t thread;
	int fd;

	loop_writes = 1;
	thread = loop_started();
	fd = new_socket(&to, SOCK_NONBLOCK);
	add(fd, EDGE);
	usleep(2000);
	dial_held(fd);
	until = now_us() + 100000;
	while (now_us() < until)
		;
	loop_ends(thread, fd);
}

/* --- threads
 * --------------------------------------------------------------------------- */

static void *polls_for_input(void *descriptor)
{
	struct pollfd p = { (int)(long)descriptor, POLLIN, 0 };

	waiting = 1;
	return (void *)(long)(poll(&p, 1, 2000) + p.revents);
}

static void thread_polls_and_another_writes(void)
{
	int fd = connected();
	pthread_t thread;
	void *r;

	waiting = 0;
	pthread_create(&thread, NULL, polls_for_input, (void *)(long)fd);
	while (!waiting)
		usleep(1000);
	SAY(send(fd, "while it polls", 14, 0));
	pthread_join(thread, &r);
	say("told %ld\n", (long)r);
	finish(fd);
}

static void *closes(void *descriptor)
{
	SAY(close((int)(long)descriptor));
	return NULL;
}

static void thread_closes(void)
{
	int fd = connected();
	pthread_t thread;

	pthread_create(&thread, NULL, closes, (void *)(long)fd);
	pthread_join(thread, NULL);
	SAY(close(fd));
}

static void *connects(void *descriptor)
{
	*(int *)descriptor = connected();
	return NULL;
}

static void thread_connects_and_ends(void)
{
	pthread_t thread;
	int fd;

	pthread_create(&thread, NULL, connects, &fd);
	pthread_join(thread, NULL);
	go_on(fd);
}

static void *exits(void *unused)
{
	(void)unused;
	connected();
	_exit(6);
}

static void thread_ends_the_process(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exits, NULL);
	pthread_join(thread, NULL);
}

/* --- signal handlers
 * ------------------------------------------------------------------- */

static int handled;
static sigjmp_buf back;

static void sends_and_closes(int number)
{
	(void)number;
	SAY(send(handled, "handler", 7, 0));
	SAY(close(handled));
}

static void sends(int number)
{
	(void)number;
	SAY(send(handled, "handler", 7, 0));
}

static void jumps(int number)
{
	(void)number;
	siglongjmp(back, 1);
}

static void connects_and_sends(int number)
{
	(void)number;
	handled = connected();
	SAY(send(handled, "handler", 7, 0));
}

static void on(int number, void (*handler)(int), int flags)
{
	struct sigaction how = { .sa_handler = handler, .sa_flags = flags };

	sigaction(number, &how, NULL);
}

static void alarm_in(long us)
{
	struct itimerval once = { { 0, 0 }, { 0, us } };

	setitimer(ITIMER_REAL, &once, NULL);
}

static void handler_sends_and_closes(void)
{
	on(SIGUSR1, sends_and_closes, 0);
	handled = connected();
	SAY(raise(SIGUSR1));
	SAY(send(handled, "x", 1, 0));
	SAY(close(handled));
}

static void handler_closes_nonblocking(void)
{
	on(SIGUSR1, sends_and_closes, 0);
	handled = connected_nonblocking();
	SAY(raise(SIGUSR1));
	SAY(close(handled));
}

/* It comes while recv() waits for what the handler asks for. */
static void handler_sends_for_recv(void)
{
	char c[4];

	on(SIGALRM, sends, SA_RESTART);
	handled = connected();
	alarm_in(5000);
	SAY(recv(handled, c, 4, 0));
	finish(handled);
}

static void handler_interrupts_recv(void)
{
	char c[4];

	on(SIGALRM, sends, 0);
	handled = connected();
	alarm_in(50000);
	SAY(recv(handled, c, 4, 0));
	SAY(recv(handled, c, 4, 0));
	finish(handled);
}

static void handler_interrupts_poll(void)
{
	struct pollfd p = { .events = POLLIN };

	on(SIGALRM, sends, SA_RESTART);
	p.fd = handled = connected();
	alarm_in(50000);
	SAY(poll(&p, 1, 2000));
	SAY(poll(&p, 1, 2000));
	finish(handled);
}

static void handler_jumps_out_of_recv(void)
{
	char c[4];

	on(SIGALRM, jumps, SA_NODEFER);
	handled = connected();
	if (!sigsetjmp(back, 1)) {
		alarm_in(5000);
		SAY(recv(handled, c, 4, 0));
	}
	go_on(handled);
}

static void handler_jumps_out_of_epoll(void)
{
	struct epoll_event e = { .events = EPOLLIN };

	on(SIGALRM, jumps, SA_NODEFER);
	handled = connected();
	set = epoll_create1(0);
	epoll_ctl(set, EPOLL_CTL_ADD, handled, &e);
	if (!sigsetjmp(back, 1)) {
		alarm_in(5000);
		SAY(epoll_wait(set, &e, 1, -1));
	}
	go_on(handled);
}

/* The handshake lasts longer than the timer. */
static void handler_jumps_out_of_send(void)
{
	on(SIGALRM, jumps, SA_NODEFER);
	handled = connected();
	if (!sigsetjmp(back, 1)) {
		alarm_in(5000);
		(void)!send(handled, "jump", 4, 0);
		pause();
	}
	go_on(handled);
}

static void handler_connects(void)
{
	on(SIGUSR1, connects_and_sends, 0);
	SAY(raise(SIGUSR1));
	finish(handled);
}

static void handler_connects_between(void)
{
	int fd;

	on(SIGUSR1, connects_and_sends, 0);
	fd = connected();
	SAY(raise(SIGUSR1));
	SAY(send(fd, "first", 5, 0));
	finish(handled);
	finish(fd);
}

int main(int argc, char **argv)
{
	static const struct edge_case cases[] = {
		CASE(loop_edge_before),
		CASE(loop_edge_before_blocking),
		CASE(loop_edge_connector_writes),
		CASE(loop_edge_connector_polls),
		CASE(loop_level_after),
		CASE(loop_level_after_blocking),
		CASE(loop_level_connector_writes),
		CASE(loop_level_connector_polls),
		CASE(loop_and_a_busy_thread),
		CASE(thread_polls_and_another_writes),
		CASE(thread_closes),
		CASE(thread_connects_and_ends),
		CASE(thread_ends_the_process),
		CASE(handler_sends_and_closes),
		CASE(handler_closes_nonblocking),
		CASE(handler_sends_for_recv),
		CASE(handler_interrupts_recv),
		CASE(handler_interrupts_poll),
		CASE(handler_jumps_out_of_recv),
		CASE(handler_jumps_out_of_epoll),
		CASE(handler_jumps_out_of_send),
		CASE(handler_connects),
		CASE(handler_connects_between),
	};

	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
