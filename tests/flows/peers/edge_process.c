/* SPDX-License-Identifier: MIT */
/* edge_process: processes that come between: fork, exec, spawn, a descriptor passed on.
 * See edge.h. */
#include "edge.h"

#include <spawn.h>

extern char **environ;

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

/* The child closes it, or puts something else in its place; it stays ours. */
static void spawn_with(posix_spawn_file_actions_t *actions, int fd)
{
	char *words[] = { "echo", "spawned", NULL };
	pid_t child;

	SAY(posix_spawn(&child, "/bin/echo", actions, NULL, words, environ));
	wait_child(child);
	posix_spawn_file_actions_destroy(actions);
	go_on(fd);
}

static void spawn_closes(void)
{
	posix_spawn_file_actions_t actions;
	int fd = connected();

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclose(&actions, fd);
	spawn_with(&actions, fd);
}

static void spawn_dup2_over(void)
{
	posix_spawn_file_actions_t actions;
	int fd = connected();

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, 1, fd);
	spawn_with(&actions, fd);
}

static void spawn_open_over(void)
{
	posix_spawn_file_actions_t actions;
	int fd = connected();

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	spawn_with(&actions, fd);
}

static void spawn_close_from(void)
{
	posix_spawn_file_actions_t actions;
	int fd = connected();

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	spawn_with(&actions, fd);
}

/* Its output is the connection. */
static void spawn_to_stdout(void)
{
	posix_spawn_file_actions_t actions;
	int fd = connected();

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 1);
	spawn_with(&actions, fd);
}

static void vfork_exits(void)
{
	int fd = connected();
	pid_t child = vfork();

	if (child == 0)
		_exit(3);
	wait_child(child);
	go_on(fd);
}

static void vfork_closes(void)
{
	int fd = connected();
	pid_t child = vfork();

	if (child == 0) {
		close(fd);
		_exit(3);
	}
	wait_child(child);
	go_on(fd);
}

static void vfork_writes(void)
{
	int fd = connected();
	pid_t child = vfork();

	if (child == 0) {
		(void)!write(fd, "child", 5);
		_exit(3);
	}
	wait_child(child);
	go_on(fd);
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

static void popen_inherits(void)
{
	int fd = connected();
	char command[64], line[16] = "";
	FILE *f;

	snprintf(command, sizeof(command), "printf popen >&%d; echo done", fd);
	f = popen(command, "r");
	SAY(fgets(line, sizeof(line), f) == line);
	say("%s", line);
	SAY(pclose(f));
	finish(fd);
}

static void popen_writes(void)
{
	int fd = connected();
	char command[64];
	FILE *f;

	snprintf(command, sizeof(command), "cat >&%d", fd);
	f = popen(command, "w");
	SAY(fputs("popen", f) >= 0);
	SAY(pclose(f));
	finish(fd);
}

static void passed_on(void)
{
	int fd = connected(), ends[2];
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		fail("socketpair");
	control.head = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET,
					 SCM_RIGHTS };
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
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	int fd, ends[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		fail("socketpair");
	control.head = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET,
					 SCM_RIGHTS };
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

int main(int argc, char **argv)
{
	static const struct edge_case cases[] = {
		CASE(fork_child_first),	 CASE(fork_parent_first),
		CASE(fork_child_alone),	 CASE(fork_child_closes),
		CASE(fork_parent_exits), CASE(exec_child),
		CASE(exec_after_send),	 CASE(exec_closes),
		CASE(exec_fails),	 CASE(spawn_inherits),
		CASE(spawn_dup2),	 CASE(spawn_closes),
		CASE(spawn_dup2_over),	 CASE(spawn_open_over),
		CASE(spawn_close_from),	 CASE(spawn_to_stdout),
		CASE(vfork_exits),	 CASE(vfork_closes),
		CASE(vfork_writes),	 CASE(vfork_exec),
		CASE(vfork_dup2_exec),	 CASE(by_shell),
		CASE(popen_inherits),	 CASE(popen_writes),
		CASE(passed_on),	 CASE(passed_to_child_born_before),
	};

	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
