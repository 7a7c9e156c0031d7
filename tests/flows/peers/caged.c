/* SPDX-License-Identifier: MIT */
/*
 * caged prctl|number|refused HOST PORT: a request, then a connection on which nothing
 * is written yet; then the program locks itself in (by prctl(), by the number of
 * seccomp(2); or the kernel refuses the filter): from there on any system call but
 * those that follow here kills it.  It writes on the connection, and makes another
 * request.
 */
#include "peer.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define LINE(...) (struct sock_filter) __VA_ARGS__

static const unsigned int admitted[] = { SYS_socket,	SYS_connect, SYS_sendto,
					 SYS_recvfrom,	SYS_close,   SYS_write,
					 SYS_exit_group };

static void lock_in(const char *how)
{
	struct sock_filter lines[32];
	struct sock_fprog filter = { 0, lines };

	lines[filter.len++] = LINE(
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
	for (size_t i = 0; i < sizeof(admitted) / sizeof(*admitted); i++) {
		lines[filter.len++] = LINE(
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, admitted[i], 0, 1));
		lines[filter.len++] = LINE(
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	}
	lines[filter.len++] = LINE(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fail("no new privileges");
	if (!strcmp(how, "refused")) {
		if (!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 8) || errno != EFAULT)
			fail("not refused");
	} else if (!strcmp(how, "prctl")) {
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
			fail("prctl");
	} else if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter)) {
		fail("seccomp");
	}
}

int main(int argc, char **argv)
{
	struct place to = place_of(argv[argc - 2], argv[argc - 1]);
	char reply[64];
	int fd;

	ask(&to, "prime");
	fd = new_socket(&to, 0);
	if (dial(fd, &to))
		fail("connect");
	lock_in(argv[1]);
	send_all(fd, "before", 6);
	if (recv(fd, reply, sizeof(reply), 0) <= 0)
		fail("recv");
	close(fd);
	ask(&to, "inside");
	if (write(1, "done\n", 5) != 5)
		return 3;
	_exit(0);
}
