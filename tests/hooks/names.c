/* SPDX-License-Identifier: MIT */
/* names: questions to name servers; none answers here. */
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
struct gaicb;
int getaddrinfo_a(int mode, struct gaicb *list[], int n, struct sigevent *e) MAYBE;
int gai_suspend(const struct gaicb *const list[], int n,
		const struct timespec *timeout) MAYBE;

static void asks(const char *name, const char *service, const struct addrinfo *hints)
{
	struct addrinfo *found = NULL;
	int n = 0;

	OWING(getaddrinfo(name, service, hints, &found));
	for (struct addrinfo *a = found; a; a = a->ai_next)
		n++;
	say("\t\t%d of family %d", n, found ? found->ai_family : -1);
	if (found)
		freeaddrinfo(found);
}

FRAGMENT(getaddrinfo)
{
	struct addrinfo digits = { .ai_flags = AI_NUMERICHOST };
	struct addrinfo wrong = { .ai_flags = 1 << 30 };
	struct addrinfo four = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };

	asks("127.0.0.1", "80", NULL);
	asks("::1", "80", NULL);
	asks(NULL, "80", &four);
	asks("localhost", "80", &four);
	asks("localhost", "80", &digits);
	asks("localhost", "80", &wrong);
	asks("localhost", "no such service", &four);
	asks(NULL, NULL, NULL);
}

FRAGMENT(getnameinfo)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(9) };
	char host[64] = "", service[64] = "";

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	OWING(getnameinfo((void *)&at, sizeof(at), host, 64, service, 64,
			  NI_NUMERICHOST | NI_NUMERICSERV));
	say("\t%s %s", host, service);
	OWING(getnameinfo((void *)&at, sizeof(at), host, 64, NULL, 0, 0));
	say("\t%s", host);
	OWING(getnameinfo((void *)&at, 3, host, 64, NULL, 0, 0));
}

static void say_host(const struct hostent *h)
{
	say("\t\t%s, %d bytes", h ? h->h_name : "nobody", h ? h->h_length : 0);
}

FRAGMENT(gethostbyname)
{
	world_owe();
	say_host(gethostbyname("localhost"));
	say_host(gethostbyname("127.0.0.1"));
}

FRAGMENT(gethostbyname2)
{
	world_owe();
	say_host(gethostbyname2("localhost", AF_INET));
	say_host(gethostbyname2("localhost", 77));
}

static struct hostent host, *found;
static char room[1024];
static int error;

FRAGMENT(gethostbyname_r)
{
	OWING(gethostbyname_r("localhost", &host, room, sizeof(room), &found, &error));
	say_host(found);
	OWING(gethostbyname_r("localhost", &host, room, 1, &found, &error));
}

FRAGMENT(gethostbyname2_r)
{
	OWING(gethostbyname2_r("localhost", AF_INET, &host, room, sizeof(room), &found,
			       &error));
	say_host(found);
}

FRAGMENT(gethostbyaddr)
{
	world_owe();
	say_host(gethostbyaddr("\177\0\0\1", 4, AF_INET));
	say_host(gethostbyaddr("\177\0\0\1", 3, AF_INET));
}

FRAGMENT(gethostbyaddr_r)
{
	OWING(gethostbyaddr_r("\177\0\0\1", 4, AF_INET, &host, room, sizeof(room),
			      &found, &error));
	say_host(found);
}

FRAGMENT(getaddrinfo_a)
{
	OWING(getaddrinfo_a(0, NULL, 0, NULL));
	OWING(getaddrinfo_a(77, NULL, 0, NULL));
}

FRAGMENT(gai_suspend)
{
	const struct timespec t = { 0, 1000000 };

	OWING(gai_suspend(NULL, 0, &t));
}

/* --- the resolver ---------------------------------------------------------- */

static unsigned char question[32], reply[512];
static const char long_label[] =
	"a.label.may.have.sixty.three.bytes-"
	"0123456789012345678901234567890123456789012345678901234567890123456789";

/* Without descriptors nobody can be asked. */
static void no_descriptors(void)
{
	const struct rlimit no = { 0, 0 };

	setrlimit(RLIMIT_NOFILE, &no);
}

#define ALONE(call) IN_CHILD(no_descriptors(); _exit((call) < 0 ? 3 : 4))

FRAGMENT(res_query)
{
	OWING(res_query(long_label, 1, 1, reply, sizeof(reply)));
	ALONE(res_query("nobody.invalid", 1, 1, reply, sizeof(reply)));
}

FRAGMENT(res_search)
{
	OWING(res_search(long_label, 1, 1, reply, sizeof(reply)));
	ALONE(res_search("nobody.invalid.", 1, 1, reply, sizeof(reply)));
}

FRAGMENT(res_querydomain)
{
	OWING(res_querydomain(long_label, "invalid", 1, 1, reply, sizeof(reply)));
	ALONE(res_querydomain("nobody", "invalid", 1, 1, reply, sizeof(reply)));
}

FRAGMENT(res_send)
{
	ALONE(res_send(question, sizeof(question), reply, sizeof(reply)));
}

#define RESOLVES(name, call) \
	FRAGMENT(name) \
	{ \
		res_init(); \
		ALONE(call); \
	}

/* glibc's, with a state of the caller's; and as older programs name them. */
#undef res_nquery /* as glibc 2.31's header has them again */
#undef res_nsearch
#undef res_nquerydomain
#undef res_nsend
int n_query(void *, const char *, int, int, void *, int) __asm__("res_nquery") MAYBE;
int n_search(void *, const char *, int, int, void *, int) __asm__("res_nsearch") MAYBE;
int n_domain(void *, const char *, const char *, int, int, void *,
	     int) __asm__("res_nquerydomain") MAYBE;
int n_send(void *, const void *, int, void *, int) __asm__("res_nsend") MAYBE;
RESOLVES(res_nquery, n_query(&_res, "nobody.invalid", 1, 1, reply, sizeof(reply)))
RESOLVES(res_nsearch, n_search(&_res, "nobody.invalid.", 1, 1, reply, sizeof(reply)))
RESOLVES(res_nquerydomain,
	 n_domain(&_res, "nobody", "invalid", 1, 1, reply, sizeof(reply)))
RESOLVES(res_nsend, n_send(&_res, question, sizeof(question), reply, sizeof(reply)))

int old_query(const char *, int, int, void *, int) __asm__("__res_query") MAYBE;
int old_search(const char *, int, int, void *, int) __asm__("__res_search") MAYBE;
int old_domain(const char *, const char *, int, int, void *,
	       int) __asm__("__res_querydomain") MAYBE;
int old_send(const void *, int, void *, int) __asm__("__res_send") MAYBE;
int old_nquery(void *, const char *, int, int, void *,
	       int) __asm__("__res_nquery") MAYBE;
int old_nsearch(void *, const char *, int, int, void *,
		int) __asm__("__res_nsearch") MAYBE;
int old_ndomain(void *, const char *, const char *, int, int, void *,
		int) __asm__("__res_nquerydomain") MAYBE;
int old_nsend(void *, const void *, int, void *, int) __asm__("__res_nsend") MAYBE;
RESOLVES(__res_query, old_query("nobody.invalid", 1, 1, reply, sizeof(reply)))
RESOLVES(__res_search, old_search("nobody.invalid.", 1, 1, reply, sizeof(reply)))
RESOLVES(__res_querydomain, old_domain("nobody", "invalid", 1, 1, reply, sizeof(reply)))
RESOLVES(__res_send, old_send(question, sizeof(question), reply, sizeof(reply)))
RESOLVES(__res_nquery, old_nquery(&_res, "nobody.invalid", 1, 1, reply, sizeof(reply)))
RESOLVES(__res_nsearch,
	 old_nsearch(&_res, "nobody.invalid.", 1, 1, reply, sizeof(reply)))
RESOLVES(__res_nquerydomain,
	 old_ndomain(&_res, "nobody", "invalid", 1, 1, reply, sizeof(reply)))
RESOLVES(__res_nsend,
	 old_nsend(&_res, question, sizeof(question), reply, sizeof(reply)))
