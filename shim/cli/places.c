/* SPDX-License-Identifier: MIT */
/* places: the open sockets of a ledger by the place of their birth; see places.h. */
#include "cli/places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/xattr.h>

#include "cli/descriptors.h"
#include "cli/diag.h"
#include "cli/procnet.h"
#include "core/clock.h"

#define PEEK(x) atomic_load_explicit(&(x), memory_order_relaxed)
#define KEYS (LEDGER_SITES * LEDGER_KINDS)
#define ASKED_MOST 256
#define MINUTE 600 /* in tenths of a second */

struct asked {
	uint16_t n;    /* so many in a row ... */
	uint8_t state; /* ... were in it */
};

struct reading {
	const struct ledgers_one *one;
	const struct ledger *l;
	struct places *to;
	uint32_t min_age;
	struct descriptors descriptors;
	unsigned int top;  /* no descriptor above it */
	uint16_t *number;  /* by site and kind: which place + 1 */
	unsigned int room; /* of places */
	struct sockets sockets;
	bool all_sockets;    /* none is missing there */
	struct asked *asked; /* by site and kind: sockets that no table has */
};

static bool is_open(const struct reading *r, unsigned int fd, struct ledger_birth *ret)
{
	return ledger_view_birth(r->l, fd, ret) && ret->open;
}

static unsigned int key_of(const struct ledger_birth *b)
{
	return b->site * LEDGER_KINDS + b->kind;
}

static bool is_known(const void *with, unsigned int fd)
{
	struct ledger_birth b;

	return is_open(with, fd, &b);
}

/* --- the kernel's opinion --------------------------------------------------------- */

static int domain_of(enum ledger_family f)
{
	static const int domains[] = {
		[LEDGER_FAMILY_UNIX] = AF_UNIX,
		[LEDGER_FAMILY_IPV4] = AF_INET,
		[LEDGER_FAMILY_IPV6] = AF_INET6,
	};

	return (size_t)f < sizeof(domains) / sizeof(*domains) ? domains[f] : 0;
}

static unsigned int families(const struct reading *r)
{
	const unsigned int inet = 1u << AF_INET | 1u << AF_INET6;
	unsigned int all = 0;
	struct ledger_birth b;

	for (unsigned int fd = 0; fd < r->top; fd++) {
		if (!r->descriptors.inode[fd] || !is_open(r, fd, &b))
			continue;
		if (b.family == LEDGER_FAMILY_UNKNOWN)
			return inet | 1u << AF_UNIX;
		if (domain_of(b.family)) /* IPV6_ADDRFORM makes one of the other */
			all |= b.family == LEDGER_FAMILY_UNIX ? 1u << AF_UNIX : inet;
	}
	return all;
}

static void read_sockets(struct reading *r)
{
	unsigned int asked = families(r);

	r->all_sockets = !asked || diag_read(&r->sockets, r->one->process, asked);
	if (r->all_sockets)
		return;
	sockets_drop(&r->sockets);
	r->all_sockets = procnet_read(&r->sockets, r->one->process, asked);
	if (!r->all_sockets)
		r->to->checked = PLACES_UNNAMED;
}

static bool same_family(const struct ledger_birth *b, int family)
{
	int known = domain_of(b->family);

	return !known || known == family || (known == AF_INET6 && family == AF_INET);
}

static bool same_peer(const struct reading *r, const struct ledger_birth *b,
		      const struct addr *peer)
{
	struct addr known;

	return !peer->version || !ledger_view_peer(r->l, b->peer, &known) ||
	       (addr_same_host(&known, peer) &&
		(!known.port || known.port == peer->port));
}

/*
 * A socket that no table has is bound to nothing; what it is, its file system tells.
 * The descriptor itself is not opened.
 */
static enum sockets_state ask_file_system(const struct reading *r, unsigned int fd,
					  int *family)
{
	char path[PROCESS_PATH], name[32], what[32] = "";

	snprintf(name, sizeof(name), "fd/%u", fd);
	process_path(r->one->process, name, path);
	if (!r->all_sockets)
		return SOCKETS_UNKNOWN;
	if (getxattr(path, "system.sockprotoname", what, sizeof(what) - 1) < 0) {
		*family = errno == ENOENT ? -1 : 0; /* gone by now */
		return SOCKETS_UNKNOWN;
	}
	*family = !strncmp(what, "UNIX", 4) ? AF_UNIX
		  : strstr(what, "v6")	    ? AF_INET6
					    : AF_INET;
	if (!strncmp(what, "TCP", 3) || !strncmp(what, "MPTCP", 5))
		return SOCKETS_CLOSE;
	if (!strncmp(what, "UDP", 3))
		return SOCKETS_UNCONNECTED;
	*family = *family == AF_UNIX ? AF_UNIX : 0;
	return SOCKETS_UNKNOWN;
}

/* Where hundreds of a place are of one kind, the others are of the same. */
static enum sockets_state lonely(struct reading *r, unsigned int fd,
				 const struct ledger_birth *b, int *family)
{
	struct asked *a = &r->asked[key_of(b)];
	enum sockets_state state = a->n > ASKED_MOST ? (enum sockets_state)a->state
						     : ask_file_system(r, fd, family);

	a->n = a->n && a->state != state ? 0 : a->n + (a->n <= ASKED_MOST);
	a->state = (uint8_t)state;
	return state;
}

/* Is the descriptor still the socket that was born there? */
static bool confirm(struct reading *r, unsigned int fd, const struct ledger_birth *b,
		    struct sockets_one *ret)
{
	const struct sockets_one *found;
	int family = 0;

	*ret = (struct sockets_one){ .inode = r->descriptors.inode[fd] };
	if (!ret->inode)
		return false;
	found = sockets_find(&r->sockets, ret->inode);
	if (!found) {
		ret->state = (uint8_t)lonely(r, fd, b, &family);
		return !family || same_family(b, family);
	}
	*ret = *found;
	if (b->name && found->name)
		return b->name == found->name;
	return same_family(b, found->family) && same_peer(r, b, &found->peer);
}

/* --- counting --------------------------------------------------------------------- */

static struct place *place_of(struct reading *r, const struct ledger_birth *b)
{
	uint16_t *number = &r->number[key_of(b)];
	struct places *to = r->to;
	struct place *p;

	if (*number)
		return &to->at[*number - 1];
	if (to->n == r->room) {
		unsigned int room = 2 * r->room + 16;

		p = reallocarray(to->at, room, sizeof(*p));
		if (!p)
			return NULL;
		to->at = p;
		r->room = room;
	}
	p = &to->at[to->n++];
	*number = (uint16_t)to->n;
	*p = (struct place){ .site = b->site, .kind = b->kind };
	ledger_view_site(r->l, b->site, &p->born);
	return p;
}

static void count_peer(struct place *p, const struct addr *at)
{
	struct addr peer = *at;
	unsigned int i = 0;

	if (!peer.version)
		return;
	if (p->kind == LEDGER_ACCEPT)
		peer.port = 0; /* each has its own */
	while (i < p->peers && memcmp(&p->peer[i].at, &peer, sizeof(peer)))
		i++;
	if (i == PLACES_PEERS) {
		p->more_peers = true;
		return;
	}
	p->peers += i == p->peers;
	p->peer[i].at = peer;
	p->peer[i].n++;
}

static bool is_spent(enum sockets_state s)
{
	return s == SOCKETS_CLOSE || s == SOCKETS_CLOSE_WAIT || s == SOCKETS_LAST_ACK ||
	       s == SOCKETS_CLOSING || s == SOCKETS_PEER_CLOSED;
}

static void count_old(struct place *p, const struct sockets_one *s, uint32_t age)
{
	bool first = !p->count++;

	p->state[s->state]++;
	p->listening += s->state == SOCKETS_LISTEN;
	p->spent += is_spent((enum sockets_state)s->state);
	p->oldest = first || age > p->oldest ? age : p->oldest;
	p->newest = first || age < p->newest ? age : p->newest;
	p->in_minute += age < MINUTE;
	p->in_hour += age < 60 * MINUTE;
	p->in_day += age < 24 * 60 * MINUTE;
	p->received += s->received;
	p->unsent += s->unsent;
	count_peer(p, &s->peer);
}

static void count(struct reading *r, const struct ledger_birth *b,
		  struct sockets_one *s)
{
	uint32_t age = r->to->now > b->at ? r->to->now - b->at : 0;
	struct place *p = place_of(r, b);

	if (!p)
		return;
	if (!s->peer.version)
		ledger_view_peer(r->l, b->peer, &s->peer);
	p->live++;
	r->to->live++;
	if (age < r->min_age) {
		r->to->young++;
		return;
	}
	r->to->count++;
	count_old(p, s, age);
}

static void count_all(struct reading *r)
{
	bool asked = r->to->checked == PLACES_CHECKED ||
		     r->to->checked == PLACES_UNNAMED;

	for (unsigned int fd = PLACES_STANDARD; fd < r->top; fd++) {
		struct sockets_one s = { 0 };
		struct ledger_birth b;

		if (!is_open(r, fd, &b))
			continue;
		if (!asked || confirm(r, fd, &b, &s))
			count(r, &b, &s);
		else if (page_life(&r->one->page, fd) == ledger_life(r->l, fd))
			r->to->behind++; /* else it was closed while we looked */
	}
}

static int64_t badness(const struct place *p)
{
	return ((int64_t)p->count - p->listening + p->spent) * 4 + (p->count > 0);
}

static int by_badness(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int64_t more = badness(y) - badness(x);

	if (!more)
		more = (int64_t)y->live - x->live;
	if (!more)
		more = (int64_t)y->oldest - x->oldest;
	if (!more)
		more = (int64_t)x->site - y->site;
	return (more > 0) - (more < 0);
}

static int by_number(const void *a, const void *b)
{
	const struct places_peer *x = a, *y = b;

	return (y->n > x->n) - (y->n < x->n);
}

/* --- the whole -------------------------------------------------------------------- */

/* Of a time namespace other than ours the wall clock is all that compares. */
static uint32_t its_time(const struct ledgers_one *one)
{
	const struct ledger *l = one->page.l;
	uint64_t begun = PEEK(l->head.begun_us), now = clock_now_us();
	uint32_t last = PEEK(l->head.last), today = clock_today_s();
	uint64_t time;

	if (!one->process)
		return last;
	if (process_shares(one->process, "time"))
		time = now > begun ? (now - begun) / 100000 : 0;
	else
		time = today > PEEK(l->head.begun_s)
			       ? (uint64_t)(today - PEEK(l->head.begun_s)) * 10
			       : 0;
	return time > UINT32_MAX ? UINT32_MAX : time < last ? last : (uint32_t)time;
}

static void ask_kernel(struct reading *r)
{
	if (!r->one->process)
		r->to->checked = PLACES_DEAD;
	else if (!descriptors_read(r->one->process, r->top, is_known, r,
				   &r->descriptors))
		r->to->checked = PLACES_HIDDEN;
	else
		read_sockets(r); /* after the descriptors: so all of them are in it */
	if (r->one->process)
		r->to->limit = process_limit(r->one->process);
}

bool places_read(const struct ledgers_one *one, uint32_t min_age, struct places *ret)
{
	const struct ledger *l = one->page.l;
	uint32_t highest = PEEK(l->head.highest);
	struct reading r = {
		.one = one,
		.l = l,
		.to = ret,
		.min_age = one->process ? min_age : 0,
		.top = highest < LEDGER_FDS ? highest + 1 : LEDGER_FDS,
	};
	bool good;

	*ret = (struct places){ .now = its_time(one) };
	r.number = calloc(KEYS, sizeof(*r.number));
	r.asked = calloc(KEYS, sizeof(*r.asked));
	good = r.number && r.asked;
	if (good) {
		ask_kernel(&r);
		count_all(&r);
	}
	if (ret->n)
		qsort(ret->at, ret->n, sizeof(*ret->at), by_badness);
	for (unsigned int i = 0; i < ret->n; i++)
		qsort(ret->at[i].peer, ret->at[i].peers, sizeof(*ret->at[i].peer),
		      by_number);
	ret->descriptors = r.descriptors.all;
	ret->strangers = r.descriptors.strangers;
	sockets_drop(&r.sockets);
	descriptors_drop(&r.descriptors);
	free(r.number);
	free(r.asked);
	return good;
}

void places_drop(struct places *p)
{
	free(p->at);
	*p = (struct places){ 0 };
}
