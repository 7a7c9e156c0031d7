/* SPDX-License-Identifier: MIT */
/* unclosed: the report of sockets that nobody closed; see unclosed.h. */
#include "preload/unclosed.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/ledger_view.h"
#include "core/log.h"
#include "core/sys.h"
#include "preload/account.h"
#include "preload/book.h"
#include "preload/naming.h"

#define STATUS 23 /* as LeakSanitizer's */
#define PLACES_AT_END 50
#define PLACES_IN_A_CROWD 5
#define HOUR_S 3600

static _Atomic int last_status;
static _Atomic uint32_t ended; /* the pid of the process that has */
static bool has_last_word;     /* on_exit(3) */

static void put_head(struct text *line, const struct ledger *l)
{
	char program[LEDGER_PATH];

	ledger_view_program(l, program);
	text_str(line, "tfoshim: ");
	text_str(line, program);
	text_str(line, " (pid ");
	text_num(line, (uint64_t)sys1(SYS_getpid, 0));
	text_str(line, "): ");
}

static void put_count(struct text *line, unsigned int n, const char *thing)
{
	text_num(line, n);
	text_str(line, thing);
	text_str(line, n == 1 ? "" : "s");
}

static void tell_command(void)
{
	TEXT(line, 400);

	text_str(&line, "tfoshim: files and lines: tfo leaks ");
	book_name(&line);
	if (line.at[line.n - 1] != ' ')
		log_line(&line);
}

/* true: there was something to say, and it was said. */
static bool report_end(struct ledger *l, const struct bookrule *r)
{
	struct account a;
	bool found;
	TEXT(line, 512);

	if (!account_open(&a, l, r->suppress))
		return false;
	found = a.sockets || a.findings;
	if (found) {
		put_head(&line, l);
		put_count(&line, a.sockets, " unclosed socket");
		text_str(&line, " of ");
		put_count(&line, a.places, " place");
		if (a.findings) {
			text_str(&line, ", ");
			put_count(&line, a.findings, " bad use");
		}
		log_line(&line);
		account_tell(&a, PLACES_AT_END);
		tell_command();
	}
	account_close(&a);
	return found;
}

int unclosed_at_end(int status)
{
	struct ledger *l = book_look();
	struct bookrule r;
	bool found = false;
	uint32_t pid;

	if (!l)
		return status;
	pid = (uint32_t)sys1(SYS_getpid, 0);
	if (atomic_exchange(&ended, pid) == pid)
		return status;
	bookrule_now(&r);
	naming_all(l);
	if (r.mode >= BOOK_EXIT)
		found = report_end(l, &r);
	book_end(found);
	return found && r.mode == BOOK_FATAL && !status ? STATUS : status;
}

void unclosed_status(int status)
{
	atomic_store(&last_status, status);
}

/*
 * Registered before everything else, so it comes after everything else, destructors
 * among it; what is left is to flush the streams.
 */
static void last_word(int status, void *unused)
{
	int to = unclosed_at_end(status);
	__typeof__(&exit) again = (__typeof__(again))real_find("exit");

	(void)unused;
	if (to != status && again)
		again(to); /* as exit(3) has it, the rest of the handlers run */
}

void unclosed_setup(void)
{
	int (*at_exit)(void (*f)(int status, void *with), void *with);

	at_exit = (__typeof__(at_exit))real_find("on_exit");
	has_last_word = at_exit && !at_exit(last_word, NULL);
}

/* musl has no on_exit(): the status of a return from main() is not known there. */
void unclosed_at_unload(void)
{
	int status = atomic_load(&last_status), to;
	__typeof__(&fflush) flush;

	if (has_last_word)
		return;
	to = unclosed_at_end(status);
	if (to == status)
		return;
	flush = (__typeof__(flush))real_find("fflush");
	if (flush)
		flush(NULL);
	sys1(SYS_exit_group, to);
}

void unclosed_crowd(void)
{
	struct ledger *l = book_look();
	uint32_t now = clock_today_s(), was;
	struct bookrule r;
	struct account a;
	TEXT(line, 512);

	if (!l || atomic_load(&bookrule_warn_from) == UINT32_MAX)
		return;
	was = atomic_load(&l->head.reported_s);
	if ((was && now - was < HOUR_S) ||
	    !atomic_compare_exchange_strong(&l->head.reported_s, &was, now))
		return;
	bookrule_now(&r);
	naming_all(l);
	if (!account_open(&a, l, r.suppress))
		return;
	put_head(&line, l);
	text_str(&line, "its descriptors run out (RLIMIT_NOFILE ");
	text_num(&line, bookrule_limit());
	text_str(&line, "): ");
	put_count(&line, a.sockets, " open socket");
	text_str(&line, " of ");
	put_count(&line, a.places, " place");
	log_line(&line);
	account_tell(&a, PLACES_IN_A_CROWD);
	tell_command();
	account_close(&a);
}
