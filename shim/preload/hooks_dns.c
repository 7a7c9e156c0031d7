/* SPDX-License-Identifier: MIT */
/* hooks: questions to name servers, which libc sleeps for by itself, seconds long. */
#undef _FORTIFY_SOURCE
#pragma GCC visibility push(default)
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

/* clang-format off */
#define BY_NAME (const char *name, int class, int type, unsigned char *to, int n)
#define BY_NAME_IN (const char *name, const char *domain, int class, int type, \
		      unsigned char *to, int n)
#define BY_MESSAGE (const unsigned char *m, int len, unsigned char *to, int n)
#define STATE_BY_NAME (res_state state, const char *name, int class, int type, \
		     unsigned char *to, int n)
#define STATE_BY_NAME_IN (res_state state, const char *name, const char *domain, \
			    int class, int type, unsigned char *to, int n)
#define STATE_BY_MESSAGE (res_state state, const unsigned char *m, int len, \
		    unsigned char *to, int n)

/* Each by two names: programs that were linked with an older glibc call the other. */
#define RESOLVERS(resolver) \
	resolver(query, BY_NAME, (name, class, type, to, n)) \
	resolver(search, BY_NAME, (name, class, type, to, n)) \
	resolver(querydomain, BY_NAME_IN, (name, domain, class, type, to, n)) \
	resolver(send, BY_MESSAGE, (m, len, to, n)) \
	resolver(nquery, STATE_BY_NAME, (state, name, class, type, to, n)) \
	resolver(nsearch, STATE_BY_NAME, (state, name, class, type, to, n)) \
	resolver(nquerydomain, STATE_BY_NAME_IN, \
		 (state, name, domain, class, type, to, n)) \
	resolver(nsend, STATE_BY_MESSAGE, (state, m, len, to, n))
/* clang-format on */
#define DECLARE(name, params, args) \
	int res_##name params; \
	int __res_##name params;
#undef res_query /* older headers mean the other name by it */
#undef res_search
#undef res_querydomain
#undef res_send
#undef res_nquery
#undef res_nsearch
#undef res_nquerydomain
#undef res_nsend
RESOLVERS(DECLARE)
#pragma GCC visibility pop

#include "core/sys.h"
#include "preload/hooks_sleep.h"
#include "preload/names.h"

/* An address in digits is nothing to ask for. */
static bool is_asked(const char *name, int flags)
{
	if (quiet() || flags & AI_NUMERICHOST || !name || !sys_readable(name, 1))
		return false;
	for (; *name; name++) {
		if (*name == ':')
			return false;
		if (*name != '.' && (*name < '0' || *name > '9'))
			return true;
	}
	return false;
}

#define ASK(type, asked, call) \
	do { \
		if (!(asked)) \
			return call; \
		SLEEP(type, GOES_ON, call); \
	} while (0)

/* The rules of a policy may go by the names that the program looks up. */
static void note(const char *name, const struct addrinfo *at)
{
	struct addr a;

	for (; name && at; at = at->ai_next)
		if (addr_read(at->ai_addr, at->ai_addrlen, &a))
			names_learn(name, &a);
}

static void note_host(const char *name, const struct hostent *h)
{
	for (char **at = h ? h->h_addr_list : NULL; at && *at; at++) {
		struct addr a = { .version = h->h_addrtype == AF_INET6 ? 6 : 4 };

		if (h->h_length > 16)
			return;
		__builtin_memcpy(a.ip, *at, (size_t)h->h_length);
		names_learn(name, &a);
	}
}

/* A question that may last. */
static void before_asking(bool asked)
{
	if (asked)
		(void)pause_before(LINGER_SETTLE_MS);
}

static bool takes_notes(void)
{
	return client_is_on() && !thread_is_vfork_child();
}

int getaddrinfo(const char *restrict name, const char *restrict service,
		const struct addrinfo *restrict hints, struct addrinfo **restrict ret)
{
	int flags = hints && !quiet() && sys_readable(hints, sizeof(*hints))
			    ? hints->ai_flags
			    : 0;
	bool asked = is_asked(name, flags);
	int r;

	before_asking(asked);
	r = REAL(getaddrinfo)(name, service, hints, ret);
	if (asked)
		pause_after();
	if (r == 0 && takes_notes())
		note(name, *ret);
	return r;
}

int getnameinfo(const struct sockaddr *restrict at, socklen_t len, char *restrict host,
		socklen_t host_n, char *restrict service, socklen_t service_n,
		int flags)
{
	ASK(int, host &&host_n && !(flags & NI_NUMERICHOST),
	    REAL(getnameinfo)(at, len, host, host_n, service, service_n, flags));
}

#define ASK_HOST(call) \
	do { \
		bool asked = is_asked(name, 0); \
		struct hostent *found; \
		before_asking(asked); \
		found = call; \
		if (asked) \
			pause_after(); \
		if (takes_notes()) \
			note_host(name, found); \
		return found; \
	} while (0)

#define ASK_HOST_R(call) \
	do { \
		bool asked = is_asked(name, 0); \
		int r; \
		before_asking(asked); \
		r = call; \
		if (asked) \
			pause_after(); \
		if (r == 0 && takes_notes()) \
			note_host(name, *ret); \
		return r; \
	} while (0)

struct hostent *gethostbyname(const char *name)
{
	ASK_HOST(REAL(gethostbyname)(name));
}

struct hostent *gethostbyname2(const char *name, int family)
{
	ASK_HOST(REAL(gethostbyname2)(name, family));
}

int gethostbyname_r(const char *restrict name, struct hostent *restrict to,
		    char *restrict buf, size_t n, struct hostent **restrict ret,
		    int *restrict error)
{
	ASK_HOST_R(REAL(gethostbyname_r)(name, to, buf, n, ret, error));
}

int gethostbyname2_r(const char *restrict name, int family, struct hostent *restrict to,
		     char *restrict buf, size_t n, struct hostent **restrict ret,
		     int *restrict error)
{
	ASK_HOST_R(REAL(gethostbyname2_r)(name, family, to, buf, n, ret, error));
}

struct hostent *gethostbyaddr(const void *at, socklen_t len, int family)
{
	SLEEP(struct hostent *, GOES_ON, REAL(gethostbyaddr)(at, len, family));
}

int gethostbyaddr_r(const void *restrict at, socklen_t len, int family,
		    struct hostent *restrict to, char *restrict buf, size_t n,
		    struct hostent **restrict ret, int *restrict error)
{
	SLEEP(int, GOES_ON,
	      REAL(gethostbyaddr_r)(at, len, family, to, buf, n, ret, error));
}

int getaddrinfo_a(int mode, struct gaicb *list[restrict], int n,
		  struct sigevent *restrict event)
{
	ASK(int, mode == GAI_WAIT, REAL(getaddrinfo_a)(mode, list, n, event));
}

int gai_suspend(const struct gaicb *const list[], int n, const struct timespec *timeout)
{
	int r;

	if (quiet())
		return REAL(gai_suspend)(list, n, timeout);
	if (pause_before(LINGER_SETTLE_MS))
		r = EAI_INTR;
	else
		r = REAL(gai_suspend)(list, n, timeout);
	pause_after();
	return r;
}

/* glibc since 2.34 has the other name only for programs that are older. */
static void *either(const char *name, const char *other)
{
	void *found = real_find(name);

	return found ? found : real_find(other);
}

/* res_query() and its family, by both names. */
#define RESOLVE(name, params, args) \
	int res_##name params \
	{ \
		SLEEP(int, GOES_ON, REAL(res_##name) args); \
	} \
	int __res_##name params \
	{ \
		__typeof__(&res_##name) real = (__typeof__(&res_##name))either( \
			"__res_" #name, "res_" #name); \
		SLEEP(int, GOES_ON, real args); \
	}
RESOLVERS(RESOLVE)
