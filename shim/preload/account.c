/* SPDX-License-Identifier: MIT */
/* account: a report about a ledger, as lines of text; see account.h. */
#include "preload/account.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/ledger_view.h"
#include "core/log.h"
#include "core/share.h"
#include "core/suppress.h"
#include "core/symbol.h"
#include "core/sys.h"
#include "preload/kernel.h"
#include "preload/known.h"

#define STANDARD 3 /* input, output and error may be sockets, and stay */
#define LINE 512
#define FRAMES_TOLD 16
#define FILE_MOST 65536

struct account_group {
	uint32_t n;
	uint32_t first, last; /* births */
	uint16_t peer;
	uint8_t kind;
	bool told;
};

#define BYTES (LEDGER_SITES * sizeof(struct account_group))

/* --- counting --------------------------------------------------------------------- */

static int domain_of(enum ledger_family f)
{
	static const int domains[] = {
		[LEDGER_FAMILY_UNIX] = AF_UNIX,
		[LEDGER_FAMILY_IPV4] = AF_INET,
		[LEDGER_FAMILY_IPV6] = AF_INET6,
		[LEDGER_FAMILY_NETLINK] = AF_NETLINK,
	};

	return (size_t)f < sizeof(domains) / sizeof(*domains) ? domains[f] : 0;
}

/* Closed behind our back is closed; and the number may be another socket's now. */
static bool is_there(int fd, const struct ledger_birth *b)
{
	uint64_t name = kernel_cookie(fd);
	int family = 0, known = domain_of(b->family);
	socklen_t len = sizeof(family);

	if (!name)
		return false;
	if (b->name)
		return (uint32_t)name == b->name;
	if (sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len))
		return false;
	/* IPV6_ADDRFORM makes the one of the other */
	return !known || family == known || (known == AF_INET6 && family == AF_INET);
}

static void count(struct account *a, const struct ledger_birth *b)
{
	struct account_group *g = &a->group[b->site];

	if (!g->n++) {
		g->first = g->last = b->at;
		g->kind = (uint8_t)b->kind;
		a->places++;
	}
	if (b->at < g->first)
		g->first = b->at;
	if (b->at > g->last)
		g->last = b->at;
	if (b->peer)
		g->peer = (uint16_t)b->peer;
	a->sockets++;
}

static void count_all(struct account *a)
{
	uint32_t top = atomic_load(&a->l->head.highest);
	struct ledger_birth b;

	for (uint32_t fd = STANDARD; fd <= top && fd < LEDGER_FDS; fd++)
		/* of others the page may be a hole, and no room for it: SIGBUS */
		if (known_is((int)fd, KNOWN_OPEN) && ledger_view_birth(a->l, fd, &b) &&
		    b.open && is_there((int)fd, &b))
			count(a, &b);
}

static void count_findings(struct account *a)
{
	struct ledger_case c;

	if (!atomic_load(&a->l->head.bad_closes) && !atomic_load(&a->l->head.bad_uses))
		return;
	if (!sys_writable_word((void *)a->l->finding) ||
	    !sys_writable_word((void *)&a->l->finding[LEDGER_FINDINGS - 1]))
		return;
	for (unsigned int i = 0; i < LEDGER_FINDINGS; i++)
		a->findings += ledger_view_finding(a->l, i, &c);
}

/* --- what is meant to stay open ----------------------------------------------------
 */

static bool frame_named(const struct account *a, uint64_t frame,
			const struct suppress_line *line)
{
	struct ledger_image m;
	TEXT(name, 128);

	if (!ledger_view_module(a->l, ledger_view_frame_module(frame), &m))
		return false;
	return suppress_matches(line, m.path) ||
	       (symbol_name(m.path, ledger_view_frame_offset(frame) - 1, &name) &&
		suppress_matches(line, name.at));
}

static bool place_named(const struct account *a, unsigned int site,
			const struct suppress_line *line)
{
	struct ledger_place p;

	if (!ledger_view_site(a->l, site, &p))
		return false;
	for (unsigned int i = 0; i < p.depth; i++)
		if (frame_named(a, p.frame[i], line))
			return true;
	return false;
}

static void forgive(struct account *a, unsigned int site,
		    const struct suppress_line *line)
{
	struct account_group *g = &a->group[site];

	if (!g->n || g->n > line->most || !place_named(a, site, line))
		return;
	a->sockets -= g->n;
	a->places--;
	g->n = 0;
}

static void suppress_by(struct account *a, const char *at, const char *end)
{
	struct suppress_line line;

	while (suppress_next(&at, end, &line))
		for (unsigned int s = 0; s < LEDGER_SITES; s++)
			forgive(a, s, &line);
}

static void suppress(struct account *a, const char *path)
{
	void *room;
	long n;
	int fd = (int)sys4(SYS_openat, AT_FDCWD, path,
			   O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);

	if (fd < 0)
		return;
	if (!share_private(FILE_MOST, &room)) {
		n = sys3(SYS_read, fd, room, FILE_MOST);
		if (n > 0)
			suppress_by(a, room, (const char *)room + n);
		sys2(SYS_munmap, room, FILE_MOST);
	}
	sys_close(fd);
}

bool account_open(struct account *a, const struct ledger *l, const char *path)
{
	void *at;

	*a = (struct account){ .l = l, .now = ledger_time(l, clock_coarse_us()) };
	if (share_private(BYTES, &at))
		return false;
	a->group = at;
	count_all(a);
	count_findings(a);
	if (a->sockets)
		suppress_by(a, suppress_runtimes,
			    suppress_runtimes + text_len(suppress_runtimes));
	if (a->sockets && *path)
		suppress(a, path);
	return true;
}

void account_close(struct account *a)
{
	sys2(SYS_munmap, a->group, BYTES);
}

/* --- telling ---------------------------------------------------------------------- */

static void tell_frame(const struct account *a, uint64_t frame)
{
	uint64_t offset = ledger_view_frame_offset(frame);
	struct ledger_image m;
	TEXT(line, LINE);
	TEXT(name, 128);

	text_str(&line, "tfoshim:     ");
	if (!ledger_view_module(a->l, ledger_view_frame_module(frame), &m)) {
		text_str(&line, "0x");
		text_hex(&line, offset);
		log_line(&line);
		return;
	}
	if (symbol_name(m.path, offset - 1, &name)) {
		text_str(&line, name.at);
		text_char(&line, ' ');
	}
	text_char(&line, '(');
	text_str(&line, m.cut ? "..." : "");
	text_str(&line, m.path);
	text_str(&line, "+0x");
	text_hex(&line, offset);
	text_char(&line, ')');
	log_line(&line);
}

static void tell_place(const struct account *a, unsigned int site)
{
	struct ledger_place p;
	TEXT(line, LINE);

	if (!ledger_view_site(a->l, site, &p)) {
		text_str(&line, "tfoshim:     (its place found no room in the ledger)");
		log_line(&line);
		return;
	}
	for (unsigned int i = 0; i < p.depth && i < FRAMES_TOLD; i++)
		tell_frame(a, p.frame[i]);
}

static const char *kind_word(unsigned int kind)
{
	static const char *const words[] = {
		[LEDGER_SOCKET] = "socket()",	 [LEDGER_ACCEPT] = "accept()",
		[LEDGER_PAIR] = "socketpair()",	 [LEDGER_DUP] = "dup()",
		[LEDGER_RECEIVED] = "recvmsg()",
	};

	return kind && kind < LEDGER_KINDS ? words[kind] : "";
}

static void put_age(struct text *t, uint32_t now, uint32_t born)
{
	uint32_t tenths = now > born ? now - born : 0;

	text_num(t, tenths / 10);
	text_char(t, '.');
	text_num(t, tenths % 10);
}

static void tell_group(const struct account *a, unsigned int site)
{
	const struct account_group *g = &a->group[site];
	struct addr peer;
	TEXT(line, LINE);

	text_str(&line, "tfoshim:   ");
	text_num(&line, g->n);
	text_str(&line, g->n == 1 ? " socket by " : " sockets by ");
	text_str(&line, kind_word(g->kind));
	text_str(&line, ", ");
	put_age(&line, a->now, g->last);
	if (g->n > 1) {
		text_str(&line, " to ");
		put_age(&line, a->now, g->first);
	}
	text_str(&line, " s old");
	if (ledger_view_peer(a->l, g->peer, &peer)) {
		text_str(&line, g->n == 1 ? ", peer " : ", one peer ");
		if (peer.port)
			addr_print(&line, &peer);
		else
			addr_print_host(&line, &peer);
	}
	text_str(&line, ", at");
	log_line(&line);
	tell_place(a, site);
}

static unsigned int worst(const struct account *a)
{
	unsigned int best = LEDGER_SITES;

	for (unsigned int s = 0; s < LEDGER_SITES; s++) {
		const struct account_group *g = &a->group[s];

		if (g->n && !g->told &&
		    (best == LEDGER_SITES || g->n > a->group[best].n ||
		     (g->n == a->group[best].n && g->first < a->group[best].first)))
			best = s;
	}
	return best;
}

/* As valgrind says it. */
static void tell_finding(const struct account *a, const struct ledger_case *c)
{
	TEXT(line, LINE);

	text_str(&line, "tfoshim:   descriptor ");
	text_num(&line, c->fd);
	text_str(&line, c->fault == LEDGER_CLOSED_TWICE
				? ", a socket, was closed once more"
				: ", a socket, was used after its close");
	if (c->count > 1) {
		text_str(&line, " (");
		text_num(&line, c->count);
		text_str(&line, " times)");
	}
	text_str(&line, ", at");
	log_line(&line);
	tell_place(a, c->here);
	line.n = 0;
	text_str(&line, "tfoshim:    previously closed at");
	log_line(&line);
	tell_place(a, c->closed);
	line.n = 0;
	text_str(&line, "tfoshim:    originally opened at");
	log_line(&line);
	tell_place(a, c->born);
}

void account_tell(const struct account *a, unsigned int most)
{
	struct ledger_case c;
	unsigned int told = 0;

	for (; told < a->places && told < most; told++) {
		unsigned int s = worst(a);

		a->group[s].told = true;
		tell_group(a, s);
	}
	if (told < a->places) {
		TEXT(line, LINE);

		text_str(&line, "tfoshim:   ... and ");
		text_num(&line, a->places - told);
		text_str(&line, " more places");
		log_line(&line);
	}
	for (unsigned int i = 0; a->findings && i < LEDGER_FINDINGS; i++)
		if (ledger_view_finding(a->l, i, &c))
			tell_finding(a, &c);
}
