/* SPDX-License-Identifier: MIT */
/*
 * sleeper WAY HOST PORT: a program that wrote first the last time, and this time connects and
 * then sleeps, in one WAY of many, until it is released.  Whoever holds the other end of stdin
 * writes one byte there when the server has seen the connection; a helper (a process forked at
 * the very start, or a thread) turns that into whatever ends the sleep.
 * Prints the microseconds that connect() took, and then the answer to a request.
 * sleeper list: all ways.
 */
#include "peer.h"

#include <mqueue.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <linux/futex.h>
#include <threads.h>

#define LONG_S 30

static struct shared {
	pthread_mutex_t mutex;
	pthread_rwlock_t read_lock, write_lock;
	pthread_cond_t cond;
	pthread_mutex_t cond_mutex;
	pthread_barrier_t barrier;
	sem_t sem;
	_Atomic uint32_t word;
	_Atomic int flag, ready;
} *shared;

static int pipe_in[2], full_pipe[2], events, pair[2], backlog_full = -1, queue_id, sem_id;
static int unix_listener;
static mqd_t queue;
static char lock_path[] = "/tmp/sleeper.XXXXXX", fifo_path[64], queue_name[64];
static int lock_fd;
static pid_t helper, sleeper;
static mtx_t own_mutex;
static cnd_t own_cond;
static int own_flag;
static struct place to;
static volatile int connected_fd = -1;
static volatile long took_us;
static struct timespec soon;
static int released_by_thread[2];

static void handler(int number)
{
	(void)number;
}

static void connect_now(void)
{
	int fd = new_socket(&to, 0);
	long from = now_us();

	if (dial(fd, &to))
		fail("connect");
	took_us = now_us() - from;
	connected_fd = fd;
}

/* --- what ends the sleeps; runs in the helper ------------------------------------------- */

static void signal_sleeper(void)
{
	/* once may come before the sleep has begun: again and again, until it has ended */
	while (!shared->flag) {
		kill(sleeper, SIGUSR1);
		usleep(20000);
	}
}

static void fill_pipe_in(void) { if (write(pipe_in[1], "x", 1) < 0) fail("write"); }
static void fill_events(void) { uint64_t one = 1; if (write(events, &one, 8) < 0) fail("eventfd"); }
static void fill_pair(void) { if (send(pair[1], "x", 1, 0) < 0) fail("send"); }
static void drain_pipe(void)
{
	static char rest[1 << 17];

	while (!shared->flag)
		if (read(full_pipe[0], rest, sizeof(rest)) <= 0)
			return;
}
static void connect_unix(void)
{
	struct sockaddr_un at;
	socklen_t len = sizeof(at);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	getsockname(unix_listener, (struct sockaddr *)&at, &len);
	if (connect(fd, (struct sockaddr *)&at, len))
		fail("connect to unix");
}
static void accept_unix(void) { accept(backlog_full, NULL, NULL); accept(backlog_full, NULL, NULL); }
static void end_helper(void) { _exit(0); }
static void unlock_mutex(void) { pthread_mutex_unlock(&shared->mutex); }
static void unlock_read(void) { pthread_rwlock_unlock(&shared->read_lock); }
static void unlock_write(void) { pthread_rwlock_unlock(&shared->write_lock); }
static void signal_cond(void)
{
	pthread_mutex_lock(&shared->cond_mutex);
	shared->flag = 1;
	pthread_cond_broadcast(&shared->cond);
	pthread_mutex_unlock(&shared->cond_mutex);
}
static void post(void) { sem_post(&shared->sem); }
static void reach_barrier(void) { pthread_barrier_wait(&shared->barrier); }
static void unlock_file(void) { close(lock_fd); _exit(0); }
static void send_msg(void) { struct { long type; char c; } m = { 1, 'x' }; msgsnd(queue_id, &m, 1, 0); }
static void raise_sem(void) { struct sembuf up = { 0, 1, 0 }; semop(sem_id, &up, 1); }
static void send_mq(void) { mq_send(queue, "x", 1, 0); }
static void open_fifo(void) { open(fifo_path, O_WRONLY); pause(); }
static void wake_futex(void)
{
	shared->word = 1;
	syscall(SYS_futex, &shared->word, FUTEX_WAKE, 1, NULL, NULL, 0);
}
static void by_thread(void) { if (write(released_by_thread[1], "x", 1) < 0) fail("write"); }

/* ... before the sleeper connects, for what must be held by the helper */

static void hold_mutex(void) { pthread_mutex_lock(&shared->mutex); }
static void hold_locks(void)
{
	pthread_rwlock_wrlock(&shared->read_lock);
	pthread_rwlock_wrlock(&shared->write_lock);
}
static void hold_flock(void) { lock_fd = open(lock_path, O_RDWR); flock(lock_fd, LOCK_EX); }
static void hold_fcntl(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	lock_fd = open(lock_path, O_RDWR);
	fcntl(lock_fd, F_SETLK, &l);
}

/* --- threads of the sleeper itself ------------------------------------------------------ */

static void *until_released(void *unused)
{
	char c;

	(void)unused;
	if (read(released_by_thread[0], &c, 1) < 0)
		fail("read");
	mtx_lock(&own_mutex);
	own_flag = 1;
	cnd_broadcast(&own_cond);
	mtx_unlock(&own_mutex);
	return NULL;
}
static int until_released_c11(void *unused) { return until_released(unused) != NULL; }
static void *connect_and_end(void *unused) { (void)unused; connect_now(); return NULL; }
static void *connect_and_exit(void *unused) { (void)unused; connect_now(); pthread_exit(NULL); }
static void *hold_own_mutex(void *unused)
{
	char c;

	(void)unused;
	mtx_lock(&own_mutex);
	shared->ready = 2;
	if (read(released_by_thread[0], &c, 1) < 0)
		fail("read");
	mtx_unlock(&own_mutex);
	return NULL;
}

static pthread_t thread_of(void *(*f)(void *))
{
	pthread_t t;

	if (pthread_create(&t, NULL, f, NULL))
		fail("pthread_create");
	return t;
}

/* --- the sleeps ------------------------------------------------------------------------- */

static struct pollfd other(void) { return (struct pollfd){ pipe_in[0], POLLIN, 0 }; }
static const struct timespec long_ts = { LONG_S, 0 };
static const struct timespec *long_after(clockid_t clock)
{
	clock_gettime(clock, &soon);
	soon.tv_sec += LONG_S;
	return &soon;
}
static void one_byte(ssize_t n) { if (n < 1) fail("nothing read"); }

static void s_accept(void) { if (accept(unix_listener, NULL, NULL) < 0) fail("accept"); }
static void s_accept4(void) { if (accept4(unix_listener, NULL, NULL, 0) < 0) fail("accept4"); }
static void s_waitpid(void) { if (waitpid(helper, NULL, 0) < 0) fail("waitpid"); }
static void s_wait(void) { if (wait(NULL) < 0) fail("wait"); }
static void s_wait3(void) { if (wait3(NULL, 0, NULL) < 0) fail("wait3"); }
static void s_wait4(void) { if (wait4(helper, NULL, 0, NULL) < 0) fail("wait4"); }
static void s_waitid(void) { siginfo_t i; if (waitid(P_ALL, 0, &i, WEXITED)) fail("waitid"); }
static void s_read(void) { char c; one_byte(read(pipe_in[0], &c, 1)); }
static void s_readv(void) { char c; struct iovec v = { &c, 1 }; one_byte(readv(pipe_in[0], &v, 1)); }
static void s_recv(void) { char c; one_byte(recv(pair[0], &c, 1, 0)); }
static void s_recvmsg(void)
{
	char c;
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	one_byte(recvmsg(pair[0], &m, 0));
}
static void s_write(void)
{
	char bytes[8192] = "";

	one_byte(write(full_pipe[1], bytes, sizeof(bytes)));
	shared->flag = 1;
}
static void s_write_one(void) { one_byte(write(full_pipe[1], "x", 1)); shared->flag = 1; }
static void s_connect(void)
{
	struct sockaddr_un at;
	socklen_t len = sizeof(at);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	getsockname(backlog_full, (struct sockaddr *)&at, &len);
	if (connect(fd, (struct sockaddr *)&at, len))
		fail("connect to unix");
}
static void s_open(void) { if (open(fifo_path, O_RDONLY) < 0) fail("open"); }
static void s_getchar(void) { if (getchar() < 0) fail("getchar"); }
static void s_fgets(void) { char line[10]; if (!fgets(line, 2, stdin)) fail("fgets"); }
static void s_splice(void)
{
	int fd = open(lock_path, O_WRONLY);

	one_byte(splice(pipe_in[0], NULL, fd, NULL, 1, 0));
}
static void s_tee(void)
{
	int ends[2];

	if (pipe(ends))
		fail("pipe");
	one_byte(tee(pipe_in[0], ends[1], 1, 0));
}

static void s_sleep(void) { sleep(LONG_S); }
static void s_usleep(void) { usleep(LONG_S * 1000000); }
static void s_nanosleep(void) { nanosleep(&long_ts, NULL); }
static void s_clock_nanosleep(void) { clock_nanosleep(CLOCK_MONOTONIC, 0, &long_ts, NULL); }
static void s_thrd_sleep(void) { thrd_sleep(&long_ts, NULL); }
static void s_pause(void) { pause(); }
static void s_sigsuspend(void) { sigset_t none; sigemptyset(&none); sigsuspend(&none); }
static sigset_t usr1(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return set;
}
static void s_sigwait(void) { sigset_t set = usr1(); int n; sigwait(&set, &n); }
static void s_sigwaitinfo(void) { sigset_t set = usr1(); sigwaitinfo(&set, NULL); }
static void s_sigtimedwait(void) { sigset_t set = usr1(); sigtimedwait(&set, NULL, &long_ts); }

static void s_cond(void)
{
	pthread_mutex_lock(&shared->cond_mutex);
	while (!shared->flag)
		pthread_cond_wait(&shared->cond, &shared->cond_mutex);
	pthread_mutex_unlock(&shared->cond_mutex);
}
static void s_cond_timed(void)
{
	pthread_mutex_lock(&shared->cond_mutex);
	while (!shared->flag)
		if (pthread_cond_timedwait(&shared->cond, &shared->cond_mutex,
					   long_after(CLOCK_REALTIME)))
			fail("timed out");
	pthread_mutex_unlock(&shared->cond_mutex);
}
static void s_cond_clock(void)
{
	pthread_mutex_lock(&shared->cond_mutex);
	while (!shared->flag)
		if (pthread_cond_clockwait(&shared->cond, &shared->cond_mutex, CLOCK_MONOTONIC,
					   long_after(CLOCK_MONOTONIC)))
			fail("timed out");
	pthread_mutex_unlock(&shared->cond_mutex);
}
static void s_join(void) { pthread_join(thread_of(until_released), NULL); }
static void s_join_timed(void)
{
	pthread_timedjoin_np(thread_of(until_released), NULL, long_after(CLOCK_REALTIME));
}
static void s_mutex(void) { pthread_mutex_lock(&shared->mutex); }
static void s_mutex_timed(void) { pthread_mutex_timedlock(&shared->mutex, long_after(CLOCK_REALTIME)); }
static void s_rdlock(void) { pthread_rwlock_rdlock(&shared->read_lock); }
static void s_wrlock(void) { pthread_rwlock_wrlock(&shared->write_lock); }
static void s_barrier(void) { pthread_barrier_wait(&shared->barrier); }
static void s_sem(void) { sem_wait(&shared->sem); }
static void s_sem_timed(void) { sem_timedwait(&shared->sem, long_after(CLOCK_REALTIME)); }
static void s_futex(void)
{
	while (!shared->word)
		syscall(SYS_futex, &shared->word, FUTEX_WAIT, 0, NULL, NULL, 0);
}
static void s_mtx(void) { mtx_lock(&own_mutex); }
static void s_cnd(void)
{
	thread_of(until_released);
	mtx_lock(&own_mutex);
	while (!own_flag)
		cnd_wait(&own_cond, &own_mutex);
	mtx_unlock(&own_mutex);
}
static void s_thrd_join(void)
{
	thrd_t t;

	thrd_create(&t, until_released_c11, NULL);
	thrd_join(t, NULL);
}

static void s_poll(void) { struct pollfd p = other(); one_byte(poll(&p, 1, -1)); }
static void s_poll_timed(void) { struct pollfd p = other(); one_byte(poll(&p, 1, LONG_S * 1000)); }
static void s_ppoll(void) { struct pollfd p = other(); one_byte(ppoll(&p, 1, NULL, NULL)); }
static void s_ppoll_timed(void) { struct pollfd p = other(); one_byte(ppoll(&p, 1, &long_ts, NULL)); }
static void s_select(void)
{
	fd_set r;

	FD_ZERO(&r);
	FD_SET(pipe_in[0], &r);
	one_byte(select(pipe_in[0] + 1, &r, NULL, NULL, NULL));
}
static void s_select_timed(void)
{
	struct timeval t = { LONG_S, 0 };
	fd_set r;

	FD_ZERO(&r);
	FD_SET(pipe_in[0], &r);
	one_byte(select(pipe_in[0] + 1, &r, NULL, NULL, &t));
}
static void s_select_nothing(void) { struct timeval t = { LONG_S, 0 }; select(0, NULL, NULL, NULL, &t); }
static void s_pselect(void)
{
	fd_set r;

	FD_ZERO(&r);
	FD_SET(pipe_in[0], &r);
	one_byte(pselect(pipe_in[0] + 1, &r, NULL, NULL, NULL, NULL));
}
static int set_of_other(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	int set = epoll_create1(0);

	epoll_ctl(set, EPOLL_CTL_ADD, pipe_in[0], &e);
	return set;
}
static void s_epoll(void) { struct epoll_event e; one_byte(epoll_wait(set_of_other(), &e, 1, -1)); }
static void s_epoll_pwait(void)
{
	struct epoll_event e;

	one_byte(epoll_pwait(set_of_other(), &e, 1, LONG_S * 1000, NULL));
}
static void s_eventfd(void) { uint64_t n; one_byte(read(events, &n, 8)); }

static void s_flock(void) { flock(open(lock_path, O_RDWR), LOCK_EX); }
static void s_fcntl(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(open(lock_path, O_RDWR), F_SETLKW, &l))
		fail("fcntl");
}
static void s_lockf(void) { if (lockf(open(lock_path, O_RDWR), F_LOCK, 0)) fail("lockf"); }
static void s_msgrcv(void) { struct { long type; char c[8]; } m; one_byte(msgrcv(queue_id, &m, 8, 0, 0)); }
static void s_semop(void) { struct sembuf down = { 0, -1, 0 }; if (semop(sem_id, &down, 1)) fail("semop"); }
static void s_mq(void) { char c[64]; one_byte(mq_receive(queue, c, 64, NULL)); }
static void s_mq_timed(void)
{
	char c[64];

	one_byte(mq_timedreceive(queue, c, 64, NULL, long_after(CLOCK_REALTIME)));
}
static void s_system(void) { if (system("head -c1 >/dev/null")) fail("system"); }
static void s_pclose(void)
{
	FILE *f = popen("head -c1 <&3 >/dev/null", "w");

	pclose(f);
}
static void s_popen_read(void)
{
	FILE *f = popen("head -c1", "r");

	if (getc(f) < 0)
		fail("getc");
	pclose(f);
}

enum how { SIGNAL_BLOCKED = 1, BY_THREAD_END = 2, BY_THREAD_EXIT = 4, OWN_MUTEX = 8, STDIN = 16 };

static const struct way {
	const char *name;
	void (*sleep)(void), (*hold)(void), (*release)(void);
	int how;
} ways[] = {
	{ "accept", s_accept, NULL, connect_unix, 0 },
	{ "accept4", s_accept4, NULL, connect_unix, 0 },
	{ "waitpid", s_waitpid, NULL, end_helper, 0 },
	{ "wait", s_wait, NULL, end_helper, 0 },
	{ "wait3", s_wait3, NULL, end_helper, 0 },
	{ "wait4", s_wait4, NULL, end_helper, 0 },
	{ "waitid", s_waitid, NULL, end_helper, 0 },
	{ "pipe-read", s_read, NULL, fill_pipe_in, 0 },
	{ "pipe-readv", s_readv, NULL, fill_pipe_in, 0 },
	{ "socket-recv", s_recv, NULL, fill_pair, 0 },
	{ "socket-recvmsg", s_recvmsg, NULL, fill_pair, 0 },
	{ "eventfd-read", s_eventfd, NULL, fill_events, 0 },
	{ "pipe-write", s_write, NULL, drain_pipe, 0 },
	{ "pipe-write-one", s_write_one, NULL, drain_pipe, 0 },
	{ "connect-elsewhere", s_connect, NULL, accept_unix, 0 },
	{ "open-fifo", s_open, NULL, open_fifo, 0 },
	{ "getchar", s_getchar, NULL, NULL, STDIN },
	{ "fgets", s_fgets, NULL, NULL, STDIN },
	{ "splice", s_splice, NULL, fill_pipe_in, 0 },
	{ "sleep", s_sleep, NULL, signal_sleeper, 0 },
	{ "usleep", s_usleep, NULL, signal_sleeper, 0 },
	{ "nanosleep", s_nanosleep, NULL, signal_sleeper, 0 },
	{ "clock_nanosleep", s_clock_nanosleep, NULL, signal_sleeper, 0 },
	{ "thrd_sleep", s_thrd_sleep, NULL, signal_sleeper, 0 },
	{ "pause", s_pause, NULL, signal_sleeper, 0 },
	{ "sigsuspend", s_sigsuspend, NULL, signal_sleeper, SIGNAL_BLOCKED },
	{ "sigwait", s_sigwait, NULL, signal_sleeper, SIGNAL_BLOCKED },
	{ "sigwaitinfo", s_sigwaitinfo, NULL, signal_sleeper, SIGNAL_BLOCKED },
	{ "sigtimedwait", s_sigtimedwait, NULL, signal_sleeper, SIGNAL_BLOCKED },
	{ "cond_wait", s_cond, NULL, signal_cond, 0 },
	{ "cond_timedwait", s_cond_timed, NULL, signal_cond, 0 },
	{ "cond_clockwait", s_cond_clock, NULL, signal_cond, 0 },
	{ "join", s_join, NULL, by_thread, 0 },
	{ "timedjoin", s_join_timed, NULL, by_thread, 0 },
	{ "mutex_lock", s_mutex, hold_mutex, unlock_mutex, 0 },
	{ "mutex_timedlock", s_mutex_timed, hold_mutex, unlock_mutex, 0 },
	{ "rwlock_rdlock", s_rdlock, hold_locks, unlock_read, 0 },
	{ "rwlock_wrlock", s_wrlock, hold_locks, unlock_write, 0 },
	{ "barrier_wait", s_barrier, NULL, reach_barrier, 0 },
	{ "sem_wait", s_sem, NULL, post, 0 },
	{ "sem_timedwait", s_sem_timed, NULL, post, 0 },
	{ "futex", s_futex, NULL, wake_futex, 0 },
	{ "mtx_lock", s_mtx, NULL, by_thread, OWN_MUTEX },
	{ "cnd_wait", s_cnd, NULL, by_thread, 0 },
	{ "thrd_join", s_thrd_join, NULL, by_thread, 0 },
	{ "poll", s_poll, NULL, fill_pipe_in, 0 },
	{ "poll-timed", s_poll_timed, NULL, fill_pipe_in, 0 },
	{ "ppoll", s_ppoll, NULL, fill_pipe_in, 0 },
	{ "ppoll-timed", s_ppoll_timed, NULL, fill_pipe_in, 0 },
	{ "select", s_select, NULL, fill_pipe_in, 0 },
	{ "select-timed", s_select_timed, NULL, fill_pipe_in, 0 },
	{ "select-nothing", s_select_nothing, NULL, signal_sleeper, 0 },
	{ "pselect", s_pselect, NULL, fill_pipe_in, 0 },
	{ "epoll_wait", s_epoll, NULL, fill_pipe_in, 0 },
	{ "epoll_pwait", s_epoll_pwait, NULL, fill_pipe_in, 0 },
	{ "flock", s_flock, hold_flock, unlock_file, 0 },
	{ "fcntl-lock", s_fcntl, hold_fcntl, unlock_file, 0 },
	{ "lockf", s_lockf, hold_fcntl, unlock_file, 0 },
	{ "msgrcv", s_msgrcv, NULL, send_msg, 0 },
	{ "semop", s_semop, NULL, raise_sem, 0 },
	{ "mq_receive", s_mq, NULL, send_mq, 0 },
	{ "mq_timedreceive", s_mq_timed, NULL, send_mq, 0 },
	{ "tee", s_tee, NULL, fill_pipe_in, 0 },
	{ "system", s_system, NULL, NULL, STDIN },
	{ "popen-read", s_popen_read, NULL, NULL, STDIN },
	{ "pclose", s_pclose, NULL, NULL, STDIN },
	{ "thread-end", s_read, NULL, fill_pipe_in, BY_THREAD_END },
	{ "thread-exit", s_read, NULL, fill_pipe_in, BY_THREAD_EXIT },
};

/* --- putting it together ---------------------------------------------------------------- */

static int unix_socket(int backlog)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&at, sizeof(sa_family_t)) || listen(fd, backlog))
		fail("unix socket"); /* the kernel chooses an abstract name */
	return fd;
}

static void fill_backlog(void)
{
	struct sockaddr_un at;
	socklen_t len = sizeof(at);

	backlog_full = unix_socket(0);
	getsockname(backlog_full, (struct sockaddr *)&at, &len);
	if (connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&at, len))
		fail("backlog");
}

static void make_shared(void)
{
	pthread_mutexattr_t m;
	pthread_condattr_t c;
	pthread_rwlockattr_t l;
	pthread_barrierattr_t b;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	pthread_mutexattr_init(&m);
	pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->mutex, &m);
	pthread_mutex_init(&shared->cond_mutex, &m);
	pthread_condattr_init(&c);
	pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&shared->cond, &c);
	pthread_rwlockattr_init(&l);
	pthread_rwlockattr_setpshared(&l, PTHREAD_PROCESS_SHARED);
	pthread_rwlock_init(&shared->read_lock, &l);
	pthread_rwlock_init(&shared->write_lock, &l);
	pthread_barrierattr_init(&b);
	pthread_barrierattr_setpshared(&b, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&shared->barrier, &b, 2);
	sem_init(&shared->sem, 1, 0);
	mtx_init(&own_mutex, mtx_plain);
	cnd_init(&own_cond);
}

static void make_all(void)
{
	struct mq_attr size = { .mq_maxmsg = 1, .mq_msgsize = 64 };
	char bytes[4096] = "";

	make_shared();
	if (pipe(pipe_in) || pipe(full_pipe) || pipe(released_by_thread) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		fail("pipe");
	fcntl(full_pipe[1], F_SETFL, O_NONBLOCK);
	while (write(full_pipe[1], bytes, sizeof(bytes)) > 0)
		;
	fcntl(full_pipe[1], F_SETFL, 0);
	events = eventfd(0, 0);
	unix_listener = unix_socket(5);
	fill_backlog();
	close(mkstemp(lock_path));
	snprintf(fifo_path, sizeof(fifo_path), "%s.fifo", lock_path);
	snprintf(queue_name, sizeof(queue_name), "/%s", strrchr(lock_path, '/') + 1);
	if (mkfifo(fifo_path, 0600))
		fail("mkfifo");
	queue_id = msgget(IPC_PRIVATE, 0600);
	sem_id = semget(IPC_PRIVATE, 1, 0600);
	queue = mq_open(queue_name, O_RDWR | O_CREAT | O_EXCL, 0600, &size);
}

static void remove_all(void)
{
	unlink(lock_path);
	unlink(fifo_path);
	mq_unlink(queue_name);
	msgctl(queue_id, IPC_RMID, NULL);
	semctl(sem_id, 0, IPC_RMID);
}

static void help(const struct way *w)
{
	char c;

	if (w->hold)
		w->hold();
	shared->ready = 1;
	if (read(0, &c, 1) == 1)
		w->release();
	/* what it holds it keeps until the sleeper has ended */
	while (getppid() == sleeper)
		usleep(10000);
	_exit(0);
}

static void connect_and_sleep(const struct way *w)
{
	sigset_t set = usr1();
	struct sigaction how = { .sa_handler = handler };

	sigaction(SIGUSR1, &how, NULL);
	if (w->how & SIGNAL_BLOCKED)
		sigprocmask(SIG_BLOCK, &set, NULL);
	if (w->how & OWN_MUTEX) {
		thread_of(hold_own_mutex);
		while (shared->ready != 2)
			usleep(1000);
	}
	if (w->how & BY_THREAD_END)
		thread_of(connect_and_end);
	else if (w->how & BY_THREAD_EXIT)
		thread_of(connect_and_exit);
	else
		connect_now();
	w->sleep();
	shared->flag = 1;
}

int main(int argc, char **argv)
{
	const struct way *w = NULL;
	char reply[64];
	ssize_t n;

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (argc == 2)
			printf("%s\n", ways[i].name);
		else if (!strcmp(ways[i].name, argv[1]))
			w = &ways[i];
	if (!w)
		return argc == 2 ? 0 : 2;
	to = place_of(argv[2], argv[3]);
	sleeper = getpid();
	dup2(0, 3);
	make_all();
	if (!(w->how & STDIN)) {
		helper = fork();
		if (helper == 0)
			help(w);
		while (!shared->ready)
			usleep(1000);
	}
	ask(&to, "prime");
	ask(&to, "prime");
	connect_and_sleep(w);
	send_all(connected_fd, "ping", 4);
	n = recv(connected_fd, reply, sizeof(reply), 0);
	printf("%ld %.*s\n", took_us, n > 0 ? (int)n : 0, reply);
	remove_all();
	return 0;
}
