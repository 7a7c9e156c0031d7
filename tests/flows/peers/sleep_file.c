/* SPDX-License-Identifier: MIT */
/* sleep_file: sleeps on other descriptors than the connection's, and on files. */
#include "sleep.h"

#include <aio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

static const struct timespec long_ts = { LONG_S, 0 };
static int pipe_in[2], full_pipe[2], events, pair[2], listener, backlog_full;
static char lock_path[] = "sleep.XXXXXX", fifo_path[64];
static int lock_fd;

static int unix_socket(int backlog)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&at, sizeof(sa_family_t)) ||
	    listen(fd, backlog))
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

static void make_files(void)
{
	char bytes[4096] = "";

	if (pipe(pipe_in) || pipe(full_pipe) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		fail("pipe");
	fcntl(full_pipe[1], F_SETFL, O_NONBLOCK);
	while (write(full_pipe[1], bytes, sizeof(bytes)) > 0)
		;
	fcntl(full_pipe[1], F_SETFL, 0);
	events = eventfd(0, 0);
	listener = unix_socket(5);
	fill_backlog();
	close(mkstemp(lock_path));
	snprintf(fifo_path, sizeof(fifo_path), "%s.fifo", lock_path);
	if (mkfifo(fifo_path, 0600))
		fail("mkfifo");
}

static void remove_files(void)
{
	unlink(lock_path);
	unlink(fifo_path);
}

/* --- what ends them ----------------------------------------------------------------
 */

static void fill_pipe_in(void)
{
	if (write(pipe_in[1], "x", 1) < 0)
		fail("write");
}

static void fill_events(void)
{
	uint64_t one = 1;
	if (write(events, &one, 8) < 0)
		fail("eventfd");
}

static void fill_pair(void)
{
	if (send(pair[1], "x", 1, 0) < 0)
		fail("send");
}

static void drain_pipe(void)
{
	static char rest[1 << 17];

	while (!shared->sleep_ended)
		if (read(full_pipe[0], rest, sizeof(rest)) <= 0)
			return;
}

static void connect_unix(void)
{
	struct sockaddr_un at;
	socklen_t len = sizeof(at);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	getsockname(listener, (struct sockaddr *)&at, &len);
	if (connect(fd, (struct sockaddr *)&at, len))
		fail("connect to unix");
}

static void accept_unix(void)
{
	accept(backlog_full, NULL, NULL);
	accept(backlog_full, NULL, NULL);
}

static void open_fifo(void)
{
	open(fifo_path, O_WRONLY);
	pause();
}

static void unlock_file(void)
{
	close(lock_fd);
	_exit(0);
}

static void hold_flock(void)
{
	lock_fd = open(lock_path, O_RDWR);
	flock(lock_fd, LOCK_EX);
}

static void hold_fcntl(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	lock_fd = open(lock_path, O_RDWR);
	fcntl(lock_fd, F_SETLK, &l);
}

/* --- the sleeps --------------------------------------------------------------------
 */

static struct pollfd other(void)
{
	return (struct pollfd){ pipe_in[0], POLLIN, 0 };
}

static void s_accept(void)
{
	if (accept(listener, NULL, NULL) < 0)
		fail("accept");
}

static void s_accept4(void)
{
	if (accept4(listener, NULL, NULL, 0) < 0)
		fail("accept4");
}

static void s_read(void)
{
	char c;
	one_byte(read(pipe_in[0], &c, 1));
}

static void s_readv(void)
{
	char c;
	struct iovec v = { &c, 1 };
	one_byte(readv(pipe_in[0], &v, 1));
}

static void s_recv(void)
{
	char c;
	one_byte(recv(pair[0], &c, 1, 0));
}

static void s_recvmsg(void)
{
	char c;
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	one_byte(recvmsg(pair[0], &m, 0));
}

static void s_eventfd(void)
{
	uint64_t n;
	one_byte(read(events, &n, 8));
}

static void s_write(void)
{
	char bytes[8192] = "";

	one_byte(write(full_pipe[1], bytes, sizeof(bytes)));
	shared->sleep_ended = 1;
}

static void s_write_one(void)
{
	one_byte(write(full_pipe[1], "x", 1));
	shared->sleep_ended = 1;
}

static void s_connect(void)
{
	struct sockaddr_un at;
	socklen_t len = sizeof(at);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	getsockname(backlog_full, (struct sockaddr *)&at, &len);
	if (connect(fd, (struct sockaddr *)&at, len))
		fail("connect to unix");
}

static void s_open(void)
{
	if (open(fifo_path, O_RDONLY) < 0)
		fail("open");
}

static void s_fopen(void)
{
	if (!fopen(fifo_path, "r"))
		fail("fopen");
}

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

static void s_poll(void)
{
	struct pollfd p = other();
	one_byte(poll(&p, 1, -1));
}

static void s_poll_timed(void)
{
	struct pollfd p = other();
	one_byte(poll(&p, 1, LONG_S * 1000));
}

static void s_ppoll(void)
{
	struct pollfd p = other();
	one_byte(ppoll(&p, 1, NULL, NULL));
}

static void s_ppoll_timed(void)
{
	struct pollfd p = other();
	one_byte(ppoll(&p, 1, &long_ts, NULL));
}

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

static void s_epoll(void)
{
	struct epoll_event e;
	one_byte(epoll_wait(set_of_other(), &e, 1, -1));
}

static void s_epoll_pwait(void)
{
	struct epoll_event e;

	one_byte(epoll_pwait(set_of_other(), &e, 1, LONG_S * 1000, NULL));
}

static void s_flock(void)
{
	flock(open(lock_path, O_RDWR), LOCK_EX);
}

static void s_fcntl(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(open(lock_path, O_RDWR), F_SETLKW, &l))
		fail("fcntl");
}

static void s_lockf(void)
{
	if (lockf(open(lock_path, O_RDWR), F_LOCK, 0))
		fail("lockf");
}

static void s_lockf64(void)
{
	if (lockf64(open(lock_path, O_RDWR), F_LOCK, 0))
		fail("lockf64");
}

static void s_eventfd_read(void)
{
	eventfd_t n;

	if (eventfd_read(events, &n))
		fail("eventfd_read");
}

static void s_preadv2(void)
{
	char c;
	struct iovec v = { &c, 1 };

	one_byte(preadv2(pipe_in[0], &v, 1, -1, 0));
}

static struct aiocb read_pipe(void)
{
	static char c;

	return (struct aiocb){
		.aio_fildes = pipe_in[0],
		.aio_buf = &c,
		.aio_nbytes = 1,
		.aio_lio_opcode = LIO_READ,
	};
}

static void s_aio_suspend(void)
{
	struct aiocb one = read_pipe();
	const struct aiocb *list[1] = { &one };

	if (aio_read(&one) || aio_suspend(list, 1, NULL))
		fail("aio_suspend");
	one_byte(aio_return(&one));
}

static void s_lio_listio(void)
{
	struct aiocb one = read_pipe();
	struct aiocb *list[1] = { &one };

	if (lio_listio(LIO_WAIT, list, 1, NULL))
		fail("lio_listio");
}

static const struct way ways[] = {
	{ "accept", s_accept, NULL, connect_unix, 0 },
	{ "accept4", s_accept4, NULL, connect_unix, 0 },
	{ "pipe-read", s_read, NULL, fill_pipe_in, 0 },
	{ "pipe-readv", s_readv, NULL, fill_pipe_in, 0 },
	{ "socket-recv", s_recv, NULL, fill_pair, 0 },
	{ "socket-recvmsg", s_recvmsg, NULL, fill_pair, 0 },
	{ "eventfd-read", s_eventfd, NULL, fill_events, 0 },
	{ "pipe-write", s_write, NULL, drain_pipe, 0 },
	{ "pipe-write-one", s_write_one, NULL, drain_pipe, 0 },
	{ "connect-elsewhere", s_connect, NULL, accept_unix, 0 },
	{ "open-fifo", s_open, NULL, open_fifo, 0 },
	{ "fopen-fifo", s_fopen, NULL, open_fifo, 0 },
	{ "splice", s_splice, NULL, fill_pipe_in, 0 },
	{ "poll", s_poll, NULL, fill_pipe_in, 0 },
	{ "poll-timed", s_poll_timed, NULL, fill_pipe_in, 0 },
	{ "ppoll", s_ppoll, NULL, fill_pipe_in, 0 },
	{ "ppoll-timed", s_ppoll_timed, NULL, fill_pipe_in, 0 },
	{ "select", s_select, NULL, fill_pipe_in, 0 },
	{ "select-timed", s_select_timed, NULL, fill_pipe_in, 0 },
	{ "pselect", s_pselect, NULL, fill_pipe_in, 0 },
	{ "epoll_wait", s_epoll, NULL, fill_pipe_in, 0 },
	{ "epoll_pwait", s_epoll_pwait, NULL, fill_pipe_in, 0 },
	{ "flock", s_flock, hold_flock, unlock_file, 0 },
	{ "fcntl-lock", s_fcntl, hold_fcntl, unlock_file, 0 },
	{ "lockf", s_lockf, hold_fcntl, unlock_file, 0 },
	{ "lockf64", s_lockf64, hold_fcntl, unlock_file, 0 },
	{ "eventfd_read", s_eventfd_read, NULL, fill_events, 0 },
	{ "preadv2", s_preadv2, NULL, fill_pipe_in, 0 },
	{ "aio_suspend", s_aio_suspend, NULL, fill_pipe_in, 0 },
	{ "lio_listio", s_lio_listio, NULL, fill_pipe_in, 0 },
	{ "tee", s_tee, NULL, fill_pipe_in, 0 },
	{ "thread-end", s_read, NULL, fill_pipe_in, BY_THREAD_END },
	{ "thread-exit", s_read, NULL, fill_pipe_in, BY_THREAD_EXIT },
};

int main(int argc, char **argv)
{
	return sleep_main(argc, argv, ways, sizeof(ways) / sizeof(*ways), make_files,
			  remove_files);
}
