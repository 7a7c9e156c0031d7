/* SPDX-License-Identifier: MIT */
/*
 * fresh_server plain|fastopen request|greeting ADDRESS PORT: one connection after the
 * other: answers a request, or speaks first, and waits for the end.  Says "ready" when
 * it listens. `plain` never heard of Fast Open, `fastopen` asks for it (RFC 7413
 * section 4.2, tcp(7)).
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void serve(int fd, bool reads_first)
{
	static const char answer[] = "220 bench\r\n";
	char buf[512];

	if (reads_first && recv(fd, buf, sizeof(buf), 0) <= 0)
		return;
	if (send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL) < 0)
		return;
	while (recv(fd, buf, sizeof(buf), 0) > 0)
		;
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	const int one = 1, qlen = 256;
	int listener, fd;
	bool reads_first;

	if (argc != 5 || inet_pton(AF_INET, argv[3], &at.sin_addr) != 1)
		errx(2, "usage: fresh_server plain|fastopen request|greeting ADDRESS "
			"PORT");
	at.sin_port = htons((uint16_t)atoi(argv[4]));
	reads_first = strcmp(argv[2], "request") == 0;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (strcmp(argv[1], "fastopen") == 0 &&
	    setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &qlen, sizeof(qlen)))
		err(1, "TCP_FASTOPEN");
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 128))
		err(1, "listen");
	puts("ready");
	fflush(stdout);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		serve(fd, reads_first);
		close(fd);
	}
	err(1, "accept");
}
