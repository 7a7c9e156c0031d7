/* SPDX-License-Identifier: MIT */
/* procnet: the sockets of a network namespace, by /proc; see procnet.h. */
#include "cli/procnet.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Words of four bytes, each as this machine has it, network order within. */
static void read_end(struct addr *ret, int family, const char *ip, unsigned int port)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in a4 = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };

	if (!port)
		return;
	if (family == AF_INET) {
		a4.sin_addr.s_addr = (uint32_t)strtoul(ip, NULL, 16);
		addr_read(&a4, sizeof(a4), ret);
		return;
	}
	for (int i = 0; i < 4; i++) {
		char word[9] = "";

		memcpy(word, ip + 8 * i, 8);
		a6.sin6_addr.s6_addr32[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	addr_read(&a6, sizeof(a6), ret);
}

static void put_inet(struct sockets *s, const char *line, int family, bool is_tcp)
{
	const size_t digits = family == AF_INET ? 8 : 32;
	unsigned int own_port, port, state, received, unsent;
	unsigned long long inode;
	struct sockets_one *one;
	char own[33], ip[33];

	if (sscanf(line,
		   " %*d: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %x:%x %*x:%*x %*x %*u %*u "
		   "%llu",
		   own, &own_port, ip, &port, &state, &unsent, &received,
		   &inode) != 8 ||
	    strlen(own) != digits || strlen(ip) != digits || !inode)
		return;
	one = sockets_add(s, inode, family);
	if (!one)
		return;
	one->state = (uint8_t)sockets_state_of(family, is_tcp, state);
	one->received = received;
	one->unsent = unsent;
	read_end(&one->own, family, own, own_port);
	read_end(&one->peer, family, ip, port);
}

#define ACCEPTS 0x10000 /* __SO_ACCEPTCON */

/* States here are those of struct socket: 3 connected. */
static void put_unix(struct sockets *s, const char *line)
{
	unsigned int flags, state;
	unsigned long long inode;
	struct sockets_one *one;

	if (sscanf(line, "%*x: %*x %*x %x %*x %x %llu", &flags, &state, &inode) != 3)
		return;
	one = sockets_add(s, inode, AF_UNIX);
	if (one)
		one->state = flags & ACCEPTS ? SOCKETS_LISTEN
			     : state == 3    ? SOCKETS_CONNECTED
					     : SOCKETS_UNCONNECTED;
}

static const struct {
	const char *name;
	int family;
	bool is_tcp;
} files[] = {
	{ "net/tcp", AF_INET, true },	{ "net/tcp6", AF_INET6, true },
	{ "net/udp", AF_INET, false },	{ "net/udp6", AF_INET6, false },
	{ "net/unix", AF_UNIX, false },
};

bool procnet_read(struct sockets *s, const struct process *p, unsigned int families)
{
	bool all = true;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		int fd, family = files[i].family;
		char line[512];
		FILE *from;

		if (!(families & 1u << family))
			continue;
		fd = process_open(p, files[i].name, O_RDONLY);
		from = fd >= 0 ? fdopen(fd, "r") : NULL;
		all = from && all;
		while (from && fgets(line, sizeof(line), from))
			if (family == AF_UNIX)
				put_unix(s, line);
			else
				put_inet(s, line, family, files[i].is_tcp);
		if (from)
			fclose(from);
	}
	return all;
}
