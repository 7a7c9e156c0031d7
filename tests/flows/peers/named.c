/* SPDX-License-Identifier: MIT */
/*
 * named PORT TEXT NAME[,NAME]...: for each word an ordinary request to the address that
 * its first name has; the names behind it are looked up as well, before the request.
 * Prints the answers.
 */
#include "peer.h"

#include <netdb.h>

static struct addrinfo *look_up(const char *name, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	int e = getaddrinfo(name, port, &hints, &found);

	if (e) {
		fprintf(stderr, "%s: %s\n", name, gai_strerror(e));
		exit(2);
	}
	return found;
}

static void request(char *names, const char *port, const char *text)
{
	char *rest = NULL, *name = strtok_r(names, ",", &rest), reply[4096];
	struct addrinfo *to = look_up(name, port);
	ssize_t n;
	int fd;

	while ((name = strtok_r(NULL, ",", &rest)))
		freeaddrinfo(look_up(name, port));
	fd = socket(to->ai_family, SOCK_STREAM, 0);
	if (connect(fd, to->ai_addr, to->ai_addrlen))
		fail("connect");
	send_all(fd, text, strlen(text));
	n = recv(fd, reply, sizeof(reply), 0);
	if (n <= 0)
		fail("recv");
	printf("%.*s\n", (int)n, reply);
	close(fd);
	freeaddrinfo(to);
}

int main(int argc, char **argv)
{
	for (int i = 3; i < argc; i++)
		request(argv[i], argv[1], argv[2]);
	return 0;
}
