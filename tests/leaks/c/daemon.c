/* SPDX-License-Identifier: MIT */
/*
 * A daemon: two forks, setsid(), all descriptors closed, then its own listener, which
 * it closes when it is told to end. The two parents, who had opened one, only leave.
 *
 * clean: nothing
 */
#include "leak.h"

FRAME static void leave_parent(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid < 0)
		err(1, "fork");
	if (pid == 0)
		return;
	waitpid(pid, &status, 0); /* so that somebody hears how it ends */
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at;
	int early = socket(AF_INET, SOCK_STREAM, 0);

	begin(argc, argv);
	close(early);
	leave_parent();
	setsid();
	leave_parent();
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	close(listen_here(&at));
	printf("child %d\n", (int)getpid());
	ready();
	return 0;
}
