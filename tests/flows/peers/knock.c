/* SPDX-License-Identifier: MIT */
/*
 * knock blocking|poll COUNT HOST PORT [HOST PORT]: connects so often, each time over;
 * with two places each try goes to the second when the first refuses, as address loops
 * do.  Prints one line per try: what connect() said, and for `poll` what SO_ERROR said
 * then. knock write COUNT HOST PORT [HOST PORT]: connects and writes, and prints what
 * both said.
 */
#include "peer.h"

static const char *word(int e)
{
	return e ? strerror(e) : "ok";
}

static int knock(int blocks, const struct place *to)
{
	int fd = new_socket(to, blocks ? 0 : SOCK_NONBLOCK);
	int e = dial(fd, to) ? errno : 0;
	struct pollfd p = { fd, POLLOUT, 0 };

	printf("%s", word(e));
	if (!blocks && e == EINPROGRESS) {
		poll(&p, 1, -1);
		e = error_of(fd);
		printf(", %s", word(e));
	}
	close(fd);
	return e;
}

static int knock_and_write(const struct place *to)
{
	int fd = new_socket(to, 0);
	char reply[64];
	int e = dial(fd, to) ? errno : 0, refused = e;

	printf("%s", word(e));
	if (!e) {
		e = send(fd, "ping", 4, MSG_NOSIGNAL) < 0 ? errno : 0;
		printf(", %s", word(e));
	}
	if (!e)
		printf(", %s",
		       recv(fd, reply, sizeof(reply), 0) < 0 ? word(errno) : "answer");
	close(fd);
	return refused;
}

int main(int argc, char **argv)
{
	int count = atoi(argv[2]);
	struct place to[2] = { place_of(argv[3], argv[4]) };

	if (argc > 6)
		to[1] = place_of(argv[5], argv[6]);
	while (count--) {
		if (!strcmp(argv[1], "write")) {
			if (knock_and_write(&to[0]) && argc > 6) {
				printf("; ");
				knock_and_write(&to[1]);
			}
		} else if (knock(!strcmp(argv[1], "blocking"), &to[0]) && argc > 6) {
			printf("; ");
			knock(!strcmp(argv[1], "blocking"), &to[1]);
		}
		printf("\n");
		fflush(stdout);
	}
	return 0;
}
