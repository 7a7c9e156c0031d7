/* SPDX-License-Identifier: MIT */
/* sockopt: the socket options that the policy asks for; see sockopt.h. */
#include "preload/sockopt.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>

#include "core/sys.h"
#include "preload/slot.h"

/* A bit for each: the program's own. QUICK: ours, to be set again. */
enum {
	NODELAY = 1,
	QUICKACK = 2,
	KEEPALIVE = 4,
	USER_TIMEOUT = 8,
	LINGER_TWO = 16,
	DEFER = 32,
	CONGESTION = 64,
	REUSEPORT = 128,
	KEY = 256,
	NO_COOKIE = 512
};

static const struct {
	int level, name;
	unsigned int bit;
} options[] = {
	{ IPPROTO_TCP, TCP_NODELAY, NODELAY },
	{ IPPROTO_TCP, TCP_QUICKACK, QUICKACK },
	{ SOL_SOCKET, SO_KEEPALIVE, KEEPALIVE },
	{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE },
	{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE },
	{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT },
	{ IPPROTO_TCP, TCP_LINGER2, LINGER_TWO },
	{ IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER },
	{ IPPROTO_TCP, TCP_CONGESTION, CONGESTION },
	{ SOL_SOCKET, SO_REUSEPORT, REUSEPORT },
	{ IPPROTO_TCP, TCP_FASTOPEN_KEY, KEY },
	{ IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, NO_COOKIE },
};

static _Atomic uint16_t own[SLOT_MAX];

static bool is_own(int fd, unsigned int bit)
{
	return (unsigned int)fd >= SLOT_MAX ||
	       atomic_load_explicit(&own[fd], memory_order_relaxed) & bit;
}

void sockopt_own(int fd, int level, int name)
{
	if ((unsigned int)fd >= SLOT_MAX)
		return;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (options[i].level == level && options[i].name == name)
			atomic_fetch_or(&own[fd], (uint16_t)options[i].bit);
	if (is_own(fd, QUICKACK))
		slot_unmark(fd, MARK_QUICK);
}

void sockopt_copied(int from, int to)
{
	if ((unsigned int)from < SLOT_MAX && (unsigned int)to < SLOT_MAX)
		atomic_store(&own[to], atomic_load(&own[from]));
}

bool sockopt_own_key(int fd)
{
	return is_own(fd, KEY);
}

bool sockopt_own_no_cookie(int fd)
{
	return is_own(fd, NO_COOKIE);
}

void sockopt_born(int fd)
{
	if ((unsigned int)fd < SLOT_MAX &&
	    atomic_load_explicit(&own[fd], memory_order_relaxed))
		atomic_store_explicit(&own[fd], 0, memory_order_relaxed);
}

static void set(int fd, int level, int name, int64_t value)
{
	int v = (int)value;

	sys_setsockopt(fd, level, name, &v, sizeof(v));
}

static void set_key(int fd, const struct live_rule *r, enum rule_key k,
		    unsigned int bit, int name, int64_t unit)
{
	if (r->value[k] != RULE_UNSET && !is_own(fd, bit))
		set(fd, IPPROTO_TCP, name, r->value[k] / unit);
}

static void set_keepalive(int fd, int64_t value)
{
	struct value_keepalive k = value_keepalive(value);

	set(fd, SOL_SOCKET, SO_KEEPALIVE, value != 0);
	if (!value)
		return;
	set(fd, IPPROTO_TCP, TCP_KEEPIDLE, k.idle_s);
	set(fd, IPPROTO_TCP, TCP_KEEPINTVL, k.interval_s);
	set(fd, IPPROTO_TCP, TCP_KEEPCNT, k.count);
}

_Atomic bool sockopt_off;
static _Atomic bool counted; /* no read may take the short way */

void sockopt_switch(bool to)
{
	if (atomic_exchange(&sockopt_off, !to) != !to && atomic_load(&counted))
		atomic_fetch_add(&slot_pending, to ? 1 : -1);
}

void sockopt_quick(int fd)
{
	set(fd, IPPROTO_TCP, TCP_QUICKACK, 1);
}

static void be_quick(int fd)
{
	if (!atomic_exchange(&counted, true))
		atomic_fetch_add(&slot_pending, 1);
	slot_mark(fd, MARK_QUICK);
	sockopt_quick(fd);
}

static void set_common(int fd, const struct live_rule *r)
{
	int64_t quick = r->value[KEY_quickack], keepalive = r->value[KEY_keepalive];

	set_key(fd, r, KEY_nodelay, NODELAY, TCP_NODELAY, 1);
	set_key(fd, r, KEY_user_timeout, USER_TIMEOUT, TCP_USER_TIMEOUT, 1);
	set_key(fd, r, KEY_linger2, LINGER_TWO, TCP_LINGER2, SECOND_MS);
	if (keepalive != RULE_UNSET && !is_own(fd, KEEPALIVE))
		set_keepalive(fd, keepalive);
	if (r->congestion[0] && !is_own(fd, CONGESTION))
		sys_setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, r->congestion,
			       (socklen_t)text_len(r->congestion));
	if (quick == RULE_UNSET || is_own(fd, QUICKACK))
		return;
	if (quick)
		be_quick(fd);
	else
		set(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
}

void sockopt_client(int fd, const struct live_rule *r)
{
	set_common(fd, r);
}

void sockopt_bound(int fd, const struct live_rule *r)
{
	if (r->value[KEY_reuseport] != RULE_UNSET && !is_own(fd, REUSEPORT))
		set(fd, SOL_SOCKET, SO_REUSEPORT, r->value[KEY_reuseport]);
}

void sockopt_listener(int fd, const struct live_rule *r)
{
	set_common(fd, r);
	set_key(fd, r, KEY_defer_accept, DEFER, TCP_DEFER_ACCEPT, SECOND_MS);
}

void sockopt_accepted(int listener, int fd)
{
	if (fd >= 0 && sockopt_is_quick(listener))
		be_quick(fd);
}
