/* SPDX-License-Identifier: MIT */
/*
 * unclosed: programs that forget to close sockets, and programs that do not.
 *
 *	unclosed CASE [ARGUMENT]
 *	unclosed list              its cases
 *
 * A function's name says what becomes of what it opens.
 */
#include "newer.h"
#include "peer.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define NOINLINE __attribute__((noinline))
/* No call is its function's last, and no two functions are made one. */
#define OWN(name) __asm__ volatile("# " name)

extern char **environ;
static char *self, *argument;

static NOINLINE int forgotten(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	OWN("forgotten");
	return fd;
}

static NOINLINE int forgotten_too(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	OWN("forgotten_too");
	return fd;
}

static NOINLINE int kept(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	OWN("kept");
	return fd;
}

static NOINLINE void closes(int fd)
{
	close(fd);
	OWN("closes");
}

static NOINLINE int closes_again(int fd)
{
	int r = close(fd);

	OWN("closes_again");
	return r;
}

static NOINLINE ssize_t sends(int fd)
{
	ssize_t r = send(fd, "x", 1, MSG_NOSIGNAL);

	OWN("sends");
	return r;
}

static long by_instruction(long number, long a, long b, long c)
{
#if defined(__x86_64__)
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return r;
#else
	return syscall(number, a, b, c);
#endif
}

/* --- how it ends ------------------------------------------------------------------ */

static int clean(void)
{
	closes(kept());
	printf("said\n");
	return 0;
}

static int three(void)
{
	forgotten();
	forgotten();
	forgotten_too();
	printf("said\n"); /* into a buffer */
	return argument ? atoi(argument) : 0;
}

static int three_exit(void)
{
	exit(three());
}

static int three_underscore_exit(void)
{
	int status = three();

	fflush(stdout);
	_exit(status);
}

static int closed_by_handler = -1;

static void handler(void)
{
	close(closed_by_handler);
}

__attribute__((destructor)) static void destructor(void)
{
	if (closed_by_handler >= 0)
		close(closed_by_handler - 1);
}

/* Closed by what runs at the end. */
static int late(void)
{
	atexit(handler);
	(void)kept();
	closed_by_handler = kept();
	return 0;
}

static int killed(void)
{
	forgotten();
	forgotten_too();
	closes(kept());
	return kill(getpid(), SIGKILL);
}

/* --- how they come ---------------------------------------------------------------- */

static int accepted(void)
{
	struct sockaddr_un_ {
		sa_family_t family;
		char path[32];
	} at = { AF_UNIX, "" };
	socklen_t len = sizeof(at);
	int listener = kept(), client;

	bind(listener, (struct sockaddr *)&at, sizeof(sa_family_t));
	getsockname(listener, (struct sockaddr *)&at, &len);
	listen(listener, 5);
	for (int i = 0; i < 2; i++) {
		client = kept();
		if (connect(client, (struct sockaddr *)&at, len))
			fail("connect");
		if (accept(listener, NULL, NULL) < 0)
			fail("accept");
		closes(client);
	}
	closes(listener);
	return 0;
}

static int duplicated(void)
{
	int fd = kept(), copy = dup(fd), high = fcntl(fd, F_DUPFD, 100),
	    over = dup2(fd, 60);

	closes(fd);
	closes(copy);
	(void)dup2(over, high); /* the one over the other: one of them stays */
	closes(over);
	return 0;
}

static int standard(void)
{
	int fd = kept();

	dup2(fd, 0);
	closes(fd);
	return 0;
}

static int paired(void)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		fail("socketpair");
	closes(fd[0]);
	return 0;
}

static int received(void)
{
	char room[CMSG_SPACE(2 * sizeof(int))] = "", c = 'x';
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = room,
			    .msg_controllen = sizeof(room) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	int fd[2], sent[2] = { kept(), open("/dev/null", O_RDONLY) };

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fd))
		fail("socketpair");
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(sent));
	memcpy(CMSG_DATA(h), sent, sizeof(sent));
	if (sendmsg(fd[0], &m, 0) != 1 || recvmsg(fd[1], &m, 0) != 1)
		fail("message");
	closes(sent[0]);
	closes(fd[0]);
	closes(fd[1]);
	return 0;
}

/* --- how they go ------------------------------------------------------------------ */

static int all_ways(void)
{
	FILE *f = fdopen(kept(), "r+");
	int raw, first;

	if (!f || fclose(f))
		fail("fclose");
	syscall(SYS_close, kept());
	raw = kept();
	by_instruction(SYS_close, raw, 0, 0);
	first = kept();
	kept();
	close_range((unsigned int)first, (unsigned int)first + 5, 0);
	kept();
	dup2(2, kept());
	closefrom(3);
	return argument ? kill(getpid(), SIGKILL) : 0;
}

/* The number is another socket's, by an instruction. */
static int changed_hands(void)
{
	int fd = kept();

	for (int i = 0; i < 100; i++) /* it lives on: others come and go */
		closes(kept());
	by_instruction(SYS_close, fd, 0, 0);
	if (by_instruction(SYS_socket, AF_UNIX, SOCK_STREAM, 0) != fd)
		fail("socket");
	return 0;
}

/* --- what is wrong with a close --------------------------------------------------- */

static int twice(void)
{
	int fd = kept();

	closes(fd);
	if (closes_again(fd) != -1 || errno != EBADF)
		fail("close");
	errno = 0;
	if (sends(fd) != -1 || errno != EBADF)
		fail("send");
	return 0;
}

static int stream_twice(void)
{
	int fd = kept();
	FILE *f = fdopen(fd, "r+");

	closes(fd);
	if (!fclose(f))
		fail("fclose");
	return 0;
}

/* What has the number now is used, and closed. */
static int number_again(void)
{
	char c;
	int fd = kept(), file;

	closes(fd);
	file = open("/dev/zero", O_RDWR);
	if (file != fd || write(file, "x", 1) != 1 || read(file, &c, 1) != 1)
		fail("file");
	if (closes_again(file))
		fail("close");
	return closes_again(file) != -1; /* not the socket's */
}

/* --- processes -------------------------------------------------------------------- */

static int forks(void)
{
	int fd = kept();

	if (!fork()) {
		closes(fd); /* its copy */
		forgotten_too();
		exit(0);
	}
	wait(NULL);
	closes(fd);
	forgotten();
	return 0;
}

static int child_leaves_all(void)
{
	int fd = kept();

	if (!fork())
		exit(0);
	wait(NULL);
	closes(fd);
	return 0;
}

static int daemonizes(void)
{
	kept();
	if (daemon(1, 1))
		fail("daemon");
	forgotten();
	return 0;
}

static int vforks(void)
{
	int fd = kept();

	if (!vfork()) {
		close(fd);
		_exit(0);
	}
	wait(NULL);
	closes(fd);
	return 0;
}

static int spawns(void)
{
	char *words[] = { self, (char *)"clean", NULL };
	int fd = kept(), status = -1;
	pid_t child;

	if (posix_spawn(&child, self, NULL, NULL, words, environ))
		fail("posix_spawn");
	waitpid(child, &status, 0);
	closes(fd);
	return status;
}

static int execs(void)
{
	kept();
	execl("/nonexistent", "x", NULL);
	closes(kept());
	execl(self, self, "forget_one", NULL);
	return 2;
}

static int forget_one(void)
{
	forgotten();
	return 0;
}

/* Opened as root, or by whoever started it. */
static int drops_rights(void)
{
	if (setuid(65534))
		fail("setuid");
	forgotten();
	return kill(getpid(), SIGKILL);
}

/* --- many ------------------------------------------------------------------------- */

static volatile sig_atomic_t ticks;

static void tick(int number)
{
	int was = errno;

	(void)number;
	closes(kept());
	ticks++;
	errno = was;
}

static void *churn(void *with)
{
	for (int i = 0; i < 3000; i++) {
		int one = kept(), two = dup(one);

		closes(one);
		closes(two);
	}
	if (with)
		forgotten();
	return NULL;
}

/* Threads and a signal handler open and close all the time; four forget one. */
static int storm(void)
{
	const struct itimerval often = { { 0, 500 }, { 0, 500 } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	struct sigaction act = { .sa_handler = tick, .sa_flags = SA_RESTART };
	pthread_t t[8];

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, churn, i % 2 ? self : NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	setitimer(ITIMER_REAL, &never, NULL);
	return ticks < 5;
}

static NOINLINE int deep(int n)
{
	int r = n ? deep(n - 1) : forgotten();

	OWN("deep");
	return r;
}

static int deep_down(void)
{
	return deep(5) < 0;
}

static int runs_out(void)
{
	struct rlimit l = { 64, 64 };
	int n = 0;

	setrlimit(RLIMIT_NOFILE, &l);
	while (forgotten() >= 0)
		n++;
	for (int i = 0; i < 20; i++)
		forgotten(); /* and again, and again */
	closefrom(3);
	return n < 50;
}

static int thousands(void)
{
	struct rlimit l;
	int n = argument ? atoi(argument) : 5000;

	getrlimit(RLIMIT_NOFILE, &l);
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
	while (n--)
		if (forgotten() < 0)
			fail("socket");
	return 0;
}

/* For as long as its standard input is open. */
static int stays(void)
{
	char c;

	forgotten();
	write(1, "up\n", 3);
	while (read(0, &c, 1) == 1) {
		for (int i = 0; i < 20; i++)
			closes(kept());
		if (c == 'f')
			forgotten_too();
		write(1, "ok\n", 3);
	}
	return 0;
}

#define CASE(name) \
	{ \
#name, name \
	}

static const struct {
	const char *name;
	int (*run)(void);
} cases[] = {
	CASE(clean),
	CASE(three),
	CASE(three_exit),
	CASE(late),
	CASE(three_underscore_exit),
	CASE(killed),
	CASE(accepted),
	CASE(duplicated),
	CASE(standard),
	CASE(paired),
	CASE(received),
	CASE(all_ways),
	CASE(changed_hands),
	CASE(twice),
	CASE(stream_twice),
	CASE(number_again),
	CASE(forks),
	CASE(child_leaves_all),
	CASE(daemonizes),
	CASE(vforks),
	CASE(spawns),
	CASE(execs),
	CASE(forget_one),
	CASE(drops_rights),
	CASE(storm),
	CASE(deep_down),
	CASE(runs_out),
	CASE(thousands),
	CASE(stays),
};

int main(int argc, char **argv)
{
	int status = 2;

	self = argv[0];
	argument = argc > 2 ? argv[2] : NULL;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (argc > 1 && !strcmp(argv[1], cases[i].name))
			status = cases[i].run();
		if (argc > 1 && !strcmp(argv[1], "list"))
			puts(cases[i].name);
	}
	return argc > 1 && !strcmp(argv[1], "list") ? 0 : status;
}
