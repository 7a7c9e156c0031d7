/* SPDX-License-Identifier: MIT */
/*
 * edge_cancel: a thread is cancelled in a call that blocks, while its connection is
 *held back; its cleanup handlers run, and the connection goes on.  See edge.h.
 *	asleep_CALL    it sleeps in the call      pending_CALL   it was cancelled before
 *	async_CALL     it sleeps, and may be cancelled anywhere
 */
#include "edge.h"

#include <mqueue.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

static int fd, empty[2], full[2], set, listener, locked, queue;
static int knocker;
static struct sockaddr_un busy_at;
static socklen_t busy_len;
static pid_t child_holding;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t none;
static pthread_t sleeper_too;
static sigset_t usr1;
static FILE *stream;
static mqd_t mail;
static char fifo[] = "/tmp/edge.XXXXXX", bytes[1 << 16];
static const struct timespec long_ts = { 30, 0 };
static struct timespec in_a_while;
static struct iovec vector = { bytes, sizeof(bytes) };
static struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };

/* --- the connection itself
 * ------------------------------------------------------------- */

static void c_read(void)
{
	SAY(read(fd, bytes, 1));
}

static void c_readv(void)
{
	SAY(readv(fd, &vector, 1));
}

static void c_recv(void)
{
	SAY(recv(fd, bytes, 1, 0));
}

static void c_recv_peek(void)
{
	SAY(recv(fd, bytes, 1, MSG_PEEK));
}

static void c_recvfrom(void)
{
	SAY(recvfrom(fd, bytes, 1, 0, NULL, NULL));
}

static void c_recvmsg(void)
{
	SAY(recvmsg(fd, &message, 0));
}

static void c_recvmmsg(void)
{
	struct mmsghdr m = { .msg_hdr = message };
	SAY(recvmmsg(fd, &m, 1, 0, NULL));
}

static void c_poll(void)
{
	struct pollfd p = { fd, POLLIN, 0 };
	SAY(poll(&p, 1, -1));
}

static void c_poll_timed(void)
{
	struct pollfd p = { fd, POLLIN, 0 };
	SAY(poll(&p, 1, 30000));
}

static void c_ppoll(void)
{
	struct pollfd p = { fd, POLLIN, 0 };
	SAY(ppoll(&p, 1, &long_ts, NULL));
}

static void c_select(void)
{
	fd_set r;

	FD_ZERO(&r);
	FD_SET(fd, &r);
	SAY(select(fd + 1, &r, NULL, NULL, NULL));
}

static void c_pselect(void)
{
	fd_set r;

	FD_ZERO(&r);
	FD_SET(fd, &r);
	SAY(pselect(fd + 1, &r, NULL, NULL, &long_ts, NULL));
}

static void listen_for(uint32_t events)
{
	struct epoll_event e = { .events = events };
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
}

static void c_epoll_wait(void)
{
	struct epoll_event e;

	listen_for(EPOLLIN);
	SAY(epoll_wait(set, &e, 1, -1));
}

static void c_epoll_pwait(void)
{
	struct epoll_event e;

	listen_for(EPOLLIN | EPOLLET);
	SAY(epoll_pwait(set, &e, 1, 30000, NULL));
}

/* What has been said to be sent was sent, though the handshake has not ended. */
static void c_first_send(void)
{
	SAY(send(fd, "first", 5, 0));
	pause();
}

static void c_first_writev(void)
{
	struct iovec v = { "first", 5 };

	SAY(writev(fd, &v, 1));
	pause();
}

/* --- something else
 * -------------------------------------------------------------------- */

static void c_pipe_read(void)
{
	SAY(read(empty[0], bytes, 1));
}

static void c_write(void)
{
	SAY(write(full[0], bytes, sizeof(bytes)));
}

static void c_send(void)
{
	SAY(send(full[0], bytes, sizeof(bytes), 0));
}

static void c_sendto(void)
{
	SAY(sendto(full[0], bytes, sizeof(bytes), 0, NULL, 0));
}

static void c_sendmsg(void)
{
	SAY(sendmsg(full[0], &message, 0));
}

static void c_sendmmsg(void)
{
	struct mmsghdr m = { .msg_hdr = message };
	SAY(sendmmsg(full[0], &m, 1, 0));
}

static void c_writev(void)
{
	SAY(writev(full[0], &vector, 1));
}

static void c_splice(void)
{
	SAY(splice(empty[0], NULL, fd, NULL, 1, 0));
}

static void c_accept(void)
{
	SAY(accept(listener, NULL, NULL));
}

static void c_accept4(void)
{
	SAY(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
}

static void c_connect(void)
{
	SAY(connect(knocker, (struct sockaddr *)&busy_at, busy_len));
}

static void c_open(void)
{
	SAY(open(fifo, O_RDONLY));
}

static void c_lock(void)
{
	struct flock how = { .l_type = F_WRLCK };
	SAY(fcntl(locked, F_SETLKW, &how));
}

static void c_getc(void)
{
	SAY(getc(stream));
}

static void c_fgets(void)
{
	SAY(fgets(bytes, 64, stream) != NULL);
}

static void c_system(void)
{
	SAY(system("exec sleep 30"));
}

static void c_msgrcv(void)
{
	SAY(msgrcv(queue, bytes, 8, 0, 0));
}

static void c_mq_receive(void)
{
	SAY(mq_receive(mail, bytes, sizeof(bytes), NULL));
}

/* --- time, children, other threads
 * ----------------------------------------------------- */

static void c_nanosleep(void)
{
	SAY(nanosleep(&long_ts, NULL));
}

static void c_clock_nanosleep(void)
{
	SAY(clock_nanosleep(CLOCK_MONOTONIC, 0, &long_ts, NULL));
}

static void c_usleep(void)
{
	SAY(usleep(30000000));
}

static void c_sleep(void)
{
	SAY(sleep(30));
}

static void c_pause(void)
{
	SAY(pause());
}

static void c_waitpid(void)
{
	SAY(waitpid(-1, NULL, 0));
}

static void c_wait(void)
{
	SAY(wait(NULL));
}

static void c_waitid(void)
{
	siginfo_t about;
	SAY(waitid(P_ALL, 0, &about, WEXITED));
}

static void c_sem_wait(void)
{
	SAY(sem_wait(&none));
}

static void c_sem_timedwait(void)
{
	SAY(sem_timedwait(&none, &in_a_while));
}

static void c_cond_wait(void)
{
	pthread_mutex_lock(&mutex);
	SAY(pthread_cond_wait(&never, &mutex));
}

static void c_cond_timedwait(void)
{
	pthread_mutex_lock(&mutex);
	SAY(pthread_cond_timedwait(&never, &mutex, &in_a_while));
}

static void c_join(void)
{
	SAY(pthread_join(sleeper_too, NULL));
}

static void c_timedjoin(void)
{
	SAY(pthread_timedjoin_np(sleeper_too, NULL, &in_a_while));
}

static void c_sigwait(void)
{
	int number;
	SAY(sigwait(&usr1, &number));
}

static void c_sigwaitinfo(void)
{
	SAY(sigwaitinfo(&usr1, NULL));
}

static void c_sigtimedwait(void)
{
	SAY(sigtimedwait(&usr1, NULL, &long_ts));
}

static void c_sigsuspend(void)
{
	sigset_t nothing;

	sigemptyset(&nothing);
	SAY(sigsuspend(&nothing));
}

/* --- who sleeps, and who cancels
 * ------------------------------------------------------- */

static const struct call {
	const char *name;
	void (*in)(void);
} calls[] = {
	{ "read", c_read },
	{ "readv", c_readv },
	{ "recv", c_recv },
	{ "recv_peek", c_recv_peek },
	{ "recvfrom", c_recvfrom },
	{ "recvmsg", c_recvmsg },
	{ "recvmmsg", c_recvmmsg },
	{ "poll", c_poll },
	{ "poll_timed", c_poll_timed },
	{ "ppoll", c_ppoll },
	{ "select", c_select },
	{ "pselect", c_pselect },
	{ "epoll_wait", c_epoll_wait },
	{ "epoll_pwait", c_epoll_pwait },
	{ "pipe_read", c_pipe_read },
	{ "write", c_write },
	{ "send", c_send },
	{ "sendto", c_sendto },
	{ "sendmsg", c_sendmsg },
	{ "sendmmsg", c_sendmmsg },
	{ "writev", c_writev },
	{ "splice", c_splice },
	{ "accept", c_accept },
	{ "accept4", c_accept4 },
	{ "connect", c_connect },
	{ "open", c_open },
	{ "lock", c_lock },
	{ "getc", c_getc },
	{ "fgets", c_fgets },
	{ "msgrcv", c_msgrcv },
	{ "mq_receive", c_mq_receive },
	{ "nanosleep", c_nanosleep },
	{ "clock_nanosleep", c_clock_nanosleep },
	{ "usleep", c_usleep },
	{ "sleep", c_sleep },
	{ "pause", c_pause },
	{ "waitpid", c_waitpid },
	{ "wait", c_wait },
	{ "waitid", c_waitid },
	{ "sem_wait", c_sem_wait },
	{ "sem_timedwait", c_sem_timedwait },
	{ "cond_wait", c_cond_wait },
	{ "cond_timedwait", c_cond_timedwait },
	{ "join", c_join },
	{ "timedjoin", c_timedjoin },
	{ "sigwait", c_sigwait },
	{ "sigwaitinfo", c_sigwaitinfo },
	{ "sigtimedwait", c_sigtimedwait },
	{ "sigsuspend", c_sigsuspend },
	/* the last three: POSIX lets nobody leave them just anywhere */
	{ "first_send", c_first_send },
	{ "first_writev", c_first_writev },
	{ "system", c_system },
};

#define CALLS (sizeof(calls) / sizeof(*calls))

static const struct call *chosen;
static enum { ASLEEP, PENDING, ASYNC } mode;
static _Atomic int ready, cancelled, cleaned, mutex_held;

static void clean(void *unused)
{
	(void)unused;
	cleaned = mode == ASYNC ? 1 + close(fd) : 1;
	mutex_held = pthread_mutex_trylock(&mutex) != 0;
	pthread_mutex_unlock(&mutex);
}

static void *sleeps_for_ever(void *unused)
{
	while (1)
		pause();
	return unused;
}

static void *sleeper(void *unused)
{
	int was;

	pthread_cleanup_push(clean, NULL);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &was);
	fd = connected();
	ready = 1;
	while (mode == PENDING && !cancelled)
		;
	if (mode == ASYNC)
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &was);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &was);
	chosen->in();
	pthread_cleanup_pop(0);
	return unused;
}

static void fill(int end)
{
	fcntl(end, F_SETFL, O_NONBLOCK);
	while (write(end, bytes, sizeof(bytes)) > 0 || write(end, bytes, 1) > 0)
		;
	fcntl(end, F_SETFL, 0);
}

static int unix_listener(void)
{
	struct sockaddr_un any = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(s, (struct sockaddr *)&any, sizeof(any.sun_family)) || listen(s, 0))
		fail("listen");
	return s;
}

/* A listener whose queue is full, and who knocks in vain. */
static void fill_listener(void)
{
	int s = unix_listener();

	busy_len = sizeof(busy_at);
	getsockname(s, (struct sockaddr *)&busy_at, &busy_len);
	knocker = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(knocker, (struct sockaddr *)&busy_at, busy_len))
		fail("connect");
	knocker = socket(AF_UNIX, SOCK_STREAM, 0);
}

/* A child who holds a lock and stays. */
static void have_child(void)
{
	struct flock how = { .l_type = F_WRLCK };
	int held[2];
	char c;

	if (pipe(held))
		fail("pipe");
	child_holding = fork();
	if (child_holding == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fcntl(locked, F_SETLK, &how);
		if (write(held[1], "x", 1) != 1)
			fail("write");
		sleeps_for_ever(NULL);
	}
	if (read(held[0], &c, 1) != 1)
		fail("read");
}

/* Everything that the calls may wait for, and nobody gives. */
static void prepare(void)
{
	char name[64];

	if ((locked = mkstemp(fifo)) < 0 || unlink(fifo) || mkfifo(fifo, 0600) ||
	    pipe(empty) || socketpair(AF_UNIX, SOCK_STREAM, 0, full))
		fail("prepare");
	fill(full[0]);
	fill_listener();
	have_child();
	set = epoll_create1(0);
	listener = unix_listener();
	sem_init(&none, 0, 0);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	pthread_create(&sleeper_too, NULL, sleeps_for_ever, NULL);
	stream = fdopen(empty[0], "r");
	queue = msgget(IPC_PRIVATE, 0600);
	snprintf(name, sizeof(name), "/edge.%d", getpid());
	mail = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL);
	mq_unlink(name);
	clock_gettime(CLOCK_REALTIME, &in_a_while);
	in_a_while.tv_sec += 30;
}

static void cancel_it(void)
{
	pthread_t thread;
	void *ret = NULL;

	prepare();
	pthread_create(&thread, NULL, sleeper, NULL);
	while (!ready)
		usleep(500);
	if (mode != PENDING)
		usleep(10000);
	SAY(pthread_cancel(thread));
	cancelled = 1;
	SAY(pthread_join(thread, &ret));
	say("cancelled %d, cleaned %d, mutex held %d\n", ret == PTHREAD_CANCELED,
	    cleaned, mutex_held);
	msgctl(queue, IPC_RMID, NULL);
	unlink(fifo);
	kill(child_holding, SIGKILL);
	if (mode == ASLEEP)
		go_on(fd);
	else
		SAY(close(fd));
}

static void choose(const char *name)
{
	mode = name[0] == 'p'			  ? PENDING
	       : name[1] == 's' && name[2] == 'y' ? ASYNC
						  : ASLEEP;
	for (size_t i = 0; i < CALLS; i++)
		if (!strcmp(strchr(name, '_') + 1, calls[i].name))
			chosen = &calls[i];
}

int main(int argc, char **argv)
{
	static const char *const modes[] = { "asleep", "pending", "async" };
	static struct edge_case cases[3 * CALLS];
	static char names[3 * CALLS][40];

	for (size_t i = 0; i < 3 * CALLS; i++) {
		snprintf(names[i], sizeof(names[i]), "%s_%s", modes[i / CALLS],
			 calls[i % CALLS].name);
		cases[i] = (struct edge_case){ names[i], cancel_it };
	}
	if (argc == 4)
		choose(argv[1]);
	return edge_main(argc, argv, cases, 3 * CALLS - 3);
}
