/* SPDX-License-Identifier: MIT */
/* where: ADDRESS:PORT and NAME:PORT; see where.h. */
#include "cli/where.h"

#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "cli/alone.h"
#include "cli/cli.h"

static bool read_port(const char *text, uint16_t *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || n < 1 || n > 65535)
		return false;
	*ret = (uint16_t)n;
	return true;
}

/* Takes host and port apart in place; NULL, or what is wrong. */
static const char *take_apart(char *text, char **ret_host, uint16_t *ret_port)
{
	char *colon = strrchr(text, ':'), *end;

	*ret_host = text;
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || end[1] != ':')
			return "an IPv6 address stands in brackets, as in [::1]:443";
		colon = end + 1;
		*ret_host = text + 1;
		*end = '\0';
	} else if (!colon) {
		return "the port is missing, as in 192.0.2.1:443";
	} else {
		if (strchr(text, ':') != colon)
			return "an IPv6 address stands in brackets, as in [::1]:443";
		*colon = '\0';
	}
	return read_port(colon + 1, ret_port) ? NULL
					      : "a port is a number from 1 to 65535";
}

bool where_host(const char *name, char ret[256])
{
	size_t n = strlen(name);

	n -= n && name[n - 1] == '.';
	if (n > 255)
		return false;
	for (size_t i = 0; i < n; i++)
		ret[i] = (char)tolower((unsigned char)name[i]);
	ret[n] = '\0';
	return true;
}

static int look_up(const char *host, uint16_t port, struct where *ret)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = alone_is() ? AI_NUMERICHOST : 0 };
	struct addrinfo *found;
	int err = getaddrinfo(host, NULL, &hints, &found);

	if (err && alone_is()) {
		say_error("%s: a static tfo looks no names up; give the address", host);
		return STATUS_FINDING;
	}
	if (err) {
		say_error("%s: %s", host, gai_strerror(err));
		return STATUS_FINDING;
	}
	for (const struct addrinfo *a = found; a && ret->n < WHERE_MOST; a = a->ai_next)
		if (addr_read(a->ai_addr, a->ai_addrlen, &ret->at[ret->n]))
			ret->at[ret->n++].port = port;
	freeaddrinfo(found);
	return STATUS_OK;
}

static int find(const char *host, uint16_t port, bool any, struct where *ret)
{
	ret->at[0] = ret->at[1] = (struct addr){ .version = 4, .port = port };
	if (any && (!*host || !strcmp(host, "*"))) {
		ret->at[1].version = 6;
		ret->n = 2;
		return STATUS_OK;
	}
	if (addr_parse(host, strlen(host), &ret->at[0])) {
		ret->n = 1;
		return STATUS_OK;
	}
	if (!*host || !where_host(host, ret->host)) {
		say_error("'%s' is no host", host);
		return STATUS_USAGE;
	}
	return look_up(host, port, ret);
}

int where_find(const char *verb, const char *text, bool any, struct where *ret)
{
	char *copy = strdup(text), *host;
	const char *wrong;
	uint16_t port = 0;
	int status;

	*ret = (struct where){ 0 };
	if (!copy) {
		say_error("out of memory");
		return STATUS_SELF;
	}
	wrong = take_apart(copy, &host, &port);
	status = wrong ? say_usage(verb, wrong) : find(host, port, any, ret);
	free(copy);
	return status;
}

socklen_t where_socket(const struct addr *a, struct sockaddr_storage *ret)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (a->version == 4) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons(a->port);
		memcpy(&in4->sin_addr, a->ip, 4);
		return sizeof(*in4);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(a->port);
	memcpy(&in6->sin6_addr, a->ip, 16);
	return sizeof(*in6);
}
