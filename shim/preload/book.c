/* SPDX-License-Identifier: MIT */
/* book: this process's ledger; see book.h. */
#include "preload/book.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/sys.h"
#include "preload/bookmark.h"
#include "preload/bookrule.h"
#include "preload/bookshelf.h"
#include "preload/misuse.h"
#include "preload/naming.h"
#include "preload/tally.h"

#define LOOK_US 1000000

static _Atomic(struct ledger *) ledger;
static _Atomic uint8_t rows[LEDGER_ROWS]; /* their pages are there */
static _Atomic bool off = true;		  /* until the environment was read */
static _Atomic uint64_t looked_us, ticked_us;
static _Atomic uint32_t parent, own_pid;
static _Atomic uint64_t begun_us; /* asked without a look into the ledger */

void book_setup(const char *setting)
{
	struct bookrule r;

	bookrule_setup(setting);
	if (bookrule_is_off())
		return;
	atomic_store(&off, false);
	bookrule_now(&r);
	if (r.mode != BOOK_OFF && r.whole_stacks)
		stack_setup();
}

void book_switch(bool to)
{
	struct ledger *l;

	if (bookrule_is_off())
		return;
	if (to)
		atomic_store(&off, false);
	l = book_look();
	if (l)
		atomic_store(&l->head.state, to ? LEDGER_RUNS : LEDGER_STOPPED);
	atomic_store(&off, !to);
}

/* No call of ours may be made, where the program filters them. */
static bool is_off(void)
{
	return atomic_load_explicit(&off, memory_order_relaxed);
}

/* --- beginning -------------------------------------------------------------------- */

static void forget_all(void)
{
	for (uint32_t i = 0; i <= known_highest() / LEDGER_ROW; i++)
		atomic_store(&rows[i], 0);
	known_none();
	misuse_forget();
}

void book_after_fork(void)
{
	struct ledger *l = atomic_exchange(&ledger, NULL);

	bookmark_again(BOOKMARK_BOOK);
	if (!l)
		return;
	atomic_store(&parent, atomic_load(&own_pid));
	forget_all();
	bookshelf_forget();
	bookshelf_drop(l);
}

struct ledger *book_ledger(void)
{
	struct ledger *l = atomic_load_explicit(&ledger, memory_order_acquire);

	if (__builtin_expect(l && bookmark_is_gone(BOOKMARK_BOOK), 0)) {
		book_after_fork();
		return NULL;
	}
	return l;
}

static struct ledger *begin(void)
{
	struct ledger *none = NULL, *l;
	char name[BOOKSHELF_NAME];

	bookrule_ask();
	if (atomic_load(&bookrule_mode) == BOOK_OFF)
		return NULL;
	bookmark_make();
	l = bookshelf_new(name, atomic_load(&parent));
	if (!l) {
		atomic_store(&off, true); /* it would cost as much each time */
		return NULL;
	}
	atomic_store(&begun_us, atomic_load(&l->head.begun_us));
	atomic_store(&own_pid, atomic_load(&l->head.pid));
	if (!atomic_compare_exchange_strong(&ledger, &none, l)) {
		bookshelf_put_back(l, name); /* another thread was faster */
		return none;
	}
	bookshelf_keep(l, name);
	return l;
}

/* The ledger to write a birth into. */
static struct ledger *to_write(void)
{
	struct ledger *l = book_ledger();

	if (__builtin_expect(is_off(), 0))
		return NULL;
	return l ? l : begin();
}

void book_begin(void)
{
	(void)to_write();
}

/* --- now and then ----------------------------------------------------------------- */

/* Somebody truncated the file under the mapping: a touch would be SIGBUS. */
static bool is_gone(struct ledger *l)
{
	uint32_t row = known_highest() / LEDGER_ROW;

	return !sys_writable_word(l) ||
	       (atomic_load_explicit(&rows[row], memory_order_relaxed) &&
		!sys_writable_word(&l->row[row]));
}

static struct ledger *lose(struct ledger *l)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	if (atomic_compare_exchange_strong(&ledger, &l, NULL))
		forget_all(); /* the mapping stays: another thread may be in it */
	log_once(&said, LOG_ERROR, "ledger",
		 "the ledger's file was truncated, beginning another one");
	return NULL;
}

/*
 * Before each birth and death, but not twice within a tick of the clock: the file.
 * And once a second: the policy, and the names of who lives on.
 */
static struct ledger *look(struct ledger *l, uint64_t now_us)
{
	uint64_t tick = atomic_load_explicit(&ticked_us, memory_order_relaxed);
	uint64_t was = atomic_load_explicit(&looked_us, memory_order_relaxed);

	if (__builtin_expect(now_us == tick, 1))
		return l;
	atomic_store_explicit(&ticked_us, now_us, memory_order_relaxed);
	if (is_gone(l))
		return lose(l);
	if (now_us - was < LOOK_US ||
	    !atomic_compare_exchange_strong(&looked_us, &was, now_us))
		return l;
	bookrule_ask();
	naming_all(l);
	return l;
}

static uint32_t tenths(uint64_t now)
{
	uint64_t begun = atomic_load_explicit(&begun_us, memory_order_relaxed);

	return now > begun ? (uint32_t)((now - begun) / 100000) : 0;
}

struct ledger *book_look(void)
{
	struct ledger *l = is_off() ? NULL : book_ledger();

	return l && is_gone(l) ? lose(l) : l;
}

static unsigned int site_here(struct ledger *l, const void *here)
{
	return stack_site(l, here,
			  atomic_load_explicit(&bookrule_whole, memory_order_relaxed));
}

/* --- births ----------------------------------------------------------------------- */

static bool has_room(struct ledger *l, unsigned int fd)
{
	_Atomic uint8_t *row = &rows[fd / LEDGER_ROW];

	if (atomic_load_explicit(row, memory_order_relaxed))
		return true;
	if (!ledger_room(l, fd / LEDGER_ROW))
		return false;
	atomic_store_explicit(row, 1, memory_order_relaxed);
	return true;
}

static enum ledger_family family_of(int family)
{
	switch (family) {
	case AF_UNSPEC:
		return LEDGER_FAMILY_UNKNOWN;
	case AF_UNIX:
		return LEDGER_FAMILY_UNIX;
	case AF_INET:
		return LEDGER_FAMILY_IPV4;
	case AF_INET6:
		return LEDGER_FAMILY_IPV6;
	case AF_NETLINK:
		return LEDGER_FAMILY_NETLINK;
	}
	return LEDGER_FAMILY_OTHER;
}

static bool note(struct ledger *l, int fd, struct ledger_birth *b, const void *here)
{
	uint64_t now_us = clock_coarse_us();

	b->at = tenths(now_us);
	l = look(l, now_us);
	if (!l ||
	    atomic_load_explicit(&bookrule_mode, memory_order_relaxed) == BOOK_OFF ||
	    (unsigned int)fd >= LEDGER_FDS || !has_room(l, (unsigned int)fd)) {
		if (l)
			atomic_fetch_add(&l->head.beyond, 1);
		return false;
	}
	b->site = site_here(l, here);
	ledger_born(l, (unsigned int)fd, b);
	known_born(fd);
	naming_put(l, fd, b->kind == LEDGER_ACCEPT);
	return bookrule_is_crowd((uint32_t)fd);
}

bool book_born(int fd, enum ledger_kind kind, int family, const void *here)
{
	struct ledger_birth b = { .kind = kind, .family = family_of(family) };
	struct ledger *l = fd >= 0 ? to_write() : NULL;

	return l && note(l, fd, &b, here);
}

/* false: it is no socket. */
static bool ask_family(int fd, int *ret)
{
	socklen_t len = sizeof(*ret);

	return !sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, ret, &len);
}

bool book_received(int fd, const void *here)
{
	int family;

	return !is_off() && ask_family(fd, &family) &&
	       book_born(fd, LEDGER_RECEIVED, family, here);
}

bool book_copied(int from, int to, const void *here)
{
	int family;

	if (is_off() || from == to)
		return false;
	/* a copy of what came with the process, or unseen, is no more its own */
	if (known_is(from, KNOWN_OPEN) && ask_family(to, &family))
		return book_born(to, LEDGER_DUP, family, here);
	if (known_is(to, KNOWN_CLOSED))
		known_reused(to);
	return false;
}

void book_connected(int fd)
{
	struct ledger *l = known_is(fd, KNOWN_OPEN) ? book_ledger() : NULL;

	if (l && !is_off())
		naming_put(l, fd, true);
}

/* --- deaths ----------------------------------------------------------------------- */

static void die(int fd, const void *here)
{
	struct ledger *l = book_ledger();
	uint64_t now_us = clock_coarse_us();
	unsigned int site;

	if (!l || is_off())
		return;
	l = look(l, now_us);
	if (!l)
		return;
	site = site_here(l, here);
	misuse_passes(l, (unsigned int)fd, site);
	ledger_died(l, (unsigned int)fd, site, tenths(now_us));
}

unsigned int book_died(int fd, const void *here)
{
	enum known was = known_died(fd);

	if (was == KNOWN_OPEN)
		die(fd, here);
	return was;
}

void book_died_range(unsigned int first, unsigned int last, const void *here)
{
	uint32_t top = known_highest();

	for (unsigned int fd = first; fd <= last && fd <= top && fd < SLOT_MAX; fd++)
		book_died((int)fd, here);
}

void book_heard(int fd, int e, enum ledger_fault fault, const void *here)
{
	struct ledger *l = known_is(fd, KNOWN_CLOSED) ? book_look() : NULL;

	/* EBADF also says: a file that is there, but not for that */
	if (l && e == EBADF && sys_fcntl(fd, F_GETFD, 0) < 0) {
		misuse_found(l, fault, (unsigned int)fd, site_here(l, here),
			     tenths(clock_coarse_us()));
		return;
	}
	known_reused(fd);
	if (l && !known_ever(fd))
		misuse_passes(l, (unsigned int)fd, site_here(l, here));
}

void book_close_failed(int e)
{
	struct ledger *l = book_look();

	if (l && e == EINTR)
		atomic_fetch_add(&l->head.close_eintr, 1);
	if (l && e == EIO)
		atomic_fetch_add(&l->head.close_eio, 1);
	if (l && (e == EINTR || e == EIO))
		tally_close_errors(e == EIO ? TRAFFIC_CLOSE_EIO : TRAFFIC_CLOSE_EINTR,
				   1);
}

bool book_is_kept(void)
{
	return atomic_load_explicit(&ledger, memory_order_relaxed);
}

/* --- the ends --------------------------------------------------------------------- */

/* The next program of this process keeps its own; where exec fails, all is as before.
 */
void book_before_exec(void)
{
	if (is_off() || !book_ledger())
		return;
	misuse_tell(book_ledger());
	bookshelf_lend();
}

void book_after_exec(void)
{
	if (!is_off() && book_ledger())
		bookshelf_get_back();
}

void book_end(bool keep)
{
	struct ledger *l = book_look();

	if (!l)
		return;
	misuse_tell(l);
	atomic_store(&off, true);
	if (keep || !bookshelf_remove())
		atomic_store(&l->head.state, LEDGER_ENDED);
	if (!keep) /* who cannot take his file away says that it is worth nothing */
		atomic_store(&l->head.open, 0);
}

void book_name(struct text *t)
{
	if (book_ledger())
		bookshelf_path(t);
}
