/* SPDX-License-Identifier: MIT */
/*
 * named addrinfo|host|host2|reentrant PORT TEXT NAME[,NAME]...: for each word an
 * ordinary request to the address that its first name has; the names behind it are
 * looked up as well, before the request.  Looks up by getaddrinfo(), gethostbyname()
 * and its kin.  Prints the answers.
 */
#include "peer.h"

#include <netdb.h>

static struct place no_such(const char *name)
{
	fprintf(stderr, "%s: not found\n", name);
	exit(2);
}

static struct place by_addrinfo(const char *name, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	struct place p;

	if (getaddrinfo(name, port, &hints, &found))
		return no_such(name);
	p.len = found->ai_addrlen;
	memcpy(&p.at, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return p;
}

static struct place by_host(const char *way, const char *name, const char *port)
{
	struct hostent room, *found = NULL;
	char text[INET6_ADDRSTRLEN], bytes[2048];
	int e;

	if (!strcmp(way, "host"))
		found = gethostbyname(name);
	else if (!strcmp(way, "host2"))
		found = gethostbyname2(name, AF_INET);
	else if (gethostbyname_r(name, &room, bytes, sizeof(bytes), &found, &e))
		found = NULL;
	if (!found)
		return no_such(name);
	inet_ntop(found->h_addrtype, found->h_addr_list[0], text, sizeof(text));
	return place_of(text, port);
}

static struct place look_up(const char *way, const char *name, const char *port)
{
	return strcmp(way, "addrinfo") ? by_host(way, name, port)
				       : by_addrinfo(name, port);
}

static void request(const char *way, char *names, const char *port, const char *text)
{
	char *rest = NULL, *name = strtok_r(names, ",", &rest), reply[4096];
	struct place to = look_up(way, name, port);
	ssize_t n;
	int fd;

	while ((name = strtok_r(NULL, ",", &rest)))
		look_up(way, name, port);
	fd = new_socket(&to, 0);
	if (dial(fd, &to))
		fail("connect");
	send_all(fd, text, strlen(text));
	n = recv(fd, reply, sizeof(reply), 0);
	if (n <= 0)
		fail("recv");
	printf("%.*s\n", (int)n, reply);
	close(fd);
}

int main(int argc, char **argv)
{
	for (int i = 4; i < argc; i++)
		request(argv[1], argv[i], argv[2], argv[3]);
	return 0;
}
