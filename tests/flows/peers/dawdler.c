/* SPDX-License-Identifier: MIT */
/*
 * dawdler HOST PORT: connects by a Fast Open SYN without data, takes its time, and then
 * asks.  Prints the answer.
 */
#include "peer.h"

int main(int argc, char **argv)
{
	struct place to = place_of(argv[1], argv[2]);
	int fd = new_socket(&to, 0);
	char reply[64];
	ssize_t n;

	(void)argc;
	if (sendto(fd, "", 0, MSG_FASTOPEN, (struct sockaddr *)&to.at, to.len))
		fail("sendto");
	usleep(60000);
	send_all(fd, "ping", 4);
	n = recv(fd, reply, sizeof(reply), 0);
	if (n <= 0)
		fail("recv");
	printf("0 %.*s\n", (int)n, reply);
	close(fd);
	return 0;
}
