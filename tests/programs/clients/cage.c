/* SPDX-License-Identifier: MIT */
/*
 * cage NUMBER,NUMBER,... CMD...: runs CMD in a sandbox that kills it on any system call
 * but those numbered (the ones that it makes without us) and those that the shim's
 * documents admit.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int admitted[] = {
	SYS_getsockopt,	  SYS_setsockopt, SYS_sendto,	      SYS_sendmsg,
	SYS_futex,	  SYS_fcntl,	  SYS_ppoll,	      SYS_openat,
	SYS_close,	  SYS_fstat,	  SYS_mmap,	      SYS_fallocate,
	SYS_mkdirat,	  SYS_readlinkat, SYS_geteuid,	      SYS_getpid,
	SYS_getsockname,  SYS_prlimit64,  SYS_rt_sigprocmask, SYS_rt_sigpending,
	SYS_rt_sigaction, SYS_madvise,	  SYS_shutdown,	      SYS_epoll_ctl,
	SYS_nanosleep,	  SYS_fchmod,	  SYS_ftruncate,      SYS_getdents64,
	SYS_gettid,	  SYS_kill,	  SYS_munmap,	      SYS_read,
	SYS_renameat2,	  SYS_unlinkat,	  SYS_newfstatat,
};

static struct sock_filter program[1024];
static size_t length;

static void add(struct sock_filter line)
{
	if (length < sizeof(program) / sizeof(*program))
		program[length++] = line;
}

static void allow(unsigned int number)
{
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

int main(int argc, char **argv)
{
	struct sock_fprog filter = { .filter = program };

	if (argc < 3)
		return 2;
	add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					 offsetof(struct seccomp_data, nr)));
	for (size_t i = 0; i < sizeof(admitted) / sizeof(*admitted); i++)
		allow((unsigned int)admitted[i]);
	for (char *word = strtok(argv[1], ","); word; word = strtok(NULL, ","))
		allow((unsigned int)atoi(word));
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
	filter.len = (unsigned short)length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter)) {
		perror("cage: seccomp");
		return 3;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
