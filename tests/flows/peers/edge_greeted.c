/* SPDX-License-Identifier: MIT */
/* edge_greeted: programs that read first, in every way there is, from a server that
 * speaks first; and read again once they have answered.  See edge.h. */
#include "edge.h"

#include <aio.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <wchar.h>

extern char **environ;
static char greeting[64];

static void heard_first(long n)
{
	say("heard %.*s", n > 0 ? (int)n : 0, greeting);
}

static void greeted_read(void)
{
	int fd = connected();

	heard_first(SAY(read(fd, greeting, 11)));
	go_on(fd);
}

static void greeted_readv(void)
{
	int fd = connected();
	struct iovec v[] = { { greeting, 4 }, { greeting + 4, 7 } };

	heard_first(SAY(readv(fd, v, 2)));
	go_on(fd);
}

static void greeted_recvfrom(void)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int fd = connected();

	heard_first(SAY(recvfrom(fd, greeting, 11, 0, (struct sockaddr *)&from, &len)));
	say("length %d\n", (int)len);
	go_on(fd);
}

static void greeted_recvmsg(void)
{
	struct iovec v = { greeting, 11 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	int fd = connected();

	heard_first(SAY(recvmsg(fd, &m, MSG_PEEK)));
	heard_first(SAY(recvmsg(fd, &m, 0)));
	go_on(fd);
}

static void greeted_recvmmsg(void)
{
	struct iovec v = { greeting, 11 };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &v, .msg_iovlen = 1 } };
	int fd = connected();

	SAY(recvmmsg(fd, &m, 1, 0, NULL));
	heard_first(m.msg_len);
	go_on(fd);
}

static void greeted_waitall(void)
{
	int fd = connected();

	heard_first(SAY(recv(fd, greeting, 11, MSG_WAITALL)));
	SAY(send(fd, "good", 4, 0));
	SAY(recv(fd, greeting, 4, MSG_WAITALL));
	finish(fd);
}

static void greeted_peek(void)
{
	int fd = connected();

	heard_first(SAY(recv(fd, greeting, 11, MSG_PEEK)));
	heard_first(SAY(recv(fd, greeting, 11, MSG_DONTWAIT)));
	SAY(recv(fd, greeting, 1, MSG_DONTWAIT));
	go_on(fd);
}

static void greeted_truncated(void)
{
	int fd = connected();

	SAY(recv(fd, NULL, 4, MSG_TRUNC));
	SAY(recv(fd, greeting, 7, 0));
	go_on(fd);
}

static void greeted_timeout(void)
{
	const struct timeval second = { 1, 0 };
	int fd = new_socket(&to, 0);

	SAY(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)));
	dial_held(fd);
	heard_first(SAY(recv(fd, greeting, 11, 0)));
	go_on(fd);
}

static void greeted_lowat(void)
{
	int fd = connected(), eleven = 11;
	struct pollfd p = { fd, POLLIN, 0 };

	SAY(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &eleven, sizeof(eleven)));
	SAY(poll(&p, 1, 1000));
	heard_first(SAY(recv(fd, greeting, 64, 0)));
	go_on(fd);
}

/* --- by stdio
 * -------------------------------------------------------------------------- */

static void greeted_fgets(void)
{
	FILE *f = fdopen(connected(), "r+");

	SAY(fgets(greeting, sizeof(greeting), f) == greeting);
	heard_first((long)strlen(greeting));
	SAY(fputs("good\n", f) >= 0);
	SAY(fflush(f));
	SAY(fread(greeting, 1, 4, f));
	SAY(fclose(f));
}

static void greeted_getline(void)
{
	FILE *f = fdopen(connected(), "r");
	char *line = NULL;
	size_t room = 0;

	SAY(getline(&line, &room, f));
	say("%s", line);
	SAY(fclose(f));
}

static void greeted_fscanf(void)
{
	FILE *f = fdopen(connected(), "r");
	int code = 0;

	SAY(fscanf(f, "%d %63s", &code, greeting));
	say("%d %s\n", code, greeting);
	SAY(fclose(f));
}

static void greeted_getc(void)
{
	FILE *f = fdopen(connected(), "r");

	SAY(getc(f));
	SAY(fread(greeting, 1, 10, f));
	SAY(fclose(f));
}

/* Two streams over one connection, as the manuals advise. */
static void greeted_two_streams(void)
{
	int fd = connected();
	FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");

	SAY(fgets(greeting, sizeof(greeting), in) == greeting);
	heard_first((long)strlen(greeting));
	SAY(fprintf(out, "good\n"));
	SAY(fclose(out));
	SAY(fread(greeting, 1, 4, in));
	SAY(fclose(in));
}

/* --- by waiting
 * ------------------------------------------------------------------------ */

static void greeted_poll(void)
{
	int fd = connected_to(SOCK_NONBLOCK);
	struct pollfd p = { fd, POLLIN | POLLRDHUP, 0 };

	SAY(recv(fd, greeting, 11, 0));
	SAY(poll(&p, 1, 1000));
	say("%x\n", p.revents);
	heard_first(SAY(recv(fd, greeting, 11, 0)));
	SAY(recv(fd, greeting, 11, 0));
	fcntl(fd, F_SETFL, 0);
	go_on(fd);
}

static void greeted_select(void)
{
	int fd = connected();
	fd_set r;

	FD_ZERO(&r);
	FD_SET(fd, &r);
	SAY(select(fd + 1, &r, NULL, NULL, NULL));
	heard_first(SAY(read(fd, greeting, 11)));
	go_on(fd);
}

static void greeted_splice(void)
{
	int fd = connected(), ends[2];

	if (pipe(ends))
		fail("pipe");
	SAY(splice(fd, NULL, ends[1], NULL, 11, 0));
	heard_first(SAY(read(ends[0], greeting, 11)));
	go_on(fd);
}

/* --- by somebody else
 * ------------------------------------------------------------------ */

static void greeted_child_reads(void)
{
	int fd = connected();
	pid_t child = fork();

	if (child == 0) {
		heard_first(SAY(read(fd, greeting, 11)));
		_exit(0);
	}
	wait_child(child);
	go_on(fd);
}

/* The child sleeps on it while the parent writes first. */
static void greeted_child_reads_parent_writes(void)
{
	int fd = connected();
	pid_t child = fork();

	if (child == 0) {
		SAY(recv(fd, greeting, 15, MSG_WAITALL));
		_exit(0);
	}
	if (send(fd, "good", 4, 0) != 4)
		fail("send");
	wait_child(child);
	finish(fd);
}

static void greeted_parent_reads(void)
{
	int fd = connected(), go[2];
	pid_t child;

	if (pipe(go))
		fail("pipe");
	child = fork();
	if (child == 0) {
		if (read(go[0], greeting, 1) == 1)
			SAY(send(fd, "child", 5, 0));
		_exit(0);
	}
	heard_first(SAY(read(fd, greeting, 11)));
	SAY(write(go[1], "x", 1));
	wait_child(child);
	finish(fd);
}

/* Another program hears it, who knows nothing of how it was connected. */
static char *head[] = { "head", "-c", "11", NULL };

static void greeted_exec(void)
{
	int fd = connected();

	dup2(fd, 0);
	execvp("head", head);
	fail("execvp");
}

/* The parent does not sleep meanwhile. */
static void until_ended(pid_t child)
{
	int status = -1;

	while (waitpid(child, &status, WNOHANG) == 0)
		;
	say("child ended with %x\n", status);
}

static void greeted_spawn(void)
{
	posix_spawn_file_actions_t actions;
	int fd = connected();
	pid_t child;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 0);
	if (posix_spawnp(&child, "head", &actions, NULL, head, environ))
		fail("posix_spawnp");
	until_ended(child);
	go_on(fd);
}

static void greeted_vfork(void)
{
	int fd = connected();
	pid_t child = vfork();

	if (child == 0) {
		dup2(fd, 0);
		execvp("head", head);
		_exit(1);
	}
	until_ended(child);
	go_on(fd);
}

static void greeted_fork_exec(void)
{
	int fd = connected();
	pid_t child = fork();

	if (child == 0) {
		dup2(fd, 0);
		execvp("head", head);
		_exit(1);
	}
	until_ended(child);
	go_on(fd);
}

static void *reader(void *descriptor)
{
	return (void *)read((int)(long)descriptor, greeting, 11);
}

static void greeted_thread_reads(void)
{
	int fd = connected();
	pthread_t other;
	void *n;

	pthread_create(&other, NULL, reader, (void *)(long)fd);
	pthread_join(other, &n);
	heard_first((long)n);
	go_on(fd);
}

/* By calls that read inside libc, where no hook is. */
static void greeted_vector(void)
{
	char bytes[64];
	struct iovec v = { bytes, sizeof(bytes) };
	int fd = connected();

	SAY(preadv2(fd, &v, 1, -1, 0));
	finish(fd);
}

static void greeted_aio(void)
{
	char bytes[64];
	int fd = connected();
	struct aiocb one = { .aio_fildes = fd,
			     .aio_buf = bytes,
			     .aio_nbytes = sizeof(bytes) };
	const struct aiocb *list[1] = { &one };

	SAY(aio_read(&one));
	SAY(aio_suspend(list, 1, NULL));
	SAY(aio_return(&one));
	finish(fd);
}

static FILE *stream_connected(void)
{
	int fd = new_socket(&to, 0);
	FILE *f = fdopen(fd, "r+");

	dial_held(fd);
	return f;
}

static void greeted_line(void)
{
	char line[64];
	FILE *f = stream_connected();

	SAY(!!fgets_unlocked(line, sizeof(line), f));
	finish(fileno(f));
}

static void greeted_wide(void)
{
	FILE *f = stream_connected();

	SAY(fgetwc(f));
	finish(fileno(f));
}

static void greeted_scan(void)
{
	char word[64];
	FILE *f = stream_connected();

	SAY(fscanf(f, "%63s", word));
	finish(fileno(f));
}

static void greeted_number(void)
{
	eventfd_t n;
	int fd = connected();

	SAY(eventfd_read(fd, &n));
	finish(fd);
}

int main(int argc, char **argv)
{
	static const struct edge_case cases[] = {
		CASE(greeted_vector),	    CASE(greeted_aio),
		CASE(greeted_line),	    CASE(greeted_wide),
		CASE(greeted_scan),	    CASE(greeted_number),
		CASE(greeted_read),	    CASE(greeted_readv),
		CASE(greeted_recvfrom),	    CASE(greeted_recvmsg),
		CASE(greeted_recvmmsg),	    CASE(greeted_waitall),
		CASE(greeted_peek),	    CASE(greeted_truncated),
		CASE(greeted_timeout),	    CASE(greeted_lowat),
		CASE(greeted_fgets),	    CASE(greeted_getline),
		CASE(greeted_fscanf),	    CASE(greeted_getc),
		CASE(greeted_two_streams),  CASE(greeted_poll),
		CASE(greeted_select),	    CASE(greeted_splice),
		CASE(greeted_child_reads),  CASE(greeted_child_reads_parent_writes),
		CASE(greeted_parent_reads), CASE(greeted_thread_reads),
		CASE(greeted_exec),	    CASE(greeted_spawn),
		CASE(greeted_vfork),	    CASE(greeted_fork_exec),
	};

	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
