/* SPDX-License-Identifier: MIT */
/*
 * lost MODE HOST PORT [TEXT]: a request on a fresh connection, by a program that
 * believes what it is told: an error, an ERR or HUP, an answer that it does not expect
 * are its end, with status 2. Prints how often it was answered. lost list: all modes.
 */
#include "peer.h"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/wait.h>

#define LATER_US 60000	 /* three round trips */
#define AT_ONCE_US 15000 /* less than a round trip */
#define MANY 100
#define LARGE 100000
#define AGAIN "and again"

static struct place to;
static const char *text = "ping";
static int set = -1, shut;

static void wrong(const char *what, long said)
{
	fprintf(stderr, "%s: %ld\n", what, said);
	exit(2);
}

/* connect() without blocking, and writable. */
static int opened(void)
{
	int fd = new_socket(&to, SOCK_NONBLOCK);
	struct pollfd p = { fd, POLLOUT, 0 };

	if (dial(fd, &to) && errno != EINPROGRESS)
		fail("connect");
	if (poll(&p, 1, -1) != 1 || p.revents != POLLOUT)
		wrong("poll", p.revents);
	return fd;
}

static void put(int fd)
{
	ssize_t n = send(fd, text, strlen(text), 0);

	if (n != (ssize_t)strlen(text))
		fail("send");
}

static int asked(void)
{
	int fd = opened();

	put(fd);
	return fd;
}

static void readable(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	/* HUP: both sides have ended, as they may after shutdown() */
	if (poll(&p, 1, -1) != 1 || (p.revents & ~(shut ? POLLHUP : 0)) != POLLIN)
		wrong("poll", p.revents);
}

static int take(int fd, const char *wanted)
{
	char reply[256] = "";
	ssize_t n = recv(fd, reply, sizeof(reply) - 1, 0);

	if (n < 0)
		fail("recv");
	if (strncmp(reply, wanted, strlen(wanted)) || !n != !*wanted)
		wrong(reply, n);
	return 1;
}

static int answered(int fd)
{
	readable(fd);
	take(fd, "pong");
	return !close(fd);
}

/* --- ways to wait ---------------------------------------------------------------- */

static int by_blocking(void)
{
	int fd = new_socket(&to, 0);

	if (dial(fd, &to))
		fail("connect");
	put(fd);
	return take(fd, "pong");
}

static int by_poll(void)
{
	return answered(asked());
}

static int by_ppoll(void)
{
	static const struct timespec ten = { 10, 0 };
	int fd = asked();
	struct pollfd p = { fd, POLLIN | POLLRDHUP, 0 };

	if (ppoll(&p, 1, &ten, NULL) != 1 || p.revents != POLLIN)
		wrong("ppoll", p.revents);
	return take(fd, "pong");
}

static int by_select(void)
{
	struct timeval ten = { 10, 0 };
	int fd = asked(), n;
	fd_set r, e;

	FD_ZERO(&r);
	FD_ZERO(&e);
	FD_SET(fd, &r);
	FD_SET(fd, &e);
	n = select(fd + 1, &r, NULL, &e, &ten);
	if (n != 1 || !FD_ISSET(fd, &r))
		wrong("select", n);
	return take(fd, "pong");
}

static void add(int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	if (set < 0)
		set = epoll_create1(0);
	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &e))
		fail("epoll_ctl");
}

static int next_event(uint32_t *events)
{
	struct epoll_event e;
	int n = epoll_wait(set, &e, 1, 10000);

	if (n != 1 || e.events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP))
		wrong("epoll_wait", n == 1 ? (long)e.events : n);
	*events = e.events;
	return e.data.fd;
}

static int await(int fd, uint32_t wanted)
{
	uint32_t events;

	do
		if (next_event(&events) != fd)
			wrong("epoll_wait", fd);
	while (!(events & wanted));
	return fd;
}

static int by_level(void)
{
	int fd = asked();

	add(fd, EPOLLIN | EPOLLRDHUP);
	return take(await(fd, EPOLLIN), "pong");
}

/* Registered before connect(), as libuv and others do. */
static int by_edge(void)
{
	int fd = new_socket(&to, SOCK_NONBLOCK);
	struct epoll_event e;

	add(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	epoll_wait(set, &e, 1, 0); /* the edge of an unconnected socket */
	if (dial(fd, &to) && errno != EINPROGRESS)
		fail("connect");
	put(await(fd, EPOLLOUT));
	return take(await(fd, EPOLLIN), "pong");
}

static int by_oneshot(void)
{
	int fd = new_socket(&to, SOCK_NONBLOCK);
	struct epoll_event e = { .events = EPOLLIN | EPOLLONESHOT, .data.fd = fd };

	if (dial(fd, &to) && errno != EINPROGRESS)
		fail("connect");
	add(fd, EPOLLOUT | EPOLLONESHOT);
	put(await(fd, EPOLLOUT));
	epoll_ctl(set, EPOLL_CTL_MOD, fd, &e);
	await(fd, EPOLLIN);
	take(fd, "pong");
	if (epoll_wait(set, &e, 1, 50)) /* a shot that is spent stays spent */
		wrong("epoll_wait", e.events);
	return 1;
}

/* What another descriptor of the set has to say comes once, and not less. */
static int by_edge_beside_others(void)
{
	struct epoll_event e[8];
	int ends[2], fd = asked(), others = 0, n;

	if (pipe(ends))
		fail("pipe");
	add(fd, EPOLLIN | EPOLLET);
	add(ends[0], EPOLLIN | EPOLLET);
	usleep(LATER_US);
	(void)!write(ends[1], "x", 1);
	n = epoll_wait(set, e, 8, 10000);
	for (int i = 0; i < n; i++) {
		others += e[i].data.fd == ends[0];
		if (e[i].events != EPOLLIN)
			wrong("epoll_wait", e[i].events);
	}
	if (others != 1)
		wrong("epoll_wait", n);
	return n == 2 ? take(fd, "pong") : take(await(fd, EPOLLIN), "pong");
}

/* Two sets: each is told, or none has it in a SYN. */
static int by_two_sets(void)
{
	int fd = new_socket(&to, SOCK_NONBLOCK), other = epoll_create1(0);
	struct epoll_event e = { .events = EPOLLOUT, .data.fd = fd };

	if (dial(fd, &to) && errno != EINPROGRESS)
		fail("connect");
	add(fd, EPOLLIN | EPOLLET);
	epoll_ctl(other, EPOLL_CTL_ADD, fd, &e);
	if (epoll_wait(other, &e, 1, 10000) != 1 || e.events != EPOLLOUT)
		wrong("epoll_wait", e.events);
	put(fd);
	return take(await(fd, EPOLLIN), "pong");
}

/* --- who asks at once, or later -------------------------------------------------- */

static void again(int fd)
{
	char reply[8];

	if (recv(fd, reply, sizeof(reply), 0) >= 0 || errno != EAGAIN)
		fail("recv again");
}

static int by_reading(void)
{
	int fd = asked();

	again(fd);
	usleep(LATER_US);
	again(fd);
	return answered(fd);
}

static int by_questions(void)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	int fd = asked(), e;

	usleep(LATER_US);
	if (getpeername(fd, (struct sockaddr *)&peer, &len))
		fail("getpeername");
	if (len != to.len || memcmp(&peer, &to.at, len))
		wrong("another peer", len);
	usleep(LATER_US);
	e = error_of(fd);
	if (e)
		wrong("SO_ERROR", e);
	return answered(fd);
}

static int by_tcp_info(void)
{
	struct tcp_info i;
	socklen_t len = sizeof(i);
	int fd = asked();

	usleep(LATER_US);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &len) ||
	    i.tcpi_state != TCP_ESTABLISHED)
		wrong("TCP_INFO", i.tcpi_state);
	return answered(fd);
}

/* A second write, when the first has long been refused. */
static int by_writing(void)
{
	int fd = asked();
	struct pollfd p = { fd, POLLOUT, 0 };
	ssize_t n;

	usleep(LATER_US);
	n = write(fd, AGAIN, strlen(AGAIN));
	if (n < 0 && errno != EAGAIN)
		fail("write");
	if (n < 0) {
		if (poll(&p, 1, -1) != 1 || p.revents & ~(POLLIN | POLLOUT))
			wrong("poll", p.revents);
		if (write(fd, AGAIN, strlen(AGAIN)) < 0)
			fail("write");
	}
	shut = !shutdown(fd, SHUT_WR);
	return answered(fd);
}

/* Who asks all the time is told the same all the time, in whatever moment. */
static int by_spinning(void)
{
	char reply[8];
	int fd = asked();
	ssize_t n;

	do
		n = recv(fd, reply, sizeof(reply), 0);
	while (n < 0 && errno == EAGAIN);
	if (n != 4)
		fail("recv");
	return 1;
}

static int by_pushing(void)
{
	int fd = asked();
	ssize_t n;

	do
		n = send(fd, AGAIN, strlen(AGAIN), 0);
	while (n < 0 && errno == EAGAIN);
	if (n < 0)
		fail("send");
	shut = !shutdown(fd, SHUT_WR);
	return answered(fd);
}

static int by_asking(void)
{
	struct sockaddr_storage peer;
	int fd = asked(), e = 0;
	long until = now_us() + LATER_US;

	while (now_us() < until && !e) {
		socklen_t len = sizeof(peer);

		e = error_of(fd);
		if (!e && getpeername(fd, (struct sockaddr *)&peer, &len))
			fail("getpeername");
	}
	if (e)
		wrong("SO_ERROR", e);
	return answered(fd);
}

/* The order of bytes, of a request that is larger than any SYN. */
static int by_large(void)
{
	static char bytes[LARGE];
	size_t done = 0;
	int fd = opened();
	struct pollfd p = { fd, POLLOUT, 0 };

	for (size_t i = 0; i < LARGE; i++)
		bytes[i] = "0123456789abcdef"[i * 7 / 16 % 16];
	memcpy(bytes, text, strlen(text));
	while (done < LARGE) {
		ssize_t n = send(fd, bytes + done, LARGE - done, 0);

		if (n < 0 && errno != EAGAIN)
			fail("send");
		done += n > 0 ? (size_t)n : 0;
		if (poll(&p, 1, -1) != 1 || p.revents & ~POLLOUT)
			wrong("poll", p.revents);
	}
	return answered(fd);
}

static int by_large_blocking(void)
{
	static char bytes[LARGE];
	int fd = new_socket(&to, 0);

	for (size_t i = 0; i < LARGE; i++)
		bytes[i] = "0123456789abcdef"[i * 7 / 16 % 16];
	memcpy(bytes, text, strlen(text));
	if (dial(fd, &to))
		fail("connect");
	if (send(fd, bytes, LARGE, 0) != LARGE)
		fail("send");
	return take(fd, "pong");
}

static int by_dontwait(void)
{
	int fd = new_socket(&to, 0);

	if (dial(fd, &to))
		fail("connect");
	if (send(fd, text, strlen(text), MSG_DONTWAIT) != (ssize_t)strlen(text))
		fail("send");
	return take(fd, "pong");
}

/* --- ends ------------------------------------------------------------------------ */

static int by_shutdown(void)
{
	int fd = asked();

	shut = 1;
	if (shutdown(fd, SHUT_WR))
		fail("shutdown");
	return answered(fd);
}

static int by_late_shutdown(void)
{
	int fd = asked();
	long from;

	usleep(LATER_US);
	shut = 1;
	from = now_us();
	if (shutdown(fd, SHUT_WR))
		fail("shutdown");
	if (now_us() - from > AT_ONCE_US)
		wrong("shutdown() took microseconds", now_us() - from);
	return answered(fd);
}

static int by_close(void)
{
	close(asked());
	poll(NULL, 0, 500);
	return 1;
}

static int by_late_close(void)
{
	int fd = asked();

	usleep(LATER_US);
	close(fd);
	poll(NULL, 0, 500);
	return 1;
}

static int by_return(void)
{
	asked();
	return 1;
}

static int by_exit(void)
{
	close(asked());
	printf("1\n");
	fflush(stdout);
	_exit(0);
}

static int by_exec(void)
{
	asked();
	execl("/bin/echo", "echo", "1", NULL);
	return 0;
}

/* --- company --------------------------------------------------------------------- */

static int by_dup(void)
{
	int fd = asked(), other = dup(fd);

	close(fd);
	return answered(other);
}

static int by_fork(void)
{
	int fd = asked();
	pid_t child = fork();

	if (!child) {
		close(fd);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	return answered(fd);
}

static void *read_elsewhere(void *unused)
{
	struct epoll_event e;
	int *socket = unused;

	do
		if (epoll_wait(set, &e, 1, 10000) != 1 ||
		    e.events & (EPOLLERR | EPOLLHUP))
			wrong("epoll_wait", e.events);
	while (recv(*socket, &e, 4, 0) != 4);
	return NULL;
}

/* The loop slept before there was anything. */
static int by_loop_elsewhere(void)
{
	int fd = new_socket(&to, SOCK_NONBLOCK);
	pthread_t loop;

	set = epoll_create1(0);
	if (pthread_create(&loop, NULL, read_elsewhere, &fd))
		fail("pthread_create");
	usleep(20000);
	if (dial(fd, &to) && errno != EINPROGRESS)
		fail("connect");
	put(fd);
	add(fd, EPOLLIN | EPOLLET);
	pthread_join(loop, NULL);
	return !close(fd);
}

/* It waits for another, who waits for the server to have heard. */
static int by_reading_elsewhere(void)
{
	int fd = asked(), ends[2];
	char c;

	if (pipe(ends))
		fail("pipe");
	if (!fork()) {
		struct pollfd p = { fd, POLLIN, 0 };

		usleep(LATER_US);
		while (poll(&p, 1, 5000) == 1 && p.revents != POLLIN)
			usleep(1000);
		_exit(p.revents != POLLIN || write(ends[1], "x", 1) != 1);
	}
	close(ends[1]);
	if (read(ends[0], &c, 1) != 1)
		wrong("the other did not see an answer", 0);
	return answered(fd);
}

static void *await_and_read(void *unused)
{
	int *fd = unused;

	readable(*fd);
	return recv(*fd, (char[4]){ 0 }, 4, MSG_PEEK) == 4 ? fd : NULL;
}

/* Two threads look at the same moment. */
static int by_two_threads(void)
{
	int fd = asked();
	pthread_t t[2];
	void *good;
	int n = 0;

	for (int i = 0; i < 2; i++)
		if (pthread_create(&t[i], NULL, await_and_read, &fd))
			fail("pthread_create");
	for (int i = 0; i < 2; i++) {
		pthread_join(t[i], &good);
		n += good != NULL;
	}
	return n == 2 && answered(fd);
}

static void on_alarm(int number)
{
	(void)number;
}

/* A signal every two milliseconds, and write() is not made again after one. */
static int by_alarms(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	struct itimerval never = { { 0, 0 }, { 0, 0 } };
	int fd = new_socket(&to, 0);
	char reply[8];
	ssize_t n;

	if (dial(fd, &to))
		fail("connect");
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	do
		n = write(fd, text, strlen(text));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		fail("write");
	do
		n = read(fd, reply, sizeof(reply));
	while (n < 0 && errno == EINTR);
	setitimer(ITIMER_REAL, &never, NULL);
	if (n != 4)
		fail("read");
	return 1;
}

/* One loop; none waits for another. */
static int by_crowd(void)
{
	int n = 0, open = MANY;
	uint32_t events;
	char reply[8];

	for (int i = 0; i < MANY; i++) {
		int fd = new_socket(&to, SOCK_NONBLOCK);

		add(fd, EPOLLOUT | EPOLLET | EPOLLONESHOT);
		if (dial(fd, &to) && errno != EINPROGRESS)
			fail("connect");
		if (send(fd, text, strlen(text), 0) < 0)
			fail("send");
		epoll_ctl(set, EPOLL_CTL_MOD, fd,
			  &(struct epoll_event){ .events = EPOLLIN | EPOLLET,
						 .data.fd = fd });
	}
	while (open) {
		int fd = next_event(&events);

		if (recv(fd, reply, sizeof(reply), 0) != 4)
			continue;
		n++, open--;
		close(fd);
	}
	return n;
}

static const struct mode {
	const char *name;
	int (*ask)(void);
} modes[] = {
	{ "blocking", by_blocking },
	{ "poll", by_poll },
	{ "ppoll", by_ppoll },
	{ "select", by_select },
	{ "level", by_level },
	{ "edge", by_edge },
	{ "oneshot", by_oneshot },
	{ "edge-beside-others", by_edge_beside_others },
	{ "two-sets", by_two_sets },
	{ "reading", by_reading },
	{ "questions", by_questions },
	{ "tcp-info", by_tcp_info },
	{ "writing", by_writing },
	{ "spinning", by_spinning },
	{ "pushing", by_pushing },
	{ "asking", by_asking },
	{ "large", by_large },
	{ "large-blocking", by_large_blocking },
	{ "dontwait", by_dontwait },
	{ "shutdown", by_shutdown },
	{ "late-shutdown", by_late_shutdown },
	{ "close", by_close },
	{ "late-close", by_late_close },
	{ "return", by_return },
	{ "exit", by_exit },
	{ "exec", by_exec },
	{ "dup", by_dup },
	{ "fork", by_fork },
	{ "reading-elsewhere", by_reading_elsewhere },
	{ "loop-elsewhere", by_loop_elsewhere },
	{ "two-threads", by_two_threads },
	{ "alarms", by_alarms },
	{ "crowd", by_crowd },
};

int main(int argc, char **argv)
{
	const size_t count = sizeof(modes) / sizeof(*modes);

	for (size_t i = 0; argc == 2 && i < count; i++)
		printf("%s\n", modes[i].name);
	if (argc == 2)
		return 0;
	to = place_of(argv[2], argv[3]);
	if (argc > 4)
		text = argv[4];
	for (size_t i = 0; i < count; i++)
		if (!strcmp(modes[i].name, argv[1]))
			printf("%d\n", modes[i].ask());
	return 0;
}
