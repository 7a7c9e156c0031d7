/* SPDX-License-Identifier: MIT */
/* hooks: questions to name servers, which libc sleeps for by itself, seconds long. */
#undef _FORTIFY_SOURCE
#pragma GCC visibility push(default)
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

/* As programs that were linked with an older glibc call them. */
#define RESOLVERS(do) \
	do \
	(query, (const char *name, int class, int type, unsigned char *to, int n), \
	 (name, class, type, to, \
	  n)) do(search, \
		 (const char *name, int class, int type, unsigned char *to, int n), \
		 (name, class, type, to, \
		  n)) do(querydomain, \
			 (const char *name, const char *domain, int class, int type, \
			  unsigned char *to, int n), \
			 (name, domain, class, type, to, \
			  n)) do(send, \
				 (const unsigned char *m, int len, unsigned char *to, \
				  int n), \
				 (m, len, to, \
				  n)) do(nquery, \
					 (res_state state, const char *name, \
					  int class, int type, unsigned char *to, \
					  int n), \
					 (state, name, class, type, to, \
					  n)) do(nsearch, \
						 (res_state state, const char *name, \
						  int class, int type, \
						  unsigned char *to, int n), \
						 (state, name, class, type, to, \
						  n)) do(nquerydomain, \
							 (res_state state, \
							  const char *name, \
							  const char *domain, \
							  int class, int type, \
							  unsigned char *to, int n), \
							 (state, name, domain, class, \
							  type, to, \
							  n)) do(nsend, \
								 (res_state state, \
								  const unsigned char \
									  *m, \
								  int len, \
								  unsigned char *to, \
								  int n), \
								 (state, m, len, to, \
								  n))
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

int getaddrinfo(const char *restrict name, const char *restrict service,
		const struct addrinfo *restrict hints, struct addrinfo **restrict ret)
{
	int flags = hints && !quiet() && sys_readable(hints, sizeof(*hints))
			    ? hints->ai_flags
			    : 0;

	ASK(int, is_asked(name, flags), REAL(getaddrinfo)(name, service, hints, ret));
}

int getnameinfo(const struct sockaddr *restrict at, socklen_t len, char *restrict host,
		socklen_t host_n, char *restrict service, socklen_t service_n,
		int flags)
{
	ASK(int, host &&host_n && !(flags & NI_NUMERICHOST),
	    REAL(getnameinfo)(at, len, host, host_n, service, service_n, flags));
}

struct hostent *gethostbyname(const char *name)
{
	ASK(struct hostent *, is_asked(name, 0), REAL(gethostbyname)(name));
}

struct hostent *gethostbyname2(const char *name, int family)
{
	ASK(struct hostent *, is_asked(name, 0), REAL(gethostbyname2)(name, family));
}

int gethostbyname_r(const char *restrict name, struct hostent *restrict to,
		    char *restrict buf, size_t n, struct hostent **restrict ret,
		    int *restrict error)
{
	ASK(int, is_asked(name, 0),
	    REAL(gethostbyname_r)(name, to, buf, n, ret, error));
}

int gethostbyname2_r(const char *restrict name, int family, struct hostent *restrict to,
		     char *restrict buf, size_t n, struct hostent **restrict ret,
		     int *restrict error)
{
	ASK(int, is_asked(name, 0),
	    REAL(gethostbyname2_r)(name, family, to, buf, n, ret, error));
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
