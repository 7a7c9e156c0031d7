/* SPDX-License-Identifier: MIT */
/* sleep_name: sleeps until a name server answers; it is the helper, and knows nobody.
 */
#include "sleep.h"

#include <netdb.h>
#include <resolv.h>

#define NAME "nobody.invalid"
#define REFUSED_NAME 0x83 /* recursion available; no such name */

static int server;
static unsigned char reply[512];
static struct hostent host, *found;
static char room[4096];
static int error;

static void make_server(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(server, (struct sockaddr *)&at, len) ||
	    getsockname(server, (struct sockaddr *)&at, &len))
		fail("name server");
	res_init();
	_res.nscount = 1;
	_res.nsaddr_list[0] = at;
	_res.retrans = LONG_S;
	_res.retry = 1;
	_res.dnsrch[0] = NULL;
}

static void nothing(void)
{
}

static void know_nobody(void)
{
	unsigned char m[512];
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);

	while (!shared->sleep_ended) {
		ssize_t n = recvfrom(server, m, sizeof(m), 0, (void *)&from, &len);

		if (n < 12)
			return;
		m[2] |= 0x80;
		m[3] = REFUSED_NAME;
		sendto(server, m, (size_t)n, 0, (void *)&from, len);
	}
}

static struct sockaddr_in somebody(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };

	at.sin_addr.s_addr = htonl(0xc6336407); /* 198.51.100.7 */
	return at;
}

static void s_getaddrinfo(void)
{
	struct addrinfo *list;

	if (!getaddrinfo(NAME, "80", NULL, &list))
		fail("getaddrinfo");
}

static void s_getnameinfo(void)
{
	struct sockaddr_in at = somebody();

	if (!getnameinfo((void *)&at, sizeof(at), room, 64, NULL, 0, NI_NAMEREQD))
		fail("getnameinfo");
}

static void s_gethostbyname(void)
{
	gethostbyname(NAME);
}

static void s_gethostbyname2(void)
{
	gethostbyname2(NAME, AF_INET);
}

static void s_gethostbyname_r(void)
{
	gethostbyname_r(NAME, &host, room, sizeof(room), &found, &error);
}

static void s_gethostbyname2_r(void)
{
	gethostbyname2_r(NAME, AF_INET, &host, room, sizeof(room), &found, &error);
}

static void s_gethostbyaddr(void)
{
	struct sockaddr_in at = somebody();

	gethostbyaddr(&at.sin_addr, 4, AF_INET);
}

static void s_gethostbyaddr_r(void)
{
	struct sockaddr_in at = somebody();

	gethostbyaddr_r(&at.sin_addr, 4, AF_INET, &host, room, sizeof(room), &found,
			&error);
}

static void s_res_query(void)
{
	res_query(NAME, 1, 1, reply, sizeof(reply));
}

static void s_res_search(void)
{
	res_search(NAME, 1, 1, reply, sizeof(reply));
}

static void s_res_querydomain(void)
{
	res_querydomain("nobody", "invalid", 1, 1, reply, sizeof(reply));
}

static unsigned char question[512];

static int asked(void)
{
	return res_mkquery(0, NAME, 1, 1, NULL, 0, NULL, question, sizeof(question));
}

static void s_res_send(void)
{
	res_send(question, asked(), reply, sizeof(reply));
}

static void s_res_nquery(void)
{
	res_nquery(&_res, NAME, 1, 1, reply, sizeof(reply));
}

static void s_res_nsearch(void)
{
	res_nsearch(&_res, NAME, 1, 1, reply, sizeof(reply));
}

static void s_res_nquerydomain(void)
{
	res_nquerydomain(&_res, "nobody", "invalid", 1, 1, reply, sizeof(reply));
}

static void s_res_nsend(void)
{
	res_nsend(&_res, question, asked(), reply, sizeof(reply));
}

#define WAY(name) \
	{ \
#name, s_##name, NULL, know_nobody, 0 \
	}
static const struct way ways[] = {
	WAY(getaddrinfo),    WAY(getnameinfo),	   WAY(gethostbyname),
	WAY(gethostbyname2), WAY(gethostbyname_r), WAY(gethostbyname2_r),
	WAY(gethostbyaddr),  WAY(gethostbyaddr_r), WAY(res_query),
	WAY(res_search),     WAY(res_querydomain), WAY(res_send),
	WAY(res_nquery),     WAY(res_nsearch),	   WAY(res_nquerydomain),
	WAY(res_nsend),
};

int main(int argc, char **argv)
{
	return sleep_main(argc, argv, ways, sizeof(ways) / sizeof(*ways), make_server,
			  nothing);
}
