/* SPDX-License-Identifier: MIT */
/*
 * native HOST PORT [TEXT]: the same request as `request blocking`, by a program that
 * does Fast Open by itself (RFC 7413, MSG_FASTOPEN): the reference.  Prints the
 * microseconds and the answer.
 */
#include "peer.h"

int main(int argc, char **argv)
{
	struct place to = place_of(argv[1], argv[2]);
	const char *text = argc > 3 ? argv[3] : "ping";
	int fd = new_socket(&to, 0);
	char reply[4096];
	long from = now_us();
	ssize_t n = sendto(fd, text, strlen(text), MSG_FASTOPEN,
			   (struct sockaddr *)&to.at, to.len);

	if (n != (ssize_t)strlen(text))
		fail("sendto");
	n = recv(fd, reply, sizeof(reply), 0);
	if (n <= 0)
		fail("recv");
	printf("%ld %.*s\n", now_us() - from, (int)n, reply);
	close(fd);
	return 0;
}
